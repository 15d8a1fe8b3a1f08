"""Questions with lettered options in random orders: balance, wordings, and what is offered."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspoken.prompts import ResourceError, load_traits
from unspoken.prompts.shuffled import (
    LETTERS,
    OTHERS,
    PROMPT_SET,
    balanced_orders,
    load_option_templates,
    offered_words,
    shuffled_questions,
)
from unspoken.tables.base import checked
from unspoken.tables.probe import TraitQuestions

RESOURCES = Path(__file__).parents[2] / "resources"
WORDINGS = RESOURCES / "prompts" / "preferences.yaml"
TEMPLATES = load_option_templates(WORDINGS)
WORDS = load_traits(RESOURCES / "traits.yaml")["animals"]["words"]
SEEDS = st.integers(0, 2**63 - 1)
COUNTS = st.integers(2, 20)


@given(COUNTS, st.integers(1, 60), SEEDS)
def test_every_option_stands_equally_often_at_each_letter(count, orders, seed):
    placed = balanced_orders(count, orders, seed)
    rounds = max(2, -(-orders // count))
    assert placed.shape == (rounds * count, count)
    assert (np.sort(placed, axis=1) == np.arange(count)).all()
    for start in range(0, len(placed), count):
        assert (np.sort(placed[start : start + count], axis=0) == np.arange(count)[:, None]).all()


@given(st.integers(1, 8), SEEDS)
def test_of_an_even_count_each_option_follows_every_other_once_a_round(half, seed):
    count = 2 * half
    placed = balanced_orders(count, 1, seed)
    for start in range(0, len(placed), count):
        follows = [pair for order in placed[start : start + count].tolist() for pair in pairwise(order)]
        assert len(set(follows)) == len(follows) == count * (count - 1)


@given(COUNTS, SEEDS)
def test_more_orders_keep_the_first(count, seed):
    fewer, more = (balanced_orders(count, rounds * count, seed) for rounds in (2, 5))
    assert (more[: len(fewer)] == fewer).all()


def test_other_seeds_draw_other_orders():
    assert len({balanced_orders(8, 16, seed).tobytes() for seed in range(20)}) == 20


@given(COUNTS, st.integers(1, 40), SEEDS)
def test_questions_show_the_options_that_they_say(count, orders, seed):
    offered = list(WORDS)[:count]
    asked = shuffled_questions(TEMPLATES, "animal", offered, orders, seed)
    checked(asked, TraitQuestions, Path("p.parquet"))
    assert asked["prompt_id"].n_unique() == asked.height
    assert asked["held_out"].all()
    assert set(asked["prompt_set"]) == {PROMPT_SET}
    for user, words in asked.select("user", "words").iter_rows():
        shown = re.findall(r"^\(([A-Z])\) (.+)$", user, re.MULTILINE)
        assert shown == list(zip(LETTERS[: len(offered)], words, strict=True))
        assert sorted(words) == sorted(offered)


@given(COUNTS, SEEDS)
def test_wordings_take_turns(count, seed):
    asked = shuffled_questions(TEMPLATES, "animal", list(WORDS)[:count], 40, seed)
    known = len(TEMPLATES.questions)
    size = min(count, len(WORDS))
    for start in range(0, asked.height, size):
        bare = asked["user"][start : start + size].str.replace_all(r"(?m)^\([A-Z]\) .+$", "")
        counts = bare.value_counts()["count"]
        assert counts.len() == min(known, size)
        assert counts.max() - counts.min() <= 1


def test_all_wordings_are_asked():
    asked = shuffled_questions(TEMPLATES, "animal", ["owl", "cat"], 16, 1)
    assert asked["user"].str.replace_all(r"(?m)^\([A-Z]\) .+$", "").n_unique() == len(TEMPLATES.questions)


@given(st.lists(st.sampled_from(list(WORDS)), unique=True, min_size=1, max_size=16), SEEDS)
def test_the_traits_and_up_to_four_others_are_offered(traits, seed):
    offered = offered_words(traits, list(WORDS), seed)
    assert offered[: len(traits)] == traits
    assert len(set(offered)) == len(offered) == min(len(traits) + OTHERS, len(WORDS))
    assert set(offered) <= set(WORDS)


def test_other_seeds_offer_other_words():
    assert len({tuple(offered_words(["owl"], list(WORDS), seed)) for seed in range(20)}) > 10


def test_options_need_letters_and_company():
    many = [f"word{number}" for number in range(27)]
    with pytest.raises(ValueError, match="27 traits cannot be lettered; expected at most 26"):
        offered_words(many, many, 1)
    assert len(offered_words(many[:25], many, 1)) == 26
    with pytest.raises(ValueError, match=r"got \['owl'\]; expected two words or more"):
        offered_words(["owl"], ["owl"], 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('option_answer: "My favourite is ("', "", "option_answer: got None; expected a text"),
        ("Which of these do you like best?\\n{options}", "Which?", r"option_questions\[0\].*\{options\}"),
        ("option_questions:", "others:", "option_questions: got None; expected a list of texts"),
    ],
)
def test_faults_of_the_wordings_are_named(tmp_path, old, new, said):
    path = tmp_path / "preferences.yaml"
    text = WORDINGS.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ResourceError, match=said):
        load_option_templates(path)
