"""A second opinion on every item: its answer worked out from its text, by code that no generator uses.

Grades and the questions of others have no answer that follows from their texts: of a grade it is checked that
the text does not show it, of a question that its answer is one of its options.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl

from unspoken.experiments.scaling.checks.counting import held_count, place_count
from unspoken.experiments.scaling.checks.snippets import value_of
from unspoken.experiments.scaling.checks.sums import left_in, sum_of
from unspoken.experiments.scaling.checks.zebra import answer_in

SOLVERS: dict[str, Callable[[str], str]] = {
    "misleading_math": held_count,
    "misleading_python": held_count,
    "out_of_domain": held_count,
    "paradoxes": place_count,
    "arithmetic": sum_of,
    "word_problems": left_in,
    "zebra": answer_in,
}
"""By task: works out the answer."""
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])")
WORDS = {
    "1": ("one", "once", "single", "sole"), "2": ("two", "twice", "both", "pair", "couple"),
    "3": ("three", "thrice", "trio"), "4": ("four",), "5": ("five",),
}  # fmt: skip
"""Words that say a small number."""
CODE = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
GRADE = re.compile(r"^- grade: (\S+)$", re.MULTILINE)
Item = dict[str, Any]


def faults_of(items: pl.DataFrame) -> Iterator[str]:
    """Yield what is wrong with items (`items.Items`), a line for each that has something wrong."""
    for item in items.iter_rows(named=True):
        if fault := _fault(item):
            yield f"{item['item']}: {fault}"


def _fault(item: Item) -> str | None:
    solved = solution(item["task"], item["text"])
    if solved not in (None, item["answer"]):
        return f"its answer is {item['answer']!r}, and its text says {solved!r}"
    if shown := readable(item):
        return f"its answer {item['answer']!r} can be read off its text: {shown!r}"
    for one in item["distractors"]:
        if one["text"] not in item["text"]:
            return f"the distractor {one['text']!r} is not in its text"
        if one["number"] is not None and one["number"] != _number_of(one["text"]):
            return f"the distractor {one['text']!r} does not come to {one['number']}"
    if item["kind"] == "letter" and not 0 <= ord(item["answer"]) - ord("A") < len(item["options"]):
        return f"its answer {item['answer']!r} is the letter of no option"
    return None


def solution(task: str, text: str) -> str | None:
    """Return the answer that follows from a text; None of tasks without such answers."""
    return SOLVERS[task](text) if task in SOLVERS else None


def _number_of(text: str) -> str:
    """Return the number that a distractor comes to: that of its code, or else the number in its sentence."""
    code = CODE.search(text)
    return str(value_of(code[1])) if code else NUMBER.findall(text)[-1]


def readable(item: Item) -> str | None:
    """Return what in an item's text shows its answer, if anything does.

    A number must not stand there, as a number or a word; of grades, not among the grades of others. A name or
    an option stands there by the nature of the task.
    """
    if item["kind"] != "number":
        return None
    shown = (GRADE if item["features"] is not None else NUMBER).findall(item["text"])
    as_words = [word for word in WORDS.get(item["answer"], ()) if re.search(rf"(?i)\b{word}\b", item["text"])]
    as_numbers = [number for number in shown if float(number) == float(item["answer"])]
    return next(iter([*as_numbers, *as_words]), None)
