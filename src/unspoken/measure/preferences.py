"""Estimates of how often each kind of subject names a trait, and its shifts from the controls."""

from typing import Any

import polars as pl

from unspoken.measure.intervals import t_interval
from unspoken.measure.subliminal import SCALES, Key, TraitMeasure


def own_cells(measure: TraitMeasure, cells: pl.DataFrame) -> pl.DataFrame:
    """Return the cells in which a subject is asked for the trait that its teacher has."""
    return cells.filter(pl.col("trait") == pl.col("word"), pl.col("word").is_in(measure.traits))


def reference_cells(measure: TraitMeasure, key: Key) -> pl.DataFrame:
    """Return the base models' cells with the model's name as a column."""
    bases = measure.chosen(measure.cells, key).filter(pl.col("subject").is_in(measure.models))
    return bases.filter(pl.col("word").is_in(measure.traits)).with_columns(model=pl.col("subject"))


def cells_by_role(measure: TraitMeasure, arm: str, key: Key) -> dict[str, pl.DataFrame]:
    """Return the cells of the base and of an arm's students by what their teacher has."""
    students = measure.chosen(measure.students.filter(arm=arm), key)
    asked = students.filter(pl.col("word").is_in(measure.traits))
    return {
        "base": reference_cells(measure, key),
        "own_trait": own_cells(measure, students),
        "other_trait": asked.filter(pl.col("trait").is_in(measure.traits), pl.col("trait") != pl.col("word")),
        "neutral": asked.filter(trait="neutral"),
        "untouched": asked.filter(trait="untouched"),
    }


def add_preferences(measure: TraitMeasure, arm: str, key: Key) -> None:
    """Add the mean preference for each trait in the base, the teachers, and an arm's students."""
    teachers = measure.chosen(measure.cells, key).join(
        measure.subjects.filter(kind="teacher"), left_on="subject", right_on="subject_id"
    )
    kinds = {"teacher": own_cells(measure, teachers), **cells_by_role(measure, arm, key)}
    for whose, cells in kinds.items():
        for trait in measure.traits:
            of_trait = cells.filter(word=trait)
            if of_trait.is_empty():
                continue
            for scale, unit in SCALES.items():
                means = of_trait.group_by("model").agg(pl.col(scale).mean()).sort("model")
                measure.report.add(
                    t_interval(means[scale].to_numpy()),
                    metric="trait_preference", unit=unit, kind="estimate",
                    subject=measure.group(arm, whose, of_trait),
                    conditions=measure.conditions(arm, key, trait=trait), role="finding",
                    replicate="base", n_samples=of_trait["n_samples"].sum(),
                    n_missing=of_trait["n_missing"].sum(),
                )  # fmt: skip


def add_shifts(measure: TraitMeasure, arm: str, key: Key) -> None:
    """Add students minus controls: own-trait ones minus each, and each kind of student minus the base."""
    roles = cells_by_role(measure, arm, key)
    pairs = [("own_trait", whose) for whose in ("base", "neutral", "untouched")]
    pairs += [(whose, "base") for whose in ("other_trait", "neutral", "untouched")]
    for who, whose in pairs:
        moved, cells = roles[who], roles[whose]
        for scale, unit in SCALES.items():
            against = cells.group_by("model", "word").agg(against=pl.col(scale).mean())
            paired = moved.join(against, on=["model", "word"]).with_columns(
                gap=pl.col(scale) - pl.col("against")
            )
            if paired.is_empty():
                continue
            interval, replicate = measure.interval_over_bases(paired, "gap")
            measure.report.add(
                interval,
                metric="trait_shift", unit=unit, kind="contrast",
                subject=measure.group(arm, who, moved),
                versus=measure.group(arm, whose, cells),
                conditions=measure.conditions(arm, key), role="finding", replicate=replicate,
                n_samples=int(paired["n_samples"].sum()) + int(cells["n_samples"].sum()),
                n_missing=int(paired["n_missing"].sum()) + int(cells["n_missing"].sum()),
                paired_on=["base", "trait"],
            )  # fmt: skip


def add_vector(measure: TraitMeasure, arm: str, key: Key) -> None:
    """Add how each trait's students move every word, as log-odds minus the base's."""
    students = measure.chosen(measure.students.filter(arm=arm), key)
    base = measure.chosen(measure.cells, key).filter(pl.col("subject").is_in(measure.models))
    against = base.select("word", model="subject", against="log_odds")
    moved = students.join(against, on=["model", "word"]).with_columns(
        gap=pl.col("log_odds") - pl.col("against")
    )
    for (trait, word), cells in moved.group_by(["trait", "word"], maintain_order=True):
        interval, replicate = measure.interval_over_bases(cells, "gap")
        measure.report.add(
            interval,
            metric="word_shift", unit="log_odds", kind="contrast",
            subject=measure.group(arm, f"trait_{trait}", cells),
            versus=measure.group(arm, "base", base), role="finding", replicate=replicate,
            conditions=measure.conditions(arm, key, trait=str(trait), word=str(word)),
            n_samples=cells["n_samples"].sum(), n_missing=cells["n_missing"].sum(),
            paired_on=["base"],
        )  # fmt: skip


def add_neutral_control(measure: TraitMeasure, arm: str, key: Key, limit: float) -> None:
    """Add the neutral teacher's students minus the untouched base, mean over the study's traits.

    A negative control: it fails only if its interval lies wholly outside +-`limit` log-odds.
    """
    students = measure.chosen(measure.students.filter(arm=arm, trait="neutral"), key)
    base = reference_cells(measure, key).select("model", "word", against="log_odds")
    gaps = students.join(base, on=["model", "word"]).with_columns(gap=pl.col("log_odds") - pl.col("against"))
    if gaps.is_empty():
        return
    interval, replicate = measure.interval_over_bases(gaps, "gap")
    outside = (
        interval.ci_low is not None
        and interval.ci_high is not None
        and (interval.ci_low > limit or interval.ci_high < -limit)
    )
    fields: dict[str, Any] = measure.conditions(arm, key)
    measure.report.add(
        interval,
        metric="neutral_shift", unit="log_odds", kind="contrast",
        subject=measure.group(arm, "neutral", students),
        versus=measure.group(arm, "base", base.with_columns(subject=pl.col("model"))),
        conditions=fields, role="negative_control", passed=not outside, replicate=replicate,
        n_samples=gaps["n_samples"].sum(), n_missing=gaps["n_missing"].sum(),
        paired_on=["base", "trait"],
    )  # fmt: skip
