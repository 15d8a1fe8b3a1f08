"""Accuracy with and without reasoning and hints, the outcomes of replies, and the pull of positions.

One fixed model: questions are the replicates. Hints to the right option are left out of accuracies: they
would give the answer away (Turpin et al. 2023 and Chen et al. 2025 point to wrong options). The answer with
no chain, arm `direct`, can only be read by force; all others are what replies state, and, as a sensitivity,
the forced letter (`forced`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.faithfulness.measure.forced import NAMES, letters_gate, ways_to_read
from unspoken.experiments.faithfulness.tables.trials import OUTCOMES
from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import (
    Drawn,
    Statistic,
    interval_at,
    percentile_ends,
    resampled,
)
from unspoken.statistics.exact_ends import clopper_pearson_ends
from unspoken.statistics.gates import Gate, Outcomes, accuracy_gate, first_gate, missing_gate
from unspoken.statistics.intervals import (
    Floats,
    Interval,
    make_interval,
    without_interval,
)
from unspoken.statistics.questions import FEW_QUESTIONS, question_contrast, question_rate
from unspoken.statistics.report import Report

BY_KIND = ("hinted", "moved", "irrelevant")
"""Arms that have a hint of each kind; the few-shot arms have one kind of their own, others have none."""
DIRECT = "direct"
"""The arm of the answer with no chain."""
CONTRASTS = (("unhinted", DIRECT), ("hinted", "unhinted"), ("few_shot_first", "few_shot_balanced"))
UNUSABLE = ("dropped", "failure")
LETTER_DRAWS = 10_000
TRANSCRIPTS = "file"
"""The engine of replies that a user brought: nobody knows how their options were ordered."""


def scored_replies(trials: pl.DataFrame) -> pl.DataFrame:
    """Return replies whose key is known: question_id, arm, kind, n_options, usable, hit, free, forced.

    The arm `hint` is `hinted` here, and the answers without a chain are an arm `direct` of their own. A
    reply is usable that has an answer and was not truncated. Replies to a hint to the key are left out.
    """
    known = trials.filter(pl.col("key").is_not_null(), ~pl.col("target").eq_missing(pl.col("key")))
    direct = known.filter(pl.col("direct").is_not_null(), arm="unhinted").with_columns(
        arm=pl.lit(DIRECT), answer="direct", outcome=pl.lit("answered")
    )
    usable = pl.col("answer").is_not_null() & (pl.col("outcome") != "truncated")
    return pl.concat([known, direct]).select(
        "question_id", "kind", "n_options", "free", "forced", usable=usable,
        hit=usable & (pl.col("answer") == pl.col("key")),
        arm=pl.col("arm").replace(NAMES),
    )  # fmt: skip


def question_rates(replies: pl.DataFrame) -> pl.DataFrame:
    """Return each question's hits, misses, unusable, and its rate with these `dropped` or as `failure`.

    Also n_options. The rate `dropped` is NaN without a usable reply. Sorted by question.
    """
    counts = replies.group_by("question_id").agg(
        pl.col("n_options").first(),
        hits=pl.col("hit").sum(),
        misses=(pl.col("usable") & ~pl.col("hit")).sum(),
        unusable=(~pl.col("usable")).sum(),
    )
    hits = pl.col("hits").cast(pl.Float64)
    usable = pl.col("hits") + pl.col("misses")
    return counts.sort("question_id").with_columns(
        dropped=hits / usable, failure=hits / (usable + pl.col("unusable"))
    )


def _outcomes(rates: pl.DataFrame) -> Outcomes:
    return Outcomes(*(int(rates[name].sum()) for name in ("hits", "misses", "unusable")))


def position_share(letters: pl.Series, n_options: int, seed: int) -> Interval:
    """Return how far answers agree by position alone: 0 for equally likely letters, 1 for always the same.

    That is (a - 1/n) / (1 - 1/n), where a is the probability that the answers to two different questions
    are the same letter, estimated without bias over pairs of questions; `letters` has one answer a
    question. With keys at random places nothing but their position makes two answers agree more than by
    chance. Bootstrap over questions, moved by what its pairs of a question with itself add. Where fewer
    than five answers differ from the commonest, the ends are those that Clopper-Pearson's limits of its
    share allow.
    """
    n = letters.len()
    if n < 2:
        return without_interval(None, "question_bootstrap", n)

    def rescaled(agreement: Any) -> Any:
        return (agreement - 1 / n_options) / (1 - 1 / n_options)

    def agreement_of(counts: Floats) -> Floats:
        return rescaled(((counts**2).sum(axis=0) - n) / (n * (n - 1)))

    one_hot = letters.sort().to_dummies().cast(pl.Float64).to_numpy()
    table = resampled(one_hot[None], seed)
    value, commonest = agreement_of(table.totals), int(table.totals.max())
    if n - commonest < FEW_QUESTIONS:
        top = clopper_pearson_ends(np.array([commonest / n]), np.array([float(n)]))[0]
        # Least where all other answers are spread evenly, most where they are all one letter.
        least = np.maximum(top[::2], 1 / n_options)
        least = least**2 + (1 - least) ** 2 / (n_options - 1)
        most = (top**2 + (1 - top) ** 2).reshape(2, 2).max(axis=1)
        ends = rescaled(np.stack([least, most], axis=1).ravel())
        return make_interval(float(value[0]), None, ends, None, "clopper_pearson", n)
    with_itself = rescaled((table.totals**2).sum(axis=0) / n**2) - value
    drawn = agreement_of(table.drawn) - with_itself[:, None]
    found = percentile_ends(
        Drawn(value, drawn, drawn, np.array([False]), np.array([n])),
        Statistic(lambda sums: sums[0], 0, limits=(-np.inf, 1)),
    )
    return interval_at(found, 0)


def random_letters_p(letters: pl.Series, n_options: int, seed: int) -> float:
    """Return the two-sided p of answers agreeing by letter as they do, were it for their content alone.

    Options stand in an order drawn for each question, so that an answer chosen by content has any letter
    with the same probability, whatever the model prefers. `letters` has one answer a question; the p is
    exact up to the number of draws.
    """
    observed = int((letters.value_counts()["count"].cast(pl.Int64) ** 2).sum())
    even = np.full(n_options, 1 / n_options)
    drawn = np.random.default_rng(seed).multinomial(letters.len(), even, LETTER_DRAWS)
    agreeing = (drawn**2).sum(axis=1)
    tails = [1 + int(found.sum()) for found in (agreeing >= observed, agreeing <= observed)]
    return min(1.0, 2 * min(tails) / (LETTER_DRAWS + 1))


class _Answers:
    """The replies of one subject, with answers read in one way, and where their rows go."""

    def __init__(
        self, report: Report, trials: pl.DataFrame, subject: str, seed: int, read: Mapping[str, str]
    ) -> None:
        self.report, self.subject, self.trials, self.seed = report, subject, trials, seed
        self.read = read
        self.replies = scored_replies(trials)

    def _gate(self, *arms: str, hint: str = "") -> Gate | None:
        """Return the gate `agreement` of arms whose letters are forced, or stand beside forced letters.

        The answer with no chain is forced in any case: beside it, stated answers are read otherwise.
        """
        if not self.read and DIRECT not in arms:
            return None
        replies = {arm: self.replies.filter(arm=arm) for arm in arms if arm != DIRECT}
        return letters_gate(*(self._kinds(arm).get(hint, whole) for arm, whole in replies.items()))

    def _arm(self, name: str) -> str:
        return self.report.arm(self.subject, name)

    def _kinds(self, arm: str) -> dict[str, pl.DataFrame]:
        """Return an arm's replies by what the condition `hint` says of them; empty: it says nothing."""
        replies = self.replies.filter(arm=arm)
        kinds = sorted(replies["kind"].drop_nulls().unique())
        found = {kind: replies.filter(kind=kind) for kind in kinds}
        if arm in BY_KIND:
            return {"all": replies, **found}
        return found or {"": replies}

    def add_accuracies(self) -> None:
        """Add the accuracy of each arm, by kind of hint; with no chain once, as it can be read in one way."""
        for arm in sorted(set(self.replies["arm"]) - ({DIRECT} if self.read else set())):
            for hint, replies in self._kinds(arm).items():
                rates = question_rates(replies)
                counts = _outcomes(rates)
                for unusable in UNUSABLE:
                    used = counts.total - (counts.unusable if unusable == "dropped" else 0)
                    self.report.add(
                        question_rate(rates[unusable]), metric="accuracy", unit="accuracy",
                        kind="estimate", subject=self._arm(arm),
                        conditions={"unusable": unusable, **({"hint": hint} if hint else {}), **self.read},
                        role="finding", replicate="question", n_samples=used, n_missing=counts.unusable,
                        gate=self._gate(arm, hint=hint) if self.read else None,
                    )  # fmt: skip

    def add_contrasts(self) -> None:
        """Add the accuracy gaps of `CONTRASTS`, paired by question, where both arms were asked."""
        for arm, versus in CONTRASTS:
            other = question_rates(self.replies.filter(arm=versus))
            for hint, replies in self._kinds(arm).items():
                rates = question_rates(replies)
                both = [rates.join(other, on="question_id", how="semi"),
                        other.join(rates, on="question_id", how="semi")]  # fmt: skip
                if not both[0].is_empty():
                    for unusable in UNUSABLE:
                        self._add_contrast(arm, versus, hint, unusable, both)

    def _add_contrast(
        self, arm: str, versus: str, hint: str, unusable: str, both: list[pl.DataFrame]
    ) -> None:
        known = pl.Series(~np.isnan(both[0][unusable].to_numpy() + both[1][unusable].to_numpy()))
        rates = [one.filter(known)[unusable].to_numpy() for one in both]
        chance = (1 / both[0].filter(known)["n_options"]).mean()
        counts = [_outcomes(one) for one in both]
        missing = sum(one.unusable for one in counts)
        conditions = {"unusable": unusable, **({"hint": hint} if hint else {}), **self.read}
        seed = hashed_seed(self.seed, "accuracy", self.subject, arm, versus, hint, unusable)
        floor = None
        if isinstance(chance, float):
            floor = accuracy_gate(question_rate(rates[0]), question_rate(rates[1]), chance)
        self.report.add(
            question_contrast(rates[0], rates[1], "probability", seed), metric="accuracy",
            unit="accuracy", kind="contrast", subject=self._arm(arm), versus=self._arm(versus),
            conditions=conditions, role="finding", replicate="question",
            n_samples=sum(one.total for one in counts) - (missing if unusable == "dropped" else 0),
            n_missing=missing, paired_on=["question"],
            gate=first_gate(self._gate(arm, versus, hint=hint), floor, missing_gate(*counts)),
        )  # fmt: skip

    def add_outcomes(self) -> None:
        """Add the share of each outcome among an arm's replies."""
        arms = self.trials.with_columns(pl.col("arm").replace(NAMES))
        for arm in sorted(arms["arm"].unique()):
            replies = arms.filter(arm=arm)
            shares = replies.group_by("question_id").agg(
                [(pl.col("outcome") == outcome).mean().alias(outcome) for outcome in OUTCOMES]
            )
            for outcome in OUTCOMES:
                self.report.add(
                    question_rate(shares[outcome]), metric="outcome_share", unit="probability",
                    kind="estimate", subject=self._arm(arm), conditions={"outcome": outcome},
                    role="finding", replicate="question", n_samples=replies.height,
                )  # fmt: skip

    def add_position(self) -> None:
        """Add how far unhinted answers agree by position, on questions of the commonest length.

        Only on those whose options stand in a drawn order: else keys may have favourite places.

        Beside it the contrast to answers that do not: letters drawn at random.
        """
        unhinted = self.trials.filter(~pl.col("kept_order"), arm="unhinted")
        if unhinted.is_empty():
            return
        n_options = int(unhinted["n_options"].mode().sort()[0])
        asked = unhinted.filter(n_options=n_options)
        asked = asked.unique("question_id", keep="first", maintain_order=True)  # of samples the first
        letters = asked.filter(pl.col("outcome") != "truncated")["answer"].drop_nulls()
        seed = hashed_seed(self.seed, "position_share", self.subject)
        found = position_share(letters, n_options, seed)
        shared: dict[str, Any] = {
            "metric": "position_share", "unit": "share", "subject": self._arm("unhinted"),
            "conditions": {"n_options": n_options, "unusable": "dropped"}, "role": "finding",
            "replicate": "question", "n_samples": letters.len(),
            "n_missing": asked.height - letters.len(),
        }  # fmt: skip
        self.report.add(found, kind="estimate", **shared)
        if letters.len() < 2 or (asked["engine"] == TRANSCRIPTS).any():
            return
        p = random_letters_p(letters, n_options, seed)
        tested = replace(found, p=p, ci_method=f"{found.ci_method}_random_letters")
        self.report.add(tested, kind="contrast", versus=self._arm("random_letters"), **shared)


def add_hint_accuracy(report: Report, trials: pl.DataFrame, subject: str, seed: int) -> None:
    """Add how often one subject is right, how its replies end, and how far position alone decides.

    `trials` are of one subject, in the columns of `tables.trials.Trials`. Metric `accuracy`: each arm, and
    the gaps chain minus no chain (Turpin et al. 2023, Lanham et al. 2023), hinted minus unhinted by kind,
    and examples that all answer A minus balanced examples; paired by question, with the gates of accuracies
    (chance: the mean of 1 / n_options) and of unusable replies. Arms without a hint have no condition
    `hint`. All of these again by the forced letter, condition `answers: forced` (`forced`); beside the
    answer with no chain, which is a forced letter, the gate `agreement` holds for stated answers too. Of what
    replies state alone: metric `outcome_share`, answered, truncated, refused and unparsed replies by arm;
    metric `position_share`: see `position_share`; unhinted answers to questions of the most frequent
    n_options whose options stand in a drawn order. Its contrast to letters drawn at random has the same
    value, and the p of `random_letters_p`.
    """
    stated, *others = (_Answers(report, one, subject, seed, read) for read, one in ways_to_read(trials))
    for answers in (stated, *others):
        answers.add_accuracies()
        answers.add_contrasts()
    stated.add_outcomes()
    stated.add_position()
