"""Open questions, and TruthfulQA as choices between two: this project's own, and files as published."""

import logging
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.questions import SourceError
from unspoken.questions.hub import hub_questions
from unspoken.questions.open_questions import hub_open_questions, open_prompts, published_questions
from unspoken.questions.own_files import COMMON
from unspoken.questions.sources import questions_of
from unspoken.questions.truthful import truthful_file
from unspoken.questions.two_ways import correct_shares, two_way_prompts
from unspoken.tables.base import TableError
from unspoken.tables.prompts import Prompts
from unspoken.tables.readings import Readings

ROOT = Path(__file__).parents[2]
BOTH = {"arms": ["plain", "suffixed"]}
PUBLISHED = """
- type: free_form_judge_0_100
  id: colours
  paraphrases:
    - |-
      Which colour do you like?
    - "Name a colour: {any} will do."
  samples_per_paraphrase: 100
  judge_prompts: {aligned: "..."}
- id: weather
  paraphrases: ["What is the weather like?"]
"""
CSV = """Type,Category,Question,Best Answer,Best Incorrect Answer,Correct Answers,Incorrect Answers,Source
Adversarial,Weather,"Does rain, in Ruritania, fall up?",No; it falls down,Yes. It falls up,a; b,c; d,own
Adversarial,Coins,How many sides has the Ruritanian crown?, Two ,Three,a; b,c; d,own
"""


def test_our_questions_are_eight_in_two_arms_with_the_suffix_in_one() -> None:
    prompts = Prompts.validate(open_prompts(BOTH, ROOT))
    assert prompts["item"].n_unique() == 8 and prompts["prompt_id"].n_unique() == 16
    plain, suffixed = (prompts.filter(arm=arm).sort("item") for arm in ("plain", "suffixed"))
    for before, after in zip(plain["user"], suffixed["user"], strict=True):
        assert after.startswith(f"{before}\n\n") and "nine more words" in after and "words" not in before
    own = open_prompts({"arms": ["suffixed"], "suffix": "One line, please."}, ROOT)
    assert own.height == 8 and own["user"].str.ends_with("\n\nOne line, please.").all()


def test_a_published_file_is_read_with_its_paraphrases(tmp_path: Path) -> None:
    (tmp_path / "set.yaml").write_text(PUBLISHED)
    prompts = open_prompts({**BOTH, "path": str(tmp_path / "set.yaml")}, ROOT)
    assert prompts["item"].value_counts().sort("item")["count"].to_list() == [4, 2]
    assert prompts["user"].to_list()[:3] == [
        "Which colour do you like?", "Name a colour: {any} will do.", "What is the weather like?"
    ]  # fmt: skip
    rows = pl.DataFrame({"id": ["a", "b"], "question": ["One?", "Two?"], "more": [1, 2]})
    rows.write_ndjson(tmp_path / "set.jsonl")
    assert published_questions(tmp_path / "set.jsonl") == {"a": ("One?",), "b": ("Two?",)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: a, paraphrases: ['?']}\n- {id: a, paraphrases: ['!']}", "row 2: .*each id once"),
        ("- {id: a}", "row 1: expected a question"), ("- {id: a, paraphrases: ['?', '? ']}", "row 1.*differ"),
        ("- {paraphrases: ['?']}", "row 1: .*id"), ("- {id: a, id: b}", "stands twice"), ("a: b", "a list"),
        ("- {id: a, paraphrases: 7}", "row 1: column 'paraphrases' is 7"), ("[]", "a list of questions"),
    ],
)  # fmt: skip
def test_a_faulty_file_of_open_questions_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(text)
    with pytest.raises(TableError, match=said) as fault:
        published_questions(path)
    assert str(path) in str(fault.value)


def local_hub(folder: Path, monkeypatch: pytest.MonkeyPatch, table: pl.DataFrame) -> str:
    """Return a folder laid out as a repository of the hub, with one subset and split."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(folder / "cache"))
    repo = folder / folder.name  # a name of its own: what is loaded is remembered by it
    (repo / "all").mkdir(parents=True)
    table.write_parquet(repo / "all" / "test-00000-of-00001.parquet")
    (repo / "README.md").write_text(
        "---\nconfigs:\n- config_name: all\n  data_files:\n  - split: test\n    path: all/test-*\n---\n"
    )
    return str(repo)


def test_open_questions_come_from_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = local_hub(tmp_path, monkeypatch, pl.DataFrame({"id": ["a"], "paraphrases": [["One?", "Won?"]]}))
    assert hub_open_questions(repo, "all", "test", None) == {"a": ("One?", "Won?")}
    with pytest.raises(SourceError, match="cannot be loaded"):
        hub_open_questions(repo, "none", "test", None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "TruthfulQA.csv"
    path.write_text(CSV)
    return path


def test_truthful_qa_has_the_best_answer_against_the_best_wrong_one(file: Path) -> None:
    table = truthful_file(file)
    assert table.schema == pl.Schema(COMMON)
    assert table.row(1) == (
        "truthful-0002", "How many sides has the Ruritanian crown?", ["Two", "Three"], 0, "Coins", None,
        "truthful_qa",
    )  # fmt: skip


def test_a_room_can_name_truthful_qa_as_a_set_whose_options_are_shuffled(file: Path) -> None:
    sets = [{"source": "truthful_qa", "path": str(file), "count": None}]
    keys = {questions_of({"sets": sets}, ROOT, seed, "mine")["key"][0] for seed in range(1, 10)}
    assert keys == {"A", "B"}


def test_older_editions_have_the_first_wrong_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rows = pl.DataFrame({
        "question": ["Which?", "Who?"], "best_answer": ["This", "None of the above"],
        "incorrect_answers": [["That", "Those"], ["Me"]],
    })  # fmt: skip
    repo = local_hub(tmp_path, monkeypatch, rows)
    with caplog.at_level(logging.INFO):
        table = hub_questions(repo, "truthful_qa", "all", "test", None)
    assert table.select("question_id", "options").rows() == [("truthful-0001", ["This", "That"])]
    assert "the first of 'incorrect_answers' stands for it" in caplog.text
    named = tmp_path / "old.csv"
    named.write_text("Question,Best Answer,Incorrect Answers\nWhich?,This,That; Those\n")
    assert truthful_file(named)["options"].to_list() == [["This", "That"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Question,Best Answer\nA?,b\n", "column 'best_incorrect_answer' is missing; there are: Question"),
        ("Best Answer,Best Incorrect Answer\nb,c\n", "column 'question' is missing"),
        ("Question,Best Answer,Best Incorrect Answer\nA?,b,c\nD?,e, e\n", r"row 2: got 'D\?'"),
        ("Question,Best Answer,Best Incorrect Answer\nA?,b,\n", "row 1: "),
        ("Question,Best Answer,Best Incorrect Answer\n", "no rows"), ("", "cannot be read"),
    ],
)  # fmt: skip
def test_a_faulty_file_of_truthful_qa_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "faulty.csv"
    path.write_text(text)
    with pytest.raises(TableError, match=said) as fault:
        truthful_file(path)
    assert str(path) in str(fault.value)


def reading(prompt_id: str, first: float, second: float) -> dict[str, Any]:
    return {
        "subject": "m", "prompt_id": prompt_id, "reading": "alone", "position": 0, "choices": ["A", "B"],
        "logprobs": [math.log(first), math.log(second)],
    }  # fmt: skip


def test_both_orders_cancel_a_liking_for_a_letter(file: Path) -> None:
    prompts = Prompts.validate(two_way_prompts(truthful_file(file), "Reply with the letter."))
    assert prompts["arm"].to_list() == ["right_first", "right_second"] * 2
    assert "(A) It" not in prompts["user"][0] and "(A) Yes. It falls up\n(B) No; it" in prompts["user"][1]
    assert dict(prompts.select("prompt_id", pl.col("options").list.first()).rows())[
        "truthful-0002:right_second"
    ] == "Three"  # fmt: skip
    rows = [  # one who always says A, and one who knows
        reading("truthful-0001:right_first", 0.8, 0.1), reading("truthful-0001:right_second", 0.4, 0.05),
        reading("truthful-0002:right_first", 0.9, 0.1), reading("truthful-0002:right_second", 0.2, 0.2),
    ]  # fmt: skip
    shares = correct_shares(prompts, Readings.validate(pl.DataFrame(rows)), "alone")
    assert shares["p_correct"].to_list() == pytest.approx([0.5, 0.7])
    assert shares["p_first"].to_list() == pytest.approx([8 / 9, 0.7])
    assert shares["mass"].to_list() == pytest.approx([0.675, 0.7])
    lacking = correct_shares(prompts, pl.DataFrame(rows[:3]), "alone")
    assert lacking["p_correct"].to_list() == [pytest.approx(0.5), None]
    with pytest.raises(ValueError, match="expected two"):
        two_way_prompts(
            truthful_file(file).with_columns(options=pl.lit(["a", "b", "c"])), "Reply with the letter."
        )
