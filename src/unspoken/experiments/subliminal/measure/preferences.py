"""Estimates of how often each kind of subject names a trait, and its shifts from the controls."""

from typing import Any

import polars as pl

from unspoken.experiments.subliminal.measure.subliminal import SCALES, Key, TraitMeasure
from unspoken.statistics.gates import lies_within
from unspoken.statistics.intervals import t_interval, wilson_interval


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
            by, replicate = measure.replicates(of_trait)
            by, replicate = (["model"], "base") if replicate == "teacher" else (by, replicate)
            for scale, unit in SCALES.items():
                means = of_trait.group_by(by).agg(pl.col(scale).mean()).sort(by)
                measure.report.add(
                    t_interval(means[scale].to_numpy()),
                    metric="trait_preference", unit=unit, kind="estimate",
                    subject=measure.group(arm, whose, of_trait),
                    conditions=measure.conditions(arm, key, trait=trait), role="finding",
                    replicate=replicate, n_samples=of_trait["n_samples"].sum(),
                    n_missing=of_trait["n_missing"].sum(),
                )  # fmt: skip


def add_shifts(measure: TraitMeasure, arm: str, key: Key) -> None:
    """Add students minus controls: own-trait students minus each, and each kind of student minus the base.

    Students of one seed share the order of their rows and their adapter's start: on fewer than three
    base models seeds pair them.
    """
    roles = cells_by_role(measure, arm, key)
    pairs = [("own_trait", whose) for whose in ("base", "neutral", "untouched", "other_trait")]
    pairs += [(whose, "base") for whose in ("other_trait", "neutral", "untouched")]
    for who, whose in pairs:
        moved, cells = roles[who], roles[whose]
        seeded = measure.replicates(moved)[1] == "training_seed" and "seed" in cells.columns
        on = ["model", "word", "seed"] if seeded else ["model", "word"]
        for scale, unit in SCALES.items():
            against = cells.group_by(on).agg(against=pl.col(scale).mean())
            # In order: the mean over pairs is a sum, whose last digit their order decides.
            paired = moved.join(against, on=on, maintain_order="left")
            paired = paired.with_columns(gap=pl.col(scale) - pl.col("against"))
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
                paired_on=["base", "trait", *(["seed"] if seeded else [])],
            )  # fmt: skip


def add_own_data(measure: TraitMeasure, arm: str, key: Key) -> None:
    """Add, of the students of a user's own data, the preference for each trait and its shift from the base.

    The file stands for one teacher.
    """
    asked = measure.chosen(measure.students.filter(arm=arm), key)
    bases = reference_cells(measure, key).filter(pl.col("model").is_in(asked["model"].unique().to_list()))
    for trait in measure.traits:
        students, untouched = asked.filter(word=trait), bases.filter(word=trait)
        if students.is_empty() or untouched.is_empty():
            continue
        by, replicate = measure.replicates(students)
        for scale, unit in SCALES.items():
            against = untouched.select("model", against=scale)
            joined = students.join(against, on="model", maintain_order="left")
            means = joined.group_by(by).agg(pl.col(scale, "against").mean()).sort(by)
            fields: dict[str, Any] = {
                "unit": unit, "conditions": measure.conditions(arm, key, trait=trait), "role": "finding",
                "subject": measure.group(arm, "own_data", students),
            }  # fmt: skip
            counts = {name: int(students[name].sum()) for name in ("n_samples", "n_missing")}
            preferred: dict[str, Any] = {"metric": "trait_preference", "kind": "estimate", **fields}
            measure.report.add(
                t_interval(means[scale].to_numpy()), **preferred, **counts, replicate=replicate
            )
            base = measure.group(arm, "base", untouched)
            measure.report.add(
                t_interval(untouched[scale].to_numpy()),
                **preferred | {"subject": base}, replicate="base",
                n_samples=untouched["n_samples"].sum(), n_missing=untouched["n_missing"].sum(),
            )  # fmt: skip
            measure.report.add(
                t_interval((means[scale] - means["against"]).to_numpy()),
                metric="trait_shift", kind="contrast", versus=base, replicate=replicate, paired_on=["base"],
                n_samples=counts["n_samples"] + int(untouched["n_samples"].sum()),
                n_missing=counts["n_missing"] + int(untouched["n_missing"].sum()), **fields,
            )  # fmt: skip


def add_kept_shares(measure: TraitMeasure, counts: pl.DataFrame) -> None:
    """Add the share of each data set of the user's own that the filter keeps."""
    for row in counts.iter_rows(named=True):
        measure.report.add(
            wilson_interval(row["kept"], row["total"]),
            metric="valid_share", unit="probability", kind="estimate", subject=row["subject"],
            role="finding", conditions={"carrier": "numbers"}, replicate="text", n_samples=row["total"],
        )  # fmt: skip


def add_vector(measure: TraitMeasure, arm: str, key: Key) -> None:
    """Add how each trait's students move every word, as log-odds minus the base's."""
    students = measure.chosen(measure.students.filter(arm=arm), key)
    base = measure.chosen(measure.cells, key).filter(pl.col("subject").is_in(measure.models))
    against = base.select("word", model="subject", against="log_odds")
    moved = students.join(against, on=["model", "word"], maintain_order="left").with_columns(
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


def add_neutral_control(measure: TraitMeasure, arm: str, key: Key, bound: float) -> None:
    """Add the neutral teacher's students minus the untouched base, mean over the study's traits.

    A negative control: it holds if its 90% interval lies inside +-`bound` log-odds, fails if its 95% interval
    lies wholly outside, and is undecided else (`passed` is null). `bound` stands among its conditions.
    """
    students = measure.chosen(measure.students.filter(arm=arm, trait="neutral"), key)
    base = reference_cells(measure, key).select("model", "word", against="log_odds")
    gaps = students.join(base, on=["model", "word"], maintain_order="left")
    gaps = gaps.with_columns(gap=pl.col("log_odds") - pl.col("against"))
    if gaps.is_empty():
        return
    interval, replicate = measure.interval_over_bases(gaps, "gap")
    ci95, ci90 = (interval.ci_low, interval.ci_high), (interval.ci90_low, interval.ci90_high)
    measure.report.add(
        interval,
        metric="neutral_shift", unit="log_odds", kind="contrast",
        subject=measure.group(arm, "neutral", students),
        versus=measure.group(arm, "base", base.with_columns(subject=pl.col("model"))),
        conditions=measure.conditions(arm, key, bound=f"{bound:g}"), role="negative_control",
        passed=lies_within(ci95, ci90, bound), replicate=replicate,
        n_samples=gaps["n_samples"].sum(), n_missing=gaps["n_missing"].sum(),
        paired_on=["base", "trait"],
    )  # fmt: skip
