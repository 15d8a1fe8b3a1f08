"""Faithfulness on a scripted process, a follower and a user's transcripts, and loops: their jobs, whole."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flow import ROOT, copied_checkout, planned, snakemake

from unspoken.store import open_store
from unspoken.tables.prompts import condition

RESULTS = Path("results/studies/hints")
STUDY: dict[str, Any] = {
    "study": "hints",
    "experiments": ["faithfulness"],
    "models": {
        "guesser": {
            "kind": "scripted",
            "rules": [
                {"when": r"The answer is \($", "answers": {"A": 1, "B": 2, "C": 3, "D": 1}},
                {"when": "Answer:$", "answers": {"Yes": 1, "No": 3}},
                {
                    "when": "",
                    "answers": {"It may be. It fits. The answer is (B).": 1, "Hm. Well. No idea.": 2},
                },
            ],
        }
    },
    "faithfulness": {
        "models": ["guesser"],
        "planted": ["planted-hints", "follower-half"],
        "questions": [{"source": "knowledge", "count": 12}],
        "kinds": ["sycophancy", "metadata"],
        "moved": 4,
        "irrelevant": 4,
        "few_shot": 4,
        "tests": {"chains": 3, "positions": 2},
        "threads": 1,
    },
    "loops": {"turns": [1, 2], "seeds": 2, "questions": 5, "training": {"steps": 41, "rows": 16}},
}
WRITTEN = ROOT / "tests" / "data" / "transcripts"
TRANSCRIPTS = ROOT / "docs" / "examples" / "transcripts.jsonl"


def overlay(directory: Path, **changed: Any) -> Path:
    file = directory / "study.yaml"
    file.write_text(json.dumps({**STUDY, "faithfulness": STUDY["faithfulness"] | changed}))
    return file


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory in which the study was built; nobody changes it."""
    directory = tmp_path_factory.mktemp("hints")
    checkout = copied_checkout(directory / "checkout")
    both = directory / "with_loops.yaml"
    both.write_text(json.dumps({"experiments": ["faithfulness", "loops"]}))
    files = ["--configfile", overlay(directory), both]
    snakemake("store", *files, directory=directory, root=checkout, cores=2)
    return directory


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the built study that a test may change."""
    shutil.copytree(built, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def rerun(directory: Path, study: Path) -> dict[str, str]:
    """Build the study again; return what each job that ran has logged, by rule and subject."""
    before = {path: path.stat().st_mtime_ns for path in directory.glob(f"{RESULTS}/logs/**/*.log")}
    snakemake("store", "--configfile", study, directory=directory, root=directory / "checkout", cores=2)
    return {
        str(path.relative_to(directory / RESULTS / "logs").with_suffix("")): path.read_text()
        for path in directory.glob(f"{RESULTS}/logs/**/*.log")
        if before.get(path) != path.stat().st_mtime_ns
    }


def test_every_check_of_the_planted_personas_holds(built: Path) -> None:
    with open_store(built / RESULTS / "unspoken.duckdb") as store:
        checks, passed = store.sql(
            "SELECT count(*), bool_and(passed) FROM measurements WHERE role = 'instrument'"
        ).fetchall()[0]
        (texts,) = store.sql("SELECT count(*) FROM trials WHERE chain <> '' AND prompt <> ''").fetchall()[0]
    assert checks > 10 and passed
    assert texts > 100


def test_another_judge_generates_nothing(copy: Path) -> None:
    judge = {"kind": "ensemble", "model": "guesser"}
    ran = rerun(copy, overlay(copy, judge=judge))
    rules = {name.split("/")[0] for name in ran}
    assert rules == {"judge_replies", "pair_trials", "measure", "judge_claims", "build_store"}


def test_another_wording_generates_its_own_trials_alone(copy: Path) -> None:
    hints = copy / "checkout" / "resources" / "hints.yaml"
    text = hints.read_text(encoding="utf-8")
    changed = text.replace("The professor who teaches this subject says that", "Your professor says that")
    assert changed != text
    hints.write_text(changed, encoding="utf-8")
    ran = rerun(copy, copy / "study.yaml")
    prompts = pl.read_parquet(copy / RESULTS / "faithfulness" / "all" / "prompts.parquet")
    conditions = prompts.select(condition("kind"), condition("wording"))
    own = conditions.filter(kind="sycophancy", wording="professor").height
    counts = re.findall(r"(\d+) completions made, (\d+) reused", ran["generate_replies/faithfulness/guesser"])
    assert counts[0] == (str(own), str(prompts.height - own))


def test_transcripts_are_scored_with_nothing_generated(tmp_path: Path) -> None:
    """A file of the user's own, a log that Inspect wrote, and samples that lm-evaluation-harness wrote."""
    shutil.copy(TRANSCRIPTS, tmp_path / "mine.jsonl")
    hints = {"id": "metadata.question", "kind": "metadata.hint", "target": "metadata.hint_target"}
    transcripts = {
        "mine": {"path": "mine.jsonl"},
        "of-inspect": {"path": str(WRITTEN / "inspect_hints.eval"), "columns": hints},
        "of-harness": {"path": str(WRITTEN / "samples_written_questions.jsonl")},
    }
    study = overlay(tmp_path, models=[], planted=[], questions=[], transcripts=transcripts)
    rules = {rule for rule, _ in planned("store", "--configfile", study, directory=tmp_path).values()}
    assert not rules & {
        "generate_replies",
        "render_prompts",
        "load_questions",
        "unpack_model",
        "probe_chains",
    }
    snakemake("store", "--configfile", study, directory=tmp_path, cores=2)
    with open_store(tmp_path / RESULTS / "unspoken.duckdb") as store:
        hinted, judged = store.sql(
            "SELECT count(*), count(mentions) FROM trials WHERE arm = 'hint' AND subject = 'mine'"
        ).fetchall()[0]
        scores = store.sql(
            "SELECT subject, metric, value, n_samples, n_replicates FROM measurements"
            " WHERE metric = 'switch_rate' AND conditions['hint'] = 'all'"
            " AND conditions['unusable'] = 'dropped' AND subject LIKE 'of-%'"
        ).fetchall()
        accuracies = store.sql(
            "SELECT n_samples + n_missing, n_replicates FROM measurements WHERE metric = 'accuracy'"
            " AND subject = 'of-harness:unhinted' AND conditions['unusable'] = 'failure'"
        ).fetchall()
    rows = [json.loads(line) for line in TRANSCRIPTS.read_text(encoding="utf-8").splitlines()]
    assert hinted == judged == sum(row["hinted"] for row in rows)
    assert scores == [("of-inspect:hinted", "switch_rate", 0.5, 10, 5)]
    assert accuracies[0][1] == 8
    log = tmp_path / RESULTS / "logs" / "import_transcripts" / "faithfulness-of-inspect.log"
    assert "1 subject: of-inspect (5 questions, 20 replies)" in log.read_text()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"question": "Why?", "options": ["a", "b"]}, "answer"),
        ({"question": "Why?", "options": ["a", "b"], "answer": "c"}, "answer"),
        ({"question": "Why?", "options": ["a"], "answer": "a"}, "options"),
    ],
)
def test_a_bad_row_of_ones_own_questions_is_named(row: dict, said: str, tmp_path: Path) -> None:
    good = {"id": "q1", "question": "Which?", "options": ["a", "b"], "answer": "a"}
    lines = [json.dumps(one) for one in (good, {"id": "q2", **row})]
    (tmp_path / "mine.jsonl").write_text("\n".join(lines))
    study = overlay(tmp_path, questions=[{"source": "own", "path": "mine.jsonl"}])
    with pytest.raises(AssertionError) as error:
        snakemake(RESULTS / "faithfulness/items.parquet", "--configfile", study, directory=tmp_path)
    text = str(error.value)
    assert "mine.jsonl" in text and "line 2" in text and said in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("name", "score", "listed"),
    [
        ("inspect_log", r"follower:hinted: switch rate 0\.500, 10 replies to 5 questions", "follower"),
        ("lm_eval_samples", r"smollm2:unhinted: accuracy 0\.\d{3}.*, 7 replies to \d questions", "smollm2"),
    ],
)
def test_what_another_tool_wrote_comes_to_scores_and_report_by_one_command(
    name: str, score: str, listed: str, tmp_path: Path
) -> None:
    """A log that Inspect wrote, and samples that lm-evaluation-harness wrote; these have no hints."""
    (tmp_path / "tests/data").mkdir(parents=True)
    (tmp_path / "tests/data/transcripts").symlink_to(WRITTEN)
    said = snakemake("--configfile", ROOT / f"docs/examples/{name}.yaml", directory=tmp_path, cores=2)
    made = tmp_path / "results" / "studies" / name
    findings = (made / "findings.txt").read_text(encoding="utf-8")
    assert findings.strip() in said
    assert re.search(f"^  {score}$", findings, re.MULTILINE)
    assert listed in (made / "report.html").read_text(encoding="utf-8")
