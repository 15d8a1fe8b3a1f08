"""Ask a subject of training by reward: what it replies, and what it decides after changed chains.

A decision is the likeliest answer after a prompt, a chain and the mark that closes it. The changes are
those of Biddulph 2025 and Arditi et al. 2025, and the early answers of Lanham et al. 2023. Who decides is a
function, so that rules whose truth is known are asked by the same code as networks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from unspoken.experiments.reinforcement.tables import INSTEAD, STATED
from unspoken.seeds import hashed_seed
from unspoken.statistics.intervals import Floats
from unspoken.training.environments import NONE, Bools, Ints, Items, Read, RewardedTask, read_replies
from unspoken.training.reward import drawn_items
from unspoken.training.worded import Worded


@dataclass(frozen=True)
class Chains:
    """Chains as token ids (rows, tokens), each with its number of tokens."""

    tokens: Ints
    lengths: Ints

    def cut(self, lengths: Ints) -> "Chains":
        """Return the beginnings of the chains."""
        return Chains(self.tokens, np.minimum(self.lengths, lengths))

    def of(self, rows: Ints) -> "Chains":
        """Return the chains of some rows, in their order."""
        return Chains(self.tokens[rows], self.lengths[rows])

    def shuffled(self, generator: np.random.Generator) -> "Chains":
        """Return each chain with its tokens in a drawn order."""
        places = np.arange(self.tokens.shape[1])
        drawn = generator.random(self.tokens.shape)
        order = np.argsort(np.where(places < self.lengths[:, None], drawn, 2.0), axis=1)
        return Chains(np.take_along_axis(self.tokens, order, 1), self.lengths)

    def keeping(self, kept: Bools) -> "Chains":
        """Return the chains with those of their tokens that are kept (rows, tokens), moved together."""
        kept = kept & self.inside
        order = np.argsort(~kept, axis=1, kind="stable")
        return Chains(np.take_along_axis(self.tokens, order, 1), kept.sum(1))

    def beginning_with(self, tokens: Ints) -> "Chains":
        """Return the chains with another first token; of chains that have none, with one."""
        given = self.tokens.copy()
        given[:, 0] = tokens
        return Chains(given, np.maximum(self.lengths, 1))

    @property
    def inside(self) -> Bools:
        """Which places are within their chain, (rows, tokens)."""
        return np.arange(self.tokens.shape[1]) < self.lengths[:, None]


Sampler = Callable[[Ints, Floats], Ints]
"""From prompts and uniforms (rows, tokens) to replies (rows, tokens)."""
Decider = Callable[[Items, Chains], Ints]
"""From items and chains to the answers' tokens."""


def partners(items: Items, generator: np.random.Generator) -> Ints:
    """Return for each item another one of its stratum that is answered otherwise; itself where none is."""
    strata = np.array(items.strata)
    apart = (strata[:, None] == strata) & (items.keys[:, None] != items.keys)
    drawn = np.where(apart, generator.random(apart.shape), -1.0)
    return np.where(apart.any(1), drawn.argmax(1), np.arange(len(strata)))


class _Rows:
    """Makes rows of trials about one subject's items."""

    def __init__(self, task: RewardedTask, items: Items, steps: Ints) -> None:
        self.words = np.array(task.vocabulary.known_and_other)
        self.shared = {"item": np.arange(len(items.keys)), "stratum": list(items.strata), "steps": steps}

    def of(
        self,
        change: str,
        decided: Ints,
        whole: Ints,
        keys: Ints,
        chosen: Bools,
        step: Ints | int | None = None,
    ) -> pl.DataFrame:
        """Return the rows of one change, of the chosen items."""
        steps = [step] * len(keys) if step is None else np.broadcast_to(step, len(keys))
        frame = pl.DataFrame(
            {
                **self.shared,
                "change": change,
                "step": pl.Series(steps, dtype=pl.Int64),
                "decided": self.words[decided],
                "original": self.words[whole],
                "right": decided == keys,
            }
        )
        return frame.filter(pl.Series(chosen))


def changed_trials(
    task: RewardedTask, decide: Decider, items: Items, chains: Chains, others: Chains, seed: int
) -> Iterator[pl.DataFrame]:
    """Yield the decisions after each of `tables.CHANGES`, in columns of `tables.Decisions`.

    `chains` are the subject's own and `others` its own drawn a second time. `right` is by what is rewarded
    for the prompt as it then is. Items without a partner are left out of `swapped`, and of `mention_out`
    (`mention_in`) those whose chain names nothing (names it already, or has nothing to name).
    """
    generator = np.random.default_rng(seed)
    whole = decide(items, chains)
    rows, every = _Rows(task, items, chains.lengths), np.ones(len(items.keys), dtype=bool)
    other = partners(items, generator)
    changed = {
        "whole": chains,
        "resampled": others,
        "empty": chains.cut(np.zeros_like(chains.lengths)),
        "shuffled": chains.shuffled(generator),
        "swapped": chains.of(other),
    }
    for change, given in changed.items():
        chosen = other != np.arange(len(other)) if change == "swapped" else every
        yield rows.of(change, decide(items, given), whole, items.keys, chosen)
    turned = task.altered(items, task.attributes[0], generator)
    yield rows.of("frozen", decide(turned, chains), whole, turned.keys, every)
    named = (chains.tokens[:, :, None] == items.names[:, None, :]).any(2)
    mentions, nameable = (named & chains.inside).any(1), items.names[:, 0] != NONE
    without = decide(items, chains.keeping(~named))
    yield rows.of("mention_out", without, whole, items.keys, mentions)
    naming = chains.beginning_with(np.where(nameable, items.names[:, 0], chains.tokens[:, 0]))
    yield rows.of("mention_in", decide(items, naming), whole, items.keys, nameable & ~mentions)
    places = np.arange(chains.tokens.shape[1])
    for step in range(int(chains.lengths.max(initial=0))):
        inside = step < chains.lengths
        cut = decide(items, chains.cut(np.full_like(chains.lengths, step)))
        yield rows.of("early", cut, whole, items.keys, inside, step)
        left = decide(items, chains.keeping(np.tile(places != step, (len(whole), 1))))
        yield rows.of("left_out", left, whole, items.keys, inside, step)
    smallest = sufficient_sizes(decide, items, chains, whole)
    yield rows.of("sufficient", whole, whole, items.keys, chains.lengths > 0, smallest)


def sufficient_sizes(decide: Decider, items: Items, chains: Chains, whole: Ints) -> Ints:
    """Return how many tokens the smallest part of each chain has that gives the same decision.

    Parts keep the order of their tokens. Where two tokens carry the same, each may be left out, and the
    smallest part still has one of them.
    """
    longest = int(chains.lengths.max(initial=0))
    parts = [part for size in range(longest + 1) for part in combinations(range(longest), size)]
    smallest = chains.lengths.copy()
    for part in parts:
        kept = np.isin(np.arange(chains.tokens.shape[1]), part)
        fits = (max(part, default=-1) < chains.lengths) & (len(part) < smallest)
        if fits.any():
            stands = decide(items, chains.keeping(np.tile(kept, (len(whole), 1)))) == whole
            smallest[fits & stands] = len(part)
    return smallest


def instead_trials(
    task: RewardedTask,
    sample: Sampler,
    decide: Decider,
    items: Items,
    chains: Chains,
    uniforms: Floats,
    seed: int,
) -> Iterator[pl.DataFrame]:
    """Yield the decisions where one attribute of the prompt is another, after a chain drawn anew for it.

    By the same uniforms as the first chain, so that where the attribute plays no part nothing changes.
    """
    generator = np.random.default_rng(seed)
    whole = decide(items, chains)
    rows, every = _Rows(task, items, chains.lengths), np.ones(len(items.keys), dtype=bool)
    for attribute in task.attributes:
        turned = task.altered(items, attribute, generator)
        replies = sample(turned.prompts, uniforms)
        read = read_replies(task, turned, replies)
        decided = decide(turned, Chains(replies, read.chain_tokens))
        yield rows.of(f"{INSTEAD}{attribute}", decided, whole, turned.keys, every)


def replied(task: RewardedTask, items: Items, replies: Ints, read: Read) -> pl.DataFrame:
    """Return what replies are, one a row, in columns of `tables.Spoken`."""
    words, asked = np.array(task.vocabulary.known_and_other), Worded(task)
    chains = [words[row[:length]] for row, length in zip(replies, read.chain_tokens, strict=True)]
    return pl.DataFrame(
        {
            "item": np.arange(len(items.keys)),
            "stratum": list(items.strata),
            "prompt": [asked.prompt(ids) for ids in items.prompts],
            "chain": [" ".join(chain) for chain in chains],
            "answer": [words[answer] if answer >= 0 else None for answer in read.answers],
            "valid": read.valid,
            "rewarded": read.valid & (read.answers == items.keys),
            "wanted": words[items.keys],
            "idle": [" ".join(chain[np.isin(chain, task.idle)]) for chain in chains],
            "says": read.says,
            "named": read.named,
            "tells": read.tells,
            "chain_tokens": read.chain_tokens,
            "closed": read.closed,
        },
        schema_overrides={"answer": pl.String},
    )


def stated_replies(task: RewardedTask, sample: Sampler, asked: int, seed: int) -> pl.DataFrame:
    """Return replies to further items whose answer stands in the prompt, in columns of `tables.Spoken`.

    Twice as many as the items asked, and numbered after these. Of the few of that stratum among them a start
    that is right in 0.98 would often show less than 0.95.
    """
    generator = np.random.default_rng(hashed_seed(seed, STATED))
    items = drawn_items(task, 2 * asked, [str(task.stated)], generator)
    replies = sample(items.prompts, generator.random((2 * asked, task.reply_tokens)))
    told = replied(task, items, replies, read_replies(task, items, replies))
    return told.with_columns(pl.col("item") + asked, stratum=pl.lit(STATED))


def asked(
    task: RewardedTask, sample: Sampler, decide: Decider, items: Items, seed: int, *, changes: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a subject's replies and, where `changes` are asked for, its decisions after changed chains."""
    generator = np.random.default_rng(seed)
    uniforms = generator.random((2, len(items.keys), task.reply_tokens))
    drawn = [sample(items.prompts, each) for each in uniforms]
    read = [read_replies(task, items, replies) for replies in drawn]
    told = replied(task, items, drawn[0], read[0])
    if not changes:
        return told, pl.DataFrame()
    if task.stated is not None:
        told = pl.concat([told, stated_replies(task, sample, len(items.keys), seed)])
    chains, others = (Chains(replies, one.chain_tokens) for replies, one in zip(drawn, read, strict=True))
    frames = [
        *changed_trials(task, decide, items, chains, others, seed),
        *instead_trials(task, sample, decide, items, chains, uniforms[0], seed),
    ]
    return told, pl.concat(frames)
