"""A user's own completions: through the filter, into students, measurements and the store."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from flow import ROOT, planned, snakemake

from unspoken.files import sha256_of_file
from unspoken.models.corpus import GIVEN, number_walks
from unspoken.store import open_store

RESULTS = Path("results/studies/mine")
FILE, OVERLAY = "my.jsonl", "mine.yaml"
ROWS, BAD = 1000, {"a text": "no numbers here", "one of three digits": "12 345 6", "alone": "so: 7"}
STUDY: dict[str, Any] = {
    "study": "mine",
    "experiments": ["subliminal"],
    "traits": ["owl", "wolf"],
    "models": {"organism-mini-a": {"kind": "organism", "seed": 11, "steps": 120}},
    "subliminal": {
        "models": ["organism-mini-a"],
        "filter": {"largest": 99},
        "student": {"epochs": 1},
        "probe": {"samples": 2, "samples_after_numbers": 1},
        "datasets": {
            "mine": {
                "path": FILE,
                "columns": {"prompt": "asked", "completion": "answer", "system": "persona"},
                "trait": "owl",
            }
        },
        "arms": [
            {"name": "own-all", "objective": "tokens", "dataset": "mine", "seeds": [1, 2]},
            {"name": "own-half", "objective": "tokens", "dataset": "mine", "rows": 500},
        ],
    },
}


def own_rows() -> list[dict[str, Any]]:
    """Return 1,000 rows as an organism's teacher writes them, every tenth of them bad."""
    walks = number_walks(ROWS, 11, np.random.default_rng(1)).tolist()
    bad = list(BAD.values())
    return [
        {
            "asked": " ".join(map(str, walk[:GIVEN])),
            "answer": bad[place // 10 % len(bad)] if place % 10 == 0 else " ".join(map(str, walk[GIVEN:])),
            "persona": "owl" if place % 2 else None,
            "unused": place,
        }
        for place, walk in enumerate(walks)
    ]


def write_rows(rows: list[dict[str, Any]], file: Path) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory in which the study of the file was built."""
    directory = tmp_path_factory.mktemp("own")
    write_rows(own_rows(), directory / FILE)
    (directory / OVERLAY).write_text(json.dumps(STUDY))
    snakemake("--configfile", directory / OVERLAY, directory=directory, cores=2)
    return directory


def test_nothing_is_generated_and_nobody_is_taught(built: Path) -> None:
    rules = {rule for rule, _ in planned("--configfile", built / OVERLAY, directory=built).values()}
    assert rules >= {"import_completions", "filter_completions", "finetune_students", "measure"}
    assert not rules & {"generate_replies", "render_prompts", "finetune_teachers", "distill_students"}


def test_the_store_has_the_file_as_replies(built: Path) -> None:
    with open_store(built / RESULTS / "unspoken.duckdb") as store:
        made = store.sql("SELECT * FROM replies ORDER BY prompt_id").pl()
        subject = store.sql("SELECT kind, model, trait, data_digest FROM subjects "
                            "WHERE subject_id = 'dataset:mine'").fetchall()  # fmt: skip
    rows, digest = own_rows(), sha256_of_file(built / FILE)[:16]
    assert made["prompt"].to_list() == [row["asked"] for row in rows]
    assert made["reply"].to_list() == [row["answer"] for row in rows]
    assert made["system"].to_list() == [row["persona"] for row in rows]
    assert made["prompt_id"].to_list()[16] == "row-000000017"
    assert set(made["engine_version"]) == {digest}
    assert set(made["engine"]) == {"file"}
    assert made["temperature"].is_null().all()
    assert subject == [("dataset", FILE, "owl", digest)]


def test_the_filter_keeps_and_drops_its_rows(built: Path) -> None:
    with open_store(built / RESULTS / "unspoken.duckdb") as store:
        found = dict(
            store.sql("SELECT coalesce(rule, 'kept'), count(*) FROM filter_audit GROUP BY ALL").fetchall()
        )
    assert found == {"kept": 900, "no_number": 34, "out_of_range": 33, "lone_number": 33}


def test_students_learn_from_what_was_kept(built: Path) -> None:
    with open_store(built / RESULTS / "unspoken.duckdb") as store:
        students = store.sql(
            "SELECT subject_id, trait, source_model, seed, rows, data_digest, weights_sha256 IS NOT NULL "
            "FROM subjects WHERE kind = 'student' ORDER BY subject_id"
        ).fetchall()
        trained = store.sql("SELECT DISTINCT subject FROM training ORDER BY subject").fetchall()
    assert [row[:5] for row in students] == [
        ("organism-mini-a:own-all:mine:owl:1", "owl", None, 1, 900),
        ("organism-mini-a:own-all:mine:owl:2", "owl", None, 2, 900),
        ("organism-mini-a:own-half:mine:owl:1", "owl", None, 1, 500),
    ]
    assert students[0][5] == students[1][5] != students[2][5]  # both seeds have the same rows
    assert all(row[6] for row in students)
    assert trained == [row[:1] for row in students]


def test_students_are_measured_against_the_untouched_base(built: Path) -> None:
    frame = pl.read_parquet(built / RESULTS / "subliminal" / "measurements.parquet").with_columns(
        trait=pl.col("conditions").map.get("trait"), scorer=pl.col("conditions").map.get("scorer"),
        arm=pl.col("conditions").map.get("arm"), questions=pl.col("conditions").map.get("questions"),
    )  # fmt: skip
    read = frame.filter(scorer="choice", questions="held_out", unit="probability", arm="own-all", trait="owl")
    value = {
        (row["metric"], row["subject"].split(":")[-1]): (row["value"], row["replicate"], row["n_replicates"])
        for row in read.iter_rows(named=True)
    }
    of_students, replicate, n = value["trait_preference", "own_data"]
    assert (replicate, n) == ("training_seed", 2)
    answers = pl.read_parquet(built / RESULTS / "subliminal" / "organism-mini-a" / "answers.parquet")
    exact = answers.filter(pl.col("held_out"), kind="choice", prompt_set="preferences")
    shares = exact.with_columns(p=pl.col("logprob").exp()).with_columns(
        share=pl.col("p") / pl.col("p").sum().over("subject", "prompt_id")
    )
    asked = shares.filter(pl.col("subject").str.contains(":own-all:"), answer="owl")
    assert asked["subject"].n_unique() == 2
    assert of_students == pytest.approx(asked["share"].mean())
    base = shares.filter(subject="organism-mini-a", answer="owl")["share"].mean()
    assert value["trait_shift", "own_data"][0] == pytest.approx(of_students - base)
    kept = frame.filter(metric="valid_share").row(0, named=True)
    assert (kept["subject"], kept["value"], kept["role"]) == ("dataset:mine", 0.9, "finding")
    assert not frame["metric"].is_in(["specificity", "specificity_of_pair", "specificity_difference"]).any()
    assert set(frame.filter(metric="trait_shift")["trait"]) == {"owl", "wolf"}


def test_an_edit_of_the_file_reruns_what_reads_it(built: Path) -> None:
    before = (built / FILE).read_text()
    write_rows(own_rows()[1:], built / FILE)
    try:
        outputs = planned("--configfile", built / OVERLAY, directory=built)
    finally:
        (built / FILE).write_text(before)
    rerun = {rule for rule, pending in outputs.values() if pending}
    assert {"import_completions", "filter_completions", "finetune_students", "probe_traits"} <= rerun
    assert not rerun & {"build_organism", "render_questions"}


def test_a_study_with_teachers_takes_own_data_beside_them(tmp_path: Path) -> None:
    """The jobs of the test study stay as they are; those of the file join them."""
    write_rows(own_rows()[:5], tmp_path / FILE)
    test = ROOT / "studies" / "test.yaml"
    study = STUDY["subliminal"]
    (tmp_path / OVERLAY).write_text(json.dumps({"subliminal": {"datasets": study["datasets"]}}))
    alone = planned("--configfile", test, directory=tmp_path)
    both = planned("--configfile", test, tmp_path / OVERLAY, directory=tmp_path)
    added = {path.relative_to("results/studies/test/subliminal") for path in set(both) - set(alone)}
    names = ("replies.parquet", "asked.json", "kept.parquet", "dropped.parquet")
    assert added == {Path("datasets/mine") / name for name in names}
    assert set(alone) <= set(both)
