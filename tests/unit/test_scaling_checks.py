"""The second solvers of the scaling room: they find what is wrong with planted items."""

import polars as pl
import pytest
from test_scaling_items import made

from unspoken.experiments.scaling.checks.answers import faults_of
from unspoken.experiments.scaling.checks.counting import held_count, place_count
from unspoken.experiments.scaling.checks.snippets import UnknownCode, value_of
from unspoken.experiments.scaling.checks.sums import left_in, sum_of
from unspoken.experiments.scaling.checks.zebra import NotUnderstood, answer_in

ROW = """There are 3 houses in a row, numbered from left to right, with a person in each. They differ.
- names: Ada, Bruno, Clara
- drinks: tea, milk, cocoa
- jobs: baker, nurse, pilot

{clues}

What is the name of the person who drinks cocoa?"""
CLUES = [
    "Ada lives directly to the left of the baker.",
    "The person who drinks tea lives in house 3.",
    "Bruno works as a pilot.",
    "Clara does not drink milk.",
    "The nurse lives at an end of the row.",
    "In another street somebody keeps tea, too.",
    "Each house has 12 windows.",
]


def planted(task: str, **changed: str) -> pl.DataFrame:
    """Return one sound item of a task, with something changed."""
    items = made(task, 1, {"levels": [1], "counts": [2], "irrelevant": 1})
    return items.with_columns(**{name: pl.lit(value) for name, value in changed.items()})


def test_a_wrong_answer_is_found() -> None:
    for task in ("misleading_math", "misleading_python", "paradoxes", "out_of_domain"):
        assert list(faults_of(planted(task))) == []
        (fault,) = faults_of(planted(task, answer="7"))
        assert fault == f"{task}-1-00000: its answer is '7', and its text says '2'"


@pytest.mark.parametrize("shown", ["2", "two", "Both", "2.0"])
def test_an_answer_that_stands_in_the_text_is_found(shown: str) -> None:
    items = planted("misleading_math")
    question = r"(How many|Count) "
    items = items.with_columns(pl.col("text").str.replace(question, f"So much for {shown} of them. $1 "))
    (fault,) = faults_of(items)
    assert fault.endswith(f"its answer '2' can be read off its text: '{shown.lower()}'")


def test_a_grade_among_the_examples_is_found() -> None:
    items = made("grades", 1, {"levels": [4], "table": None, "scale": [0, 10]})
    assert list(faults_of(items)) == []
    answer = items["answer"].item()
    text = items["text"].str.replace(r"grade: \S+", f"grade: {answer}")
    (fault,) = faults_of(items.with_columns(text=text))
    assert "can be read off" in fault


def test_a_distractor_that_is_not_there_or_has_another_number_is_found() -> None:
    kinds = {"levels": [1], "counts": [2], "kinds": ["weight"]}
    items = made("misleading_math", 1, kinds)
    row = items.to_dicts()[0]
    (marked,) = row["distractors"]
    for changed, said in (
        ({"number": "77777"}, "does not come to 77777"),
        ({"text": "It is blue."}, "is not in"),
    ):
        wrong = items.with_columns(
            distractors=pl.Series([[{**marked, **changed}]], dtype=items.schema["distractors"])
        )
        (fault,) = faults_of(wrong)
        assert said in fault


def test_things_and_places_are_counted_as_they_are_named() -> None:
    assert held_count("You have an axe. How many tools do you have in all?") == "1"
    assert held_count("You have an axe, a saw, a saw and a rake. How many tools do you have in all?") == "3"
    assert place_count("On a pond and a lake, it rains. How many waters are there in this story?") == "2"
    for text in ("You own an axe. How many tools do you have?", "You have an axe. How old is it?"):
        with pytest.raises(ValueError, match="not understood"):
            held_count(text)


def test_sums_and_stories_are_worked_out() -> None:
    assert sum_of("What is 40 - 15 + 9 - 30?") == "4"
    story = "Ada has 20 beads. Ada is sent 6 boxes with 7 beads in each. Ada sells 12 of them."
    assert left_in(f"{story} How many beads does Ada have now?") == "50"
    with pytest.raises(ValueError, match="not understood"):
        left_in("Ada has 20 beads. It rains. How many beads does Ada have now?")


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("print(sum([n * n for n in range(4) if n % 2 == 1]))", 10),
        ("a = 3\nb = a * 5", 15),
        ("def f(a, b):\n    return a - b\nprint(f(9, 2))", 7),
        ("import math\nprint(math.gcd(12, 18) + math.factorial(4))", 30),
        ("def f(n):\n    if n < 2:\n        return 1\n    return n * f(n - 1)\nprint(f(5))", 120),
        ("t = 0\nfor n in range(1, 5):\n    t += n\nprint(t)", 10),
        ("try:\n    n = 7 // 0\nexcept ZeroDivisionError:\n    n = 8\nprint(n)", 8),
        ("try:\n    n = int('5')\nexcept ValueError:\n    n = 8\nprint(n)", 5),
        ("f = lambda x: x + 4\nprint(f(1))", 5),
        ("class A:\n    def __init__(self, n):\n        self.n = n\n    @property\n    def m(self):\n"
         "        return self.n * 3\nprint(A(4).m)", 12),
        ("class A:\n    def __init__(self, n):\n        self.n = n\n    def m(self, k):\n"
         "        return self.n - k\nprint(A(4).m(1))", 3),
    ],
)  # fmt: skip
def test_the_value_of_a_snippet_is_worked_out(code: str, value: int) -> None:
    assert value_of(code) == value


@pytest.mark.parametrize(
    "code",
    ["import os\nprint(1)", "print(open('x'))", "print(eval('1'))", "while True:\n    pass",
     "print((1).__class__)",
     "x = [].append", "print(__import__('os'))", "try:\n    n = 1 // 0\nexcept ValueError:\n    n = 8"],
)  # fmt: skip
def test_code_that_is_no_snippet_is_refused(code: str) -> None:
    with pytest.raises(UnknownCode):
        value_of(code)


def test_a_puzzle_is_solved_from_its_text() -> None:
    assert answer_in(ROW.format(clues="\n".join(CLUES))) == "Clara"


@pytest.mark.parametrize(
    ("clues", "said"),
    [
        (CLUES[:2], "several solutions"),
        ([*CLUES, "Bruno drinks tea.", "Bruno drinks milk."], "no solution"),
        ([*CLUES, "Ada and Bruno and Clara know each other."], "know each other"),
    ],
)
def test_a_puzzle_without_one_solution_or_with_strange_clues_is_refused(clues: list[str], said: str) -> None:
    with pytest.raises(NotUnderstood, match=said):
        answer_in(ROW.format(clues="\n".join(clues)))
