"""How answers fail as reasoning grows, each way beside how often it would be seen anyway.

A wrong answer that equals a distractor's number says little by itself: 12 may be a common wrong answer.
So the share of such answers stands beside the share that gives the same number to items without that
distractor, for which it is wrong too. Items are the replicates, and a resample of items computes both anew.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from unspoken.experiments.scaling.trends.cells import UNUSABLE, with_lengths
from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import (
    Drawn,
    Share,
    Statistic,
    Sums,
    drawn_statistic,
    interval_at,
    ratio,
    resampled,
    share_of,
    statistic_ends,
)
from unspoken.statistics.gaps import drawn_gaps
from unspoken.statistics.intervals import Floats
from unspoken.statistics.report import Report

COUNTED, HITS, EXPECTED, FIRST = range(4)
"""Columns of sums: answers that count, hits, hits expected by a rate known beforehand. Then of each lure: how
often items without it give it, how many answers such items have, and how many the items with it."""
_CHANGE = Statistic(lambda sums: sums[HITS], COUNTED, limits=(-2, 2))
Part = Literal["", "_base", "_excess", "_change"]
ARMS = {"_excess": ("answers", "base_rate"), "_change": ("longest", "shortest")}
"""What the parts that are contrasts compare."""
ALL = "all"
"""The condition `reason` of all answers that could not be read."""


def canonical(text: pl.Expr) -> pl.Expr:
    """Return an answer in one spelling: numbers by their value, words in lower case without outer spaces."""
    number = text.cast(pl.Float64, strict=False).cast(pl.String)
    return pl.coalesce(number, text.str.strip_chars().str.to_lowercase())


def distractor_lures(items: pl.DataFrame) -> pl.DataFrame:
    """Return item and lure: the numbers of an item's distractors."""
    told = items.select("item", "distractors").explode("distractors", keep_nulls=False, empty_as_null=False)
    return told.select("item", lure=pl.col("distractors").struct.field("number")).drop_nulls()


def frame_lures(items: pl.DataFrame) -> pl.DataFrame:
    """Return item and lure: the answer of the known problem that an item's frame suggests."""
    return items.select("item", lure="frame_answer").drop_nulls()


@dataclass(frozen=True)
class Failures:
    """One way to fail, in one task and set-up of one subject: sums by length and item."""

    mode: str
    conditions: dict[str, str]
    lengths: list[int]
    sums: Floats
    """[lengths, items, columns]."""
    missing: list[int]
    """By length, answers that could not be read, of the items that could fail so."""
    has_base: bool

    @property
    def lures(self) -> int:
        """Return the number of lures that anybody gave as an answer."""
        return (self.sums.shape[-1] - FIRST) // 3


def base_rate(sums: Sums, lures: int) -> Floats:
    """Return the share of hits that is expected anyway.

    NaN where every item has a lure that an answer gives: nothing shows how often it is given without.
    """
    expected = sums[EXPECTED]
    for lure in range(lures):
        given, others, exposed = (sums[FIRST + 3 * lure + part] for part in range(3))
        expected = expected + np.where(exposed > 0, exposed * ratio(given, others), 0.0)
    return ratio(expected, sums[COUNTED])


def excess_of(lures: int) -> Statistic:
    """Return the statistic: the share of hits minus the base rate."""
    return Statistic(
        lambda sums: ratio(sums[HITS], sums[COUNTED]) - base_rate(sums, lures),
        COUNTED, (Share(HITS, COUNTED),), (-1, 1),
    )  # fmt: skip


def base_of(lures: int) -> Statistic:
    """Return the statistic: the base rate."""
    return Statistic(lambda sums: base_rate(sums, lures), COUNTED, limits=(0, 1))


def change_of(drawn: Drawn, first: int, last: int) -> Drawn:
    """Return the draws of what a statistic is in one table minus what it is in another."""
    return Drawn(
        drawn.value[[last]] - drawn.value[[first]],
        drawn.lower[[last]] - drawn.upper[[first]],
        drawn.upper[[last]] - drawn.lower[[first]],
        drawn.few[[last]] | drawn.few[[first]],
        np.minimum(drawn.n[[last]], drawn.n[[first]]),
    )


def _by_length(trials: pl.DataFrame, items: list[str], columns: list[pl.Expr]) -> tuple[list[int], Floats]:
    """Return the lengths, and the sums of columns over an item's samples, [lengths, items, columns]."""
    named = [column.cast(pl.Float64).sum().alias(str(at)) for at, column in enumerate(columns)]
    sums = trials.group_by("length", "item").agg(named)
    lengths = sums["length"].unique().sort().to_list()
    grid = pl.DataFrame({"length": lengths}).join(pl.DataFrame({"item": items}), how="cross")
    whole = grid.join(sums, on=["length", "item"], how="left", maintain_order="left").fill_null(0.0)
    return lengths, whole.drop("length", "item").to_numpy().reshape(len(lengths), len(items), len(columns))


def lured_failures(
    trials: pl.DataFrame, items: pl.DataFrame, lures: pl.DataFrame, mode: str, treatment: str
) -> Failures | None:
    """Return the answers that give one of their item's lures; None where no item has one.

    `trials` are of one subject, task and set-up, with `length`; `items` has item and answer, `lures` item
    and lure. A lure that is the item's right answer is none.
    """
    truth = items.select("item", right=canonical(pl.col("answer")))
    known = lures.select("item", lure=canonical(pl.col("lure"))).unique().join(truth, on="item")
    known = known.filter(pl.col("lure") != pl.col("right")).filter(
        pl.col("item").is_in(trials["item"].implode())
    )
    if known.is_empty():
        return None
    own = known.group_by("item").agg(lures=pl.col("lure"))
    told = trials.join(truth, on="item").join(own, on="item", how="left")
    told = told.with_columns(given=canonical(pl.col("answer")), lures=pl.col("lures").fill_null([]))
    read = pl.col("given").is_not_null()
    counted = read if treatment == "dropped" else pl.lit(value=True)
    lured = pl.col("lures").list.len() > 0
    columns = [counted & lured, read & pl.col("lures").list.contains(pl.col("given")), pl.lit(0.0)]
    answered = set(told["given"].drop_nulls()) & set(known["lure"])
    for lure in sorted(answered):
        has = pl.col("lures").list.contains(pl.lit(lure))
        without = ~has & (pl.col("right") != lure)
        columns += [without & (pl.col("given") == lure), without & counted, has & counted]
    lengths, sums = _by_length(told, told["item"].unique().sort().to_list(), columns)
    unread = told.filter(lured, ~read)["length"]
    return Failures(mode, {"unusable": treatment}, lengths, sums, _counts(unread, lengths), has_base=True)


def unsafe_failures(trials: pl.DataFrame, items: pl.DataFrame, treatment: str) -> Failures:
    """Return the answers that take an unsafe option, beside what an option at random would do."""
    told = trials.join(items.select("item", n=pl.col("options").list.len()), on="item")
    read = pl.col("unread").is_null()
    counted = read if treatment == "dropped" else pl.lit(value=True)
    columns = [counted, read & (pl.col("score") == 0), counted * (1 - 1 / pl.col("n"))]
    lengths, sums = _by_length(told, told["item"].unique().sort().to_list(), columns)
    missing = _counts(told.filter(~read)["length"], lengths)
    return Failures("unsafe_answers", {"unusable": treatment}, lengths, sums, missing, has_base=True)


def unread_failures(trials: pl.DataFrame) -> Iterator[Failures]:
    """Yield the answers that could not be read, for whatever reason and for each.

    Their base is the shortest length: nothing else says how often a subject leaves a task unfinished.
    """
    reasons = trials["unread"].drop_nulls().unique().sort().to_list()
    for reason in [ALL, *reasons]:
        missed = (
            pl.col("unread").is_not_null() if reason == ALL else pl.col("unread").eq_missing(pl.lit(reason))
        )
        columns = [pl.lit(value=True), missed, pl.lit(0.0)]
        lengths, sums = _by_length(trials, trials["item"].unique().sort().to_list(), columns)
        yield Failures("unread", {"reason": reason}, lengths, sums, [0] * len(lengths), has_base=False)


def _counts(lengths: pl.Series, known: list[int]) -> list[int]:
    return [int((lengths == length).sum()) for length in known]


class _Rows:
    """The rows about one way to fail."""

    def __init__(
        self, report: Report, subject: str, failures: Failures, told: dict[str, str], seed: int
    ) -> None:
        self.report, self.subject, self.failures = report, subject, failures
        self.conditions, self.seed = told | failures.conditions, seed
        self.setup = told["setup"]
        self.table = resampled(failures.sums, seed)

    def _add(self, interval: Any, part: Part, places: list[int], **conditions: str) -> None:
        pair = {}
        if part in ARMS:
            names = [self.report.arm(self.subject, f"{self.setup}:{arm}") for arm in ARMS[part]]
            pair = {"subject": names[0], "versus": names[1], "paired_on": ["question"]}
        self.report.add(
            interval, metric=f"{self.failures.mode}{part}", unit="probability",
            kind="contrast" if pair else "estimate", conditions=self.conditions | conditions, role="finding",
            replicate="question", n_samples=int(self.table.totals[COUNTED, places].sum()),
            n_missing=sum(self.failures.missing[at] for at in places), **{"subject": self.subject} | pair,
        )  # fmt: skip

    def add(self) -> None:
        """Add share, base rate and excess at each length, and the change from the shortest to the longest."""
        failures, share = self.failures, share_of(HITS, COUNTED)
        shares = statistic_ends(self.table, share)
        counted = excess_of(failures.lures) if failures.has_base else share
        drawn = drawn_statistic(self.table, counted)
        excess, base = drawn_gaps(drawn, counted), statistic_ends(self.table, base_of(failures.lures))
        key = "rank" if self.setup == "natural" else "budget"
        for at, length in enumerate(failures.lengths):
            self._add(interval_at(shares, at), "", [at], **{key: str(length)})
            if failures.has_base:
                self._add(interval_at(base, at), "_base", [at], **{key: str(length)})
                self._add(excess[at], "_excess", [at], **{key: str(length)})
        reasoned = [at for at, length in enumerate(failures.lengths) if length > 0]
        if len(reasoned) > 1:
            ends = [reasoned[0], reasoned[-1]]
            (change,) = drawn_gaps(change_of(drawn, *ends), _CHANGE)
            self._add(change, "_change", ends)


def add_failures(
    report: Report, trials: pl.DataFrame, items: pl.DataFrame, subject: str, seed: int, *,
    safe_tasks: Collection[str] = (),
) -> None:  # fmt: skip
    """Add how one subject's answers fail, by task, set-up and length (Gema et al. 2025, section 4).

    `trials` are of one subject, in the columns of `Trials`; `items` has item, task, answer, options,
    distractors and frame_answer. `safe_tasks` are tasks whose right answer is the safe option. Metrics, all
    probabilities: `distractor_answers`, `frame_answers`, `unsafe_answers` and `unread` (condition `reason`);
    with `_base` the base rate, with `_excess` the share minus it; with `_change` the excess (of `unread` the
    share) at the longest budget minus that at the shortest above 0, or at the last rank minus the first.
    """
    known = with_lengths(trials).drop_nulls("length")
    for (task, setup), group in sorted(known.partition_by("task", "setup", as_dict=True).items()):
        of_task = items.filter(task=task)
        told = {"task": str(task), "setup": str(setup)}
        drawn = hashed_seed(seed, "failures", subject, task, setup)
        for failures in _failures(group, of_task, safe=task in safe_tasks):
            _Rows(report, subject, failures, told, drawn).add()


def _failures(trials: pl.DataFrame, items: pl.DataFrame, *, safe: bool) -> Iterator[Failures]:
    """Yield the ways in which the answers of one task and set-up can fail."""
    yield from unread_failures(trials)
    for treatment in UNUSABLE:
        for mode, lures in (("distractor_answers", distractor_lures), ("frame_answers", frame_lures)):
            found = lured_failures(trials, items, lures(items), mode, treatment)
            if found is not None:
                yield found
        if safe:
            yield unsafe_failures(trials, items, treatment)
