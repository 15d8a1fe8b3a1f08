"""When the data of each experiment were made: of its tables, and of the subjects that it trained."""

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import polars as pl
import pytest

from unspoken.files import write_json

ROOT = Path(__file__).parents[2]
DATED = {"answers": "created_at", "steps": "made"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    found = importlib.util.spec_from_file_location("judge_claims", ROOT / "scripts" / "judge_claims.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def listing(path: Path, *times: str | None) -> Path:
    write_json([{"subject_id": f"s{place}", "created_at": time} for place, time in enumerate(times)], path)
    return path


def table(path: Path, column: str, *times: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({column: times}, schema={column: pl.String}).write_parquet(path)
    return path


def job(results: Path, *, made: list[Path] | None = None, subjects: list[Path] | None = None) -> Any:
    spec = {"results": str(results), "dated": DATED}
    return SimpleNamespace(spec=spec, made=made or [], subjects=subjects or [])


def test_each_experiment_has_the_time_of_the_subjects_that_it_trained(
    script: ModuleType, tmp_path: Path
) -> None:
    first = listing(tmp_path / "subliminal/m/teachers/subject.json", "2026-11-02", "2026-11-01", None)
    second = listing(tmp_path / "rewarded/m/subject.json", "2026-10-01")
    found = script.earliest_times(job(tmp_path, subjects=[first, second]))
    assert found == {"subliminal": "2026-11-01", "rewarded": "2026-10-01"}


def test_the_first_of_tables_and_subjects_counts_and_a_table_says_which_column_dates_it(
    script: ModuleType, tmp_path: Path
) -> None:
    made = [
        table(tmp_path / "subliminal/m/answers.parquet", "created_at", "2026-11-05", "2026-11-03"),
        table(tmp_path / "theorem/steps.parquet", "made", "2026-11-04"),
        table(tmp_path / "empty/m/answers.parquet", "created_at"),
    ]
    subjects = [listing(tmp_path / "subliminal/m/subject.json", "2026-11-04")]
    found = script.earliest_times(job(tmp_path, made=made, subjects=subjects))
    assert found == {"subliminal": "2026-11-03", "theorem": "2026-11-04"}


def test_the_results_of_a_named_study_lie_deeper(script: ModuleType, tmp_path: Path) -> None:
    results = tmp_path / "studies" / "test"
    subjects = [listing(results / "subliminal" / "subject.json", "2026-11-04")]
    assert script.earliest_times(job(results, subjects=subjects)) == {"subliminal": "2026-11-04"}


@pytest.mark.parametrize("place", ["elsewhere/subliminal/subject.json", "results/subject.json"])
def test_a_file_in_no_experiment_s_folder_is_named(script: ModuleType, tmp_path: Path, place: str) -> None:
    subjects = [listing(tmp_path / place, "2026-11-04")]
    with pytest.raises(SystemExit, match=r"subject\.json does not lie in the folder of an experiment"):
        script.earliest_times(job(tmp_path / "results", subjects=subjects))


def test_a_table_that_nobody_dates_is_named(script: ModuleType, tmp_path: Path) -> None:
    made = [table(tmp_path / "moods/moods.parquet", "created_at", "2026-11-04")]
    with pytest.raises(SystemExit, match=r"moods\.parquet: the study does not say which column"):
        script.earliest_times(job(tmp_path, made=made))
