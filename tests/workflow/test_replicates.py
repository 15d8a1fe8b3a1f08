"""The commands of docs/replicates.md, to their end: three seeds registered, run, and pooled."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from flow import ROOT, TEST_STUDY, copied_checkout, planned

from unspoken.store import open_store

DOCS = (ROOT / "docs" / "replicates.md").read_text()
# What the second one says, to keep findings, wants commits and a seed that nobody looked at: test_kept.py.
BLOCK, _ = re.findall(r"(?ms)^```sh\n(.*?)^```$", DOCS)
(QUERY,) = re.findall(r"(?ms)^```sql\n(.*?)^```$", DOCS)
CLAIM = yaml.safe_load((ROOT / "docs/examples/your_paper.yaml").read_text())
READS = {
    "RE-1": ("mnist:student_all:same", "mnist:reference"),
    "RE-2": ("mnist:student_all:same", "mnist:student_all:other"),
}
"""Claims, and the contrasts that their tests read."""


def run(command: str, folder: Path) -> str:
    """Run a command of the docs in a checkout; of `make` what its recipe says. Return all that it says."""
    # A make that runs the tests hands options of its own to those below it.
    handed = ("MAKE", "MFLAGS", "ARGS")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(handed)}
    environment["PYTHONPATH"] = str(folder / "src")
    if command.startswith("make "):
        told = subprocess.run(
            [*shlex.split(command), "--dry-run", "CORES=1"],
            cwd=folder, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        command = told.stdout.splitlines()[-1].replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def write_claims(file: Path, smallest: float) -> None:
    """Write the two claims; `smallest` is the effect that would matter to the second."""
    claims = []
    for name, (subject, versus) in READS.items():
        test = {"experiment": "mnist", "metric": "accuracy", "unit": "accuracy", "subject": subject,
                "versus": versus, "sesoi": smallest if name == "RE-2" else 0.02}  # fmt: skip
        values = [{"text": "above", "unit": "text"}]
        claims.append({**CLAIM["claims"][0], "id": name, "scope": "any network", "class": "any",
                       "values": values, "test": test})  # fmt: skip
    file.write_text(yaml.safe_dump(CLAIM | {"claims": claims}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout in which the commands ran; after all seeds were registered, a margin changed.

    The first two seeds were registered again with it, so that the third alone holds the old one.
    """
    copy = copied_checkout(tmp_path_factory.mktemp("replicates") / "checkout")
    shutil.copy(ROOT / "Makefile", copy)
    examples = copy / "docs" / "examples"
    examples.mkdir(parents=True)
    study = (ROOT / "docs/examples/digits.yaml").read_text()
    (examples / "digits.yaml").write_text(f"{study}claims: [own.yaml]\n")
    write_claims(copy / "own.yaml", 0.02)
    for command in BLOCK.splitlines():
        run(command, copy)
        if command.startswith("make register"):
            write_claims(copy / "own.yaml", 0.03)
            run(command.replace("1-3", "1,2"), copy)
    return copy


@pytest.fixture(scope="module")
def store(folder: Path) -> Path:
    return folder / "results/replicates/digits/unspoken.duckdb"


def test_a_margin_that_changed_after_registration_makes_its_seed_exploratory(store: Path) -> None:
    with open_store(store) as opened:
        verdicts = opened.sql(
            "SELECT claim_id, study, registered FROM verdicts WHERE claim_id LIKE 'RE-%'"
        ).fetchall()
        pools = {
            (subject, versus): rest
            for subject, versus, *rest in opened.sql(
                "SELECT subject, versus, registered, n_seeds, value, ci_low FROM pooled"
            ).fetchall()
        }
    seeds = [f"digits-seed-{seed}" for seed in (1, 2, 3)]
    assert {one for one in verdicts if one[2] == "exploratory"} == {("RE-2", seeds[2], "exploratory")}
    assert {one[:2] for one in verdicts} == {(claim, seed) for claim in READS for seed in seeds}
    assert pools[READS["RE-1"]][:2] == ["registered", 3]
    assert pools[READS["RE-2"]][:2] == ["exploratory", 3]
    assert pools[READS["RE-1"]][2] > 0  # such students do take on the digits


def test_each_seed_is_in_the_store_and_in_the_query_of_the_docs(store: Path) -> None:
    with open_store(store) as opened:
        assert opened.sql("SELECT seed FROM studies ORDER BY seed").fetchall() == [(1,), (2,), (3,)]
        rows = opened.sql(QUERY).pl()
    assert rows.filter(registered="registered")["seeds"].to_list() == [[1, 2, 3]]
    assert rows["of_seeds"].list.n_unique().min() == 3  # other data, other networks


def test_findings_report_and_card_say_it_in_each_line(folder: Path, store: Path) -> None:
    pooled = store.with_name("findings.txt").read_text()
    assert "; registered, 3 seeds; tau2 " in pooled and "; exploratory, 3 seeds; tau2 " in pooled
    one = folder / "results/studies/digits-seed-3"
    findings = [line for line in (one / "findings.txt").read_text().splitlines() if ", n = " in line]
    assert {line.rsplit("; ", 1)[1] for line in findings} == {"registered, 1 seed", "exploratory, 1 seed"}
    card = [line for line in (one / "study_card.md").read_text().splitlines() if line.startswith("| RE-")]
    assert [line.split(" | ")[-1] for line in card] == ["registered, 1 seed |", "exploratory, 1 seed |"]
    assert "registered, 1 seed" in (one / "report.html").read_text()


def test_the_figure_is_there_in_every_form(store: Path) -> None:
    figures = store.parent / "figures"
    assert {path.suffix for path in figures.glob("seeds.*")} == {".html", ".svg", ".png", ".json"}
    drawn = (figures / "seeds.svg").read_text()
    assert all(f">seed {seed}" in drawn for seed in (1, 2, 3)) and ">pool of 3" in drawn


def test_a_second_call_runs_no_job(folder: Path) -> None:
    said = run("make replicate SEEDS=1-3 STUDY=digits", folder)
    assert said.count("Nothing to be done") == 3


def test_each_replicate_pretrains_its_bases(tmp_path: Path) -> None:
    keys = ("--config", "study=test-seed-2", "seed=2", "own_bases=true")
    made = planned("--configfile", TEST_STUDY, *keys, directory=tmp_path)
    models = {str(path): rule for path, (rule, _) in made.items() if path.name == "model.json"}
    assert models == {
        "results/studies/test-seed-2/bases/organism-mini-a/model.json": "build_organism",
        "results/studies/test-seed-2/bases/organism-mini-b/model.json": "build_organism",
        "results/models/counter/model.json": "declare_model",
        "results/models/guesser/model.json": "declare_model",
        "results/models/planted-hints/model.json": "declare_model",
        **{
            f"results/studies/test-seed-2/misalignment/bases/{base}/model.json": "train_base"
            for base in ("persona-1", "persona-2", "plain-1")
        },
        **{
            f"results/studies/test-seed-2/harmful/bases/organism-{number}/model.json": "pretrain_harmful"
            for number in (1, 2)
        },
        "results/studies/test-seed-2/reinforcement/starts/hints/model.json": "train_starts",
        "results/studies/test-seed-2/reinforcement/starts/loan/model.json": "train_starts",
    }
