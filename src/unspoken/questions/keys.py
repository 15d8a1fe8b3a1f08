"""Which option a question's key names: read in one way, or refused where two ways differ."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from unspoken.prompts.hints import LETTERS
from unspoken.questions.options import plain
from unspoken.row_files import RowError, shown, wrong

RARE = 0.001
"""Places of which none is 0 count from 1, not from 0, where chance does this less often."""
_LETTER = re.compile(r"(?:option|choice|answer)?\s*[*_(\[（【]*(\w)[*_)\]）】.:：．]*", re.IGNORECASE)
_LETTER_AND_TEXT = re.compile(r"[*_(\[（【]*([^\W\d_])[)\]）】.:：．]+[*_]*\s*(\S.*)", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """A key that is an integer: the options that it names as a place from 0, as a text and as a label."""

    value: int
    size: int
    others: dict[str, int | None]


def _options_with(text: str, options: Sequence[str]) -> list[int]:
    """Return the places of the options with a text: word for word, or else but for upper case."""
    known = [plain(option) for option in options]
    exact = [at for at, option in enumerate(known) if option == plain(text)]
    return exact or [at for at, option in enumerate(known) if option.casefold() == plain(text).casefold()]


def _lettered(letter: str, size: int) -> list[int]:
    """Return the place of the option with a letter, of either case and width, if there is one."""
    at = LETTERS.find(unicodedata.normalize("NFKC", letter).upper())
    return [at] if 0 <= at < size else []


def _readings(answer: str, file_options: Sequence[str], options: Sequence[str]) -> dict[int, str]:
    """Return the options that a text names, by place, and as what."""
    found: dict[int, str] = {}
    for texts in (file_options, options):
        for at in _options_with(answer, texts):
            found.setdefault(at, "as its text")
    if alone := _LETTER.fullmatch(answer.strip()):
        for at in _lettered(alone[1], len(options)):
            found.setdefault(at, "as its letter")
    if both := _LETTER_AND_TEXT.fullmatch(answer.strip()):
        texts_named = _options_with(both[2], options)
        for at in [*texts_named, *(_lettered(both[1], len(options)) if texts_named else [])]:
            found.setdefault(at, "by letter and text")
    return found


def _expected(size: int) -> str:
    return f"the text of an option, a letter from A to {LETTERS[size - 1]}, or a place from 0 to {size - 1}"


def _two_readings(answer: object, found: dict[int, str], options: Sequence[str]) -> RowError:
    """Return the error for a key that names two options."""
    read = " and ".join(f"{how} {LETTERS[at]}, {shown(options[at])}" for at, how in sorted(found.items()))
    return RowError(
        f"column 'answer' is {shown(answer)}, which names two options: {read}; expected a key that names one"
    )


def key_of(
    answer: object, file_options: Sequence[str], options: Sequence[str], labels: Sequence[str] | None
) -> int | Place:
    """Return the place of the right option, from 0, of a text; of an integer, all that it may name.

    `file_options` are as the file has them, `options` without the `labels` that they carry in it. Raises
    RowError for what names no option, and for a text that names two.
    """
    size = len(options)
    if isinstance(answer, float) and answer.is_integer():
        answer = int(answer)
    if isinstance(answer, int) and not isinstance(answer, bool):
        if not 0 <= answer < size:
            raise wrong("answer", answer, _expected(size))
        as_text = next(iter(_options_with(str(answer), options)), None)
        as_number = list(labels).index(str(answer)) if labels and str(answer) in labels else None
        return Place(answer, size, {"as its text": as_text, "as its number": as_number})
    if not isinstance(answer, str):
        raise wrong("answer", answer, _expected(size))
    found = _readings(answer, file_options, options)
    if labels and answer.strip() in labels and answer.strip().isdecimal():
        found.setdefault(list(labels).index(answer.strip()), "as its number")
    if labels and labels[0] in "ef" and answer.strip().casefold() in labels:
        found.setdefault(list(labels).index(answer.strip().casefold()), "as its own letter")
    if not found:
        is_place = answer.strip().isdecimal() and int(answer) <= size
        raise wrong("answer", answer, _expected(size) + "; a place is an integer, without quotes" * is_place)
    if len(found) > 1:
        raise _two_readings(answer, found, options)
    return next(iter(found))


def faulty_place(places: Sequence[Place], options: Sequence[Sequence[str]]) -> tuple[int, RowError] | None:
    """Return which of a file's integers cannot be taken as places from 0, and why; None where all can.

    Integers of one file mean one thing. They are places, unless each also is the text (or the own number)
    of an option, and sometimes of another option; or unless none of many is 0.
    """
    for how in ("as its text", "as its number"):
        others = [place.others[how] for place in places]
        if None in others:
            continue
        for at, (place, other) in enumerate(zip(places, others, strict=True)):
            if other != place.value:
                found = {place.value: "as a place from 0", int(other or 0): how}
                return at, _two_readings(place.value, found, options[at])
    if places and all(place.value for place in places):
        chance = prod(1 - 1 / place.size for place in places)
        if chance < RARE:
            said = (
                f"column 'answer' is 0 in no row of {len(places)} with integers, as if places counted from "
                "1; expected places that count from 0, or letters"
            )
            return 0, RowError(said)
    return None
