"""Instrument rows and observations of the theorem (Cloud et al. 2025, Theorem 1).

The theorem is about one step of plain SGD from a shared initialisation, in arithmetic fine enough
to see it: there it must hold, whatever the study's seed, and its rows are instruments. Another
initialisation, Adam, several steps and float32 are outside it: their rows are observations.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.theorem.tables import Steps
from unspoken.statistics.intervals import Interval, t_interval
from unspoken.statistics.report import Report
from unspoken.statistics.rows import measurement
from unspoken.tables.base import whole_table

PAPER = "cloud2025"

# "Small" steps, for which the theorem must be seen to hold, are at most this big.
LARGEST_STEP = 0.01
# The ratio of the loss's change to its first-order prediction must be within this many step sizes
# of 1, and need not be nearer than the rounding of a loss in float64 at the smallest steps allows.
RATIO_SLOPE, RATIO_ROUNDING = 2.0, 0.01
UNITS = {
    "inner_product": "squared_parameters",
    "cosine": "cosine",
    "loss_change": "nats",
    "ratio": "ratio",
}
# What one seed changes: the classifier's initialisation; the organism's teacher (its trait and
# batch), as there is one organism.
REPLICATES = {"mlp": "training_seed", "organism": "teacher"}
ARM = ["network", "optimizer", "dtype", "n_steps", "step_size"]


def passed(metric: str, step_size: float, values: np.ndarray) -> bool | None:
    """Say whether every seed of the theorem's own case holds; None where nothing is declared."""
    if step_size > LARGEST_STEP:
        return None
    if metric == "inner_product":
        return bool((values > 0).all())
    if metric == "loss_change":
        return bool((values < 0).all())
    if metric == "ratio":
        allowed = max(RATIO_SLOPE * step_size, RATIO_ROUNDING)
        return bool((np.abs(values - 1) <= allowed).all())
    return None


def _subject(network: str, initialisation: str) -> str:
    return f"theorem:{network}:{initialisation}"


def _conditions(arm: dict[str, Any]) -> dict[str, str]:
    return {
        "optimizer": arm["optimizer"],
        "dtype": arm["dtype"],
        "steps": str(arm["n_steps"]),
        "step_size": f"{arm['step_size']:g}",
    }


def _values(rows: pl.DataFrame, metric: str) -> np.ndarray:
    return rows.sort("seed")[metric].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def theorem_measurements(steps: pl.DataFrame, experiment: str) -> list[dict[str, Any]]:
    """Return the rows of `measurements` for the table `Steps` of one study.

    For each network, descent and initialisation: mean over seeds of the inner product and cosine of
    the updates, of the change of the teacher's loss, and (plain SGD, one step, float64) of its
    ratio to the prediction. Contrasts: same minus other initialisation, paired by seed.
    """
    study = steps["study"][0]
    found: list[dict[str, Any]] = []

    def row(arm: dict[str, Any], metric: str, interval: Interval, **more: Any) -> dict[str, Any]:
        return measurement(
            study=study,
            paper=PAPER,
            experiment=experiment,
            metric=metric,
            unit=UNITS[metric],
            interval=interval,
            replicate=REPLICATES[arm["network"]],
            conditions=_conditions(arm),
            reproducible=True,
            **more,
        )

    for key, both in steps.group_by(ARM, maintain_order=True):
        arm = dict(zip(ARM, key, strict=True))
        own_case = (arm["optimizer"], arm["dtype"], arm["n_steps"]) == ("sgd", "float64", 1)
        values: dict[tuple[str, str], np.ndarray] = {}
        for initialisation in ("same", "other"):
            rows = both.filter(initialisation=initialisation)
            for metric in UNITS if own_case else ("inner_product", "cosine", "loss_change"):
                seen = values[initialisation, metric] = _values(rows, metric)
                declared = own_case and initialisation == "same"
                holds = passed(metric, arm["step_size"], seen) if declared else None
                found.append(
                    row(
                        arm,
                        metric,
                        t_interval(seen),
                        kind="estimate",
                        subject=_subject(arm["network"], initialisation),
                        n_samples=len(seen),
                        role="finding" if holds is None else "instrument",
                        passed=holds,
                    )
                )
        found += [
            row(
                arm,
                metric,
                t_interval(values["same", metric] - values["other", metric]),
                kind="contrast",
                subject=_subject(arm["network"], "same"),
                versus=_subject(arm["network"], "other"),
                n_samples=2 * len(values["same", metric]),
                paired_on=["seed"],
                role="finding",
            )
            for metric in ("cosine", "loss_change")
        ]
    return found


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of single steps, from the files of `steps`."""
    report = Report(spec["study"], PAPER, spec["experiment"], reproducible=True)
    report.rows = theorem_measurements(whole_table(files["steps"], Steps), spec["experiment"])
    for row in report.rows:
        # Its networks are members by their conditions and seeds alone: no table lists them.
        report.group(row["subject"], "networks of the theorem", [])
    return [report]
