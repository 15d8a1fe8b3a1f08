"""Contrasts of planted seeds: which are matched, which are pooled, and which pools are registered."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from planted_claims import around, row_of

from unspoken.figures.seeds import seeds_figure
from unspoken.files import canonical_json
from unspoken.replicates.pool import pooled_contrasts, read_replicate
from unspoken.replicates.shown import drawn_rows, figure_words, pooled_text
from unspoken.statistics.intervals import without_interval
from unspoken.statistics.pooled import pooled_effect
from unspoken.statistics.rows import measurement_table
from unspoken.store import merge_stores, open_store, write_store

COMMENTS = yaml.safe_load((Path(__file__).parents[2] / "resources" / "store.yaml").read_text())
HEADLINE: dict[str, Any] = {
    "experiment": "planted", "metric": "shift", "heading": "Shifts", "unit": "", "conditions": {},
    "groups": [], "primary": {},
}  # fmt: skip
VALUES = [0.1, 0.3, 0.2, 0.6]


def written_seed(
    folder: Path, seed: int, rows: list[dict[str, Any]], *, registered: bool = False, bases: str = "own"
) -> Path:
    """Write the store of one seed, all rows read by a verdict but the metric `unread`.

    The base model under them is the seed's `own`, or `shared` by all seeds.
    """
    study = f"planted-seed-{seed}"
    table = measurement_table(
        [row | {"study": study, "measurement_id": f"{seed}-{at}"} for at, row in enumerate(rows)]
    )
    names = sorted({*table["subject"], *table["versus"].drop_nulls()})
    manifest = canonical_json({"files": {"model.safetensors": f"{bases} {seed if bases == 'own' else ''}"}})
    frames = {
        "studies": pl.DataFrame({"study": [study], "seed": [seed], "digest": [str(seed)], "config": "{}"}),
        "models": pl.DataFrame({"model": ["organism-a"], "manifest": [manifest]}),
        "subjects": pl.DataFrame(
            {"subject_id": ["organism-a", *names], "model": "organism-a",
             "members": [None, *[["organism-a"]] * len(names)]},
            schema_overrides={"members": pl.List(pl.String)},
        ),
        "measurements": table,
        "verdicts": table.filter(pl.col("metric") != "unread").select(
            "study", "measurement_id", claim_id=pl.lit("P-01"), outcome=pl.lit("shown"),
            registered=pl.lit("registered" if registered else "exploratory"),
        ),
    }  # fmt: skip
    write_store(folder / f"{seed}.duckdb", study, {}, frames, COMMENTS)
    return folder / f"{seed}.duckdb"


def pooled(stores: list[Path]) -> pl.DataFrame:
    replicates = []
    for path in stores:
        with open_store(path) as store:
            replicates.append(read_replicate(store))
    return pooled_contrasts("planted", replicates)


def one_row(
    values: list[float], folder: Path, registered: set[int] = frozenset(), **changed: Any
) -> pl.DataFrame:  # type: ignore[assignment]
    """The pools of one contrast that each seed measured, seeds counted from 1."""
    return pooled(
        [
            written_seed(folder, seed, [row_of(around(value), **changed)], registered=seed in registered)
            for seed, value in enumerate(values, 1)
        ]
    )


def test_one_contrast_of_four_seeds_is_one_pool(tmp_path: Path) -> None:
    row = one_row(VALUES, tmp_path, replicate="base").row(0, named=True)
    expected = pooled_effect(VALUES, [around(0).se] * 4, [5] * 4)  # type: ignore[list-item]
    assert (row["value"], row["ci_low"], row["tau2"]) == pytest.approx(
        (expected.interval.value, expected.interval.ci_low, expected.tau2)
    )
    assert (row["n_seeds"], row["registered"], row["left_out"], row["reason"]) == (4, "exploratory", {}, None)
    assert row["measurement_ids"] == ["1-0", "2-0", "3-0", "4-0"]


@pytest.mark.parametrize(
    ("registered", "expected"),
    [
        ({1, 2, 3, 4}, {"registered": 4}),
        ({1, 2, 4}, {"exploratory": 4, "registered": 3}),
        ({1, 2}, {"exploratory": 4}),
        (set(), {"exploratory": 4}),
    ],
    ids=str,
)
def test_a_pool_is_registered_where_all_its_seeds_are(
    registered: set[int], expected: dict[str, int], tmp_path: Path
) -> None:
    found = one_row(VALUES, tmp_path, registered)
    assert dict(found.select("registered", "n_seeds").iter_rows()) == expected
    if registered == {1, 2, 4}:
        alone = found.row(by_predicate=pl.col("registered") == "registered", named=True)
        assert alone["left_out"] == {"planted-seed-3": "exploratory"}
        expected_value = pooled_effect([0.1, 0.3, 0.6], [around(0).se] * 3, [5] * 3).interval.value  # type: ignore[list-item]
        assert alone["value"] == pytest.approx(expected_value)


def test_a_contrast_that_no_verdict_reads_is_exploratory(tmp_path: Path) -> None:
    rows = [row_of(around(0.1)), row_of(around(0.1), metric="unread")]
    stores = [written_seed(tmp_path, seed, rows, registered=True) for seed in (1, 2, 3)]
    found = dict(pooled(stores).select("metric", "registered").iter_rows())
    assert found == {"shift": "registered", "unread": "exploratory"}


def test_seeds_that_cannot_enter_a_pool_say_why(tmp_path: Path) -> None:
    rows = {
        1: [row_of(around(0.1))],
        2: [row_of(around(0.2), gate="floor")],
        3: [row_of(without_interval(0.3, "t", 1))],
        4: [row_of(without_interval(None, "t", 0))],
        5: [row_of(around(0.5), subject="other:own")],
    }
    found = pooled([written_seed(tmp_path, seed, measured) for seed, measured in rows.items()])
    row = found.row(by_predicate=pl.col("subject") == "chat:own", named=True)
    assert (row["value"], row["n_seeds"], row["reason"]) == (None, 1, "1 of the 3 seeds that a pool needs")
    assert row["left_out"] == {
        "planted-seed-2": "uninformative: floor",
        "planted-seed-3": "no standard error",
        "planted-seed-4": "no standard error",
        "planted-seed-5": "not measured",
    }


@pytest.mark.parametrize(
    ("replicate", "bases", "is_pooled"),
    [
        ("base", "own", True),
        ("question", "own", True),
        ("base", "shared", False),  # base is crossed with seeds, so seeds are not independent
        ("question", "shared", False),  # one model, asked once more
        ("teacher", "shared", True),
        ("training_seed", "shared", True),
    ],
)
def test_seeds_that_share_what_a_contrast_is_about_are_not_pooled(
    replicate: str, bases: str, is_pooled: bool, tmp_path: Path
) -> None:
    rows = [row_of(around(value), replicate=replicate) for value in VALUES]
    found = pooled([written_seed(tmp_path, seed, [row], bases=bases) for seed, row in enumerate(rows, 1)])
    row = found.row(0, named=True)
    assert (row["value"] is not None) == is_pooled
    assert row["reason"] == (None if is_pooled else "its base models are the same in every seed: organism-a")


def test_checks_estimates_and_permutations_are_not_pooled(tmp_path: Path) -> None:
    rows = [
        row_of(around(0.1), metric="check", role="instrument", passed=True),
        row_of(around(0.1), metric="level", kind="estimate"),
        row_of(around(0.1), metric="control", role="negative_control", passed=True),
    ]
    stores = [written_seed(tmp_path, seed, rows) for seed in (1, 2, 3)]
    assert pooled(stores)["metric"].to_list() == ["control"]


@pytest.fixture
def merged(tmp_path: Path) -> Path:
    """The store of four seeds: one contrast that three of them registered, and one that two seeds lack."""
    lacking = row_of(around(0.4), subject="chat:wolf", conditions={"trait": "wolf"})
    stores = [
        written_seed(tmp_path, seed, [row_of(around(value)), *[lacking] * (seed < 3)], registered=seed != 2)
        for seed, value in enumerate(VALUES, 1)
    ]
    counts = merge_stores(tmp_path / "all.duckdb", stores, {"pooled": pooled(stores)}, COMMENTS)
    assert counts["pooled"] == 3 and counts["studies"] == 4
    return tmp_path / "all.duckdb"


def test_the_merged_store_says_what_its_pools_mean(merged: Path) -> None:
    with open_store(merged) as store:
        told = dict(
            store.sql(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'pooled'"
            ).fetchall()
        )
        rows = store.sql("SELECT conditions['objective'], left_out['planted-seed-2'] FROM pooled").fetchall()
    assert told == COMMENTS["pooled"]["columns"]
    assert ("tokens", "exploratory") in rows


def test_each_line_says_registered_or_exploratory_and_over_how_many_seeds(merged: Path) -> None:
    with open_store(merged) as store:
        lines = pooled_text(store, "planted", [HEADLINE]).splitlines()
    assert lines[0].startswith("Findings of the study 'planted' over the study seeds 1, 2, 3, 4: ")
    pools = [line for line in lines if line.startswith("  chat:")]
    assert [line.split("; ")[1] for line in pools] == [
        "exploratory, 4 seeds", "registered, 3 seeds", "exploratory, 2 seeds",
    ]  # fmt: skip
    assert "2 of the 3 seeds that a pool needs" in pools[2]
    assert "tau2" in pools[0] and "I2" in pools[0]
    by_seed = [line for line in lines if line.startswith("    by seed: ")]
    assert by_seed[0].count(", registered") == 3 and by_seed[0].count(", exploratory") == 1


def test_the_figure_shows_every_seed_and_every_pool(merged: Path) -> None:
    with open_store(merged) as store:
        rows = drawn_rows(store, [HEADLINE])
    places = rows.filter(contrast="chat: own − base")["place"].to_list()
    assert places == [*(f"seed {seed}" for seed in (1, 2, 3, 4)), "pooled, exploratory", "pooled, registered"]
    title, subtitle = figure_words("planted", rows)
    assert title.startswith("'planted' over 4 study seeds: 2 contrasts pooled, ")
    spec = seeds_figure(rows, title, subtitle).to_dict()
    assert len(spec["vconcat"]) == 1
    assert seeds_figure(rows.clear(), title, subtitle).to_dict()["title"]["text"][0].startswith("No data")
