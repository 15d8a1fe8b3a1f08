"""The one reader of YAML files that people write: keys once, numbers as written; faults in one line."""

import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader; the loader in C, ten times as fast, where PyYAML was built with it."""


MOST_NODES = 200_000
"""Keys and values of a file, each alias counted with all that it stands for."""
MOST_DEEP = 100
"""Lists and keys within each other. The loader calls itself for each: too many would end Python itself."""
_STRANGE = re.compile(r"[-+]?0[0-7_]*[1-7][0-7_]+|[-+]?[0-9_]+(?::[0-5]?[0-9])+")
"""Whole numbers to the base of eight, as they begin with a zero, or of sixty, as they have colons."""
_AS_WRITTEN = tuple(f"tag:yaml.org,2002:{tag}" for tag in ("str", "merge", "value"))
"""The tags of keys that are what is written: texts, and the keys `<<` and `=`."""


YamlError = yaml.YAMLError


class KeysError(ValueError):
    """A file without keys and values; the message names it, and the line where it can."""


def _parts(node: Any) -> Iterator[Any]:
    """Yield the nodes within a node: keys and values, or entries of a list."""
    for one in node.value if isinstance(node, yaml.SequenceNode | yaml.MappingNode) else []:
        yield from one if isinstance(one, tuple) else (one,)


def _expanded(node: Any, known: dict[int, float]) -> float:
    """Return how many nodes a node has when aliases are written out; within itself, infinitely many."""
    if id(node) not in known:
        known[id(node)] = float("inf")
        known[id(node)] = 1 + sum(_expanded(part, known) for part in _parts(node))
    return known[id(node)]


def _collections(node: Any, seen: set[int]) -> Iterator[Any]:
    """Yield the mappings and lists in a tree of nodes, from its top; what aliases name once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.CollectionNode):
        yield node
    for part in _parts(node):
        yield from _collections(part, seen)


def _key_twice(loader: Any, mapping: Any) -> str | None:
    """Say which key of a mapping stands twice, and in which lines; None if each stands once.

    Keys are compared as values: `owl` is "owl", and `yes` is `true`. What `<<` brings is no key of the
    mapping itself, which may have it too.
    """
    lines: dict[Hashable, int] = {}
    for node, _ in mapping.value:
        key = node.value if node.tag in _AS_WRITTEN else loader.construct_object(node, deep=True)
        if not isinstance(key, Hashable):  # the loader refuses it, and says so
            continue
        line = node.start_mark.line + 1
        if key in lines:
            places = f"line {line}" if lines[key] == line else f"line {lines[key]} and line {line}"
            return f"{places}: {key!r} stands twice; expected each key once"
        lines[key] = line
    return None


def _strange_number(node: Any) -> str | None:
    """Say which whole number YAML reads as another than is written: 010 is 8 for it, and 1:30 is 90."""
    for part in _parts(node):
        is_number = part.tag == "tag:yaml.org,2002:int" and isinstance(part, yaml.ScalarNode)
        if is_number and _STRANGE.fullmatch(part.value):
            given = yaml.safe_load(part.value)
            line = part.start_mark.line + 1
            said = f"line {line}: YAML reads {part.value} as {given}"
            return f"{said}; expected {given}, or '{part.value}' for a text"
    return None


def _check_depth(text: str) -> None:
    """Raise yaml.YAMLError where lists and keys stand within each other more than MOST_DEEP times."""
    deep = 0
    for event in yaml.parse(text, Loader=_LOADER):
        deep += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if deep > MOST_DEEP:
            raise yaml.YAMLError(f"more than {MOST_DEEP} lists and keys within each other")


def loaded(text: str) -> Any:
    """Return what YAML says.

    Raises yaml.YAMLError, also for what would fill the memory or end Python, and KeysError, which does not
    name the file, for a key that stands twice, of whose values all but the last would be lost in silence, and
    for a number that would be another.
    """
    _check_depth(text)
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _expanded(node, {}) > MOST_NODES:
            raise yaml.YAMLError(f"more than {MOST_NODES} keys and values, aliases written out")
        for one in _collections(node, set()):
            twice = _key_twice(loader, one) if isinstance(one, yaml.MappingNode) else None
            if fault := twice or _strange_number(one):
                raise KeysError(fault)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _not_utf8(error: UnicodeDecodeError) -> str:
    """Say, behind the file's name, where it is not UTF-8: its line, and the byte there."""
    line = error.object.count(b"\n", 0, error.start) + 1
    return f", line {line}: not UTF-8 (byte {error.object[error.start]:#04x}); expected a file saved as UTF-8"


def _not_yaml(error: Exception) -> str:
    """Say, behind the file's name, in which line it is no YAML, where that is known, and why."""
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark else ""
    return f"{line}: not valid YAML: {getattr(error, 'problem', None) or ' '.join(str(error).split())}"


def read_keys(path: Path, fault: type[ValueError] = KeysError) -> dict[str, Any]:
    """Return the keys of a YAML file.

    Raises `fault` for a file that is missing, not UTF-8, no YAML or no keys with values, and for a key
    that stands twice, however deep; the message names the file and, where it can, the line.
    """
    try:
        content = loaded(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise fault(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise fault(f"{path}{_not_utf8(error)}") from error
    except KeysError as error:
        raise fault(f"{path}, {error}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: the date 2025-13-01
        raise fault(f"{path}{_not_yaml(error)}") from error
    if not isinstance(content, dict):
        given = "nothing" if content is None else type(content).__name__
        raise fault(f"{path}: expected keys and values, got {given}")
    return content
