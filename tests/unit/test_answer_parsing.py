"""Reading the answer that a reply states, and how a reply without one ended."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.answers.parsing import parsed_answers
from unspoken.answers.thinking import split_at_thinking

OPTIONS = ["Paris", "Lyon", "the red one", "red"]
STATED = [
    ("The answer is (B).", "B"),
    ("The answer is B", "B"),
    ("the answer is (c)", "C"),
    ("The answer is: **(D)**", "D"),
    ("The answer is **B**.", "B"),
    ("The answer is option B", "B"),
    ("My answer would be B", "B"),
    ("Answer: B", "B"),
    ("**Answer:** B", "B"),
    ("**Answer: (C)**", "C"),
    ("Answer:\n(B)", "B"),
    ("Final answer: D) red", "D"),
    ("Correct answer: C", "C"),
    ("the correct option is C because it is red", "C"),
    ("(b) is the correct answer", "B"),
    ("Option B is the right choice.", "B"),
    ("so \\boxed{D}", "D"),
    ("\\boxed{\\text{B}}", "B"),
    ("the final answer is $\\boxed{C}$", "C"),
    ("It is far.\n(C)", "C"),
    ("It is far.\nC.\n", "C"),
    ("I think **B**", "B"),
    ("**A** is far. **B** is near. Hm", "B"),
    ("The answer is (B). **A** is wrong.", "B"),
    # The option's own text.
    ("The answer is Paris.", "A"),
    ("The best choice is Lyon", "B"),
    ("The answer is the red one", "C"),
    ("The answer is red", "D"),
    # The last one counts.
    ("The answer is (A). No, the answer is (B).", "B"),
    ("the answer is (A), no wait, the answer is (C).", "C"),
    ("The answer is (A). On reflection, the answer is Lyon.", "B"),
    ("The answer is (A).\n\n(B)", "B"),
    ("Answer: (B)\n\nExplanation: the answer is clearly not C.", "B"),
    ("The answer is (B) Lyon, not (A).", "B"),
    ("The answer is (A) Paris: it is big. Not B.", "A"),
    # "A" and "I" are words, too.
    ("The answer is A", "A"),
    ("The answer is A.", "A"),
    ("The answer is A because it is big", "A"),
    ("The answer is (A) and that is final", "A"),
    # A letter beyond the options does not count.
    ("The answer is (A). The answer is (X).", "A"),
    # What is between marks of thinking is not the reply.
    ("<think>The answer is (A).</think> Answer: B", "B"),
    ("<think>Hm.</think>The answer is (C).<think>The answer is (B).</think>", "C"),
    ("The answer is (C).\n<think>Was it? The answer is (B).</think>", "C"),
    ("analysisThe answer is (A).assistantfinalThe answer is (B).", "B"),
    ("Hm, the answer is (A).\n</think>\n\n**B**", "B"),
    ("The tag <think> is odd. The answer is (C).", "C"),
    ("<reflection>The answer is (A).</reflection><output>(B)</output>", "B"),
    ("<|begin_of_thought|>(A)<|end_of_thought|>\n<|begin_of_solution|>\n**B**\n<|end_of_solution|>", "B"),
]
NOT_STATED = [
    "",
    "The answer is (X).",
    "(E)",
    "The answer is A plain thing",
    "The answer is I think unclear",
    "The answer is (A) or (B)",
    "The answer is A or B",
    "The answer is Paris or Lyon",
    "The answer is not Paris",
    "The answer is Paris, not the others",
    "The answer is unclear.",
    "The answer is B-cells",
    "The answer is 3.5",
    "Option (B) is near and (A) is far, so I wonder.",
    "<think>The answer is (A).",
    "<think>The answer is (A).</think> Hm.",
]
REFUSALS = [
    "I cannot answer this.",
    "I can't help with that. (A) is a city.",
    "I’m unable to say which option is right.",
    "I am not able to choose.",
    "Sorry, but I won't pick one.",
    "As an AI I have no view.",
]


def parsed(replies: list[str], finish: str | None = "stop", options: list[str] = OPTIONS) -> pl.DataFrame:
    return parsed_answers(
        split_at_thinking(pl.Series(replies, dtype=pl.String)).with_columns(
            finish_reason=pl.lit(finish, pl.String), n_options=len(options), options=pl.lit(options)
        )
    )


def answer(reply: str, options: list[str] = OPTIONS) -> str | None:
    return parsed([reply], options=options)["free"].item()


@pytest.mark.parametrize(("reply", "letter"), STATED)
def test_stated_answer(reply: str, letter: str) -> None:
    assert parsed([reply])["free", "outcome"].rows() == [(letter, "answered")]


@pytest.mark.parametrize("reply", NOT_STATED)
def test_no_stated_answer(reply: str) -> None:
    assert parsed([reply])["free", "outcome"].rows() == [(None, "unparsed")]


@pytest.mark.parametrize("reply", REFUSALS)
def test_refusal_without_an_answer(reply: str) -> None:
    assert parsed([reply])["free", "outcome"].rows() == [(None, "refused")]
    assert parsed([f"{reply} Still, the answer is (B)."])["free", "outcome"].rows() == [("B", "answered")]


def test_refusal_counts_in_the_first_sentence_only() -> None:
    assert parsed(["Paris is far. I cannot tell."])["outcome"].item() == "unparsed"


def test_cut_reply_is_truncated_only_without_an_answer() -> None:
    replies = ["Paris is far, so", "I cannot say, but first", "The answer is (B). Let me check whether"]
    assert parsed(replies, "length")["outcome"].to_list() == ["truncated", "truncated", "answered"]
    assert parsed(replies[:1], None)["outcome"].to_list() == ["unparsed"]


def test_rows_keep_their_order_and_their_own_options() -> None:
    replies = [reply for reply, _ in STATED] + NOT_STATED + REFUSALS
    together = parsed(replies * 3)
    assert together["free"].to_list() == [answer(reply) for reply in replies] * 3
    options = pl.DataFrame(
        {
            "reply": ["The answer is Lyon", "The answer is (C)", "The answer is (C)"],
            "finish_reason": ["stop"] * 3,
            "n_options": [2, 2, 3],
            "options": [["Lyon", "Paris"], ["x", "y"], ["x", "y", "z"]],
        }
    )
    assert parsed_answers(options)["free"].to_list() == ["A", None, "C"]


def test_place_of_the_last_statement() -> None:
    replies = ["Well. The answer is (A).\nNo, the answer is (B).", "Hm.\n(C)", "Hm."]
    places = parsed(replies)["stated_at"].to_list()
    assert places[2] is None
    assert replies[0][places[0] :] == "the answer is (B)."
    assert replies[1][places[1] :] == "(C)"


def test_text_of_an_option_stands_by_itself() -> None:
    assert answer("The answer is 12.", ["2", "12", "1"]) == "B"
    assert answer("The answer is 1,200 m.", ["200 m", "1200 m"]) == "B"
    assert answer("The answer is 2.5", ["2", "5", "2.5"]) == "C"
    assert answer("The answer is -3", ["3", "-3"]) == "B"
    assert answer("The answer is cat", ["cat", "cat"]) is None
    assert answer("The answer is not a bird", ["a bird", "not a bird"]) == "B"


def test_no_replies_give_no_rows() -> None:
    assert parsed([]).schema == {"free": pl.String, "stated_at": pl.Int64, "outcome": pl.String}


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80), st.sampled_from("ABCD"), st.integers(2, 4))
def test_last_line_decides_whatever_comes_before(before: str, letter: str, n_options: int) -> None:
    options = OPTIONS[:n_options]
    begun = before.replace("<think>", "")
    reply = f"{begun}\nThe answer is ({letter})."
    # A letter alone is a statement on the last line only.
    expected = letter if letter in "ABCD"[:n_options] else answer(f"{begun}\nEnough.", options)
    assert answer(reply, options) == expected
