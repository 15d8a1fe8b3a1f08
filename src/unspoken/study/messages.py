"""What is wrong with a study, in a researcher's words: file, key, what was given, what is expected."""

import re
from collections.abc import Iterable
from typing import Any

from unspoken.expected import said_of, short
from unspoken.study.study import Study
from unspoken.visible import visible

Key = tuple[str | int, ...]
Keys = dict[str, Any]

BRANCHES = {
    "organism",
    "follower",
    "package",
    "parts",
    "hub",
    "local",
    "served",
    "scripted",
    "auto",
    "transformers",
    "vllm",
    "endpoint",
    "knowledge",
    "procedural",
    "tasks",
    "own",
    "truthful_qa",
    "Draw",
    "list[constrained-str]",
    "[key]",
}
"""Parts of pydantic's locations that are no keys: the branches of unions."""


def value_at(content: Any, key: Key) -> tuple[Any, int]:
    """Return what stands at the longest part of a key that is there, and how long that part is."""
    for depth, part in enumerate(key):
        inside = part in content if isinstance(content, dict) else False
        inside |= isinstance(content, list) and isinstance(part, int) and part < len(content)
        if not inside:
            return content, depth
        content = content[part]
    return content, len(key)


def origin(key: Key, config: Keys, sources: dict[str, Keys]) -> str:
    """Return which source gives a key: the last that holds it, or --config if its value is not theirs.

    `config` is what the sources make together: maps merge, lists replace whole.
    """
    whole = next((depth for depth, part in enumerate(key) if isinstance(part, int)), len(key))
    key, best, longest = key[:whole], "--config", 0
    for name, content in sources.items():
        depth = value_at(content, key)[1]
        if depth and depth >= longest:
            best, longest = name, depth
    given, depth = value_at(config, key)
    replaced = not isinstance(given, dict) and value_at(sources.get(best), key) != (given, depth)
    return "--config" if replaced else best


def _said(error: Any, key: Key) -> str:
    """Return what was given and what is expected."""
    kind, given = error["type"], error["input"]
    if kind == "union_tag_not_found":
        return "nothing was given for 'kind'; expected one, such as hub or vllm"
    if key == ("traits",) and kind != "too_short":
        return f"got {short(repr(given))}; expected a list of words, or {{draw: how many}}"
    if kind == "too_short" and isinstance(given, dict):
        return "got nothing; expected at least one entry"
    if "headers" in key or (kind == "string_pattern_mismatch" and key[-1:] == ("key",)):
        error = error | {"input": "something else (not shown, as it may be secret)"}
    if kind == "union_tag_invalid":
        error = error | {"input": error["ctx"]["tag"]}
    return said_of(error, Study)


def _own_words(message: str) -> tuple[list[Key], str]:
    """Split a validator's own message, 'key, other.key: text', into the keys it is about and text."""
    found = re.match(r"(?:Value error, )?(?:([a-z_.\-0-9]+(?:, [a-z_.\-0-9]+)*): )?(.*)", message, re.DOTALL)
    assert found
    keys = found[1].split(", ") if found[1] else []
    return [tuple(key.split(".")) for key in keys] or [()], found[2]


def _key_of(error: Any, config: Keys) -> Key:
    """Return the key of an error: pydantic's location without the branches of unions.

    A branch may be called like a key of another section: what the study has there is a key.
    """
    key: Key = ()
    for part in error["loc"]:
        inside, depth = value_at(config, key)
        is_given = depth == len(key) and isinstance(inside, dict) and part in inside
        if is_given or part not in BRANCHES:
            key = (*key, part)
    return key


def _message_of(error: Any, key: Key, config: Keys, sources: dict[str, Keys]) -> str:
    """Say one error of pydantic: `file: key: what was given; what is expected`.

    Of several keys that do not fit together the key given last counts as the mistake.
    """
    keys, text = [key], ""
    if error["type"] == "value_error":
        ends, text = _own_words(error["msg"])
        keys = [key + end for end in ends]
    order = [*sources, "--config"]
    origins = [(origin(one, config, sources), one) for one in keys]
    place, key = max(origins, key=lambda one: order.index(one[0]))
    name = short(".".join(map(str, key))) or "study"
    return f"{place}: {name}: {text or _said(error, key)}"


def messages_of(errors: Iterable[Any], config: Keys, sources: dict[str, Keys]) -> list[str]:
    """Return one line a mistake. A union has an error for each branch: the most exact errors stay."""
    listed = [(_key_of(error, config), error) for error in errors]
    keys = {key for key, _ in listed}
    whole = {key for key in keys for other in keys if len(other) > len(key) and other[: len(key)] == key}
    exact = ((key, error) for key, error in listed if key not in whole)
    return list(dict.fromkeys(visible(_message_of(error, key, config, sources)) for key, error in exact))
