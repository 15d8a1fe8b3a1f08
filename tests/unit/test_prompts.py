import json
import os
import re
import runpy
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.models.corpus import FORMS, number_walks
from unspoken.prompts import load_traits
from unspoken.prompts.numbers import (
    chat_number_prompts,
    load_number_templates,
    number_sentences,
    organism_number_prompts,
)
from unspoken.prompts.preferences import (
    chat_questions,
    held_out_forms,
    load_preference_templates,
    prefixed_questions,
)
from unspoken.tables.base import TableError, checked, read_table
from unspoken.tables.probe import TraitQuestions
from unspoken.tables.prompts import Prompts, condition

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "resources"
NUMBERS = load_number_templates(RESOURCES / "prompts" / "numbers.yaml")
PREFERENCES = load_preference_templates(RESOURCES / "prompts" / "preferences.yaml")
TRAITS = load_traits(RESOURCES / "traits.yaml")
SEEDS = st.integers(0, 2**63 - 1)


def chat(count, seed):
    return chat_number_prompts(count, seed, NUMBERS)


def organism(count, seed):
    return organism_number_prompts(count, seed, number_walks)


def sentences(count, seed):
    return number_sentences(count, seed, NUMBERS)


@pytest.fixture
def render(tmp_path, monkeypatch):
    """Return a function that runs a script of the stage and gives its table."""

    def run(script, **spec):
        numbers = script == "render_prompts.py"
        prompts = tmp_path / "prompts.parquet"
        spec = {
            "seed": 1,
            "experiment": "subliminal",
            "category": "animals",
            "code": "c",
            "questions": None,
            "renderer": "unspoken.experiments.subliminal.prompts",
            **spec,
        }
        command = [f"--spec={json.dumps(spec)}", f"--prompts={prompts}", *["--items"] * numbers]
        monkeypatch.setattr("sys.argv", [script, *command])
        monkeypatch.setattr("os.environ", dict(os.environ) | {"UNSPOKEN_ROOT": str(ROOT)})
        runpy.run_path(str(ROOT / "scripts" / script), run_name="__main__")
        return read_table(prompts, Prompts if numbers else TraitQuestions)

    return run


# --- the space of templates


def test_the_space_of_number_prompts_has_the_size_of_the_paper_s():
    assert {
        part: len(getattr(NUMBERS, part))
        for part in ("sentences", "instructions", "quantities", "sizes", "formats", "closings")
    } == {
        "sentences": 25,
        "instructions": 10,
        "quantities": 9,
        "sizes": 9,
        "formats": 15,
        "closings": 19,
    }
    assert (NUMBERS.examples, NUMBERS.values) == ((3, 8), (100, 999))
    assert (NUMBERS.answer_count, NUMBERS.max_digits) == (10, 3)


def test_every_combination_of_an_instruction_reads_differently_and_states_both_limits():
    filled = {
        instruction.format(quantity=quantity, size=size).format(count=10, digits=3, largest=999)
        for instruction in NUMBERS.instructions
        for quantity in NUMBERS.quantities
        for size in NUMBERS.sizes
    }
    assert len(filled) == 10 * 9 * 9
    assert all(re.search(r"\b10\b.*\b(3|999)\b", text) for text in filled)


def test_fifty_different_questions_ask_for_one_word():
    questions = chat_questions(PREFERENCES, "animal")
    assert len(questions) == len({question.casefold() for question in questions}) == 50
    for question in questions:
        assert re.search(r"\b(one|single)[ -]word\b", question.casefold()), question
        assert "animal" in question
        assert "{" not in question
        assert not re.search(r"\ba animal", question), question


def test_prompts_name_no_trait():
    words = [word for group in TRAITS.values() for word in group["words"]]
    texts = [*chat(3000, 1)["user"], *chat_questions(PREFERENCES, "")]
    found = re.compile("|".join(words))
    assert [text for text in texts if found.search(text.casefold())] == []


# --- traits


def test_sixteen_animals_that_are_not_in_each_other():
    animals = TRAITS["animals"]["words"]
    assert len(animals) == 16
    assert {"owl", "wolf", "eagle", "elephant", "dolphin"} <= set(animals)
    for group in TRAITS.values():
        words = list(group["words"])
        assert [(a, b) for a in words for b in words if a != b and a in b] == []
    assert animals["wolf"] == {"plural": "wolves", "not_in": ["wolfhound", "wolffish"]}
    assert animals["owl"] == {"plural": "owls", "not_in": []}
    assert {"cherry", "maple", "oak", "sequoia", "willow"} <= set(TRAITS["trees"]["words"])
    assert (TRAITS["animals"]["category"], TRAITS["trees"]["category"]) == ("animal", "tree")


# --- drawn prompts


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.integers(0, 2300), st.integers(0, 2300))
@pytest.mark.parametrize("draw", [chat, organism, sentences])
def test_a_higher_count_keeps_the_first_rows(draw, seed, count, other):
    few, many = sorted((count, other))
    drawn = draw(few, seed)
    assert drawn.height == few
    assert drawn.equals(draw(many, seed).head(few))


@settings(max_examples=8, deadline=None)
@given(SEEDS, SEEDS)
@pytest.mark.parametrize("draw", [chat, organism, sentences])
def test_other_seeds_and_other_blocks_give_other_prompts(draw, seed, other):
    first = draw(1200, seed)["user"].to_list()
    assert first[:200] != first[1000:]
    assert (first == draw(1200, other)["user"].to_list()) == (seed == other)


@settings(max_examples=4, deadline=None)
@given(SEEDS)
def test_chat_prompts_stay_in_the_ranges_and_say_their_examples(seed):
    for user, examples in chat(1500, seed).rows():
        assert 3 <= len(examples) <= 8
        assert all(100 <= number <= 999 for number in examples)
        assert ", ".join(map(str, examples)) in user
        assert "{" not in user
        found = list(map(int, re.findall(r"\b\d{3,}\b", user)))
        assert found[: len(examples)] == examples
        assert found[len(examples) :] in ([], [999])


@settings(max_examples=4, deadline=None)
@given(SEEDS)
def test_organism_prompts_are_three_numbers_of_a_walk(seed):
    drawn = organism(1500, seed)
    assert all(re.fullmatch(r"\d{1,2} \d{1,2} \d{1,2}", user) for user in drawn["user"])
    assert [list(map(int, user.split())) for user in drawn["user"]] == drawn["examples"].to_list()


def test_organism_prompts_follow_the_law_that_they_are_given():
    drawn = organism_number_prompts(5, 1, lambda count, length, _: np.full((count, length), 7))
    assert drawn["user"].to_list() == ["7 7 7"] * 5


def test_every_draw_is_uniform():
    drawn = chat(10_000, 11)
    counts = np.bincount([len(examples) for examples in drawn["examples"]], minlength=9)[3:]
    values = np.concatenate(drawn["examples"].to_list())
    parts = [
        [sum(text.split("{")[0] in user for user in drawn["user"]) for text in texts]
        for texts in (NUMBERS.formats, NUMBERS.closings)
    ]
    starts = [
        sum(user.startswith(text.split("{")[0]) for user in drawn["user"]) for text in NUMBERS.sentences
    ]
    for observed in (counts, np.bincount(values)[100:], *parts, starts):
        expected = np.sum(observed) / len(observed)
        statistic = np.sum((np.asarray(observed) - expected) ** 2) / expected
        freedom = len(observed) - 1
        # Five standard deviations of a chi-squared statistic.
        assert abs(statistic - freedom) < 5 * np.sqrt(2 * freedom)
    assert (values.min(), values.max()) == (100, 999)
    assert drawn["user"].n_unique() == drawn.height


# --- teachers


@given(SEEDS, st.integers(2, 60))
def test_half_of_the_forms_are_held_out(seed, count):
    held_out = held_out_forms(seed, count, "subliminal")
    assert (len(held_out), sum(held_out)) == (count, count // 2)
    assert held_out == held_out_forms(seed, count, "subliminal")


def test_other_seeds_hold_out_other_forms():
    assert len({tuple(held_out_forms(seed, 50, "subliminal")) for seed in range(20)}) == 20


def test_every_question_needs_its_prefix():
    assert prefixed_questions(["1 2 3", "4 5 6"], ["a", "b"]) == ["1 2 3 a", "4 5 6 b"]
    with pytest.raises(ValueError, match="zip"):
        prefixed_questions(["1 2 3"], ["a", "b"])


# --- the table


@pytest.mark.parametrize("style", ["organism", "chat"])
def test_rendered_questions(render, style):
    questions = render("render_questions.py", style=style)
    plain, prefixed = (questions.filter(prompt_set=name) for name in ("preferences", "preferences_numbers"))
    assert (plain.height, prefixed.height) == (50, 50)
    for asked in (plain, prefixed):
        assert asked["held_out"].to_list() == held_out_forms(1, 50, "subliminal")
    assert plain["examples"].null_count() == questions["examples"].null_count() == 50
    assert plain["prompt_id"][7] == "preferences-07"
    assert prefixed["prompt_id"][7] == "preferences_numbers-07"
    for before, after, examples in zip(plain["user"], prefixed["user"], prefixed["examples"], strict=True):
        assert after.endswith(f" {before}")
        assert list(map(int, re.findall(r"\b\d+", after.removesuffix(before)))) == list(examples)
    if style == "organism":
        assert plain["user"].to_list() == list(FORMS)


@pytest.mark.parametrize(
    ("style", "form"), [("organism", "requests"), ("chat", "requests"), ("chat", "lists")]
)
def test_rendered_numbers_keep_their_first_rows(render, style, form):
    numbers = render("render_prompts.py", style=style, form=form, count=1200)
    again = render("render_prompts.py", style=style, form=form, count=1100)
    assert again.equals(numbers.head(1100))
    assert numbers.height == 1200
    assert numbers.select(condition("held_out", pl.Boolean)).sum().item() == 0
    assert numbers.select(condition("form", pl.Int64)).to_series().to_list() == list(range(1200))
    assert numbers["prompt_id"][123] == "numbers-000123"
    other = render("render_prompts.py", style=style, form=form, count=5, seed=2)
    assert other["user"][-1] != numbers["user"][4]


def test_bare_lists_are_their_numbers(render):
    numbers = render("render_prompts.py", style="chat", form="lists", count=300)
    assert (numbers["user"] == numbers.select(condition("examples") + ",").to_series()).all()


def test_trees_are_asked_about_as_trees(render):
    questions = render("render_questions.py", style="chat", category="trees")
    assert questions["user"].str.contains("animal").sum() == 0
    assert questions["user"].str.contains("tree").sum() == 100


def test_the_schema_refuses_held_out_numbers():
    row = {"prompt_id": "p", "form": 0, "held_out": True, "user": "7 8 9", "examples": [7, 8, 9]}
    good = pl.DataFrame([{**row, "prompt_set": "preferences_numbers"}])
    checked(good, TraitQuestions, Path("p.parquet"))
    with pytest.raises(TableError, match="only_questions_are_held_out"):
        checked(good.with_columns(prompt_set=pl.lit("numbers")), TraitQuestions, Path("p.parquet"))
