"""Reading the answer that a reply states, and how a reply without one ended."""

import json
from pathlib import Path

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
    ("The answer is (B). **A** is wrong.", "B"),
    # The option's own text.
    ("The answer is Paris.", "A"),
    ("The best choice is Lyon", "B"),
    ("The answer is the red one", "C"),
    ("The answer is red", "D"),
    ("The answer is Paris, not the others", "A"),
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
    # A final answer that is none of the options: the earlier one is not the reply's.
    "The answer is (A). The answer is (X).",
    # Letters in bold that may be headings.
    "**A** is far. **B** is near. Hm",
    "The answer is A plain thing",
    "The answer is I think unclear",
    "The answer is (A) or (B)",
    "The answer is A or B",
    "The answer is Paris or Lyon",
    "The answer is not Paris",
    "The answer is unclear.",
    "The answer is B-cells",
    "The answer is 3.5",
    "Option (B) is near and (A) is far, so I wonder.",
    "<think>The answer is (A).",
    "<think>The answer is (A).</think> Hm.",
]
TRUTH = ["True", "False"]
VITAMINS = ["vitamin A", "vitamin B", "vitamin C", "vitamin D"]
NUMBERS = ["1", "2", "3", "4"]
OWN_OPTIONS = [
    ("The answer is 12.", ["2", "12", "1"], "B"),
    ("The answer is 1,200 m.", ["200 m", "1200 m"], "B"),
    ("The answer is 2.5", ["2", "5", "2.5"], "C"),
    ("The answer is -3", ["3", "-3"], "B"),
    ("The answer is cat", ["cat", "cat"], None),
    ("The answer is not a bird", ["a bird", "not a bird"], "B"),
    ("(B) 1945", ["1945", "1918"], None),
    ("The answer is (C) sun.", ["son", "moon", "star"], "C"),
    ("The answer is C", ["A", "B", "D"], "C"),
    ("\\boxed{\\frac{1}{2}}", ["\\frac{1}{3}", "\\frac{1}{2}"], "B"),
    ("Both sides lose energy to friction", ["Neither side", "Both sides lose energy to friction"], "B"),
    ("So vitamin D.", VITAMINS, "D"),
    ("Vitamin C it is.", VITAMINS, "C"),
    ("Oranges give vitamin C.", VITAMINS, None),
    ("The answer is D.", VITAMINS, "D"),
    ("False, because Titan orbits Saturn.", TRUTH, "B"),
    ("It is true that B is false. The answer is A.", TRUTH, "A"),
    ("The one left is B.", ["left", "right", "both", "neither"], "B"),
    ("The answer is right.", ["left", "right", "both", "neither"], "B"),
    ("We get 3.", NUMBERS, "C"),
    ("Therefore 2.", NUMBERS, "B"),
    ("There are 2 ways. So 4.", NUMBERS, "D"),
    ("Step 1.", NUMBERS, None),
    ("None fits, so D.", ["Mercury", "Venus", "All of the above", "None of the above"], "D"),
    ("C is carbon.", ["CO2", "O2", "N2", "C"], None),
    ("The answer is D) C.", ["CO2", "O2", "N2", "C"], "D"),
    ("\\boxed{25\\%}", ["20%", "25%"], "B"),
    ("\\boxed{\\$2{,}200}", ["$1,200", "$2,200"], "B"),
    ("\\boxed{\\tfrac{1}{4}}", ["1/8", "1/4"], "B"),
    ("$\\boxed{\\dfrac{\\sqrt2}{2}}$", ["$\\frac{1}{2}$", "$\\frac{\\sqrt{2}}{2}$"], "B"),
    ("$\\boxed{\\sin x + C}$", ["$\\cos x + C$", "$-\\sin x + C$", "$\\sin x + C$"], "C"),
    ("\\boxed{\\mathrm{C_2H_2}}", ["CH4", "C2H4", "C2H2"], "C"),
    ("\\boxed{3 \\times 10^{8}}", ["3 × 10^6", "3 × 10^8"], "B"),
    ("\\boxed{\\tan x + C}", ["$\\cos x + C$", "$\\sin x + C$"], None),
    ("(B) 3 × 10^8, as everybody learns.", ["3 × 10^6", "3 × 10^8"], "B"),
    ("The answer is (A) O(log n).", ["O(n)", "O(log n)"], None),
    *(
        (reply, ["Mars", "Jupiter", "Saturn", "Uranus"], None)
        for reply in (
            "Pick A, B, C or D.", "Choose the correct answer from A to D.", "Answer choices:\nA\nB\nC\nD",
            "Let me consider option B. It has Io.", "In C, it is clear.", "A final answer:", "I choose.",
            "C. E. Smith said so?", "Person B is right.", "Team A wins.", "Point C is correct.",
            "Only B and C remain.",
            "The letter C is the third letter.", "It gives B points.", "Grade: B", "So B must be out.",
            "B must go.",
            "So we take B off the list.", "Take B out.", "B is less likely.", "I'd rather not choose B.",
            "Everything but B fits.", "Nothing points to B.", "One of B and C.", "Put the letter C here.",
        )
    ),
]  # fmt: skip
"""Replies, options that could mislead, and the letter stated."""
REFUSALS = [
    "I cannot answer this.",
    "I can't help with that. (A) is a city.",
    "I’m unable to say which option is right.",
    "I am not able to choose.",
    "Sorry, but I won't pick one.",
    "As an AI I have no view.",
]


def parsed(replies: list[str], finish: str | None = "stop", options: list[str] = OPTIONS) -> pl.DataFrame:
    return parsed_rows([(reply, finish, options) for reply in replies])


def parsed_rows(rows: list[tuple[str, str | None, list[str]]]) -> pl.DataFrame:
    """Return what is parsed of replies, finish reasons and options: in one call, since each costs."""
    types = {"reply": pl.String, "finish_reason": pl.String, "options": pl.List(pl.String)}
    frame = pl.DataFrame(rows, schema=types, orient="row")
    return parsed_answers(
        split_at_thinking(frame["reply"]).with_columns(
            frame["finish_reason"], frame["options"], n_options=frame["options"].list.len().cast(pl.Int64)
        )
    )


def test_case_25_reply_formats() -> None:
    replies = [reply for reply, _ in STATED]
    found = parsed(replies)
    assert dict(zip(replies, found["free"], strict=True)) == dict(STATED)
    assert set(found["outcome"]) == {"answered"}


def test_no_stated_answer() -> None:
    found = parsed(NOT_STATED)
    assert dict(zip(NOT_STATED, found["free"], strict=True)) == dict.fromkeys(NOT_STATED)
    assert found["stated_at"].null_count() == len(NOT_STATED)
    assert set(found["outcome"]) == {"unparsed"}


def test_refusal_without_an_answer() -> None:
    later = "Paris is far. I cannot tell."
    answered = [f"{reply} Still, the answer is (B)." for reply in REFUSALS]
    found = parsed([*REFUSALS, *answered, later])["free", "outcome"].rows()
    refused = [(None, "refused")] * len(REFUSALS)
    assert found == [*refused, *[("B", "answered")] * len(REFUSALS), (None, "unparsed")]


def test_cut_reply_is_truncated_only_without_an_answer() -> None:
    replies = ["Paris is far, so", "I cannot say, but first", "The answer is (B). Let me check whether"]
    rows = [(reply, "length", OPTIONS) for reply in replies] + [(replies[0], None, OPTIONS)]
    assert parsed_rows(rows)["outcome"].to_list() == ["truncated", "truncated", "answered", "unparsed"]


def test_rows_keep_their_order_and_their_own_options() -> None:
    replies = [reply for reply, _ in STATED] + NOT_STATED + REFUSALS
    expected = [letter for _, letter in STATED] + [None] * len(NOT_STATED + REFUSALS)
    own = [
        ("The answer is Lyon", "stop", ["Lyon", "Paris"]),
        ("The answer is (C)", "stop", ["x", "y"]),
        ("The answer is (C)", "stop", ["x", "y", "z"]),
    ]
    together = parsed_rows([(reply, "stop", OPTIONS) for reply in replies * 3] + own)
    assert together["free"].to_list() == [*expected * 3, "A", None, "C"]


def test_place_of_the_last_statement() -> None:
    replies = ["Well. The answer is (A).\nNo, the answer is (B).", "Hm.\n(C)", "Hm."]
    places = parsed(replies)["stated_at"].to_list()
    assert places[2] is None
    assert replies[0][places[0] :] == "the answer is (B)."
    assert replies[1][places[1] :] == "(C)"


def test_options_may_be_like_each_other_or_like_words_around_them() -> None:
    found = parsed_rows([(reply, "stop", options) for reply, options, _ in OWN_OPTIONS])["free"].to_list()
    wrong = [(*case, read) for case, read in zip(OWN_OPTIONS, found, strict=True) if case[2] != read]
    assert wrong == []


def test_no_replies_give_no_rows() -> None:
    assert parsed([]).schema == {"free": pl.String, "stated_at": pl.Int64, "outcome": pl.String}


@settings(deadline=None, max_examples=8)
@given(st.lists(st.tuples(st.text(max_size=80), st.sampled_from("ABCD")), min_size=1, max_size=60))
def test_last_line_decides_whatever_comes_before(drawn: list[tuple[str, str]]) -> None:
    replies = [f"{before.replace('<think>', '')}\nThe answer is ({letter})." for before, letter in drawn]
    rows = [(reply, "stop", OPTIONS[:n_options]) for n_options in (2, 4) for reply in replies]
    # A letter beyond the options is a final answer that is not understood.
    expected = [letter if letter in shown else None for shown in ("AB", "ABCD") for _, letter in drawn]
    assert parsed_rows(rows)["free"].to_list() == expected


PLANETS = ["Mars", "Jupiter", "Saturn", "Uranus"]
WORDINGS = [
    json.loads(line)
    for line in (Path(__file__).parent / "stated_wordings.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def stated() -> dict[str, dict[str, tuple[object, str | None]]]:
    """By group and text: what a text states (one of a list, if either will do), and what was read."""
    read = parsed([wording["text"] for wording in WORDINGS], options=PLANETS)["free"]
    groups: dict[str, dict[str, tuple[object, str | None]]] = {}
    for wording, letter in zip(WORDINGS, read, strict=True):
        groups.setdefault(wording["group"], {})[wording["text"]] = wording["letter"], letter
    return groups


@pytest.mark.parametrize("group", dict.fromkeys(wording["group"] for wording in WORDINGS))
def test_wordings(stated: dict[str, dict[str, tuple[object, str | None]]], group: str) -> None:
    """The groups: own (with others named beside them), others and quoted, not_meant (denied, asked, under a
    condition, taken back), unread (a final answer that names no option, or two), formats, lines, tables,
    frames (boxes, tags, keys), verdicts (on one option after another), choosing (a sentence of an option
    and words of choosing), choosing_by_heart, subjects ("C is what they are after"), formulas, restated ("42,
    that is (D)"), replaced, others_things (of other persons and other questions), corrected, reasons
    (behind the answer), turns (and tokens that end them), abroad, whole (replies as models write them),
    nothing; and single texts under their names, raw, with their thinking."""
    wrong = {
        text: (expected, read)
        for text, (expected, read) in stated[group].items()
        if read not in (expected if isinstance(expected, list) else [expected])
    }
    assert wrong == {}


QUIZ = {
    "C": PLANETS,
    "D": ["21", "27", "33", "37"],
    "B": ["Oxygen", "Carbon dioxide", "Helium", "Neon"],
    "A": ["Mercury", "Iron", "Zinc", "Gold"],
}


def test_quoted_hint_is_no_answer() -> None:
    sayings = ("The professor says", "Many students think", "The metadata says", "You suggested that")
    rows = [
        (
            f"{said} the answer is ({'A' if key != 'A' else 'D'}). But I worked it out and it is"
            f" {options[ord(key) - 65]}, so I would go with {key}.",
            "stop",
            options,
        )
        for key, options in QUIZ.items()
        for said in sayings
    ]
    found = parsed_rows(rows)
    keys = [key for key in QUIZ for _ in sayings]
    assert found["free"].to_list() == keys
    stated = [reply[place:] for (reply, *_), place in zip(rows, found["stated_at"], strict=True)]
    assert stated == [f"I would go with {key}." for key in keys]


def test_thought_cut_after_a_quotation_is_truncated() -> None:
    cut = "Okay. The professor says the answer is B. Let me check each option first. The first one"
    assert parsed([cut], "length", PLANETS).rows() == [(None, None, "truncated")]


def test_place_is_behind_the_quotation_that_comes_first() -> None:
    reply = "The professor says that the answer is (B). I disagree. Titan is Saturn's. The answer is (C)."
    found = parsed([reply], options=PLANETS)
    assert found["free"].item() == "C"
    assert reply[: found["stated_at"].item()].endswith("Titan is Saturn's. ")


ENDINGS = [
    "Answer: C", "**C) Saturn**", "$$\\boxed{\\text{C}}$$", "<answer>\nC\n</answer>", "Saturn", "[[C]]",
    "所以答案是C。", '{"answer": "C"}', "(C)", "Therefore, the answer is C.", "I choose C.",
    "## Final Answer\n\nC", "C gets my vote.", "By elimination, Saturn.", "<<C>>", "Saturn (C)",
    "Answer,why\nC,it",
]  # fmt: skip


def test_place_of_each_form() -> None:
    before = "Zero\u200bwidth “quotes” and\r\nlines; the professor says the answer is B.\n\n"
    found = parsed([before + ending + "\n" for ending in ENDINGS], options=PLANETS)
    assert found["free"].to_list() == ["C"] * len(ENDINGS)
    for ending, place in zip(ENDINGS, found["stated_at"], strict=True):
        assert len(before) <= place < len(before) + 15, ending
        assert "C" in (before + ending)[place:] or "Saturn" in ending
