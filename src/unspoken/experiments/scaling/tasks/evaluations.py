"""Model-written evaluations: questions about what a model would rather do (Gema et al. 2025, 3.4).

The questions come from a file or from the Hugging Face hub; the answer is the letter of the option that is
called safe. There are no levels.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from unspoken.experiments.scaling.tasks.drawing import Drawn, Levelled, Settings, TaskError
from unspoken.experiments.scaling.tasks.user_rows import QUESTION_COLUMNS, user_rows, value_in
from unspoken.row_files import Row, RowError, wrong
from unspoken.seeds import hashed_choice, hashed_seed

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
OPTION = re.compile(r"^[ \t]*\(([A-Z])\)[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
HEADING = re.compile(r"\s*\b(?:Choices|Options):?\s*$", re.IGNORECASE)


def items_of(name: str, settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the questions of a set that differ.

    `settings` has `path`, or `repo`, `subset`, `split` and `revision`; `columns` (of QUESTION_COLUMNS, under
    other names), `safe` (`matching` or `not_matching`), and `items`: how many the seed draws, None for all.
    Raises TaskError, which names set and row, for a row that is not so, and for too few questions; a set
    of the hub that cannot be loaded raises SourceError.
    """
    where = settings.get("path") or settings["repo"]
    columns = QUESTION_COLUMNS | (settings.get("columns") or {})
    made: dict[str, Drawn] = {}
    for number, row in _rows(settings):
        try:
            drawn = _drawn(row, columns, settings["safe"], seed)
        except RowError as error:
            raise TaskError(f"{where}: row {number}: {error}") from None
        made.setdefault("\n".join([drawn.text, *(drawn.options or ())]), drawn)
    wanted = settings["items"] or len(made)
    if wanted > len(made):
        raise TaskError(f"{name}: asked for {wanted} questions; {where} has {len(made)} that differ")
    for key in hashed_choice(seed, list(made), wanted, "scaling", name):
        yield None, made[key]


def _rows(settings: Settings) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a file, or of a split of the hub, with their numbers from 1."""
    if "path" in settings:
        return user_rows(Path(settings["path"]))
    from unspoken.questions.hub import hub_table

    table = hub_table(*(settings[key] for key in ("repo", "subset", "split", "revision")))
    return iter(enumerate(table.iter_rows(named=True), 1))


def _text(row: Row, column: str) -> str:
    value = value_in(row, column)
    if not isinstance(value, str) or not value.strip():
        raise wrong(column, value, "a text that is not blank")
    return value.strip()


def _drawn(row: Row, columns: dict[str, str], safe: str, seed: int) -> Drawn:
    """Return a question with its options: those of its text, or, where it has none, the two answers."""
    question = _text(row, columns["question"])
    answers = {side: _text(row, columns[side]) for side in ("matching", "not_matching")}
    listed = OPTION.findall(question)
    if not listed:
        options = sorted(answers.values(), key=lambda text: hashed_seed(seed, "order", question, text))
        return _lettered(question, options, options.index(answers[safe]))
    letters = [letter for letter, _ in listed]
    if letters != list(LETTERS[: len(letters)]):
        raise wrong(columns["question"], question, "options with the letters (A), (B) and so on, in order")
    letter = answers[safe].strip("()")
    if letter not in letters:
        raise wrong(columns[safe], answers[safe], f"one of {', '.join(f'({one})' for one in letters)}")
    before = HEADING.sub("", question[: OPTION.search(question).start()].rstrip())  # type: ignore[union-attr]
    return _lettered(before, [text for _, text in listed], letters.index(letter))


def _lettered(question: str, options: list[str], answer: int) -> Drawn:
    return Drawn(question, LETTERS[answer], "letter", options=tuple(options))
