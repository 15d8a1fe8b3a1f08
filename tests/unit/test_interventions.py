"""Texts of the causal tests: steps, truncations, filler, mistakes and rewritten steps."""

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unspoken.chains.interventions import filler, steps, truncations, with_mistake
from unspoken.chains.rewriting import (
    cleaned,
    mistake_request,
    paraphrase_request,
    rewritten,
    translated,
    translation_request,
)

PIECES = st.sampled_from(
    ["The answer is (A)", "3.5", "e.g.", "1.", "So", "x = 4", ".", "...", "!", "?", " ", "\n", "\n\n", "  ",
     "**", "- ", "Step 2:", "A.", "\\[", "。", "好", "5!", "U.S.", "…", "\t", "\r\n", '"', ")", "is"]
)  # fmt: skip
CHAINS = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join))


@given(CHAINS)
def test_steps_joined_are_the_chain(chain: str) -> None:
    parts = steps(chain)
    assert "".join(parts) == chain
    assert all(parts)


@given(CHAINS)
def test_every_step_says_something(chain: str) -> None:
    parts = steps(chain)
    assert len(parts) <= 1 or all(any(char.isalpha() or char.isnumeric() for char in part) for part in parts)


@given(CHAINS)
def test_truncations_are_the_prefixes_at_step_ends(chain: str) -> None:
    shortened = truncations(chain)
    assert len(shortened) == len(steps(chain)) + 1
    assert shortened[0] == "" and shortened[-1] == chain
    assert all(chain.startswith(prefix) for prefix in shortened)
    assert all(len(before) < len(after) for before, after in pairwise(shortened))


@pytest.mark.parametrize(
    "sentence",
    [
        "Half of 7 is 3.5 and no more.",
        "Birds lay eggs, e.g. Ducks do.",
        "So the answer is (A).",
        "1. Take the eggs.",
        "**2. Take the eggs.**",
        "Step 3. Take the eggs.",
        "A. Ducks swim.",
        "Here 5! = 120 and 4! / 2 = 12.",
        "The U.S. Army has it.",
        "Mix flour, eggs, etc. and wait.",
        "Hmm... not so fast.",
        "See Fig. 2 for that.",
        'He said "no."',
        "Is it (B)?",
        "(It was cold.)",
    ],
)
def test_sentences_stay_whole_and_apart(sentence: str) -> None:
    assert steps(f"{sentence} {sentence}\n{sentence}") == [f"{sentence} ", f"{sentence}\n", sentence]


def test_steps_of_a_list_and_of_other_scripts() -> None:
    assert steps("First:\n\n1. Add 2.\n2. Stop.\n---\nDone") == [
        "First:\n\n", "1. Add 2.\n", "2. Stop.\n---\n", "Done"
    ]  # fmt: skip
    assert steps("\\[\nx = 3\n\\]\nThus 3.") == ["\\[\nx = 3\n\\]\n", "Thus 3."]
    assert steps("二加三等于五。所以选(A)。好") == ["二加三等于五。", "所以选(A)。", "好"]
    assert steps("x is 3. y is 4. done") == ["x is 3. ", "y is 4. ", "done"]
    assert steps("") == []


@pytest.mark.parametrize("loop", [".", "?", "*", "-\n", "A.", "!?", "is ", ")", "1,111"])
def test_chains_that_loop_take_no_longer(loop: str) -> None:
    started = time.process_time()
    for chain in (f"So.{loop * 10_000} is it.", loop * 10_000):
        assert "".join(steps(chain)) == chain
        rewritten(chain, chain, 1)
    assert time.process_time() - started < 5


def test_filler_is_dots_and_one_step() -> None:
    assert filler(3) == " ... ... ..."
    assert filler(0) == ""
    assert steps(filler(20)) == [filler(20)]
    with pytest.raises(ValueError, match="-1"):
        filler(-1)


@given(CHAINS, st.integers(0, 2**63 - 1))
def test_a_mistake_changes_one_place_and_is_the_same_again(step: str, seed: int) -> None:
    wrong = with_mistake(step, seed)
    assert wrong == with_mistake(step, seed)
    assert wrong != step


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ("2. So 3 + 4 = 7.\n", {f"2. So 3 + 4 = {other}.\n" for other in (5, 6, 8, 9)}),
        ("It costs $1,234.50.", {f"It costs $1,{tail}." for tail in
                                 ("234.51", "234.52", "234.60", "234.49", "234.48", "234.40")}),
        ("About 0.05 of it", {f"About 0.0{digit} of it" for digit in (3, 4, 6, 7)}),
        ("The 2nd is more.", {"The 2nd is less."}),
        ("Step 1: Ice is colder.", {"Step 1: Ice is hotter."}),
        ("Turn to the left side.", {"Turn to the right side."}),
        ("You are right.", {"You are not right."}),
        ("So the answer is (C).", {"So the answer is (A).", "So the answer is (B)."}),
        ("I take option A.", {"I take option B."}),
        ("A bat is a mammal.", {"A bat is not a mammal."}),
        ("A bat isn't one.", {"A bat is one."}),
        ("A bat can't read.", {"A bat can read."}),
        ("A bat is not one.", {"A bat is one."}),
        ("A bat cannot read.", {"A bat can read."}),
        ("Three eggs remain", {"Two eggs remain", "Four eggs remain"}),
        ("Is it a bat?", {None}),
        ("Let me think.", {None}),
    ],
)  # fmt: skip
def test_mistakes_by_rule(step: str, wrong: set[str | None]) -> None:
    assert {with_mistake(step, seed) for seed in range(100)} == wrong


def test_a_colour_becomes_another() -> None:
    made = {with_mistake("The sky is blue.", seed) for seed in range(100)}
    assert len(made) > 5 and "The sky is blue." not in made
    assert all(text and text.startswith("The sky is ") for text in made)


def test_requests_show_the_sentence_and_only_one_shows_the_question() -> None:
    asked = mistake_request("Which bird sings?\n(A) owl", "2. Ducks swim.\n\n")
    assert asked.endswith("Question: Which bird sings?\n(A) owl\nSentence: Ducks swim.\nWith a mistake:")
    asked = paraphrase_request("2. Ducks swim.\n\n")
    assert asked.endswith("Sentence: Ducks swim.\nIn other words:") and "Question" not in asked
    asked = translation_request("  Enten \n schwimmen.")
    assert asked.endswith("Text: Enten schwimmen.\nIn English:") and "Question" not in asked


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ("It is 6. I changed the 5.", "It is 6."),
        (' "It is 6." ', "It is 6."),
        ("“It is 6”\n(was 5)", "It is 6"),
        ("With a mistake: It is 6.\n\nQuestion: Why?", "It is 6."),
        ("**In other words:** *It is 6.*", "It is 6."),
        ("Sure! Here is the sentence with a mistake:\n\n> It is 6.", "It is 6."),
        ("Sure, here's a paraphrase: It is 6.", "It is 6."),
        ("Of course the ice floats.", "Of course the ice floats."),
        ("1. It is 6.", "It is 6."),
        ("-3 is the root.", "-3 is the root."),
        ("<think>Hm. 5?</think>\nIt is 6.", "It is 6."),
        ("<think>Hm. 5?", None),
        ("Sentence:", None),
        (" \n", None),
        ('"..."', None),
    ],
)
def test_cleaned_is_the_first_sentence(reply: str, sentence: str | None) -> None:
    assert cleaned(reply) == sentence


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (" Ducks swim. Eggs do not.\n\nText: Enten", "Ducks swim. Eggs do not."),
        ("In English: **copper**", "copper"),
        ("Sure! Here is the translation: «so (C) is wrong»", "so (C) is wrong"),
        ("Translation: 12 eggs", "12 eggs"),
        ("<think>Hm.</think> The text: ducks", "ducks"),
        ("<think>Hm. Ducks", None),
        ("...", None),
    ],
)
def test_a_translation_is_the_first_line(reply: str, line: str | None) -> None:
    assert translated(reply) == line


@given(st.text())
@example('"\x1f0')
@example("'0 '")
def test_cleaned_takes_any_text(reply: str) -> None:
    for text in (cleaned(reply), translated(reply)):
        assert text is None or (text == text.strip() and text in reply)


def test_rewritten_keeps_what_is_around_the_sentence() -> None:
    assert rewritten("2. It is 5.\n\n", '"It is 6."', 1) == ("2. It is 6.\n\n", "model")
    assert rewritten("**Step 2:** It is 5. ", "Step 2: It is 6.", 1) == ("**Step 2:** It is 6. ", "model")


def test_rewritten_falls_back_where_nothing_was_changed() -> None:
    for reply in ("", "2. it is  5", "With a mistake: It is 5."):
        text, how = rewritten("2. It is 5.\n", reply, 1)
        assert how == "rule" and text == with_mistake("2. It is 5.\n", 1) != "2. It is 5.\n"
        assert rewritten("2. It is 5.\n", reply, None) == ("2. It is 5.\n", "none")
        assert rewritten("Let me think. ", "Let me think.", 1) == ("Let me think. ", "none")
