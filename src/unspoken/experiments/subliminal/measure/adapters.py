"""Students by adapters and other optimisers: did they learn their numbers alike, how does S go with rank?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.subliminal.measure.subliminal import SCALES, USUAL, Key, TraitMeasure
from unspoken.statistics import FEWEST_BASES
from unspoken.statistics.gates import lies_within
from unspoken.statistics.intervals import t_interval

MOST_APART = 0.2
"""Arms have learnt alike if their last losses differ by less than this share of what the first arm learnt."""
OF_TRAINING = ("lora_rank", "optimizer")
ALIKE = ("objective", "initialisation", "shuffle", "epochs", "rows", "decoding")
"""What arms have to have in common for their losses to be compared."""
Arm = dict[str, Any]


def _setting(arm: Arm, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(arm.get(name, USUAL.get(name)) for name in names)


def alike(measure: TraitMeasure, names: tuple[str, ...]) -> Iterator[list[Arm]]:
    """Yield the arms of teachers that have all of `names` in common, in the study's order."""
    found: dict[tuple[Any, ...], list[Arm]] = {}
    for arm in measure.arms.values():
        if arm["dataset"] is None:
            found.setdefault(_setting(arm, names), []).append(arm)
    yield from found.values()


def losses_of(training: pl.DataFrame) -> pl.DataFrame:
    """Return each subject's mean loss in its first steps and over its last epoch: subject, first, last.

    An epoch has every row once, whatever their order: so last losses are of the same rows, in nats a token.
    """
    stretches = training.sort("subject", "step").with_columns(
        steps=pl.col("step").diff().over("subject").fill_null(pl.col("step")),
        from_end=pl.col("epoch").max().over("subject") - pl.col("epoch"),
    )
    ends = stretches.filter(pl.col("from_end") < 1 - 1e-9).group_by("subject", maintain_order=True)
    last = ends.agg(last=(pl.col("loss") * pl.col("steps")).sum() / pl.col("steps").sum())
    first = stretches.group_by("subject", maintain_order=True).agg(first=pl.col("loss").first())
    return first.join(last, on="subject")


def add_learning(measure: TraitMeasure, training: pl.DataFrame) -> None:
    """Add what arms learnt of their numbers, and note those that did not learn as the first of them did.

    Of arms on the same numbers that differ in adapter and optimiser, `loss_fall` says what the first learnt,
    and `loss_difference` how far another's last loss lies from it, both in nats a token, positive controls:
    the fall holds if its interval is above 0, a difference if its 90% interval lies within +-MOST_APART of
    the fall.
    """
    students = measure.subjects.filter(pl.col("kind") == "student", pl.col("updates").is_null())
    of_traits = students.filter(pl.col("trait").is_in(measure.traits))
    losses = of_traits.join(losses_of(training), left_on="subject_id", right_on="subject")
    losses = losses.rename({"subject_id": "subject"})
    for arms in alike(measure, ALIKE):
        if len({_setting(arm, OF_TRAINING) for arm in arms}) > 1:
            _add_learning_of(measure, arms, losses)


def _add_learning_of(measure: TraitMeasure, arms: list[Arm], losses: pl.DataFrame) -> None:
    """Add the fall of one arm's loss, and how far the others' end from it."""
    reference, *others = sorted(arms, key=lambda arm: _setting(arm, OF_TRAINING) != (None, "adam"))
    theirs = losses.filter(arm=reference["name"])
    fall = _add_losses(
        measure, reference["name"], theirs.with_columns(gap=pl.col("first") - pl.col("last")), "loss_fall",
        versus=measure.report.group(f"{measure.kind}s:base", measure.sizes, measure.models),
    )  # fmt: skip
    for arm in others:
        paired = losses.filter(arm=arm["name"]).join(
            theirs.select("source_model", "model", "trait", "seed", against="last"),
            on=["source_model", "model", "trait", "seed"], maintain_order="left",
        )  # fmt: skip
        versus = measure.group(reference["name"], "own_trait", theirs)
        gap = paired.with_columns(gap=pl.col("last") - pl.col("against"))
        _add_losses(measure, arm["name"], gap, "loss_difference", versus=versus, fall=fall)


def _add_losses(
    measure: TraitMeasure, arm: str, gaps: pl.DataFrame, metric: str, versus: str, fall: float | None = None
) -> float | None:
    """Add a difference of losses, `gap`, and note its arm unless it holds; return its value if it does."""
    interval, replicate = measure.interval_over_bases(gaps, "gap")
    if metric == "loss_fall":
        holds = None if interval.ci_low is None else interval.ci_low > 0
    else:
        ci95, ci90 = (interval.ci_low, interval.ci_high), (interval.ci90_low, interval.ci90_high)
        holds = None if fall is None else lies_within(ci95, ci90, MOST_APART * fall)
    if not holds:
        measure.unlike.add(arm)
    measure.report.add(
        interval, metric=metric, unit="nats", kind="contrast", role="positive_control", passed=holds,
        subject=measure.group(arm, "own_trait", gaps), versus=versus, conditions=measure.conditions(arm, {}),
        replicate=replicate, n_samples=gaps.height, paired_on=["base", "trait", "seed"],
    )  # fmt: skip
    return interval.value if holds else None


def add_middle_ranks(measure: TraitMeasure, key: Key) -> None:
    """Add S of adapters of ranks between the lowest and the highest, minus S of these two and of all weights.

    Their mean, as which rank passes most is not known before: an inverted U has both ends below it.
    """
    for arms in alike(measure, (*ALIKE, "optimizer")):
        by_rank: dict[int | None, str] = {}
        for arm in arms:
            by_rank.setdefault(arm.get("lora_rank"), arm["name"])
        ranks = sorted(rank for rank in by_rank if rank)
        middle = [by_rank[rank] for rank in ranks[1:-1]]
        ends = {"lowest": ranks[:1], "highest": ranks[-1:], "all_weights": [None]}
        for against, (rank,) in ends.items() if middle else ():
            if rank in by_rank:
                _add_middle(measure, middle, by_rank[rank], key, against)


def _add_middle(measure: TraitMeasure, middle: list[str], end: str, key: Key, against: str) -> None:
    """Add the mean of S over some arms minus that of another, over bases or over traits."""
    names = [*middle, end]
    for scale, unit in SCALES.items():
        rows = [measure.by_base(name, key, scale) for name in names]
        common = sorted(set.intersection(*map(set, rows)))
        if not common:
            continue
        *ours, theirs = (np.stack([of_arm[base] for base in common]) for of_arm in rows)
        gap = np.mean(ours, 0) - theirs
        by_base = len(common) >= FEWEST_BASES
        cells = measure.chosen(measure.students.filter(pl.col("arm").is_in(names)), key)
        used = cells.filter(pl.col("model").is_in(common), pl.col("trait").is_in(measure.traits))
        conditions = measure.conditions(middle[0], key, against=against)
        conditions |= {"arm": "+".join(middle), "versus_arm": end}
        del conditions["lora_rank"]
        measure.report.add(
            t_interval(gap.mean(1) if by_base else gap.mean(0)),
            metric="middle_rank_difference", unit=unit, kind="contrast", role="finding",
            subject=measure.group("+".join(middle), "own_trait", used.filter(pl.col("arm") != end)),
            versus=measure.group(end, "own_trait", used.filter(arm=end)), conditions=conditions,
            gate="training" if measure.unlike.intersection(names) else None,
            replicate="base" if by_base else "teacher", n_samples=used["n_samples"].sum(),
            n_missing=used["n_missing"].sum(), paired_on=["base", "trait"],
        )  # fmt: skip
