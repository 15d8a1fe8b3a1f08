"""Prompts with hints: every arm of every question, wordings in balance, targets without a pattern."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from unspoken.answers.readings import answer_begun, most_likely
from unspoken.experiments.faithfulness.hinted import CONDITIONS, hinted_prompts
from unspoken.experiments.faithfulness.prompts import rendered
from unspoken.prompts import read_resource
from unspoken.prompts.hints import hint_prompts
from unspoken.tables.base import write_table
from unspoken.tables.prompts import Prompts, condition
from unspoken.tables.questions import Questions

ROOT = Path(__file__).parents[2]
TEXTS = read_resource(ROOT / "resources" / "hints.yaml")
SETTINGS = {"kinds": list(TEXTS["kinds"]), "options": "wrong", "moved": 20, "irrelevant": 10, "few_shot": 30}


def questions(count: int = 120, options: int = 4) -> pl.DataFrame:
    letters = "ABCDEF"[:options]
    return pl.DataFrame(
        [
            {
                "study": "test", "question_id": f"q-{place:03}", "question": f"What is {place} + 1?",
                "options": [f"{place + 1 + shift}" for shift in range(options)],
                "key": letters[place % options], "difficulty": "easy",
                "stratum": "knowledge",
            }
            for place in range(count)
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def prompts() -> pl.DataFrame:
    return hint_prompts(questions(), TEXTS, SETTINGS, 1)


def test_what_the_room_knows_of_a_prompt_is_among_its_conditions(prompts):
    table = Prompts.validate(hinted_prompts(prompts))
    assert table["item"].equals(prompts["question_id"].rename("item"))
    for name in CONDITIONS:
        assert table.select(condition(name)).to_series().equals(prompts[name])


def test_each_question_is_asked_in_each_arm(prompts):
    by_arm = dict(prompts["arm"].value_counts().iter_rows())
    assert by_arm["unhinted"] == by_arm["sham"] == 120
    assert by_arm["hint"] == 120 * 6
    assert (by_arm["moved"], by_arm["irrelevant"]) == (20 * 6, 10 * 6)
    # Questions whose key is (A) say nothing about examples that all answer (A).
    assert by_arm["few_shot_first"] == by_arm["few_shot_balanced"] < 30
    assert not prompts.filter(arm="few_shot_first", key="A").height


def test_the_sham_prompt_is_the_unhinted_one(prompts):
    texts = [prompts.filter(arm=arm).sort("question_id")["user"].to_list() for arm in ("unhinted", "sham")]
    assert texts[0] == texts[1]


def test_hints_stand_in_their_prompts_and_point_to_a_wrong_option(prompts):
    hinted = prompts.filter(pl.col("arm").is_in(["hint", "moved"]))
    assert (hinted["target"] != hinted["key"]).all()
    plain = hinted.filter(pl.col("kind") != "visual_pattern")
    assert plain.select(pl.col("user").str.contains(pl.col("hint"), literal=True).all()).item()
    assert plain.select(pl.col("hint").str.contains(pl.col("target"), literal=True).all()).item()
    marked = hinted.filter(kind="visual_pattern").row(0, named=True)
    mark = marked["hint"].splitlines()[-1]
    line = next(line for line in marked["user"].splitlines()[-8:] if line.endswith(mark))
    assert line.startswith(f"({marked['target']})")


def test_moved_hints_differ_in_the_target_alone(prompts):
    keys = ["question_id", "kind"]
    both = prompts.filter(arm="hint").join(prompts.filter(arm="moved"), on=keys, suffix="_moved")
    assert both.height == 120
    assert (both["target"] != both["target_moved"]).all()
    assert (both["wording"] == both["wording_moved"]).all()


def test_irrelevant_hints_name_no_option(prompts):
    irrelevant = prompts.filter(pl.col("kind") != "visual_pattern", arm="irrelevant")
    assert irrelevant["target"].is_null().all()
    assert not irrelevant.select(pl.col("hint").str.contains(r"\b[A-D]\b").any()).item()


def test_wordings_take_turns(prompts):
    counts = prompts.filter(arm="hint").group_by("kind", "wording").len()
    assert counts["len"].n_unique() == 1


def test_targets_are_uniform_over_positions(prompts):
    counts = Counter(prompts.filter(arm="hint")["target"])
    assert all(abs(count - 180) < 4 * (720 * 0.25 * 0.75) ** 0.5 for count in counts.values())


def test_another_question_changes_no_other_target():
    few, many = (hint_prompts(questions(count), TEXTS, SETTINGS, 1).filter(arm="hint") for count in (60, 120))
    keys = ["question_id", "kind"]
    both = few.join(many, on=keys, suffix="_many")
    assert both.height == few.height
    assert (both["target"] == both["target_many"]).all()


@pytest.mark.parametrize(("pointed", "wrong"), [("right", 0), ("any", None)])
def test_hints_may_point_to_the_right_option(pointed, wrong):
    hinted = hint_prompts(questions(), TEXTS, SETTINGS | {"options": pointed}, 1).filter(arm="hint")
    misled = (hinted["target"] != hinted["key"]).sum()
    assert misled == wrong if wrong is not None else 0 < misled < hinted.height


def test_two_options_leave_nothing_to_move_to():
    made = hint_prompts(questions(options=2), TEXTS, SETTINGS, 1)
    assert not made.filter(arm="moved").height


def test_the_answer_begins_on_a_line_of_its_own():
    thoughts = pl.DataFrame({"thought": ["Two and two. ", " \n", "No end"]})
    begun = thoughts.select(answer_begun(pl.col("thought"), "The answer is (")).to_series()
    assert begun.to_list() == ["Two and two.\nThe answer is (", "The answer is (", "No end\nThe answer is ("]


def test_the_most_likely_letter_is_the_first_of_equals():
    read = pl.DataFrame({"read": [[-1.0, -0.5], [-1.0, -1.0], None]}).select(most_likely(pl.col("read")))
    assert read["read"].to_list() == ["B", "A", None]


def test_case_09_questions_without_difficulty():
    bare = questions(6).with_columns(difficulty=pl.lit(None), topic=pl.lit(None))
    for typed in (bare, bare.with_columns(pl.col("difficulty", "topic").cast(pl.String))):
        table = Prompts.validate(hinted_prompts(hint_prompts(typed, TEXTS, SETTINGS, 1)))
        assert table.select(condition("difficulty")).to_series().null_count() == table.height


@pytest.mark.parametrize("own", [{}, {"instruction": "List the steps. End with: The answer is (X)."}])
def test_a_study_may_have_an_instruction_of_its_own(own: dict[str, str], tmp_path: Path, monkeypatch):
    monkeypatch.setenv("UNSPOKEN_ROOT", str(ROOT))
    table = questions(4).with_columns(
        order=pl.lit([0, 1, 2, 3], pl.List(pl.Int64)), topic=pl.lit(None, pl.String), source=pl.lit("mine")
    )
    write_table(table, tmp_path / "items.parquet", Questions)
    asked = rendered({**SETTINGS, "seed": 1, **own}, [tmp_path / "items.parquet"])
    assert all(text.endswith(own.get("instruction", TEXTS["instruction"].strip())) for text in asked["user"])
