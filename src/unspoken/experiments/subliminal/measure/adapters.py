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
"""Arms have learnt alike if their last losses differ by less than this share of what one of them learnt."""
LATE = 2 / 3
"""The share of a training's steps after which its loss counts as its last."""
OF_TRAINING = ("lora_rank", "optimizer")
FIRST, UNTRAINED = (None, "adam"), (None, "none")
"""The training that others are held against, and none at all."""
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
    """Return each subject's mean loss over the last third of its steps, in nats a token: subject, last."""
    stretches = training.sort("subject", "step").with_columns(
        steps=pl.col("step").diff().over("subject").fill_null(pl.col("step")),
        share=pl.col("step") / pl.col("step").max().over("subject"),
    )
    late = stretches.filter(pl.col("share") > LATE + 1e-9).group_by("subject", maintain_order=True)
    return late.agg(last=(pl.col("loss") * pl.col("steps")).sum() / pl.col("steps").sum())


def add_learning(measure: TraitMeasure, training: pl.DataFrame) -> None:
    """Add what arms learnt of their numbers, and note those that did not learn as AdamW on all weights did.

    Arms on the same numbers read them in the same order, so their last losses are of the same rows. How far
    these lie below the loss of students that nothing trains is `loss_fall`; how far another arm's lie from
    them is `loss_difference`. Both are positive controls: the fall holds if its interval is above 0, a
    difference if its 90% interval lies within +-MOST_APART of the fall. Without untrained students nobody
    knows what was learnt, and none holds.
    """
    students = measure.subjects.filter(pl.col("kind") == "student", pl.col("updates").is_null())
    of_traits = students.filter(pl.col("trait").is_in(measure.traits))
    losses = of_traits.join(losses_of(training), left_on="subject_id", right_on="subject")
    losses = losses.rename({"subject_id": "subject"})
    for arms in alike(measure, ALIKE):
        by_training: dict[tuple[Any, ...], str] = {}
        for arm in arms:
            by_training.setdefault(_setting(arm, OF_TRAINING), arm["name"])
        first, untrained = by_training.pop(FIRST, None), by_training.pop(UNTRAINED, None)
        if first is None:
            measure.unlike |= {arm["name"] for arm in arms} if len(by_training) > 1 else set()
        elif by_training or untrained:
            fall = _add_losses(measure, losses, (first, untrained)) if untrained else None
            measure.unlike |= set() if untrained else {first}
            for other in by_training.values():
                _add_losses(measure, losses, (other, first), MOST_APART * (fall or 0.0))


def _add_losses(
    measure: TraitMeasure, losses: pl.DataFrame, arms: tuple[str, str], bound: float | None = None
) -> float | None:
    """Add how far an arm's last loss lies beyond another's, or without a `bound` how far it fell below it.

    Notes the arm unless this holds; returns its value if it does.
    """
    ours, theirs = (losses.filter(arm=arm) for arm in arms)
    on = ["source_model", "model", "trait", "seed"]
    paired = ours.join(theirs.select(*on, against="last"), on=on, maintain_order="left")
    beyond = pl.col("last") - pl.col("against")
    gap = paired.with_columns(gap=-beyond if bound is None else beyond)
    interval, replicate = measure.interval_over_bases(gap, "gap")
    ci95, ci90 = (interval.ci_low, interval.ci_high), (interval.ci90_low, interval.ci90_high)
    if bound is None:
        holds = interval.ci_low is not None and interval.ci_low > 0
    else:
        holds = bound > 0 and lies_within(ci95, ci90, bound) is True
    if not holds:
        measure.unlike.add(arms[0])
    measure.report.add(
        interval, metric="loss_fall" if bound is None else "loss_difference", unit="nats", kind="contrast",
        subject=measure.group(arms[0], "own_trait", ours), versus=measure.group(arms[1], "own_trait", theirs),
        conditions=measure.conditions(arms[0], {}), role="positive_control", passed=holds,
        replicate=replicate, n_samples=paired.height, paired_on=["base", "trait", "seed"],
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
        if not middle:
            continue
        ends = {"lowest": ranks[0], "highest": ranks[-1], "all_weights": None}
        for against, rank in ends.items():
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
