"""The trend over training rows: planted slopes come back, over bases where there are three or more."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from unspoken.experiments.subliminal.measure.subliminal import TraitMeasure
from unspoken.statistics.intervals import t_interval
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

TRAITS = ["owl", "wolf", "cat"]
ROWS = {"few": 1_000, "some": 3_000, "many": 10_000}
KEY = {"scorer": "choice", "questions": "held_out"}
SLOPES = {"m0": [0.1, 0.2, 0.6], "m1": [0.5, 0.4, 0.9], "m2": [-0.2, 0.3, 0.2], "m3": [0.4, 0.8, 0.3]}
"""Of each base and trait: how much more of its own trait a student has with ten times the rows."""


def planted(bases: list[str], lacking: tuple[str, str] | None = None) -> pl.DataFrame:
    """Return what is measured of students whose own trait grows by SLOPES; one base may lack an arm."""
    cells: list[dict[str, Any]] = []
    students = []
    for model in bases:
        for arm, rows in ROWS.items():
            for place, trait in enumerate(TRAITS):
                if (model, arm) == lacking:
                    continue
                name = f"{model}:{arm}:{model}:{trait}:1"
                students.append(
                    {"subject_id": name, "kind": "student", "model": model, "source_model": model,
                     "trait": trait, "arm": arm, "seed": 1, "rows": rows, "updates": None}
                )  # fmt: skip
                for word in TRAITS:
                    own = SLOPES[model][place] * np.log10(rows) if word == trait else 0.0
                    cells.append(
                        {"subject": name, "trait": None, "word": word, **KEY, "unusable": "",
                         "probability": 0.1, "log_odds": own, "n_samples": 50, "n_missing": 1}
                    )  # fmt: skip
    arms = [
        {"name": arm, "objective": "tokens", "initialisation": "same", "shuffle": "none", "rows": rows,
         "dataset": None, "decoding": "sampled", "teacher": "fine_tuned"}
        for arm, rows in ROWS.items()
    ]  # fmt: skip
    spec = {"traits": TRAITS, "models": bases, "arms": arms, "kind": "model", "described": "models"}
    report = Report("small", "cloud2025", "subliminal", reproducible=True)
    measure = TraitMeasure(report, pl.DataFrame(cells).drop("trait"), pl.DataFrame(students), spec)
    measure.add_trend(list(ROWS), bases, KEY)
    return Measurements.validate(report.measurements())


def test_bases_are_the_replicates_where_there_are_three() -> None:
    (row,) = planted(["m0", "m1", "m2", "m3"]).filter(unit="log_odds per tenfold rows").to_dicts()
    expected = t_interval([np.mean(SLOPES[model]) for model in SLOPES])
    assert (row["replicate"], row["n_replicates"]) == ("base", 4)
    assert [row[name] for name in ("value", "ci_low", "ci_high", "p")] == pytest.approx(
        [expected.value, expected.ci_low, expected.ci_high, expected.p]
    )
    assert (row["subject"], row["versus"]) == ("models:many:own_trait", "models:few:own_trait")
    assert dict(row["conditions"])["rows"] == "10000"
    # Three words of three students in three arms on four bases, each of 50 samples.
    assert (row["n_samples"], row["n_missing"]) == (108 * 50, 108)


@pytest.mark.parametrize("bases", [["m0"], ["m0", "m1"]])
def test_on_fewer_bases_teachers_are(bases: list[str]) -> None:
    (row,) = planted(bases).filter(unit="log_odds per tenfold rows").to_dicts()
    expected = t_interval(np.mean([SLOPES[model] for model in bases], 0))
    assert (row["replicate"], row["n_replicates"]) == ("teacher", 3)
    assert [row["value"], row["ci_low"]] == pytest.approx([expected.value, expected.ci_low])


def test_a_base_that_lacks_an_arm_is_left_out() -> None:
    found, without = planted(["m0", "m1", "m2", "m3"], ("m1", "some")), planted(["m0", "m2", "m3"])
    assert found["value"].to_list() == without["value"].to_list()
    assert found["n_replicates"].to_list() == [3, 3]
    assert planted(["m0"], ("m0", "many")).is_empty()
