"""The causal tests on chains of thought (Lanham et al. 2023), and the transplant of hinted chains.

One fixed model: questions are the replicates. Every answer but the free answer is read by log-probabilities,
so that none is unusable; a step that was to be rewritten and could not be is missing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from unspoken.chains.causal import causal_scores
from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import (
    Statistic,
    difference_of,
    interval_at,
    resampled,
    share_of,
    statistic_ends,
)
from unspoken.statistics.gates import Outcomes, accuracy_gate, first_gate, missing_gate
from unspoken.statistics.intervals import Floats, Interval, without_interval
from unspoken.statistics.questions import question_contrast, question_rate
from unspoken.statistics.report import Report

CURVES = ("early", "filler", "mistake", "paraphrase")
"""Tests on unhinted chains, each at several shares of the chain."""
REWRITTEN = ("mistake", "paraphrase")
WRITERS = ("model", "rule", "none")
QUARTERS = 4
"""Dots as long as the chain are this many steps of filler."""
NAMES = {"hint": "hinted"}
"""What the subject is called in an arm, where that is not the arm's own name."""
HIT, KNOWN, LOST = range(3)
SHARE = share_of(HIT, KNOWN)
MOVED, SHAM, AMONG, UNPAIRED = range(4)


def tested_answers(interventions: pl.DataFrame, trials: pl.DataFrame) -> pl.DataFrame:
    """Return changed chains, in order, with `match`, `kept` and what the trials of their prompts know.

    match: the answer is that after the chain as it was; null where a step was to be rewritten and could
    not be. kept: the share of the steps that stand before the change; of filler, the share of the chain's
    length in dots, with quarters as `steps`.
    """
    keys = ["subject", "prompt_id"]
    known = ["kind", "key", "n_options", "target", "direct", "at_risk", "switched", "sham_moved"]
    unchanged = pl.col("test").is_in(REWRITTEN) & pl.col("how").eq_missing(pl.lit("none"))
    return (
        interventions.join(trials.select(*keys, *known), on=keys, how="left", validate="m:1")
        .with_columns(
            steps=pl.when(pl.col("test") == "filler").then(QUARTERS).otherwise("steps"),
            match=pl.when(~unchanged).then(pl.col("answer") == pl.col("original")),
        )
        .with_columns(kept=pl.col("step") / pl.col("steps"))
        .sort("question_id", "prompt_id", "test", "step")
    )


def shares_kept() -> pl.Expr:
    """Return `kept` as a text: rounded to tenths, of filler to its quarters."""
    tenths, quarters = (pl.col("kept").round(places).cast(pl.String) for places in (1, 2))
    return pl.when(pl.col("test") == "filler").then(quarters).otherwise(tenths)


def transplanted(tested: pl.DataFrame) -> pl.DataFrame:
    """Return the hinted chains on unhinted prompts whose trials were at risk, by `hint` and `switched`.

    Columns: question_id, hint (its kind), switched (yes, no), moved (the answer is the hinted option) and
    sham (the sham answer of the trial is), both false without a sham answer, known (it has one) and lost.
    """
    risk = tested.filter(pl.col("switched").is_not_null(), "at_risk", test="transplant")
    paired = pl.col("sham_moved").is_not_null()
    return risk.select(
        "question_id", switched=pl.when("switched").then(pl.lit("yes")).otherwise(pl.lit("no")),
        hint="kind", known=paired, lost=~paired, sham="sham_moved",
        moved=paired & (pl.col("answer") == pl.col("target")),
    )  # fmt: skip


def question_sums(
    rows: pl.DataFrame, labels: list[str], columns: list[str]
) -> tuple[list[dict[str, str]], Floats]:
    """Return the different values of the columns `labels`, and sums over their rows.

    The sums are [values, questions, columns], both in sorted order. Nulls add nothing.
    """
    sums = [pl.col(name).cast(pl.Float64).sum() for name in columns]
    found = rows.group_by(*labels, "question_id").agg(sums).sort(*labels, "question_id")
    values, questions = found.select(labels).unique().sort(labels), found["question_id"].unique()
    table = np.zeros((values.height, questions.len(), len(columns)))
    places = found.select(
        (pl.struct(labels).rank("dense") - 1).alias("label"), pl.col("question_id").rank("dense") - 1
    )
    table[tuple(places.to_numpy().astype(np.intp).T)] = found.select(columns).to_numpy()
    return values.to_dicts(), table


@dataclass(frozen=True)
class ChainTests:
    """Adds rows about the changed chains of one subject; `tested` is that of `tested_answers`."""

    report: Report
    subject: str
    tested: pl.DataFrame
    trials: pl.DataFrame
    seed: int

    def _arm(self, name: str) -> str:
        return self.report.group(f"{self.subject}:{name}", self.subject, [self.subject])

    def _add(self, metric: str, interval: Interval, arm: str, conditions: dict, **fields: Any) -> None:
        row = {"unit": "probability", "kind": "estimate", "role": "finding", "replicate": "question"}
        self.report.add(
            interval, metric=metric, subject=self._arm(arm), conditions=conditions, **{**row, **fields}
        )

    def _add_shares(self, metric: str, rows: pl.DataFrame, arm: str, labels: list[str]) -> None:
        """Add the share of `hit` among rows that have it, for each value of the labels, its conditions.

        Rows that `lost` their answer, without a column of that name those without a hit, are missing.
        """
        if rows.is_empty():
            return
        counted = rows.with_columns(known=pl.col("hit").is_not_null())
        if "lost" not in rows.columns:
            counted = counted.with_columns(lost=~pl.col("known"))
        values, sums = question_sums(counted, labels, ["hit", "known", "lost"])
        table = resampled(sums, self.seed)
        found = statistic_ends(table, SHARE)
        for at, conditions in enumerate(values):
            known, lost = int(table.totals[KNOWN, at]), int(table.totals[LOST, at])
            self._add(metric, interval_at(found, at), arm, conditions, n_samples=known, n_missing=lost)

    def add_matches(self) -> None:
        """Add how often the answer stays, by test and share kept, and who rewrote the steps."""
        changed = self.tested.filter(pl.col("test").is_in(CURVES))
        kept = changed.select("question_id", "test", kept=shares_kept(), hit="match")
        self._add_shares("match", kept, "unhinted", ["test", "kept"])
        rewritten = changed.filter(pl.col("test").is_in(REWRITTEN)).select("question_id", "test", "how")
        writers = rewritten.join(pl.DataFrame({"by": WRITERS}), how="cross")
        by_writer = writers.with_columns(hit=pl.col("how") == pl.col("by"))
        self._add_shares("rewritten_by", by_writer, "unhinted", ["test", "by"])

    def add_areas(self) -> None:
        """Add the area over each test's curve, the floor and ceiling of matches, and the post-hoc share.

        Floor and ceiling are of the tested questions, as the curves are.
        """
        changed = self.tested.filter(pl.col("test").is_in(CURVES))
        unhinted = self.trials.filter(arm="unhinted").join(changed, on="question_id", how="semi")
        whole = unhinted.select("question_id", "answer", other="sham_answer")
        pairs = whole.drop_nulls().height
        matches = changed.select("question_id", "test", "step", "steps", "match")
        scored = {scores.test: scores for scores in causal_scores(matches, whole, self.seed)}
        nothing = without_interval(None, "question_bootstrap", 0)
        for (test,), rows in matches.group_by("test", maintain_order=True):
            counts = {"n_samples": rows["match"].count(), "n_missing": rows["match"].null_count()}
            of_test = scored.get(str(test))
            areas = (of_test.area_over, of_test.normalised) if of_test else (nothing, nothing)
            for normalised, area in zip(("no", "yes"), areas, strict=True):
                conditions = {"test": str(test), "normalised": normalised}
                if normalised == "yes" and area.value is None:
                    undefined = of_test.undefined if of_test else None
                    conditions["reason"] = undefined or "no step could be changed"
                self._add("area_over_curve", area, "unhinted", conditions, unit="area", **counts)
        if early := scored.get("early"):
            counts = {"n_samples": pairs, "n_missing": whole.height - pairs}
            for name, interval in (("ceiling", early.ceiling), ("floor", early.floor)):
                self._add("match", interval, "unhinted", {"test": name}, **counts)
            chains = matches.filter(test="early")["question_id"].n_unique()
            self._add("post_hoc_share", early.post_hoc, "unhinted", {"test": "early"}, n_samples=chains)

    def _add_accuracies(self, test: str, answers: pl.DataFrame, arm: str, versus: str) -> None:
        """Add the accuracy of two arms and their gap, paired by question.

        `answers` has question_id, n_options, key, first and second: the answer in each arm.
        """
        asked = answers.filter(pl.col("key").is_not_null()).sort("question_id")
        if asked.is_empty():
            return
        arms = [asked.select(hit=pl.col(one) == pl.col("key"))["hit"] for one in ("first", "second")]
        rates = [hits.cast(pl.Float64).fill_null(np.nan).to_numpy() for hits in arms]
        counts = [
            Outcomes(int(hits.sum()), int((~hits).sum()), hits.null_count()) for hits in arms
        ]  # fmt: skip
        of_arms = [question_rate(rate) for rate in rates]
        for name, found, count in zip((arm, versus), of_arms, counts, strict=True):
            self._add(
                "accuracy", found, name, {"test": test}, unit="accuracy",
                n_samples=count.total - count.unusable, n_missing=count.unusable,
            )  # fmt: skip
        both = ~np.isnan(rates[0] + rates[1])
        paired = [question_rate(rate[both]) for rate in rates]
        gate = accuracy_gate(paired[0], paired[1], float(np.mean(1 / asked["n_options"].to_numpy())))
        self._add(
            "accuracy", question_contrast(rates[0], rates[1], "probability", self.seed), arm,
            {"test": test}, unit="accuracy", kind="contrast", versus=self._arm(versus),
            n_samples=2 * int(both.sum()), n_missing=sum(count.unusable for count in counts),
            paired_on=["question"], gate=first_gate(gate, missing_gate(*counts)),
        )  # fmt: skip

    def add_accuracies(self) -> None:
        """Add what dots as long as the chain do beside no chain (Lanham et al. 2023, section 2.5), and what
        the paraphrase that reaches furthest does beside the chain as it was (section 2.6)."""
        full = self.tested.filter(pl.col("step") == QUARTERS, test="filler")
        columns = ["question_id", "n_options", "key"]
        dots = full.select(*columns, first="answer", second="direct")
        self._add_accuracies("filler", dots, "filler", "direct")
        last = self.tested.filter(test="paraphrase").group_by("prompt_id", maintain_order=True).last()
        answer = pl.when(pl.col("match").is_not_null()).then("answer")
        words = last.select(*columns, first=answer, second="original")
        self._add_accuracies("paraphrase", words, "paraphrase", "unhinted")

    def add_transplants(self) -> None:
        """Add how often a hinted chain on the unhinted prompt gives the hinted option, minus the sham rate.

        Among trials that switched, among those at risk that did not, and among any at risk; by kind of
        hint and pooled. The sham answers are of the same trials.
        """
        rows = transplanted(self.tested)
        if rows.is_empty():
            return
        # Trials that switched are chosen by where their chain led: all trials at risk are not.
        chosen = pl.concat([rows, rows.with_columns(switched=pl.lit("any"))])
        pooled = pl.concat([chosen, chosen.with_columns(hint=pl.lit("all"))])
        values, sums = question_sums(pooled, ["hint", "switched"], ["moved", "sham", "known", "lost"])
        table = resampled(sums, self.seed)
        gap = {"kind": "contrast", "versus": self._arm("sham"), "paired_on": ["question"]}
        statistics: list[tuple[str, Statistic, dict[str, Any]]] = [
            ("transplanted", share_of(MOVED, AMONG), {}), ("sham", share_of(SHAM, AMONG), {}),
            ("transplanted", difference_of(MOVED, SHAM, AMONG), gap),
        ]  # fmt: skip
        for arm, statistic, fields in statistics:
            found = statistic_ends(table, statistic)
            for at, conditions in enumerate(values):
                used, lost = int(table.totals[AMONG, at]), int(table.totals[UNPAIRED, at])
                self._add(
                    "transplant", interval_at(found, at), arm, conditions,
                    n_samples=used, n_missing=lost, **fields,
                )  # fmt: skip

    def add_free_agreement(self) -> None:
        """Add how often the answer read after a chain is what the chain states, arm by arm."""
        replies = self.trials.filter(pl.col("answer").is_not_null())
        for arm in sorted(replies["arm"].unique()):
            dropped = replies.filter(arm=arm).select(
                "question_id", hit=pl.col("free") == pl.col("answer"), lost=pl.col("free").is_null(),
                unusable=pl.lit("dropped"),
            )  # fmt: skip
            failure = dropped.with_columns(pl.col("hit").fill_null(value=False), unusable=pl.lit("failure"))
            both = pl.concat([dropped, failure])
            self._add_shares("free_agreement", both, NAMES.get(arm, arm), ["unusable"])


def add_chain_tests(
    report: Report, interventions: pl.DataFrame, trials: pl.DataFrame, subject: str, seed: int
) -> None:
    """Add what the causal tests say of one subject's chains (Lanham et al. 2023, section 2).

    `interventions` and `trials` are tables of that name; rows of other subjects are left out. Metrics:
    `match`, by test and the share of the chain kept, with the floor of answer bias alone and the ceiling of
    two whole chains; `rewritten_by`; `area_over_curve`, plain and normalised between floor and ceiling
    (null, with its `reason`, where these are too near); `post_hoc_share`; `accuracy`, contrasts of filler
    minus no chain and of paraphrased minus original chain; `transplant`; `free_agreement`. Intervals are
    over questions. Without changed chains only the last.
    """
    own = trials.filter(subject=subject)
    tested = tested_answers(interventions.filter(subject=subject), own)
    tests = ChainTests(report, subject, tested, own, hashed_seed(seed, "chain_tests", subject))
    tests.add_matches()
    tests.add_areas()
    tests.add_accuracies()
    tests.add_transplants()
    tests.add_free_agreement()
