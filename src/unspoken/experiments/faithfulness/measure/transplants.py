"""Hinted chains on the prompts without the hint: do they carry the hinted answer there?

One fixed model: questions are the replicates. The answer after a transplanted chain is read by force, that of
the sham is stated (`changed_answers`).
"""

from typing import Any

import polars as pl

from unspoken.experiments.faithfulness.measure.changed_answers import (
    TestedChains,
    as_stated_gate,
    question_sums,
)
from unspoken.experiments.faithfulness.measure.forced import letters_gate
from unspoken.statistics.bootstrap import (
    Statistic,
    difference_of,
    interval_at,
    resampled,
    share_of,
    statistic_ends,
)
from unspoken.statistics.gates import Gate, Outcomes, first_gate, missing_gate

COLUMNS = ["moved", "sham", "known", "lost", "moved_unpaired"]
"""What is summed of transplants; see `transplanted`."""
MOVED, SHAM, AMONG = range(3)


def transplanted(tested: pl.DataFrame) -> pl.DataFrame:
    """Return the hinted chains on unhinted prompts whose trials were at risk, by `hint` and `switched`.

    Columns: question_id, hint (its kind), switched (yes, no), moved (the answer is the hinted option) and
    sham (the sham answer of the trial is), both false without a sham answer, known (it has one) and lost;
    moved_unpaired is `moved` of trials without one.
    """
    risk = tested.filter(pl.col("switched").is_not_null(), "at_risk", test="transplant")
    paired = pl.col("sham_moved").is_not_null()
    moved = pl.col("answer") == pl.col("target")
    return risk.select(
        "question_id", switched=pl.when("switched").then(pl.lit("yes")).otherwise(pl.lit("no")),
        hint="kind", known=paired, lost=~paired, sham="sham_moved",
        moved=paired & moved, moved_unpaired=~paired & moved,
    )  # fmt: skip


def _gate(chains: TestedChains, arm: str, hint: str) -> Gate | None:
    """Return the gate `agreement` of an arm of transplants of one kind of hint, or of all.

    Transplanted chains have forced letters. The sham's answers, and those by which trials are at risk, are
    stated, unless all are read by force.
    """
    if not chains.read and arm != "transplanted":
        return None
    moved = chains.tested.filter(test="transplant")
    asked = moved if hint == "all" else moved.filter(kind=hint)
    gate = as_stated_gate(asked)
    if not chains.read:
        return gate
    beside = chains.trials.join(asked, on="question_id", how="semi")
    return first_gate(gate, letters_gate(beside.filter(arm="unhinted"), beside.filter(arm="sham")))


def add_transplants(chains: TestedChains) -> None:
    """Add how often a hinted chain on the unhinted prompt gives the hinted option, minus the sham rate.

    Among trials that switched, among those at risk that did not, and among any at risk; by kind of hint and
    pooled. The sham answers are of the same trials.
    """
    rows = transplanted(chains.tested)
    if rows.is_empty():
        return
    # Trials that switched are chosen by where their chain led: all trials at risk are not.
    chosen = pl.concat([rows, rows.with_columns(switched=pl.lit("any"))])
    pooled = pl.concat([chosen, chosen.with_columns(hint=pl.lit("all"))])
    values, sums = question_sums(pooled, ["hint", "switched"], COLUMNS)
    table = resampled(sums, chains.seed)
    gap = {"kind": "contrast", "versus": chains.arm("sham"), "paired_on": ["question"]}
    statistics: list[tuple[str, Statistic, dict[str, Any]]] = [
        ("transplanted", share_of(MOVED, AMONG), {}), ("sham", share_of(SHAM, AMONG), {}),
        ("transplanted", difference_of(MOVED, SHAM, AMONG), gap),
    ]  # fmt: skip
    for arm, statistic, fields in statistics:
        found = statistic_ends(table, statistic)
        for at, conditions in enumerate(values):
            moved, sham, used, lost, unpaired = (int(total) for total in table.totals[:, at])
            gate = _gate(chains, arm, conditions["hint"])
            if fields:
                # Every transplanted chain has a letter, also where the sham reply states no answer.
                hits = (moved + unpaired, used + lost - moved - unpaired, 0)
                missing = missing_gate(Outcomes(*hits), Outcomes(sham, used - sham, lost))
                gate = first_gate(gate, missing)
            chains.add(
                "transplant", interval_at(found, at), arm, conditions,
                n_samples=used, n_missing=lost, gate=gate, **fields,
            )  # fmt: skip
