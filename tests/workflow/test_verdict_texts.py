"""From ten verdicts drawn by lot to the raw texts under them, by the SQL of docs/verdicts.md."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from flow import RESULTS, ROOT

from unspoken.report.samples import TextFinder
from unspoken.store import open_store, rows_of

QUERY = re.search(r"```sql\n(WITH arms AS .*?)```", (ROOT / "docs/verdicts.md").read_text(), re.DOTALL)
LOT, DRAWN = 21, 10
WITHOUT_TEXTS = {"mnist", "theorem", "misalignment", "harmful"}
"""Experiments whose networks write nothing, or are measured by exact probabilities of what they would."""
RAW: dict[str, str | tuple[str, ...]] = {"answers": "answer", "trials": "chain"}
RAW_OF = {"scaling": {"replies": "reply"}, "reinforcement": {"spoken": ("chain", "answer")}}
"""By experiment, where others hold its texts."""
NOBODY = {"reinforcement:chance", "reinforcement:never"}
"""What others are compared with that wrote nothing."""


@pytest.fixture(scope="module")
def store(built_study: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_store(built_study / RESULTS / "unspoken.duckdb") as opened:
        yield opened


VERDICTS = """
SELECT v.*, m.experiment FROM verdicts AS v JOIN measurements AS m USING (measurement_id)
WHERE v.outcome IS NOT NULL ORDER BY v.claim_id, v.subject
"""


def drawn_by_lot(store: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Ten verdicts with an outcome: the first of each experiment that the lot names, then others."""
    rows = rows_of(store, VERDICTS)
    lot = random.Random(LOT).sample(rows, len(rows))
    first = {row["experiment"]: row for row in reversed(lot)}
    return [*first.values(), *(row for row in lot if row not in first.values())][:DRAWN]


def followed(store: duckdb.DuckDBPyConnection, claim: str) -> pl.DataFrame:
    """What the documented query gives for a claim."""
    assert QUERY is not None
    query = QUERY[1].replace("'SL-02'", f"'{claim}'")
    assert query != QUERY[1] or claim == "SL-02"
    return store.sql(query).pl()


def raw_texts(results: Path, experiment: str, subjects: set[str]) -> list[str]:
    """The texts of some subjects in the tables that their jobs wrote."""
    texts: list[str] = []
    for table, column in RAW_OF.get(experiment, RAW).items():
        for path in sorted((results / experiment).rglob(f"{table}.parquet")):
            rows = pl.scan_parquet(path).filter(pl.col("subject").is_in(subjects))
            text = pl.concat_str(column, separator=" ", ignore_nulls=True)
            texts += rows.select(text=text).collect()["text"].to_list()
    return sorted(texts)


def test_ten_verdicts_lead_to_their_raw_texts(store: duckdb.DuckDBPyConnection, built_study: Path) -> None:
    finder, verdicts = TextFinder(store), drawn_by_lot(store)
    assert len({verdict["experiment"] for verdict in verdicts}) > 1
    for verdict in verdicts:
        rows = followed(store, verdict["claim_id"])
        assert rows["verdict"].is_in([verdict["verdict"]]).any() or rows.is_empty()
        for contrast in verdict["contrasts"]:
            (measured,) = rows_of(
                store, "SELECT * FROM measurements WHERE measurement_id = $id", {"id": contrast}
            )
            found = rows.filter(measurement_id=contrast, verdict=verdict["verdict"])
            if measured["experiment"] in WITHOUT_TEXTS:
                assert found.is_empty() and not finder.texts_behind(measured).samples
                continue
            assert set(found["arm"]) == {measured["subject"], measured["versus"]} - NOBODY
            for (arm,), texts in found.group_by("arm"):
                raw = raw_texts(built_study / RESULTS, measured["experiment"], set(texts["subject"]))
                assert sorted(texts["text"]) == raw, (verdict["claim_id"], arm)
            # What the report names beside the number is among them.
            narrowed = finder.texts_behind(measured)
            if narrowed.samples and narrowed.samples[0]["source"] in RAW:
                own = {text for _, _, text in store.execute(narrowed.query).fetchall()}
                assert own and own <= set(found.filter(arm=measured["subject"])["text"])
