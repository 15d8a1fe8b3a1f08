"""Edits made for real on the built test study: the outputs that change are exactly those expected."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import yaml
from flow import RESULTS, TEST_STUDY, snakemake

from unspoken.files import sha256_of_file
from unspoken.study.load import read_yaml

LATER = {"claims.parquet", "verdicts.parquet", "unspoken.duckdb", "findings.txt", "report.html",
         "study_card.md", "ro-crate-metadata.json"}  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    """Return what every output of the study is, without logs and times."""
    files = (path for path in sorted((folder / RESULTS).rglob("*")) if path.is_file())
    inside = ((path.relative_to(folder / RESULTS), path) for path in files)
    return {
        str(name): sha256_of_file(path)
        for name, path in inside
        if name.parts[0] not in ("logs", "benchmarks")
    }


@pytest.fixture
def changed(study: Path, tmp_path: Path) -> Callable[..., set[str]]:
    """Return the function that runs an edited study and returns the outputs that are not as before."""

    def run(edit: dict, *targets: str) -> set[str]:
        overlay = tmp_path / "edit.yaml"
        overlay.write_text(yaml.safe_dump(edit))
        before = digests(study)
        snakemake(
            *(f"{RESULTS}/{target}" for target in targets),
            "--configfile",
            TEST_STUDY,
            overlay,
            directory=study,
            cores=2,
        )
        after = digests(study)
        assert before.keys() == after.keys()
        return {name for name in before if before[name] != after[name]}

    return run


def test_more_samples_ask_again_and_train_nothing(study: Path, changed: Callable[..., set[str]]) -> None:
    answers = study / RESULTS / "subliminal" / "organism-mini-a" / "answers.parquet"
    before = pl.read_parquet(answers)
    outputs = changed({"subliminal": {"probe": {"samples": 3}}})
    bases = {f"subliminal/organism-mini-{base}/answers.parquet" for base in "ab"}
    assert bases < outputs
    others = {name for name in outputs - bases if not name.startswith("figures/")}
    assert others <= {"subliminal/measurements.parquet", "subliminal/groups.parquet", *LATER}
    assert {"subliminal/measurements.parquet", "unspoken.duckdb"} <= others
    assert not outputs & {
        f"figures/{name}.svg" for name in ("mnist", "theorem", "probing", "filter", "training")
    }
    after = pl.read_parquet(answers)
    counts = [frame.filter(kind="sampled", prompt_set="preferences").height for frame in (before, after)]
    assert counts[1] == 3 * counts[0]
    exact = [frame.filter(kind="choice").drop("created_at") for frame in (before, after)]
    assert exact[0].equals(exact[1])


def test_a_stricter_filter_filters_again(study: Path, changed: Callable[..., set[str]]) -> None:
    folder = "subliminal/organism-mini-a/base"
    tables = {f"{folder}/kept.parquet", f"{folder}/dropped.parquet"}
    assert changed({"subliminal": {"filter": {"banned": [13]}}}, f"{folder}/kept.parquet") == tables
    kept, dropped = (pl.read_parquet(study / RESULTS / name) for name in sorted(tables, reverse=True))
    banned = pl.col("completion").str.contains(r"\b13\b")
    assert not kept.filter(banned).height
    assert dropped.filter(banned).height


def test_a_seed_added_to_an_arm_trains_that_arm(study: Path, changed: Callable[..., set[str]]) -> None:
    arms = read_yaml(TEST_STUDY)["subliminal"]["arms"]
    seeded = [{**arm, "seeds": [1, 2]} if arm["name"] == "kl-carrier" else arm for arm in arms]
    folder = "subliminal/students/kl-carrier/organism-mini-a/organism-mini-a/all"
    weights = pl.read_parquet(study / RESULTS / folder / "training.parquet")
    outputs = changed({"subliminal": {"arms": seeded}}, f"{folder}/subject.json")
    assert outputs == {
        f"{folder}/{name}" for name in ("subject.json", "weights.safetensors", "training.parquet")
    }
    again = pl.read_parquet(study / RESULTS / folder / "training.parquet")
    assert again["subject"].n_unique() == 2 * weights["subject"].n_unique()
    first = again.filter(pl.col("subject").is_in(weights["subject"].unique().to_list()))
    columns = [name for name in weights.columns if name != "created_at"]
    assert first.select(columns).sort(columns).equals(weights.select(columns).sort(columns))


def test_a_budget_added_generates_its_rows_alone(
    study: Path, built_study: Path, changed: Callable[..., set[str]]
) -> None:
    """The others come from the cache: a reply that is put together of pieces has a new time alone."""
    shutil.copytree(built_study / "results/cache", study / "results/cache")
    folder = "scaling/counter"
    before = pl.read_parquet(study / RESULTS / folder / "replies.parquet")
    outputs = changed({"scaling": {"budgets": [0, 8, 16, 24]}}, f"{folder}/replies.parquet")
    assert outputs == {"scaling/all/prompts.parquet", f"{folder}/replies.parquet"}
    after = pl.read_parquet(study / RESULTS / folder / "replies.parquet")
    old = after.filter(pl.col("prompt_id").is_in(before["prompt_id"].implode()))
    assert old.drop("created_at").sort("reply_id").equals(before.drop("created_at").sort("reply_id"))
    new = after.join(before, on="reply_id", how="anti")
    assert set(new["prompt_id"].str.split(":").list.last()) == {"asked-16", "capped-16"}
    log = (study / RESULTS / "logs/generate_replies" / f"{folder}.log").read_text()
    (told,) = re.findall(r"(\d+) completions made, (\d+) reused", log)
    made, reused = map(int, told)
    # An answer each, and where 16 tokens are asked for the chain, in pieces of 8; capped chains are there.
    pieces = new.filter(pl.col("prompt_id").str.ends_with("asked-16"))["thinking_tokens"] // 8 + 1
    assert 0 < made <= new.height + pieces.sum() < reused
