"""The patterns of the lexical judge, read from a file such as resources/judges.yaml.

The file says what each list is for. A pattern may name parts, which are filled in here, and is written
in classes of plain letters: those of all scripts would make the automata many times as large and slow.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.yaml_files import KeysError, read_keys

OF_A_SENTENCE = ("relies", "follows", "accepts", "answers", "carries", "turns", "denies", "checks")
"""The lists that are asked only of sentences near one that names the hint."""
LISTS = ("mention", "told", "concludes", *OF_A_SENTENCE)
"""The lists of patterns: of all kinds of hint, and those that a kind adds."""
_WORDS = "unless_in_question"
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

    @property
    def candidates(self) -> str:
        """Return the pattern of all that can make a chain mention or rely on its hint."""
        return either([self.lists["mention"], self.lists["told"], *self.words.values()])


def either(patterns: list[str]) -> str:
    """Return a pattern of what any of the patterns matches."""
    return "|".join(f"(?:{pattern})" for pattern in patterns) or _NO_MATCH


def _usable(pattern: object, parts: dict[str, str], where: str) -> str:
    """Return a pattern with its parts filled in and in the engine's form. Raises KeysError."""
    if not isinstance(pattern, str):
        raise KeysError(f"{where}: expected a pattern, got {pattern!r}")
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


def _section(keys: Any, parts: dict[str, str], where: str) -> dict[str, Any]:
    """Return a section's lists and words, usable; lists that it leaves out are empty. Raises KeysError."""
    if not isinstance(keys, dict) or not set(keys) <= {*LISTS, _WORDS}:
        raise KeysError(f"{where}: expected some of {', '.join((*LISTS, _WORDS))}")
    section: dict[str, Any] = {
        name: [_usable(one, parts, f"{where}.{name}") for one in keys.get(name) or []] for name in LISTS
    }
    words = (keys.get(_WORDS) or {}).items()
    section[_WORDS] = {word: _usable(one, parts, f"{where}.{_WORDS}") for word, one in words}
    return section


def _texts(value: object, where: str) -> list[str]:
    """Return a list of texts of the file. Raises KeysError if it is something else."""
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise KeysError(f"{where}: expected a list of texts (yes, no, on and off need quotes), got {value!r}")
    return value


def read_patterns(path: Path) -> dict[str, Patterns]:
    """Return the patterns of each kind of hint in a file such as resources/judges.yaml.

    Raises KeysError, with the place in the file, for what is missing, unknown or no regular expression.
    """
    keys = read_keys(path)
    named = [name for name in ("parts", "shared", "kinds") if isinstance(keys.get(name), dict)]
    if set(keys) != {"common", *named} or len(named) < 3:
        raise KeysError(f"{path}: expected the keys common, parts, shared and kinds")
    common = tuple(_texts(keys["common"], f"{path}: common"))
    parts = {name: "|".join(_texts(texts, f"{path}: parts.{name}")) for name, texts in keys["parts"].items()}
    shared = _section(keys["shared"], parts, f"{path}: shared")
    patterns = {}
    for kind, own in keys["kinds"].items():
        section = _section(own, parts, f"{path}: kinds.{kind}")
        lists = {name: either(shared[name] + section[name]) for name in LISTS}
        patterns[kind] = Patterns(lists, shared[_WORDS] | section[_WORDS], common)
    return patterns
