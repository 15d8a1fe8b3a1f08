"""What written steps add to a looped model, as the turns of its middle layer grow.

Latent reasoning (Geiping et al. 2025; Hao et al. 2024): if turns do what written
steps do, the accuracy of direct answers rises with them, and the uplift from written steps falls.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.loops.tables import StepAccuracies
from unspoken.statistics.gates import accuracy_gate
from unspoken.statistics.intervals import Floats, t_interval
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table

MODES = ("direct", "steps")


def seed_accuracies(accuracies: pl.DataFrame) -> pl.DataFrame:
    """Return each model's share of right answers: turns, seed, k (text), mode, accuracy, asked.

    `k` is a number of steps, or `all`: the mean over the numbers of steps above one, each with the
    same weight. Tasks of one step have no held-out prompts. Raises ValueError for models that were
    not all asked the same: every turns with every seed, k and mode.
    """
    cells = [accuracies[name].n_unique() for name in ("turns", "seed", "k", "mode")]
    if accuracies.height != np.prod(cells):
        raise ValueError("not every number of turns has every seed, number of steps and mode once")
    each = accuracies.select(
        "turns", "seed", "mode", "asked", "k", accuracy=pl.col("correct") / pl.col("asked")
    )
    of_several = each.filter(pl.col("k") > 1).group_by("turns", "seed", "mode")
    pooled = of_several.agg(pl.col("accuracy").mean(), pl.col("asked").sum(), k=pl.lit("all"))
    both = [each.with_columns(pl.col("k").cast(pl.String)), pooled]
    return pl.concat([one.select(sorted(one.columns)) for one in both]).sort("k", "turns", "mode", "seed")


class _Loops:
    """Accuracies at one number of steps, by turns and mode, and where their rows go."""

    def __init__(self, report: Report, scores: pl.DataFrame, k: str, chance: float) -> None:
        self.report, self.k, self.chance = report, k, chance
        self.turns = scores["turns"].unique().sort().to_list()
        self.asked = int(scores["asked"].sum())
        self.arms: dict[tuple[int, str], Floats] = {
            (turns, mode): scores.filter(turns=turns, mode=mode)["accuracy"].to_numpy()
            for turns in self.turns
            for mode in MODES
        }

    def _add(self, values: Floats, names: tuple[str, ...], conditions: dict[str, Any], **fields: Any) -> None:
        """Add a row about the group of the first name, or about it minus the second; one value a seed."""
        groups = [self.report.group(f"loops:{name}", "looped organisms", []) for name in names]
        pair = {"versus": groups[1], "paired_on": ["seed"]} if len(groups) > 1 else {}
        self.report.add(
            t_interval(values), kind="contrast" if pair else "estimate", subject=groups[0],
            conditions={"k": self.k, **conditions}, replicate="training_seed", role="finding",
            **pair, **fields,
        )  # fmt: skip

    def _gate(self, first: tuple[int, str], second: tuple[int, str]) -> str | None:
        return accuracy_gate(t_interval(self.arms[first]), t_interval(self.arms[second]), self.chance)

    def add_turns(self) -> None:
        """Add each arm's accuracy, and the uplift: with written steps minus without, by turns."""
        samples = self.asked // len(self.arms)
        for turns in self.turns:
            for mode in MODES:
                self._add(
                    self.arms[turns, mode], (f"{turns}:{mode}",), {"turns": turns, "mode": mode},
                    metric="step_accuracy", unit="accuracy", n_samples=samples,
                )  # fmt: skip
            steps, direct = (turns, "steps"), (turns, "direct")
            self._add(
                self.arms[steps] - self.arms[direct], (f"{turns}:steps", f"{turns}:direct"),
                {"turns": turns}, metric="step_uplift", unit="accuracy", n_samples=2 * samples,
                gate=self._gate(steps, direct),
            )  # fmt: skip

    def add_trends(self) -> None:
        """Add the slopes over log2 turns of the direct accuracy and of the uplift, one for each seed."""
        direct = np.stack([self.arms[turns, "direct"] for turns in self.turns])
        uplift = np.stack([self.arms[turns, "steps"] for turns in self.turns]) - direct
        fewest, most = self.turns[0], self.turns[-1]
        trends = {"direct_accuracy_slope": (direct, 1), "step_uplift_slope": (uplift, 2)}
        for metric, (heights, arms) in trends.items():
            self._add(
                np.polyfit(np.log2(self.turns), heights, 1)[0], (f"{most}:direct", f"{fewest}:direct"), {},
                metric=metric, unit="accuracy per doubling of turns",
                n_samples=self.asked * arms // len(MODES),
                gate=self._gate((most, "direct"), (fewest, "direct")),
            )  # fmt: skip


def add_loops(report: Report, accuracies: pl.DataFrame, modulus: int) -> None:
    """Add accuracy with and without written steps, the uplift, and their trends over turns.

    `accuracies` has a row for each turns, seed, k and mode (direct|steps): correct, asked. Metrics:
    `step_accuracy` (estimates); `step_uplift` (contrast, steps minus direct, paired by seed);
    `direct_accuracy_slope` and `step_uplift_slope` (contrasts over log2 turns, one slope a seed, with
    two or more numbers of turns). Condition `k`: a number of steps, or `all` above one. The replicate
    is the training seed; chance is 1 / modulus. The gate of a slope is that of its two end points'
    direct answers.
    """
    scores = seed_accuracies(accuracies)
    for (k,), of_k in scores.group_by("k", maintain_order=True):
        loops = _Loops(report, of_k, str(k), 1 / modulus)
        loops.add_turns()
        if len(loops.turns) > 1:
            loops.add_trends()


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of looped models, from the files of `accuracies`."""
    report = Report(spec["study"], "geiping2025", spec["experiment"], reproducible=True)
    add_loops(report, whole_table(files["accuracies"], StepAccuracies), spec["modulus"])
    return [report]
