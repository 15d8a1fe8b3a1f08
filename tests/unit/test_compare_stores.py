"""Two stores side by side: which measurements are equal, changed, added and removed, by kind of row."""

import importlib.util
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compare_stores() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_stores", ROOT / "benchmarks" / "compare_stores.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def store(file: Path, rows: list[tuple[str, str, str | None, float | None, bool]], study: str) -> Path:
    """Return a store of rows: experiment, metric, hint, value, and whether a rebuild repeats it."""
    with duckdb.connect(str(file)) as made:
        made.execute(
            "CREATE TABLE measurements (study TEXT, measurement_id TEXT, paper TEXT, experiment TEXT,"
            " metric TEXT, unit TEXT, kind TEXT, subject TEXT, versus TEXT, conditions MAP(TEXT, TEXT),"
            " seed BIGINT, ci_method TEXT, value DOUBLE, reproducible BOOL)"
        )
        for experiment, metric, hint, value, reproducible in rows:
            conditions = {} if hint is None else {"hint": hint}
            made.execute(
                "INSERT INTO measurements VALUES (?, uuid(), 'p', ?, ?, 'u', 'estimate', 's', NULL,"
                " MAP(?::TEXT[], ?::TEXT[]), NULL, 'none', ?, ?)",
                [study, experiment, metric, [*conditions], [*conditions.values()], value, reproducible],
            )
    return file


def test_rows_are_told_apart_by_what_names_them(compare_stores: ModuleType, tmp_path: Path) -> None:
    stays = [("theorem", "cosine", None, 0.5, True), ("faithfulness", "switch_rate", "all", None, False)]
    moved = [("faithfulness", "switch_rate", "metadata", value, False) for value in (0.2, 0.5)]
    before = [*stays, moved[0], ("mnist", "gone", None, 1.0, True)]
    after = [*stays, moved[1], ("mnist", "new", None, 1.0, True)]
    rows = compare_stores.rows_of(
        store(tmp_path / "a.duckdb", before, "one"), store(tmp_path / "it's.duckdb", after, "two")
    )
    kinds = compare_stores.counted(rows, "experiment", "metric").rows()
    assert kinds == [
        ("faithfulness", "switch_rate", 1, 1, 0, 0, pytest.approx(0.3)),
        ("mnist", "gone", 0, 0, 0, 1, None),
        ("mnist", "new", 0, 0, 1, 0, None),
        ("theorem", "cosine", 1, 0, 0, 0, None),
    ]


def test_what_differs_is_printed_by_kind(
    compare_stores: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stays = ("mnist", "accuracy", None, 0.5, True)
    files = [
        store(tmp_path / f"{at}.duckdb", [stays, ("loops", "depth", None, at, True)], "s")
        for at in (1.0, 2.0)
    ]
    monkeypatch.setattr("sys.argv", ["compare_stores.py", *map(str, files)])
    compare_stores.main()
    first, second = capsys.readouterr().out.split("All rows")
    assert "mnist" in first and "loops" in first
    assert "depth" in second and "accuracy" not in second
