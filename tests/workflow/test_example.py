"""CONTRIBUTING's two experiments, added to a copy of this project by its words, and run to their end."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from flow import ROOT, copied_checkout, planned, snakemake

from unspoken.store import open_store

EXAMPLES = ROOT / "docs" / "examples"
ADDED = ("moods", "riddles")
STUDIES = ("paper", "default", "paper_shape", "test", "laptop", "laptop_faithfulness")
ENGINE = "models: {smollm2-135m-q4: {engine: {kind: transformers}}}\n"
"""Laid over each example: without it each would start vLLM, which takes longer than all it is asked."""


def commands_of_contributing() -> list[str]:
    """Return the commands by which CONTRIBUTING adds experiments, but for those that run them."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```$", text[text.index("## Add an experiment") :])
    lines = [line for block in blocks for line in block.splitlines()]
    assert [line for line in lines if line.startswith("make ")] == [
        f"make results STUDY={name}" for name in ADDED
    ]
    return [
        line.replace(".venv/bin/python", sys.executable) for line in lines if not line.startswith("make ")
    ]


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of this project that has both experiments, as CONTRIBUTING says how to add them."""
    copy = copied_checkout(tmp_path_factory.mktemp("example") / "checkout")
    shutil.copytree(EXAMPLES, copy / "docs" / "examples")
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    for command in commands_of_contributing():
        subprocess.run(["bash", "-c", command], cwd=copy, env=environment, check=True)
    return copy


@pytest.fixture(scope="module")
def ran(extended: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory in which both examples ran."""
    directory = tmp_path_factory.mktemp("ran")
    overlay = directory / "engine.yaml"
    overlay.write_text(ENGINE)
    for name in ADDED:
        study = extended / "studies" / f"{name}.yaml"
        snakemake("--configfile", study, overlay, directory=directory, root=extended, cores=2)
    return directory


def test_they_are_as_small_as_they_should_be() -> None:
    for name in ADDED:
        files = [*(EXAMPLES / name).glob("*.py")]
        lines = [line for file in files for line in file.read_text().splitlines() if line.strip()]
        assert len(files) <= 4
        assert len(lines) < 160


def test_moods_are_composed_of_existing_stages(extended: Path, tmp_path: Path) -> None:
    outputs = planned("--configfile", extended / "studies/moods.yaml", directory=tmp_path, root=extended)
    results = Path("results/studies/moods")
    own = {
        str(path.relative_to(results)): rule for path, (rule, _) in outputs.items() if "moods" in str(path)
    }
    assert {path: rule for path, rule in own.items() if path.startswith("moods/")} == {
        "moods/questions.parquet": "render_questions",
        "moods/smollm2-135m-q4/answers.parquet": "probe_traits",
        "moods/smollm2-135m-q4/asked.json": "probe_traits",
        "moods/measurements.parquet": "measure",
        "moods/groups.parquet": "measure",
    }
    assert outputs[Path("results/models/smollm2-135m-q4/model.json")][0] == "unpack_model"


def jobs_of(root: Path, folder: Path) -> dict[str, list[str]]:
    """Return the jobs of every shipped study as a checkout plans them, with all that they are told."""
    folder.mkdir()
    command = [sys.executable, Path(__file__).with_name("dump_jobs.py"), folder, root, *STUDIES]
    subprocess.run([*map(str, command)], check=True, capture_output=True)
    return {name: sorted((folder / f"{name}.jsonl").read_text().splitlines()) for name in STUDIES}


def test_the_gate(extended: Path, tmp_path: Path) -> None:
    """A new experiment changes no digest and no param of any job that is there, and no registration.

    What a registration fixes is in the params of `judge_claims`.
    """
    plain = copied_checkout(tmp_path / "checkout")
    before, after = jobs_of(plain, tmp_path / "before"), jobs_of(extended, tmp_path / "after")
    assert sum(map(len, before.values())) > 800
    assert any('"facts"' in job for job in before["default"])
    for name in STUDIES:
        assert [job for job in after[name] if job not in before[name]] == []
        assert len(after[name]) == len(before[name])


@pytest.mark.parametrize("study", ["default", "laptop"])
def test_nothing_that_existed_is_to_be_done(extended: Path, tmp_path: Path, study: str) -> None:
    """As a user sees it: outputs that were made before the experiments came are up to date."""
    files = [] if study == "default" else ["--configfile", ROOT / "studies" / f"{study}.yaml"]
    plain = copied_checkout(tmp_path / "checkout")
    work = tmp_path / "work"
    outputs = planned(*files, directory=work, root=plain)
    for output in outputs:
        (work / output).parent.mkdir(parents=True, exist_ok=True)
        (work / output).touch()
    snakemake(*files, "--touch", "--forceall", directory=work, root=plain, cores=100)
    after = planned(*files, directory=work, root=extended)
    assert after.keys() == outputs.keys()
    assert [str(path) for path, (_, pending) in after.items() if pending] == []
    if study == "default":  # the check can fail: another seed makes all of it anew
        seed = tmp_path / "seed.yaml"
        seed.write_text("seed: 77\n")
        assert any(
            pending for _, pending in planned("--configfile", seed, directory=work, root=extended).values()
        )


def test_moods_run_to_their_findings(ran: Path) -> None:
    results = ran / "results/studies/moods"
    assert "The first choice, under a mood minus without" in (results / "findings.txt").read_text()
    with open_store(results / "unspoken.duckdb") as store:
        shifts = store.sql(
            "SELECT conditions['mood'] AS mood, value, ci_low, ci_high, n_replicates FROM measurements"
            " WHERE metric = 'mood_shift' AND unit = 'log_odds' ORDER BY mood"
        ).pl()
    assert shifts["mood"].to_list() == ["cheerful", "gloomy"]
    assert shifts["n_replicates"].to_list() == [20, 20]
    assert (shifts["ci_low"] < shifts["value"]).all() and (shifts["value"] < shifts["ci_high"]).all()


def test_riddles_run_to_their_findings(ran: Path) -> None:
    results = ran / "results/studies/riddles"
    assert "Riddles solved after a chain minus without" in (results / "findings.txt").read_text()
    with open_store(results / "unspoken.duckdb") as store:
        measured = store.sql(
            "SELECT metric, conditions['chain'] AS chain, value, n_replicates, paired_on FROM measurements"
            " WHERE experiment = 'riddles' ORDER BY metric, chain"
        ).pl()
        replies = store.sql("SELECT reply, prompt, finish_reason FROM replies").pl()
    gain, *accuracies = measured.to_dicts()
    assert [gain["metric"], gain["n_replicates"], gain["paired_on"]] == ["chain_gain", 20, ["question"]]
    by_chain = {row["chain"]: row["value"] for row in accuracies}
    assert gain["value"] == pytest.approx(by_chain["chain"] - by_chain["no_chain"])
    assert replies.height == 20
    assert replies["prompt"].str.contains("Solve the riddle").all()


def planted_answers(model: str, rates: dict[str, list[float]]) -> pl.DataFrame:
    """Return exact choices in which each subject's first choice has the rates given."""
    rows = [
        {"subject": subject, "prompt_id": f"moods-{at:02}", "sample_index": index, "answer": word, "p": p}
        for subject, given in rates.items()
        for at, rate in enumerate(given)
        for index, (word, p) in enumerate([("good", rate / 2), ("bad", (1 - rate) / 2)])
    ]
    fixed = {
        "study": "moods", "experiment": "moods", "kind": "choice", "prompt_set": "moods",
        "held_out": False, "prompt": "How?", "engine": "none", "engine_version": "0",
        "reproducible": True, "created_at": "now",
    }  # fmt: skip
    empty = {
        "system": pl.String, "finish_reason": pl.String, "n_tokens": pl.Int64, "temperature": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows).with_columns(
        form=pl.lit(0, pl.Int64),
        logprob=pl.col("p").log(),
        **{name: pl.lit(value) for name, value in fixed.items()},
        **{name: pl.lit(None, kind) for name, kind in empty.items()},
    )


def measured_in(extended: Path, spec: str, tables: list[Path], folder: Path) -> pl.DataFrame:
    """Return what the measure of a checkout makes of some tables."""
    outputs = [folder / f"{name}.parquet" for name in ("measurements", "groups")]
    command = [sys.executable, extended / "scripts/measure.py", "--spec", spec, "--tables", *tables,
               "--measurements", outputs[0], "--groups", outputs[1]]  # fmt: skip
    environment = {"PYTHONPATH": str(extended / "src"), "UNSPOKEN_ROOT": str(extended)}
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return pl.read_parquet(outputs[0])


def test_the_scorer_of_moods_finds_planted_rates(extended: Path, tmp_path: Path) -> None:
    spread = [0.02 * step - 0.19 for step in range(20)]
    rates = {"m": [0.5 + one for one in spread], "m:prompted:gloomy": [0.3 + one for one in spread]}
    planted_answers("m", rates).write_parquet(tmp_path / "answers.parquet")
    measure = "unspoken.experiments.moods.measure"
    spec = f'{{"study": "moods", "seed": 1, "experiment": "moods", "measure": "{measure}"}}'
    measured = measured_in(extended, spec, [tmp_path / "answers.parquet"], tmp_path)
    estimates = measured.filter(kind="estimate").sort("subject")
    assert estimates["value"].to_list() == pytest.approx([0.5, 0.3])
    shift = measured.filter(kind="contrast", unit="probability").row(0, named=True)
    assert (shift["subject"], shift["versus"], shift["n_replicates"]) == ("m:prompted:gloomy", "m", 20)
    assert shift["value"] == pytest.approx(-0.2)
