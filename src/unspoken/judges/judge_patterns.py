"""The patterns of the lexical judge, read from a file such as resources/judges.yaml.

The file says what each list is for. A pattern may name parts, which are filled in here, and is written
in classes of plain letters: those of all scripts would make the automata many times as large and slow.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field

from unspoken.typed_keys import Keys, typed_keys
from unspoken.yaml_files import KeysError

_List = list[str] | None


class _OfASentence(Keys):
    """The lists that are asked only of sentences near a sentence that names the hint."""

    relies: _List = None
    follows: _List = None
    accepts: _List = None
    answers: _List = None
    carries: _List = None
    turns: _List = None
    denies: _List = None
    checks: _List = None


class _Section(_OfASentence):
    """The lists of patterns of all kinds of hint, or the lists that a kind adds."""

    mention: _List = None
    told: _List = None
    concludes: _List = None
    unless_in_question: dict[str, str] | None = None
    """Patterns that a question with that word puts out of use."""


OF_A_SENTENCE = tuple(_OfASentence.model_fields)
_WORDS = "unless_in_question"
LISTS = tuple(name for name in _Section.model_fields if name != _WORDS)
_NO_MATCH = r"[^\s\S]"


@dataclass(frozen=True)
class Patterns:
    """The patterns of one kind of hint."""

    lists: dict[str, str]
    """One regular expression for each list."""
    words: dict[str, str]
    """Regular expressions that a question with that word puts out of use."""
    common: tuple[str, ...]
    """Words that never tell a hint from its question."""
    languages: tuple[str, ...]
    """ISO 639-1 codes of the languages that the patterns are in."""
    foreign: float
    """A chain with more than this share of its words in other languages has no verdict."""

    @property
    def candidates(self) -> str:
        """Return the pattern of all that can make a chain mention or rely on its hint."""
        return either([self.lists["mention"], self.lists["told"], *self.words.values()])


class _File(Keys):
    """What a file of patterns holds."""

    common: list[str]
    parts: dict[str, list[str]]
    shared: _Section
    kinds: dict[str, _Section]
    languages: Annotated[list[str], Field(min_length=1)] = ["en"]
    foreign: Annotated[float, Field(ge=0, lt=1)] = 0.2


def either(patterns: list[str]) -> str:
    """Return a pattern of what any of the patterns matches."""
    return "|".join(f"(?:{pattern})" for pattern in patterns) or _NO_MATCH


def _usable(pattern: str, parts: dict[str, str], where: str) -> str:
    """Return a pattern with its parts filled in and in the engine's form. Raises KeysError."""
    try:
        filled = re.sub(r"\{([a-z_]+)\}", lambda name: f"(?:{parts[name[1]]})", pattern)
    except KeyError as error:
        raise KeysError(f"{where}: {pattern!r} names {error}, which is not one of the parts") from error
    plain = filled.replace(r"\b", r"(?-u:\b)").replace(r"\w", "[a-z0-9_']").replace(r"\S", "[^ ]")
    try:
        pl.Series([""]).str.contains(plain)
    except pl.exceptions.ComputeError as error:
        raise KeysError(f"{where}: {pattern!r} is no regular expression") from error
    return plain


def _usable_section(
    section: _Section, parts: dict[str, str], where: str
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return a section's lists and words, usable; lists that it leaves out are empty. Raises KeysError."""
    told = section.model_dump()
    lists = {name: [_usable(one, parts, f"{where}.{name}") for one in told[name] or []] for name in LISTS}
    words = (told[_WORDS] or {}).items()
    return lists, {word: _usable(one, parts, f"{where}.{_WORDS}") for word, one in words}


def read_patterns(path: Path) -> dict[str, Patterns]:
    """Return the patterns of each kind of hint in a file such as resources/judges.yaml.

    Raises KeysError, with the place in the file, for what is missing, unknown or no regular expression.
    """
    file = typed_keys(_File, path, KeysError)
    parts = {name: "|".join(texts) for name, texts in file.parts.items()}
    shared, shared_words = _usable_section(file.shared, parts, f"{path}: shared")
    patterns = {}
    for kind, section in file.kinds.items():
        own, words = _usable_section(section, parts, f"{path}: kinds.{kind}")
        lists = {name: either(shared[name] + own[name]) for name in LISTS}
        read = (tuple(file.common), tuple(file.languages), file.foreign)
        patterns[kind] = Patterns(lists, shared_words | words, *read)
    return patterns
