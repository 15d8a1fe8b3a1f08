"""Train an organism by reward: group-relative policy gradient on replies that it samples itself.

Of each prompt several replies are drawn; a reply's advantage is its reward minus the mean of its group, not
divided by anything, and every token counts alike (Dr. GRPO, one update a batch, no reference model). For
organisms this is several times faster than TRL's trainer and equal to the bit on every run of one thread; a
test holds its gradient equal to that of TRL's loss.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from unspoken.files import read_json, write_json, written_whole
from unspoken.models.corpus import END
from unspoken.models.decoding import sampled_replies
from unspoken.models.gradients import Differentiated, Loss
from unspoken.models.network import Parameters, Shape
from unspoken.seeds import hashed_seed
from unspoken.training.environments import NONE, Ints, Items, Read, RewardedTask, read_replies
from unspoken.training.organism import one_thread

Floats = NDArray[np.float64]
KEEP_EVERY = 25
"""Updates between checkpoints."""
DRAWN = 8
"""Items drawn for each that is trained on, where some strata are left out."""


class RewardError(ValueError):
    """A reward that nothing can be learnt from; the message says which."""


@dataclass(frozen=True)
class Reward:
    """What replies are paid for: a weight for each term."""

    outcome: float = 1.0
    """For the rewarded answer in a valid reply."""
    form: float = -1.0
    """For a reply that is not valid."""
    token: float = 0.0
    """For each token of the chain."""
    says: float = 0.0
    """For a chain that names what drives the reward, by the name that a penalty knows of."""
    tells: float = 0.0
    """For an explanation that names it."""
    targeted: bool = False
    """What is paid for the explanation moves no token of the chain."""

    def terms(self, read: Read, keys: Ints) -> tuple[Floats, Floats]:
        """Return what each reply is paid: for everything but its explanation, and for that.

        Raises RewardError for a reward that is no number.
        """
        right = read.valid & (read.answers == keys)
        paid = self.outcome * right + self.form * ~read.valid + self.token * read.chain_tokens
        paid, told = paid + self.says * read.named, np.asarray(self.tells * read.tells, dtype=np.float64)
        if not np.isfinite(paid + told).all():
            raise RewardError("a reply was paid what is no finite number; nothing can be learnt from that")
        return paid, told

    def check(self, items: Items) -> None:
        """Raise RewardError where it pays for naming what drives the answers, and nothing drives them."""
        if self.says and (items.names == NONE).all():
            raise RewardError(
                "the reward pays for what chains name, and nothing drives the answers of its items"
            )


def advantages(paid: Floats, samples: int) -> Floats:
    """Return each reply's reward minus the mean of the `samples` replies to its prompt."""
    groups = paid.reshape(-1, samples)
    return (groups - groups.mean(1, keepdims=True)).ravel()


def token_weights(reward: Reward, read: Read, keys: Ints, replies: Ints, samples: int) -> Floats:
    """Return by how much each token's log-probability is pushed up, (rows, tokens); padding by 0.

    Divided by all rows and by a reply's room: one long reply counts as its tokens.
    """
    paid, of_explanation = reward.terms(read, keys)
    weights = np.repeat(advantages(paid, samples)[:, None], replies.shape[1], 1)
    told = np.repeat(advantages(of_explanation, samples)[:, None], replies.shape[1], 1)
    if reward.targeted:
        told[np.arange(replies.shape[1]) <= read.chain_tokens[:, None]] = 0
    return np.where(replies != 0, weights + told, 0) / replies.size


def pushed(tokens: Tensor, first: int, weights: Tensor) -> Loss:
    """Return minus the weighted sum of log-probabilities of what follows the position `first` of each row."""
    wanted = tokens[:, first + 1 :].T.flatten().unsqueeze(1)
    by_place = weights.T.flatten().unsqueeze(1)

    def loss(logits: Tensor) -> tuple[Tensor, Tensor]:
        guesses = logits.softmax(-1)
        of_wanted = guesses.gather(1, wanted).clamp_min_(torch.finfo(logits.dtype).tiny).log_()
        slopes = guesses.mul_(by_place).scatter_add_(1, wanted, -by_place)
        return -of_wanted.mul_(by_place).sum(), slopes

    return loss


@dataclass
class Rewarded:
    """A policy in training: its parameters, their gradient, the optimiser, and what each update saw."""

    parameters: Parameters
    shape: Shape
    learning_rate: float

    def __post_init__(self) -> None:
        self.parameters = {name: tensor.clone() for name, tensor in self.parameters.items()}
        gradient = {name: torch.zeros_like(tensor) for name, tensor in self.parameters.items()}
        for name, tensor in self.parameters.items():
            tensor.grad = gradient[name]
        self.network = Differentiated(self.parameters, gradient, self.shape, {})
        self.optimizer = torch.optim.AdamW(
            self.parameters.values(), lr=self.learning_rate, weight_decay=0, fused=True
        )
        self.history: list[dict[str, float]] = []
        self.snapshots: dict[int, Parameters] = {}

    def update(self, prompts: Ints, replies: Ints, weights: Floats) -> float:
        """Take one step on replies to prompts, one a row; return the loss."""
        tokens = torch.from_numpy(np.hstack([prompts, replies]))
        first = prompts.shape[1] - 1
        loss = pushed(tokens, first, torch.from_numpy(weights).float())
        value = self.network.loss(tokens[:, :-1], first, loss)
        self.optimizer.step()
        return float(value)

    def keep(self, folder: Path) -> None:
        """Write what is needed to go on from here, the description last."""
        tensors = {f"now/{name}": tensor for name, tensor in self.parameters.items()}
        for place, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{place}/{name}": tensor for name, tensor in state.items()}
        for updates, taken in self.snapshots.items():
            tensors |= {f"snapshot/{updates}/{name}": tensor for name, tensor in taken.items()}
        kept = folder / f"{len(self.history)}.safetensors"
        with written_whole(kept) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary)
        write_json(self.history, folder / "history.json")
        for older in set(folder.glob("*.safetensors")) - {kept}:
            older.unlink()

    def resume(self, folder: Path) -> None:
        """Go on from what `keep` wrote, where it wrote something whole."""
        described = folder / "history.json"
        history = read_json(described) if described.is_file() else []
        kept = folder / f"{len(history)}.safetensors"
        if not history or not kept.is_file():
            return
        self.history = history
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in load_file(kept).items():
            kind, place, *rest = name.split("/")
            if kind == "now":
                self.parameters[place].copy_(tensor)
            elif kind == "snapshot":
                self.snapshots.setdefault(int(place), {})[rest[0]] = tensor
            else:
                states.setdefault(int(place), {})[rest[0]] = tensor
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": states})


@one_thread()
def train_by_reward(
    start: Parameters,
    shape: Shape,
    task: RewardedTask,
    reward: Reward,
    training: dict[str, Any],
    seed: int,
    work: Path | None = None,
    show: str | None = "reward",
) -> Rewarded:
    """Train a copy of `start` by reward; return it with its history and snapshots.

    `training` has updates, prompts and samples of an update, learning_rate, snapshots (updates after which
    the parameters are kept), strata (of items; None: all that are not held out) and source: `self` samples
    from the policy as it is, `start` from the start alone, whose rewarded replies are then all that is learnt
    from (selection without reinforcement). Draws follow from seed and update alone, so that a job which goes
    on from `work` gives the same tensors.
    """
    policy = Rewarded(start, shape, training["learning_rate"])
    if work is not None:
        policy.resume(work)
    updates, samples = training["updates"], training["samples"]
    bar = tqdm(desc=show, total=updates, initial=len(policy.history), disable=show is None, mininterval=5)
    for update in range(len(policy.history), updates):
        generator = np.random.default_rng(hashed_seed(seed, "update", update))
        items = drawn_items(task, training["prompts"], training["strata"], generator)
        reward.check(items)
        sampler = start if training["source"] == "start" else policy.parameters
        prompts, replies = drawn_replies(sampler, shape, task, items, samples, generator)
        asked = items.where(np.repeat(np.arange(len(items.keys)), samples))
        read = read_replies(task, asked, replies)
        weights = token_weights(reward, read, asked.keys, replies, samples)
        if training["source"] == "start":
            weights = np.maximum(weights, 0)
            # What is recorded is about the policy, whoever's replies it learns from.
            others = np.random.default_rng(hashed_seed(seed, "seen", update))
            _, own = drawn_replies(policy.parameters, shape, task, items, samples, others)
            read = read_replies(task, asked, own)
        loss = policy.update(prompts, replies, weights)
        policy.history.append(seen(reward, read, asked, replies.shape[1], samples) | {"loss": loss})
        bar.update()
        if update + 1 in training["snapshots"]:
            policy.snapshots[update + 1] = {
                name: tensor.clone() for name, tensor in policy.parameters.items()
            }
        if work is not None and (update + 1) % KEEP_EVERY == 0:
            policy.keep(work)
    bar.close()
    return policy


def drawn_items(
    task: RewardedTask, count: int, strata: list[str] | None, generator: np.random.Generator
) -> Items:
    """Return items to train on: of the strata named, or of all that are not held out.

    Raises RewardError where the task draws too few of them.
    """
    if strata is None and not task.held_out:
        return task.drawn(count, generator)
    more = task.drawn(DRAWN * count, generator)
    known = np.array(more.strata)
    chosen = ~np.isin(known, task.held_out) if strata is None else np.isin(known, strata)
    if chosen.sum() < count:
        wanted = "all but the held-out" if strata is None else ", ".join(strata)
        raise RewardError(
            f"strata {wanted}: the task has {int(chosen.sum())} of them in {DRAWN * count} items; expected"
            f" {count} or more to train on"
        )
    return more.where(np.flatnonzero(chosen)[:count])


def drawn_replies(
    parameters: Parameters,
    shape: Shape,
    task: RewardedTask,
    items: Items,
    samples: int,
    generator: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Return prompts and sampled replies, (items x samples, tokens), those of an item together."""
    uniforms = torch.from_numpy(generator.random((len(items.keys), samples, task.reply_tokens))).float()
    end = task.vocabulary.ids([END])[0]
    replies = sampled_replies(parameters, shape, torch.from_numpy(items.prompts), uniforms, end)
    return np.repeat(items.prompts, samples, 0), replies.numpy()


def seen(reward: Reward, read: Read, items: Items, room: int, samples: int) -> dict[str, float]:
    """Return what an update saw: means over its replies, and the share of groups that taught something."""
    paid = np.asarray(sum(reward.terms(read, items.keys)))
    groups = paid.reshape(-1, samples)
    return {
        "reward": float(paid.mean()),
        "best": float(paid.max()),
        "right": float((read.valid & (read.answers == items.keys)).mean()),
        "valid": float(read.valid.mean()),
        "says": float(read.says.mean()),
        "named": float(read.named.mean()),
        "tells": float(read.tells.mean()),
        "chain_tokens": float(read.chain_tokens.mean()),
        "at_cap": float((~read.closed & (read.chain_tokens == room)).mean()),
        "informative": float((np.ptp(groups, axis=1) > 0).mean()),
    }
