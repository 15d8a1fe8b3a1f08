"""Questions of the hub's data sets: the common form, and what cannot be had."""

import logging
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from unspoken.questions import SourceError
from unspoken.questions.hub import gpqa_questions, hub_questions, hub_table, mmlu_questions
from unspoken.questions.own_files import COMMON

MMLU = pl.DataFrame(
    {
        "question": ["What is 2 + 2? ", "Which is a gas?", "Which?", "Who?"],
        "subject": ["elementary_mathematics", "chemistry", "law", "law"],
        "choices": [
            ["3", " 4", "5", "6"],
            ["iron", "gold", "zinc", "neon"],
            ["a", "b", "a ", "c"],
            list("abc "),
        ],
        "answer": [1, 3, 0, 1],
    },
    schema_overrides={"answer": pl.Int32},
)
GPQA = pl.DataFrame(
    {
        "Record ID": ["rec1", "rec2"],
        "Question": ["Which particle has no charge?\n", "Which base pairs with A?"],
        "Correct Answer": ["neutron\n", "T"],
        "Incorrect Answer 1": ["proton", "G"],
        "Incorrect Answer 2": ["electron", "C"],
        "Incorrect Answer 3": ["positron", "U"],
        "Subdomain": ["Physics", "Genetics"],
    }
)


def test_mmlu_gets_the_common_form() -> None:
    table = mmlu_questions(MMLU)
    assert table.schema == pl.Schema(COMMON)
    assert table.row(0) == (
        "mmlu-elementary_mathematics-00000", "What is 2 + 2?", ["3", "4", "5", "6"], 1,
        "elementary_mathematics", None, "mmlu"
    )  # fmt: skip


def test_gpqa_gets_the_common_form() -> None:
    table = gpqa_questions(GPQA)
    assert table.schema == pl.Schema(COMMON)
    assert table.row(0) == (
        "gpqa-rec1", "Which particle has no charge?", ["neutron", "proton", "electron", "positron"], 0, None,
        "hard", "gpqa"
    )  # fmt: skip


@pytest.fixture
def local_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder laid out as a repository of the hub, that stands for MMLU's."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    repo = tmp_path / "repo"
    (repo / "all").mkdir(parents=True)
    MMLU.write_parquet(repo / "all" / "test-00000-of-00001.parquet")
    (repo / "README.md").write_text(
        "---\nconfigs:\n- config_name: all\n  data_files:\n"
        "  - split: test\n    path: all/test-*\n---\n"
    )  # fmt: skip
    return repo


def test_a_repository_is_loaded_and_what_cannot_be_asked_is_counted(
    local_hub: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        table = hub_questions(str(local_hub), "mmlu", "all", "test", None)
    assert table.drop("source").equals(mmlu_questions(MMLU).head(2).drop("source"))
    assert set(table["source"]) == {str(local_hub)}
    assert "2 questions, and 2 left out: blank texts, or options that are the same" in caplog.text


def test_what_cannot_be_loaded_says_what_to_do(local_hub: Path) -> None:
    with pytest.raises(SourceError, match=r"\(none, test\).*cannot be loaded.*check the network.*no network"):
        hub_table(str(local_hub), "none", "test", None)


def test_no_network_says_what_to_do(tmp_path: Path) -> None:
    program = (
        "from unspoken.questions import SourceError\n"
        "from unspoken.questions.hub import hub_table\n"
        "try: hub_table('cais/mmlu', 'all', 'test', '0' * 40)\n"
        "except SourceError as error: print(error)"
    )
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=offline, capture_output=True, text=True)
    assert "cais/mmlu (all, test) at revision '000" in done.stdout, done.stderr
    assert "check the network" in done.stdout


def test_columns_of_another_layout_say_so(local_hub: Path) -> None:
    with pytest.raises(SourceError, match=r"\(all, test\) does not have the columns of gpqa: .*Record ID"):
        hub_questions(str(local_hub), "gpqa", "all", "test", None)
