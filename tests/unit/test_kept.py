"""What a finished registered run leaves: a planted store is kept and read back, and refusals."""

import os
import subprocess
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from unspoken.files import write_json
from unspoken.kept import files
from unspoken.kept.files import KeptError, kept_files, kept_store, told_of
from unspoken.kept.keep import keep
from unspoken.statistics.intervals import t_interval
from unspoken.statistics.rows import measurement, measurement_table
from unspoken.tables.verdicts import Verdicts

ROOT = Path(__file__).parents[2]
STUDY, SEED = "planted", 23
LATE = "2999-01-01T00:00:00+00:00"
EARLY = "2001-01-01T00:00:00+00:00"


def measured(**conditions: str) -> pl.DataFrame:
    """Return two contrasts of five networks."""
    common = {
        "study": STUDY, "paper": "cloud2025", "experiment": "mnist", "metric": "accuracy", "unit": "accuracy",
        "kind": "contrast", "replicate": "training_seed", "n_samples": 50, "role": "finding",
        "reproducible": True,
    }  # fmt: skip
    effects = {"mnist:a": 0.4, "mnist:b": -0.1}
    spread = np.array([-0.02, -0.01, 0, 0.01, 0.02])
    rows = [
        measurement(
            **common, subject=name, versus="mnist:reference", interval=t_interval(effect + spread),
            paired_on=["seed"], conditions={"data": "60000 images", **conditions},
        )
        for name, effect in effects.items()
    ]  # fmt: skip
    return measurement_table(rows)


def verdict(row: dict, outcome: str | None, **more) -> dict:
    blank = dict.fromkeys(Verdicts.column_names())
    return {
        **blank, "claim_id": "SL-29", "study": STUDY, "verdict": "reproduced" if outcome else "not run",
        "flags": [], "reason": "as published", "outcome": outcome,
        **({
            "subject": row["subject"], "versus": row["versus"], "measurement_id": row["measurement_id"],
            "contrasts": [row["measurement_id"]], "fidelity": "original", "estimate": row["value"],
            "lo": row["ci_low"], "hi": row["ci_high"], "unit": "accuracy", "replicate": "training_seed",
            "n_replicates": 5, "registered": "registered",
        } if outcome else {}), **more,
    }  # fmt: skip


def git(root: Path, *command: str) -> None:
    person = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *person, *command], cwd=root, check=True, capture_output=True)


class Run:
    """A project with a committed registration and a finished run of five networks."""

    def __init__(self, root: Path):
        self.root, self.results = root, root / "results/studies" / STUDY
        self.results.mkdir(parents=True)
        self.registration = root / "resources/registrations" / f"{STUDY}.json"
        self.register({"time": EARLY, "facts": {"seed": SEED}})
        git(root, "init", "--quiet")
        git(root, "add", "resources")
        git(root, "commit", "--quiet", "--message", "registered")
        self.finish()

    def register(self, content: dict) -> None:
        self.registration.parent.mkdir(parents=True, exist_ok=True)
        write_json(content, self.registration)

    def finish(self, made: str = LATE, conditions: dict[str, str] | None = None, **changed: object) -> None:
        """Write the store and, after it, the last files of a run."""
        rows = measured(**conditions or {})
        first = rows.row(0, named=True)
        verdicts = [verdict(first, "shown", **changed), verdict(first, None, claim_id="SL-31")]
        tables = {
            "studies": pl.DataFrame({"study": [STUDY], "digest": ["a"], "seed": [SEED]}),
            "measurements": rows,
            "verdicts": pl.DataFrame(verdicts, schema=Verdicts.create_empty().schema),
            "accuracies": pl.DataFrame({"study": [STUDY], "created_at": [made]}),
        }
        store = self.results / "unspoken.duckdb"
        store.unlink(missing_ok=True)
        with duckdb.connect(str(store)) as connection:
            for table, frame in tables.items():
                connection.from_arrow(frame.to_arrow()).create(table)
        for name in ("findings.txt", "report.html"):
            (self.results / name).write_text("made of the store")

    def keep(self) -> tuple[Path, int]:
        return keep(self.results, self.root)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_a_planted_store_is_kept_and_read_back(run: Run) -> None:
    path, size = run.keep()
    assert path == run.root / "resources/findings/planted/23.parquet"
    assert kept_files(run.root) == [path]
    assert size == path.stat().st_size < files.LARGEST
    told = told_of(path)
    assert (told["study"], told["seed"], told["registered"], told["first_made"]) == (STUDY, "23", EARLY, LATE)
    assert len(told["commit"]) >= 7
    with kept_store([path]) as store:
        rows = store.execute(
            "SELECT subject, value, conditions['data'] FROM measurements ORDER BY ALL"
        ).fetchall()
        assert rows == [
            ("mnist:a", pytest.approx(0.4), "60000 images"), ("mnist:b", pytest.approx(-0.1), "60000 images")
        ]  # fmt: skip
        of = store.execute("SELECT claim_id, outcome, estimate, contrasts FROM verdicts").fetchall()
    kept = measured().row(0, named=True)
    assert of == [("SL-29", "shown", pytest.approx(0.4), [kept["measurement_id"]])]  # SL-31 did not run


def test_keeping_twice_gives_the_same_file(run: Run) -> None:
    path, _ = run.keep()
    first = path.read_bytes()
    run.keep()
    assert path.read_bytes() == first


def refused(run: Run, words: str) -> None:
    with pytest.raises(KeptError, match=words):
        run.keep()
    assert kept_files(run.root) == []


def test_a_run_without_a_registration_is_refused(run: Run) -> None:
    run.registration.unlink()
    refused(run, "was not registered")


def test_a_run_whose_verdicts_are_all_exploratory_is_refused(run: Run) -> None:
    run.finish(registered="exploratory")
    refused(run, "no verdict of 'planted' is registered")


def test_another_seed_than_the_registered_one_is_refused(run: Run) -> None:
    run.register({"time": EARLY, "facts": {"seed": 24}})
    refused(run, "ran with seed 23, and 24 was registered")


def test_a_registration_that_is_not_committed_as_it_is_is_refused(run: Run) -> None:
    run.register({"time": LATE, "facts": {"seed": SEED}})
    refused(run, "is not committed as it is")
    git(run.root, "rm", "--cached", "--quiet", str(run.registration))
    refused(run, "is not committed as it is")


def test_data_older_than_the_commit_are_refused(run: Run) -> None:
    run.finish(made=EARLY)
    refused(run, "after its first data")


@pytest.mark.parametrize("name", ["unspoken.duckdb", "findings.txt", "report.html"])
def test_a_run_without_its_last_files_is_refused(run: Run, name: str) -> None:
    (run.results / name).unlink()
    refused(run, f"has not ended: .*{name} is missing")


def test_numbers_newer_than_the_store_are_refused(run: Run) -> None:
    newer = run.results / "mnist/measurements.parquet"
    newer.parent.mkdir()
    newer.touch()
    os.utime(newer, (4e9, 4e9))
    refused(run, "measurements.parquet is newer than the store")


def test_a_report_older_than_the_store_is_refused(run: Run) -> None:
    os.utime(run.results / "report.html", (1e9, 1e9))
    refused(run, "report.html is older than the store")


def test_texts_are_refused(run: Run) -> None:
    run.finish(reason="word " * 100)
    refused(run, "verdicts.reason has a value of 500 letters")


def test_many_short_conditions_are_no_text(run: Run) -> None:
    run.finish(conditions={f"condition-{number}": "value" for number in range(40)})
    path, _ = run.keep()
    assert kept_files(run.root) == [path]


def test_a_text_among_the_conditions_is_refused(run: Run) -> None:
    run.finish(conditions={"arm": "word " * 100})
    refused(run, "measurements.conditions has a value of 500 letters")


def test_a_column_that_no_schema_has_is_refused(run: Run) -> None:
    with duckdb.connect(str(run.results / "unspoken.duckdb")) as store:
        store.execute("ALTER TABLE measurements ADD COLUMN reply VARCHAR")
    for name in ("findings.txt", "report.html"):
        (run.results / name).touch()
    refused(run, "differ in the column 'reply'")


def test_a_file_that_is_too_large_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    refused(run, "at most 1,000 are committed")
