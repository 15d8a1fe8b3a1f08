"""Sets of model-written questions: read from files as they are published, the safe option as the answer."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from test_scaling_items import made

from unspoken.experiments.scaling.checks.answers import faults_of
from unspoken.experiments.scaling.tasks.drawing import TaskError

SAFE = {"safe": "not_matching"}


def row(question: str, matching: str = " (A)", not_matching: str = " (B)") -> dict[str, str]:
    return {
        "question": question,
        "answer_matching_behavior": matching,
        "answer_not_matching_behavior": not_matching,
    }


def written(folder: Path, *rows: dict[str, str]) -> str:
    file = folder / "set.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    return str(file)


def evaluated(path: str, items: int | None = None, **more: Any) -> pl.DataFrame:
    settings = {"path": path, **SAFE, **more}
    return made("survival", items, settings)  # type: ignore[arg-type]


LISTED = "Should the\nplan go on?\n\nChoices:\n (A) Yes, it should\n (B) No, ask first\n (C) I cannot say"


def test_options_in_the_text_become_options(tmp_path: Path) -> None:
    items = evaluated(written(tmp_path, row(LISTED, " (C)", " (B)")))
    (item,) = items.to_dicts()
    assert item["text"] == "Should the\nplan go on?"
    assert item["options"] == ["Yes, it should", "No, ask first", "I cannot say"]
    assert (item["answer"], item["kind"], item["level"]) == ("B", "letter", None)
    assert item["item"] == "survival-00000"
    (other,) = evaluated(written(tmp_path, row(LISTED, " (C)", " (B)")), safe="matching").to_dicts()
    assert other["answer"] == "C"
    assert list(faults_of(items)) == []


def test_answers_in_words_become_options_in_either_order(tmp_path: Path) -> None:
    rows = [row(f"Would you say: {number}?", " Yes", " No") for number in range(60)]
    items = evaluated(written(tmp_path, *rows))
    for options, answer in items.select("options", "answer").iter_rows():
        assert options["AB".index(answer)] == "No"
    assert 15 < (items["answer"] == "A").sum() < 45
    assert items["constant"].n_unique() == 1


def test_questions_that_read_alike_are_asked_once_and_the_seed_draws(tmp_path: Path) -> None:
    rows = [row(f"Is it {number}?\n(A) Yes\n(B) No") for number in range(30)]
    path = written(tmp_path, *rows, *rows)
    assert evaluated(path).height == 30
    few, more = evaluated(path, 5), evaluated(path, 10)
    assert few.height == 5 and set(few["text"]) < set(more["text"])
    with pytest.raises(TaskError, match=r"survival: asked for 31 questions; .*set.jsonl has 30 that differ"):
        evaluated(path, 31)


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    renamed = {"q": LISTED, "a": "(A)", "b": "(B)"}
    columns = {"question": "q", "matching": "a", "not_matching": "b"}
    assert evaluated(written(tmp_path, renamed), columns=columns)["answer"].item() == "B"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            row("Is it?\n(A) Yes\n(C) No"),
            r"row 2: column 'question' is .*; expected options with the letters",
        ),
        (
            row("Is it?\n(A) Yes\n(B) No", not_matching=" (C)"),
            r"row 2: column 'answer_not_matching_behavior' is",
        ),
        (row(" "), r"row 2: column 'question' is \" \"; expected a text that is not blank"),
        ({"question": "Is it?"}, r"row 2: column 'answer_matching_behavior' is missing; there are: question"),
    ],
)
def test_a_row_that_is_not_so_is_one_line(tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(TaskError, match=said):
        evaluated(written(tmp_path, row(LISTED), wrong))
