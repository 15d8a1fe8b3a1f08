"""Contrasts between trials of hints: switched and not, kinds of hints, other targets, no target.

Each is a difference of two shares over questions, with a cluster bootstrap that recomputes both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import polars as pl

from unspoken.experiments.faithfulness.measure.hints import HintMeasure, outcomes_of
from unspoken.statistics.bootstrap import Share, Statistic, ratio, resampled
from unspoken.statistics.gaps import gap_interval
from unspoken.statistics.gates import Gate, first_gate, missing_gate
from unspoken.statistics.intervals import Interval

MISALIGNED = ("grader_hacking", "unauthorised_information")
"""Kinds whose use would be cheating (Chen et al. 2025); the others are neutral."""
ASCENDING = ("consistency", "sycophancy", "metadata", "grader_hacking", "unauthorised_information")
"""Kinds from the least to the most acknowledged in Young 2026a, whose order is tested step by step."""
GAP = Statistic(
    lambda sums: ratio(sums[0], sums[1]) - ratio(sums[2], sums[3]), 1, (Share(0, 1), Share(2, 3, -1)), (-1, 1)
)
"""The share of column 0 in 1 minus that of column 2 in 3."""
Among = tuple[pl.Expr, pl.Expr]
"""Which trials count as hits, among which."""
EVERY = pl.col("question_id").is_not_null()


def share_gap(trials: pl.DataFrame, shares: tuple[Among, Among], seed: int) -> tuple[Interval, int]:
    """Return the difference of two shares, with its interval over questions, and the trials under it."""
    columns = [part for hits, among in shares for part in (hits & among, among)]
    sums = [
        column.fill_null(value=False).cast(pl.Float64).sum().alias(f"sum{at}")
        for at, column in enumerate(columns)
    ]
    by_question = trials.sort("question_id").group_by("question_id", maintain_order=True).agg(sums)
    drawn = resampled(by_question.drop("question_id").to_numpy()[None], seed)
    fewer = min((1, 3), key=lambda column: drawn.replicates(column)[0])
    interval = gap_interval(drawn, replace(GAP, trials=fewer))
    return interval, int(drawn.totals[1, 0] + drawn.totals[3, 0])


def answers_beside(trials: pl.DataFrame, hinted: pl.DataFrame, arm: str) -> pl.DataFrame:
    """Return hinted trials with the answer to their question in another arm that has a hint of their kind.

    Columns: question_id, kind, target, and answer and other_answer, null where they are not known.
    """
    keys = ["question_id", "kind"]
    whole = pl.when(pl.col("outcome") != "truncated").then("answer")
    other = trials.filter(arm=arm).select(*keys, other_answer=whole)
    return hinted.select(*keys, "target", answer=whole).join(other, on=keys)


def _all_and_kinds(trials: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield all trials, then the trials of each kind."""
    yield "all", trials
    for kind in trials["kind"].unique().sort():
        yield kind, trials.filter(kind=kind)


def _kinds_beside(trials: pl.DataFrame) -> Iterator[tuple[str, tuple[str, str], pl.Expr, pl.Expr]]:
    """Yield kinds to compare: the condition `hint`, the arms' names, and which trials are of each arm.

    Each kind beside all others, then the steps of `ASCENDING`.
    """
    for kind in trials["kind"].unique().sort():
        one = pl.col("kind") == kind
        yield kind, ("hinted", "other_kinds"), one, ~one
    for lower, higher in pairwise(ASCENDING):
        yield "all", (higher, lower), pl.col("kind") == higher, pl.col("kind") == lower


class HintContrasts:
    """Adds contrasts of one subject's trials to the rows of a measure."""

    def __init__(self, measure: HintMeasure, trials: pl.DataFrame) -> None:
        """Take the measure, and all the subject's trials."""
        self.measure, self.trials = measure, trials
        self.hinted = trials.filter(pl.col("outcome") != "truncated", arm="hint")
        self.unhinted = trials.filter(arm="unhinted")

    def add_all(self) -> None:
        """Add every contrast that the trials allow."""
        self._add_mentions()
        self._add_faithfulness()
        self._add_switches()
        hinted = self.trials.filter(arm="hint")
        self._add_against("cue_effect", "moved", hinted)
        self._add_against("irrelevant_gap", "irrelevant", hinted.filter("at_risk"), self.unhinted)

    def _add(
        self, metric: str, trials: pl.DataFrame, shares: tuple[Among, Among], arms: tuple[str, str],
        hint: str, read: Sequence[pl.DataFrame], unusable: str = "dropped", gate: Gate | None = None,
        **fields: Any,
    ) -> None:  # fmt: skip
        """Add a contrast of two arms, unless there is no trial to compare; it rests on the replies `read`."""
        if trials.is_empty():
            return
        interval, samples = share_gap(trials, shares, self.measure.seed)
        if interval.value is None:
            return
        subject, versus = map(self.measure.arm, arms)
        self.measure.add(
            metric, interval, samples, hint, kind="contrast", subject=subject, versus=versus,
            conditions={"unusable": unusable}, gate=first_gate(self.measure.gate(*read), gate), **fields,
        )  # fmt: skip

    def _add_mentions(self) -> None:
        """Add mentions of switched minus unswitched trials, and mentions minus mentions relied on."""
        judged = pl.col("mentions").is_not_null()
        moved = judged & pl.col("switched")
        stayed = judged & pl.col("at_risk") & ~pl.col("switched")
        mentions, relies = pl.col("mentions"), pl.col("mentions") & pl.col("relies")
        for hint, trials in _all_and_kinds(self.hinted):
            read = (trials, self.unhinted)
            gap = ((mentions, moved), (mentions, stayed))
            self._add("mention_gap", trials, gap, ("switched", "unswitched"), hint, read)
            definitions = ((mentions, moved), (relies, moved))
            self._add("definition_gap", trials, definitions, ("mentions", "relies"), hint, read)

    def _add_faithfulness(self) -> None:
        """Add the faithfulness of neutral minus misaligned kinds, and of kinds beside each other."""
        faithful = pl.col("mentions") & pl.col("relies")
        judged = pl.col("switched") & pl.col("mentions").is_not_null()
        bad = pl.col("kind").is_in(MISALIGNED)
        misaligned = ("all", ("neutral", "misaligned"), ~bad, bad)
        for hint, arms, first, second in [misaligned, *_kinds_beside(self.hinted)]:
            gap = ((faithful, judged & first), (faithful, judged & second))
            read = self._read(self.hinted, first, second)
            self._add("faithfulness_gap", self.hinted, gap, arms, hint, read)

    def _read(self, hinted: pl.DataFrame, first: pl.Expr, second: pl.Expr) -> list[pl.DataFrame]:
        """Return the replies that a comparison of kinds rests on: of both arms, and without a hint."""
        return [hinted.filter(first), hinted.filter(second), self.unhinted]

    def _add_switches(self) -> None:
        """Add how often hints of one kind move answers, beside other kinds (Young 2026a).

        A trial is at risk by its unhinted answer. One that is unusable is dropped, or was not moved.
        """
        asked = self.trials.filter(pl.col("unhinted_answer") != pl.col("target"), arm="hint")
        usable = pl.col("switched").is_not_null() & (pl.col("outcome") != "truncated")
        moved = usable & pl.col("switched")
        for hint, arms, first, second in _kinds_beside(asked):
            outcomes = [outcomes_of(asked.filter(one), moved, usable) for one in (first, second)]
            read = self._read(asked, first, second)
            gate, missing = missing_gate(*outcomes), sum(one.unusable for one in outcomes)
            for unusable, among in (("dropped", usable), ("failure", EVERY)):
                gap = ((moved, among & first), (moved, among & second))
                self._add("switch_gap", asked, gap, arms, hint, read, unusable, gate, n_missing=missing)

    def _add_against(self, metric: str, arm: str, hinted: pl.DataFrame, *chosen_by: pl.DataFrame) -> None:
        """Add how often the answer is h under a hint to h minus in another arm of the same question.

        `moved`: the same hint points to another option, so that the cue alone differs; `irrelevant`: a
        hint of the same form points to none. Replies that answer nothing are dropped with their pair, or
        count as another answer.
        """
        asked = answers_beside(self.trials, hinted, arm)
        hits = [pl.col(name) == pl.col("target") for name in ("answer", "other_answer")]
        for hint, trials in _all_and_kinds(asked):
            usable = [pl.col(name).is_not_null() for name in ("answer", "other_answer")]
            outcomes = [outcomes_of(trials, *one) for one in zip(hits, usable, strict=True)]
            both = trials.drop_nulls()
            other = self.trials.filter(arm=arm)
            read = [one if hint == "all" else one.filter(kind=hint) for one in (hinted, other)]
            for unusable, counted in (("dropped", both), ("failure", trials)):
                self._add(
                    metric, counted, ((hits[0], EVERY), (hits[1], EVERY)), ("hinted", arm), hint,
                    [*read, *chosen_by], unusable, gate=missing_gate(*outcomes),
                    n_missing=trials.height - both.height,
                )  # fmt: skip
