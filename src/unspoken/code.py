"""What a script does, as a digest: comments, docstrings and file times do not count.

Reading the logic of a file takes milliseconds, and every run of Snakemake and every cluster job
asks for that of all files. So it is remembered by the file's bytes, beside Python's compiled files.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from unspoken.memory import remembered

SOURCE = Path(__file__).parent
FRONT_DOOR = re.compile(
    rf"{SOURCE.name}\.(study(\..*)?|experiments\.\w+\.(experiment|section|design|told|work|replicates)(\..*)?)"
)
"""Modules that decide which jobs there are and what each is told, which stands in its params."""
Logic = tuple[str, list[str]]
"""The digest of a file's logic, and the modules of this library that it imports, but the front door's."""


def _module_files(name: str) -> list[Path]:
    """Return the files that importing a module of this library runs (none for other modules)."""
    parts = name.split(".")
    if parts[0] != SOURCE.name:
        return []
    files: list[Path] = []
    for depth in range(1, len(parts)):
        inner = SOURCE.joinpath(*parts[1 : depth + 1])
        candidates = (inner.with_suffix(".py"), inner / "__init__.py")
        files += [path for path in candidates if path.is_file()]
    return files


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


def _logic(text: bytes) -> Logic:
    tree = ast.parse(text)
    ours = (name for name in _imported_modules(tree) if name.split(".")[0] == SOURCE.name)
    modules = {name for name in ours if not FRONT_DOOR.fullmatch(name)}
    # Unparsed text is the same on every Python version; a dump of the tree is not.
    code = ast.unparse(_without_docstrings(tree))
    return hashlib.sha256(code.encode()).hexdigest(), sorted(modules)


@cache
def _own_text() -> bytes:
    return Path(__file__).read_bytes()


@cache
def _file_digest_and_imports(path: Path) -> tuple[bytes, tuple[Path, ...]]:
    text = path.read_bytes()
    key = hashlib.sha256(_own_text() + text).hexdigest()
    digest, modules = remembered("logic", key, lambda: _logic(text))
    imported = {file for name in modules for file in _module_files(name)}
    return bytes.fromhex(digest), tuple(sorted(imported))


def code_digest(script: Path) -> str:
    """Return 16 hex digits for the logic of a script and of the library modules it imports."""
    seen: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(_file_digest_and_imports(path)[1])
    digest = hashlib.sha256()
    for path in sorted(seen - {script}):
        digest.update(str(path.relative_to(SOURCE)).encode() + _file_digest_and_imports(path)[0])
    digest.update(_file_digest_and_imports(script)[0])
    return digest.hexdigest()[:16]
