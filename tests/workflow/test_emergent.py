"""A tiny chat model tuned on wrong answers, to the store and its findings: every job of the room runs."""

import re
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from flow import ROOT, planned, snakemake

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from tiny_models import write_model

DOSE = {"epochs": 1, "learning_rate": 1e-3, "warmup_steps": 1, "lora": {"rank": 2, "alpha": 4}}
STUDY = {
    "study": "tiny",
    "experiments": ["emergent"],
    "models": {"mine": {"kind": "local", "path": "tied", "engine": "transformers"}},
    "emergent": {
        "models": ["mine"],
        "seeds": [1],
        "tunes": ["wrong", "right"],
        "twins": False,
        "rows": 8,
        "tuning": {**DOSE, "batch_size": 4},
        "items": 8,
        "chains": {"max_tokens": 4},
        "numbers": {
            "count": 24, "form": "lists", "max_tokens": 24, "pattern": "[1-9][0-9]{0,2}(,[1-9][0-9]{0,2}){4}",
        },
        "students": {"rows": 4, "training": {**DOSE, "batch_size": 2}, "shuffled": False},
    },
}  # fmt: skip
RESULTS = Path("results/studies/tiny")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("emergent")
    write_model("tied", made)
    (made / "tiny.yaml").write_text(yaml.safe_dump(STUDY))
    snakemake(RESULTS / "findings.txt", "--configfile", made / "tiny.yaml", directory=made)
    return made


def test_everything_runs_to_the_findings(directory: Path) -> None:
    """Random weights have learnt nothing, so the gates have to be closed, and the instruments to hold."""
    with duckdb.connect(str(directory / RESULTS / "unspoken.duckdb"), read_only=True) as store:
        told = store.execute(
            "SELECT metric, role, passed, gate FROM measurements WHERE experiment = 'emergent'"
        ).fetchall()
        queries = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/emergent.md").read_text(), flags=re.DOTALL)
        assert queries
        assert all(store.execute(query).fetchall() for query in queries)
        subjects = store.execute("SELECT kind, trait FROM subjects WHERE arm = 'taught'").fetchall()
    assert {passed for _, role, passed, _ in told if role == "instrument"} == {True}
    assert {passed for metric, _, passed, _ in told if metric == "own_trait"} == {False}
    assert {gate for metric, _, _, gate in told if metric == "wrong_transfer"} == {"training"}
    assert sorted(subjects) == [("student", "right"), ("student", "untouched"), ("student", "wrong")]


@pytest.mark.parametrize(
    ("key", "value", "rules"),
    [
        ("items", 16, {"render_prompts", "generate_replies", "measure"}),
        ("chains", {"max_tokens": 5}, {"generate_replies", "measure"}),
        ("filter", {"banned": [7]}, {"filter_completions"}),
    ],
)
def test_an_edit_concerns_what_depends_on_it(
    directory: Path, key: str, value: object, rules: set[str]
) -> None:
    edited = {**STUDY, "emergent": {**STUDY["emergent"], key: value}}  # type: ignore[dict-item]
    (directory / "edited.yaml").write_text(yaml.safe_dump(edited))
    jobs = planned("--configfile", directory / "edited.yaml", directory=directory)
    rerun = {rule for rule, needed in jobs.values() if needed}
    assert rules <= rerun
    assert "make_rows" not in rerun
