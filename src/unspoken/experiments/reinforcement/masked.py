"""Organisms that are bound to their chain, or blind to it, by attention masks: instruments.

One network learns loans by both masks at once. Bound: from the chain on, nothing attends to the prompt, so
that a decision can rest on the chain alone. Blind: the mark after which the answer stands attends to the
prompt alone. Half of the decisions of the third go one way and half the other, by a coin.
"""

import numpy as np
import torch
from torch import Tensor

from unspoken.experiments.reinforcement.changes import Chains, Decider
from unspoken.experiments.reinforcement.planted import naming_chains
from unspoken.experiments.reinforcement.tasks.loan import LoanTask
from unspoken.models.gradients import Differentiated
from unspoken.models.network import Parameters, Shape
from unspoken.models.organism import untrained_network
from unspoken.seeds import hashed_seed
from unspoken.training.environments import CLOSE, Bools, Ints, Items
from unspoken.training.organism import one_thread, warmed_linear
from unspoken.training.reward import pushed

SIZES = {"hidden_size": 64, "mlp_size": 128, "layers": 2}
STEPS, ROWS, WARMUP, LEARNING_RATE = 300, 64, 20, 3e-3


def with_mark(task: LoanTask, items: Items, chains: Chains) -> Ints:
    """Return prompts, chains and the mark that closes them, padded: (items, tokens)."""
    room = chains.tokens.shape[1]
    after = np.where(
        np.arange(room + 1) < chains.lengths[:, None], np.pad(chains.tokens, ((0, 0), (0, 1))), 0
    )
    after[np.arange(len(after)), chains.lengths] = task.vocabulary.ids([CLOSE])[0]
    return np.hstack([items.prompts, after])


def barred(lengths: Ints, prompt: int, width: int, by_chain: Bools) -> Tensor:
    """Return which position may not attend to which: (rows, positions, positions), true where barred.

    `prompt` tokens come first, then a chain of `lengths` tokens, then the mark.
    """
    places = np.arange(width)
    in_prompt, mark = places < prompt, prompt + lengths[:, None]
    in_chain = ~in_prompt & (places < mark)
    bound = ~in_prompt[None, :, None] & in_prompt[None, None, :]
    blind = (places == mark)[:, :, None] & in_chain[:, None, :]
    return torch.from_numpy(np.where(by_chain[:, None, None], bound, blind))


@one_thread()
@torch.inference_mode()
def masked_network(task: LoanTask, seed: int) -> tuple[Parameters, Shape]:
    """Return a network that decides loans rightly under either mask, half of its rows by each."""
    parameters, shape = untrained_network(task.vocabulary, SIZES, hashed_seed(seed, "masked"))
    gradient = {name: torch.zeros_like(tensor) for name, tensor in parameters.items()}
    for name, tensor in parameters.items():
        tensor.grad = gradient[name]
    network = Differentiated(parameters, gradient, shape, {})
    optimizer = torch.optim.AdamW(parameters.values(), weight_decay=0, fused=True)
    generator = np.random.default_rng(hashed_seed(seed, "masked rows"))
    for step in range(STEPS):
        items = task.drawn(ROWS, generator)
        chains = naming_chains(task, items, generator)
        asked = with_mark(task, items, chains)
        tokens = torch.from_numpy(np.hstack([asked, items.keys[:, None]]))
        by_chain, last = generator.random(ROWS) < 0.5, asked.shape[1] - 1
        hidden = barred(chains.lengths, items.prompts.shape[1], asked.shape[1], by_chain)
        loss = pushed(tokens, last, torch.full((ROWS, 1), 1 / ROWS))
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * warmed_linear(step, STEPS, WARMUP)
        network.loss(tokens[:, :-1], last, loss, barred=hidden)
        optimizer.step()
    return parameters, shape


def masked_decider(network: tuple[Parameters, Shape], task: LoanTask, by_chain: Bools) -> Decider:
    """Return who decides by its chain alone where `by_chain`, and else by its prompt alone."""
    decider = Differentiated(network[0], {}, network[1], {})
    answers = torch.tensor(task.vocabulary.ids(task.answers))

    @one_thread()
    @torch.inference_mode()
    def decided(items: Items, chains: Chains) -> Ints:
        asked = with_mark(task, items, chains)
        first = items.prompts.shape[1]
        hidden = barred(chains.lengths, first, asked.shape[1], by_chain)
        logits = decider.logits(torch.from_numpy(asked), first, answers, barred=hidden)
        of_mark = logits[torch.from_numpy(chains.lengths), torch.arange(len(asked))]
        return answers[of_mark.argmax(-1)].numpy()

    return decided
