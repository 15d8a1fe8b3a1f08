"""A user's own labels correct the scores of his model, and the gap of mentions has a correction too."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from test_judge_measures import SEED, labelled, new_report, one_row, planted_study
from test_labelling import drawn

from unspoken.experiments.faithfulness.measure.judges import add_calibration
from unspoken.experiments.faithfulness.measure.measured import _Measure
from unspoken.judges.labelling import COLUMNS, LabelsError, Session, labelled_chains
from unspoken.statistics.calibration import calibrated_gap
from unspoken.study.front_door import plan_of
from unspoken.study.load import StudyError

ROOT = Path(__file__).parents[2]


def two_groups(rng: np.random.Generator, study: int, shares: tuple[float, float]) -> pl.DataFrame:
    """Switched and unswitched trials of the same questions, with so many true mentions in each."""
    moved, stayed = (planted_study(rng, study, share) for share in shares)
    kept = stayed.with_columns(
        switched=pl.lit(value=False), prompt_id=pl.format("{}-stayed", "prompt_id"),
        chain=pl.format("{} Indeed.", "chain"), stratum=pl.format("metadata:{}:not", "mentions"),
    )  # fmt: skip
    return pl.concat([moved, kept])


def test_where_every_chain_is_labelled_the_gap_is_the_truth() -> None:
    trials = two_groups(np.random.default_rng(3), 0, (0.5, 0.2))
    report = new_report()
    add_calibration(report, labelled(trials, 2, 500), trials, "m", SEED, 1)
    row = one_row(report, "mention_gap_corrected", correction="design", estimator="difference")
    truth = trials.group_by("switched").agg(pl.col("truth").mean()).sort("switched")["truth"]
    assert row["value"] == pytest.approx(truth[1] - truth[0])
    assert (row["subject"], row["versus"]) == ("m:switched", "m:unswitched")
    assert (row["kind"], row["n_samples"]) == ("contrast", 320)


def gap_of(study: pl.DataFrame, seed: int) -> tuple[float, float, float]:
    named = labelled(study, seed, 120).select("prompt_id", "weight", label="mentions")
    chains = study.join(named, on="prompt_id", how="left").with_columns(
        verdict="mentions", stratum=pl.col("mentions").cast(pl.String)
    )
    found = calibrated_gap(chains.filter("switched"), chains.filter(~pl.col("switched")), seed, draws=300)
    assert found.value is not None and found.ci_low is not None and found.ci_high is not None
    return found.value, found.ci_low, found.ci_high


@pytest.mark.parametrize("shares", [(0.5, 0.2), (0.3, 0.3)])
def test_the_corrected_gap_covers_the_truth_though_the_judge_errs(shares: tuple[float, float]) -> None:
    rng = np.random.default_rng(5)
    ends = np.array([gap_of(two_groups(rng, study, shares), study) for study in range(80)])
    truth = shares[0] - shares[1]
    assert np.mean((ends[:, 1] <= truth) & (truth <= ends[:, 2])) >= 0.88
    assert abs(ends[:, 0].mean() - truth) < 0.1 * np.mean(ends[:, 2] - ends[:, 1])


def test_without_a_group_or_a_label_there_is_no_gap() -> None:
    chains = two_groups(np.random.default_rng(1), 0, (0.5, 0.5)).with_columns(
        verdict="mentions", label=pl.lit(None, pl.Boolean), weight=pl.lit(None, pl.Float64),
        stratum=pl.lit("all"),
    )  # fmt: skip
    moved, stayed = (chains.filter(pl.col("switched") == one) for one in (True, False))
    assert calibrated_gap(moved, stayed, 1, draws=50).value is None
    assert calibrated_gap(moved, stayed.clear(), 1, draws=50).value is None


def test_what_a_session_writes_is_read_as_labels(tmp_path: Path) -> None:
    session = Session(drawn(), tmp_path / "own.jsonl", "me")
    for _ in range(3):
        session.label(mentions=True, relies=False)
    found = labelled_chains(tmp_path / "own.jsonl")
    assert tuple(found.columns) == COLUMNS and found.height == 3
    assert found["mentions"].all() and set(found["subject"]) == {"m"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"), ("{}\n", "line 1: prompt_id: nothing was given"),
        (
            json.dumps({"prompt_id": "p", "chain": "c", "weight": 1.0, "subject": "s", "mentions": True,
                        "relies": False}),
            "no line has id",
        ),
    ],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(text)
    with pytest.raises(LabelsError, match=f"does not hold labelled chains: {said}"):
        labelled_chains(path)


def test_own_labels_correct_their_model_and_the_set_the_others() -> None:
    measure = object.__new__(_Measure)
    own, shipped = (pl.DataFrame({"subject": [name]}) for name in ("mine", "smollm2"))
    measure.labels = [own, shipped]
    assert measure.labels_of("mine") is own
    assert measure.labels_of("smollm2") is measure.labels_of("another") is shipped


def test_the_study_names_the_file_and_what_is_in_it_decides_the_measure(tmp_path: Path) -> None:
    plain = plan_of(ROOT, {}, []).part("measure", experiment="faithfulness")
    assert "labels" not in plain
    path = tmp_path / "own.jsonl"
    parts = []
    for text in ("{}\n", "{} \n"):
        path.write_text(text)
        plan = plan_of(ROOT, {"faithfulness": {"labels": str(path)}}, [])
        parts.append(plan.part("measure", experiment="faithfulness"))
    assert parts[0]["labels"]["path"] == str(path) and parts[0] != parts[1]
    with pytest.raises(StudyError, match=r"labels: got .*; expected a file of labelled chains"):
        plan_of(ROOT, {"faithfulness": {"labels": str(tmp_path / "none.jsonl")}}, [])
