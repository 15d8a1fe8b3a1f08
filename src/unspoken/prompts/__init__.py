"""Prompts of the experiments, and the files of wordings and words that people edit."""

import re
import string
from pathlib import Path
from typing import Any

from unspoken.yaml_files import read_keys


class ResourceError(ValueError):
    """A file of wordings or words that cannot be used; the message names file and key."""


def _error(path: Path, key: str, given: object, expected: str) -> ResourceError:
    return ResourceError(f"{path}: {key}: {given!r} was given; expected {expected}")


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


def _checked_word(word: object, key: str, path: Path) -> str:
    if not isinstance(word, str) or not re.fullmatch("[a-z]+", word):
        raise _error(path, key, word, "one word of lower-case letters only")
    return word


def _checked_group(name: str, group: Any, path: Path) -> dict[str, Any]:
    if not isinstance(group, dict) or set(group) != {"category", "words"}:
        raise _error(path, name, group, "the keys 'category' and 'words'")
    _checked_word(group["category"], f"{name}.category", path)
    words = group["words"]
    if not isinstance(words, dict) or len(words) < 2:
        raise _error(path, f"{name}.words", words, "two words or more, each with its plural")
    seen: set[str] = set()
    checked = {}
    for word, entry in words.items():
        key = f"{name}.words.{word}"
        _checked_word(word, key, path)
        if not isinstance(entry, dict) or not {"plural"} <= set(entry) <= {"plural", "not_in"}:
            raise _error(path, key, entry, "{plural: ...} and, if needed, not_in: [...]")
        forms = {word, _checked_word(entry["plural"], f"{key}.plural", path)}
        if forms & seen:
            raise _error(path, key, min(forms & seen), "each word and each plural once")
        seen |= forms
        not_in = entry.get("not_in", [])
        if not isinstance(not_in, list):
            raise _error(path, f"{key}.not_in", not_in, "a list of words")
        for other in not_in:
            if word not in _checked_word(other, f"{key}.not_in", path) or other in forms:
                raise _error(path, f"{key}.not_in", other, f"words that contain '{word}'")
        checked[word] = {"plural": entry["plural"], "not_in": list(not_in)}
    return {"category": group["category"], "words": checked}


def load_traits(path: Path) -> dict[str, dict[str, Any]]:
    """Return the groups of trait words: {group: {category, words: {word: {plural, not_in}}}}.

    Words keep the file's order. `not_in` lists names that contain the word and are something else.
    Raises ResourceError naming file, key, what was given and what is expected: for a word that is
    not lower-case letters only, that stands twice, or that has no plural.
    """
    content = read_resource(path)
    return {str(name): _checked_group(str(name), group, path) for name, group in content.items()}
