"""CONTRIBUTING's whole experiment, put into a copy of this project: it cannot rot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from flow import ROOT, copied_checkout, planned

EXAMPLE = ROOT / "docs" / "examples" / "moods"
RESULTS = Path("results/studies/moods")


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of this project that has the experiment, as CONTRIBUTING says how to add it."""
    copy = copied_checkout(tmp_path_factory.mktemp("example") / "checkout")
    for part in ("resources", "rules", "scripts", "src", "studies"):
        shutil.copytree(EXAMPLE / part, copy / part, dirs_exist_ok=True)
    patch = ["git", "apply", "--verbose", str(EXAMPLE / "existing.patch")]
    subprocess.run(patch, cwd=copy, check=True, capture_output=True)
    return copy


def python(*arguments: str | Path, root: Path) -> str:
    """Run Python with the library of a checkout; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "UNSPOKEN_ROOT": str(root)}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_as_small_as_it_should_be() -> None:
    files = [EXAMPLE / "existing.patch", *EXAMPLE.rglob("*.py"), *EXAMPLE.rglob("*.smk")]
    lines = [line for file in files for line in file.read_text().splitlines()]
    added = [line for line in lines if line.strip() and (line[0] not in "-@")]
    assert len(files) == 5  # the section, the scorer, its script, its rule; and lines of existing files
    assert len(added) < 200


def test_it_is_composed_of_existing_stages(extended: Path, tmp_path: Path) -> None:
    study = extended / "studies" / "moods.yaml"
    outputs = planned("--configfile", study, directory=tmp_path / "work", root=extended)
    assert {str(path): rule for path, (rule, _) in outputs.items()} == {
        "results/models/smollm2-135m-q4/model.json": "unpack_model",
        f"{RESULTS}/moods/questions.parquet": "render_questions",
        f"{RESULTS}/moods/smollm2-135m-q4/answers.parquet": "probe_traits",
        f"{RESULTS}/moods/smollm2-135m-q4/asked.json": "probe_traits",
        f"{RESULTS}/moods/measurements.parquet": "measure_moods",
        f"{RESULTS}/moods/groups.parquet": "measure_moods",
        f"{RESULTS}/claims.parquet": "judge_claims",
        f"{RESULTS}/verdicts.parquet": "judge_claims",
        f"{RESULTS}/unspoken.duckdb": "build_store",
        f"{RESULTS}/figures/vega.js": "bundle_vega",
        f"{RESULTS}/report.html": "write_report",
        f"{RESULTS}/study_card.md": "write_report",
        f"{RESULTS}/ro-crate-metadata.json": "write_report",
        f"{RESULTS}/workflow/Snakefile": "write_report",
        f"{RESULTS}/findings.txt": "write_findings",
    }


def test_it_changes_no_other_job(extended: Path) -> None:
    """Else a new experiment would train everything anew."""
    ask = (
        "import sys; from pathlib import Path; from unspoken.code import code_digest\n"
        "for path in sorted(Path('scripts').glob('*.py')): print(path.name, code_digest(path.resolve()))"
    )
    before, after = (
        dict(line.split() for line in python("-c", ask, root=root).splitlines()) for root in (ROOT, extended)
    )
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed == {"measure_moods.py", "write_findings.py"}


def test_the_questions_are_rendered(extended: Path, tmp_path: Path) -> None:
    spec = '{"experiment": "moods", "seed": 1, "style": "listed"}'
    prompts = tmp_path / "questions.parquet"
    python("scripts/render_questions.py", "--spec", spec, "--prompts", prompts, root=extended)
    questions = pl.read_parquet(prompts)
    assert questions.height == 20
    assert set(questions["prompt_set"]) == {"moods"}


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


def test_the_scorer_finds_planted_rates(extended: Path, tmp_path: Path) -> None:
    spread = [0.02 * step - 0.19 for step in range(20)]
    rates = {"m": [0.5 + one for one in spread], "m:prompted:gloomy": [0.3 + one for one in spread]}
    planted_answers("m", rates).write_parquet(tmp_path / "answers.parquet")
    files = {name: tmp_path / f"{name}.parquet" for name in ("answers", "measurements", "groups")}
    options = [option for name, path in files.items() for option in (f"--{name}", path)]
    spec = '{"study": "moods", "seed": 1}'
    python("scripts/measure_moods.py", "--spec", spec, *options, root=extended)
    measured = pl.read_parquet(files["measurements"])
    estimates = measured.filter(kind="estimate").sort("subject")
    assert estimates["value"].to_list() == pytest.approx([0.5, 0.3])
    shift = measured.filter(kind="contrast", unit="probability").row(0, named=True)
    assert (shift["subject"], shift["versus"], shift["n_replicates"]) == ("m:prompted:gloomy", "m", 20)
    assert shift["value"] == pytest.approx(-0.2)
