"""Checks of the subliminal experiment whose truth is known by construction, and its data."""

import polars as pl

from unspoken.experiments.subliminal.measure.subliminal import Key, TraitMeasure
from unspoken.statistics.intervals import exact_value, t_interval, wilson_interval

LEAST_TEACHER_PROBABILITY = 0.9
LEAST_VALID_SHARE = 0.9
ROUNDING = 1e-6


def add_interpolation(measure: TraitMeasure, key: Key) -> None:
    """Add what the probe reads on weights moved part of the way from base to teacher.

    It must give the base's value at 0 and the teacher's at 1.
    """
    cells = measure.chosen(measure.cells, key)
    moved = cells.filter(pl.col("subject").str.contains("@")).with_columns(
        teacher=pl.col("subject").str.split("@").list.first(),
        fraction=pl.col("subject").str.split("@").list.last(),
    )
    value = {(row["subject"], row["word"]): row["probability"] for row in cells.iter_rows(named=True)}
    for row in moved.sort("subject", "word").iter_rows(named=True):
        model, trait = row["teacher"].split(":")[0], row["teacher"].split(":")[-1]
        if row["word"] != trait:
            continue
        end = {"0.0": model, "1.0": row["teacher"]}.get(row["fraction"])
        read = row["probability"]
        measure.report.add(
            exact_value(read),
            metric="trait_preference", unit="probability", kind="estimate",
            subject=row["subject"], role="instrument",
            passed=0 <= read <= 1 if end is None else abs(read - value[end, trait]) < ROUNDING,
            conditions={**key, "trait": trait, "fraction": row["fraction"]},
            replicate="none", n_samples=row["n_samples"],
        )  # fmt: skip


def add_teachers(measure: TraitMeasure, key: Key) -> None:
    """Add each trait's teachers: P(trait), which must exceed 0.9 in every one of them."""
    teachers = measure.chosen(measure.cells, key).join(
        measure.subjects.filter(kind="teacher"), left_on="subject", right_on="subject_id"
    )
    for trait in measure.traits:
        own = teachers.filter(trait=trait, word=trait).sort("model")
        if own.is_empty():
            continue
        measure.report.add(
            t_interval(own["probability"].to_numpy()),
            metric="teacher_preference", unit="probability", kind="estimate",
            subject=measure.group("teachers", trait, own), role="positive_control",
            passed=bool((own["probability"] > LEAST_TEACHER_PROBABILITY).all()),
            conditions={**key, "trait": trait}, replicate="base",
            n_samples=own["n_samples"].sum(),
        )  # fmt: skip


def filter_counts(kept: pl.DataFrame, dropped: pl.DataFrame) -> pl.DataFrame:
    """Return one row a generating subject: subject, kept, total."""
    counts = kept.group_by("subject").agg(kept=pl.len().cast(pl.Int64))
    lost = dropped.group_by("subject").agg(dropped=pl.len().cast(pl.Int64))
    return (
        counts.join(lost, on="subject", how="full", coalesce=True)
        .fill_null(0)
        .with_columns(total=pl.col("kept") + pl.col("dropped"))
        .sort("subject")
    )


def add_valid_rows(measure: TraitMeasure, counts: pl.DataFrame) -> None:
    """Add the share of each data set that the filter keeps; teachers must keep nine in ten."""
    for row in counts.iter_rows(named=True):
        is_teacher = ":" in row["subject"]
        tuned = measure.kind == "organism" and is_teacher
        measure.report.add(
            wilson_interval(row["kept"], row["total"]),
            metric="valid_share", unit="probability", kind="estimate", subject=row["subject"],
            role="positive_control" if tuned else "finding",
            passed=row["kept"] / row["total"] >= LEAST_VALID_SHARE if tuned else None,
            conditions={"carrier": "numbers"}, replicate="text", n_samples=row["total"],
        )  # fmt: skip


def carrier_places(readings: pl.DataFrame) -> pl.DataFrame:
    """Return each trait word at each number: subject, prompt_id, position, word, logprob.

    `readings` (`tables.readings.Readings`) has one row a place, with a list of words and a list of their
    log-probabilities; readings elsewhere than at a place of a reply are left out.
    """
    places = readings.filter(reading="at").select(
        "subject", "prompt_id", "position", word="choices", logprob="logprobs"
    )
    return places.explode("word", "logprob")


def add_carrier_mass(measure: TraitMeasure, carrier: pl.DataFrame) -> None:
    """Add the trait words' probability at carrier positions, for every data set.

    `carrier_mass` is all words' together; `carrier_trait_log_ratio` compares a teacher's own word
    with the base's probability of it. Completions are the replicates.
    """
    mass = carrier.with_columns(pl.col("logprob").exp().alias("mass"))
    # In order: the mean over positions is a sum, whose last digit their order decides.
    positions = mass.group_by("subject", "prompt_id", "position", maintain_order=True)
    whole = positions.agg(pl.col("mass").sum())
    rows = whole.group_by("subject", "prompt_id").agg(pl.col("mass").mean()).sort("subject", "prompt_id")
    for (subject,), of_subject in rows.group_by(["subject"], maintain_order=True):
        measure.report.add(
            t_interval(of_subject["mass"].to_numpy()),
            metric="carrier_mass", unit="probability", kind="estimate", subject=str(subject),
            conditions={"carrier": "numbers"}, role="finding", replicate="text",
            n_samples=whole.filter(subject=subject).height,
        )  # fmt: skip
    words = (
        mass.group_by("subject", "word")
        .agg(pl.col("mass").mean())
        .with_columns(
            model=pl.col("subject").str.split(":").list.first(),
            trait=pl.col("subject").str.split(":").list.last(),
        )
    )
    base = words.filter(pl.col("subject") == pl.col("model")).select("model", "word", base="mass")
    own = words.filter(pl.col("trait") == pl.col("word")).join(base, on=["model", "word"])
    for trait in measure.traits:
        ratio = own.filter(word=trait).sort("model").with_columns(gap=(pl.col("mass") / pl.col("base")).log())
        if ratio.is_empty():
            continue
        measure.report.add(
            t_interval(ratio["gap"].to_numpy()),
            metric="carrier_trait_log_ratio", unit="log_ratio", kind="contrast",
            subject=measure.group("teachers", trait, ratio),
            versus=measure.report.group(f"{measure.kind}s:base", measure.sizes, measure.models),
            conditions={"carrier": "numbers", "trait": trait}, role="finding", replicate="base",
            n_samples=ratio.height, paired_on=["base"],
        )  # fmt: skip
