"""What a script does, as a digest: comments, docstrings and file times do not count."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent


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


@cache
def _file_digest_and_imports(path: Path) -> tuple[bytes, tuple[Path, ...]]:
    tree = ast.parse(path.read_bytes())
    imported = [file for name in _imported_modules(tree) for file in _module_files(name)]
    # Unparsed text is the same on every Python version; a dump of the tree is not.
    text = ast.unparse(_without_docstrings(tree))
    return hashlib.sha256(text.encode()).digest(), tuple(sorted(set(imported)))


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
