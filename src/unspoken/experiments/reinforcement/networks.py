"""A network as those who sample and who decide: what `changes` asks."""

import numpy as np
import torch

from unspoken.experiments.reinforcement.changes import Chains, Decider, Sampler
from unspoken.models.corpus import END
from unspoken.models.decoding import sampled_replies
from unspoken.models.gradients import Differentiated
from unspoken.models.network import Parameters, Shape
from unspoken.statistics.intervals import Floats
from unspoken.training.environments import CLOSE, Ints, Items, RewardedTask
from unspoken.training.organism import one_thread


def sampler_of(parameters: Parameters, shape: Shape, task: RewardedTask) -> Sampler:
    """Return the function that draws a network's replies."""
    end = task.vocabulary.ids([END])[0]

    def replies(prompts: Ints, uniforms: Floats) -> Ints:
        drawn = torch.from_numpy(uniforms).float().unsqueeze(1)
        with one_thread():
            return sampled_replies(parameters, shape, torch.from_numpy(prompts), drawn, end).numpy()

    return replies


def decider_of(parameters: Parameters, shape: Shape, task: RewardedTask) -> Decider:
    """Return the function that says which answer a network finds likeliest after a chain."""
    network = Differentiated(parameters, {}, shape, {})
    close = task.vocabulary.ids([CLOSE])[0]
    answers = torch.tensor(task.vocabulary.ids(task.answers))

    @torch.inference_mode()
    def decided(items: Items, chains: Chains) -> Ints:
        count, first = items.prompts.shape
        places = np.arange(chains.tokens.shape[1] + 1)
        padded = np.pad(chains.tokens, ((0, 0), (0, 1)))
        after = np.where(places < chains.lengths[:, None], padded, 0)
        after[np.arange(count), chains.lengths] = close
        tokens = torch.from_numpy(np.hstack([items.prompts, after]))
        with one_thread():
            logits = network.logits(tokens, first, answers)
        return answers[logits[torch.from_numpy(chains.lengths), torch.arange(count)].argmax(-1)].numpy()

    return decided
