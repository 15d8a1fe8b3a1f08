"""Prompts of the experiments, and the files of wordings and words that people edit."""

import string
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, RootModel, StringConstraints

from unspoken.typed_keys import Keys, typed_keys
from unspoken.yaml_files import read_keys


class ResourceError(ValueError):
    """A file of wordings or words that cannot be used; the message names file and key."""


def _error(path: Path, key: str, given: object, expected: str) -> ResourceError:
    return ResourceError(f"{path}: {key}: got {given!r}; expected {expected}")


def read_resource(path: Path) -> dict[str, Any]:
    """Return a YAML file's mapping. Raises ResourceError naming the file and what is wrong."""
    return read_keys(path, ResourceError)


def wordings(
    resource: dict[str, Any],
    key: str,
    path: Path,
    *,
    needs: tuple[str, ...] = (),
    may_have: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Return the list of texts at `key`; each has all placeholders in `needs`, some of `may_have`.

    Raises ResourceError for a missing or empty list, a text that is repeated, and a placeholder
    that is left out or not known.
    """
    texts = resource.get(key)
    if not isinstance(texts, list) or not texts:
        raise _error(path, key, texts, "a list of texts")
    for position, text in enumerate(texts):
        where = f"{key}[{position}]"
        if not isinstance(text, str) or not text.strip():
            raise _error(path, where, text, "a text (in quotes)")
        if text in texts[:position]:
            raise _error(path, where, text, "each text once")
        try:
            used = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
        except ValueError as error:
            raise _error(path, where, text, f"braces around placeholders only ({error})") from error
        if not set(needs) <= used <= {*needs, *may_have}:
            known = [f"{{{field}}} (needed)" for field in needs]
            known += [f"{{{field}}}" for field in may_have]
            expected = f"the placeholders {', '.join(known)}" if known else "no placeholders"
            raise _error(path, where, text, expected)
    return tuple(texts)


def whole_number(resource: dict[str, Any], key: str, path: Path) -> int:
    """Return the integer of 1 or more at `key`, or raise ResourceError."""
    value = resource.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _error(path, key, value, "a whole number of 1 or more")
    return value


def bounds(resource: dict[str, Any], key: str, path: Path) -> tuple[int, int]:
    """Return the pair [smallest, largest] of integers at `key`, or raise ResourceError."""
    pair = resource.get(key)
    if isinstance(pair, list) and [type(value) for value in pair] == [int, int]:
        smallest, largest = pair
        if 0 <= smallest <= largest:
            return smallest, largest
    raise _error(path, key, pair, "[smallest, largest], two whole numbers in this order")


Word = Annotated[str, StringConstraints(pattern="^[a-z]+$")]


class TraitWord(Keys):
    """What a file of trait words says of a word."""

    plural: Word
    not_in: list[Word] = []
    """Names that contain the word and are something else."""


class TraitGroup(Keys):
    """A group of trait words."""

    category: Word
    words: Annotated[dict[Word, TraitWord], Field(min_length=2)]


class TraitGroups(RootModel[dict[str, TraitGroup]]):
    """A file of trait words."""


def _check_words(name: str, words: dict[str, TraitWord], path: Path) -> None:
    """Raise ResourceError for a word or a plural that stands twice, and for a name without the word."""
    seen: set[str] = set()
    for word, entry in words.items():
        key, forms = f"{name}.words.{word}", {word, entry.plural}
        if forms & seen:
            raise _error(path, key, min(forms & seen), "each word and each plural once")
        seen |= forms
        for other in entry.not_in:
            if word not in other or other in forms:
                raise _error(path, f"{key}.not_in", other, f"words that contain '{word}'")


def load_traits(path: Path) -> dict[str, dict[str, Any]]:
    """Return the groups of trait words: {group: {category, words: {word: {plural, not_in}}}}.

    Words keep the file's order. `not_in` lists names that contain the word and are something else.
    Raises ResourceError naming file, key, what was given and what is expected: for a word that is
    not lower-case letters only, that stands twice, or that has no plural.
    """
    groups = typed_keys(TraitGroups, path, ResourceError)
    for name, group in groups.root.items():
        _check_words(name, group.words, path)
    return groups.model_dump()
