"""What a script does, as a digest: comments, docstrings and file times do not count.

Nor does an optional field of a dataclass that no code of the script names (`_optional_fields`).

Reading the logic of a file takes milliseconds, and every run of Snakemake and every cluster job
asks for that of all files. So it is remembered by the file's bytes, beside Python's compiled files.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

from unspoken.memory import remembered

SOURCE = Path(__file__).parent
FRONT_DOOR = re.compile(
    rf"{SOURCE.name}\.(study(\..*)?|experiments\.\w+\.(experiment|section|design|shown|told|work|replicates)(\..*)?)"
)
"""Modules that decide which jobs there are and what each is told, which stands in its params."""
NEUTRAL = {
    "None", "False", "0", "0.0", "''", "()", "[]", "{}",
    *(f"field(default_factory={kind})" for kind in ("list", "dict", "tuple")),
}  # fmt: skip
"""Defaults that ask for nothing, as code."""
Logic = tuple[str, list[str], list[list[str]], str]
"""Of a file: the digest of its logic, the modules of this library that it imports (but the front door's),
the optional fields of each dataclass as code, and the names that it uses, between spaces."""


@cache
def _module_files(name: str) -> tuple[Path, ...]:
    """Return the files that importing a module of this library runs."""
    package, _, _ = name.rpartition(".")
    if not package:
        return ()
    inner = SOURCE.joinpath(*name.split(".")[1:])
    candidates = (inner.with_suffix(".py"), inner / "__init__.py")
    return (*_module_files(package), *(path for path in candidates if path.is_file()))


def _imported_modules(tree: ast.AST) -> Iterator[str]:
    """Yield every module that a tree imports, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            ]
    return tree


def _is_optional(node: ast.stmt) -> bool:
    """Tell whether a statement declares a field with a neutral default."""
    if not isinstance(node, ast.AnnAssign) or node.value is None:
        return False
    return ast.unparse(node.value) in NEUTRAL and not ast.unparse(node.annotation).startswith("ClassVar")


def _optional_fields(tree: ast.AST) -> list[list[str]]:
    """Take the last optional fields out of the dataclasses of a tree, and return them as code.

    Until some code names such a field, it does nothing: a dataclass checks no type, what is made of it
    by position does not reach the last fields, and the default asks for nothing. So a new one reruns no
    job, and using it does. Other classes count whole: pydantic and tables read their declarations.
    """
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        if not any("dataclass" in ast.unparse(one) for one in node.decorator_list):
            continue
        fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
        last = [*takewhile(_is_optional, reversed(fields))][::-1]
        node.body = [one for one in node.body if one not in last]
        found.append([ast.unparse(one) for one in last])
    return [fields for fields in found if fields]


def _used_names(tree: ast.AST) -> Iterator[str]:
    """Yield every name by which a tree could read or set a field: attributes, keywords, texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value
        elif isinstance(node, ast.MatchClass):
            yield from node.kwd_attrs


def _logic(text: bytes) -> Logic:
    tree = _without_docstrings(ast.parse(text))
    optional = _optional_fields(tree)
    ours = (name for name in _imported_modules(tree) if name.split(".")[0] == SOURCE.name)
    modules = {name for name in ours if not FRONT_DOOR.fullmatch(name)}
    # Unparsed text is the same on every Python version; a dump of the tree is not.
    digest = hashlib.sha256(ast.unparse(tree).encode()).hexdigest()
    return digest, sorted(modules), optional, " ".join(sorted(set(_used_names(tree))))


@cache
def _own_text() -> bytes:
    return Path(__file__).read_bytes()


@dataclass(frozen=True)
class _File:
    """What counts of a file's code."""

    digest: bytes
    imports: tuple[Path, ...]
    optional: list[list[str]]
    names: frozenset[str]


@cache
def _file(path: Path) -> _File:
    text = path.read_bytes()
    key = hashlib.sha256(_own_text() + text).hexdigest()
    digest, modules, optional, names = remembered("logic", key, lambda: _logic(text))
    imported = {file for name in modules for file in _module_files(name)}
    return _File(bytes.fromhex(digest), tuple(sorted(imported)), optional, frozenset(names.split()))


def _counted(file: _File, among: Iterable[_File]) -> bytes:
    """Return what counts of a file: its logic, and its optional fields up to the last named one."""
    counted = []
    for fields in file.optional:
        named = [any(field.split(":")[0] in one.names for one in among) for field in fields]
        counted += fields[: len(fields) - [*reversed(named), True].index(True)]
    return file.digest + "\n".join(counted).encode()


def code_digest(script: Path) -> str:
    """Return 16 hex digits for the logic of a script and of the library modules it imports."""
    seen: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(_file(path).imports)
    digest, files = hashlib.sha256(), [_file(path) for path in seen]
    for path in sorted(seen - {script}):
        digest.update(str(path.relative_to(SOURCE)).encode() + _counted(_file(path), files))
    digest.update(_counted(_file(script), files))
    return digest.hexdigest()[:16]
