"""Where each file of a store came from: its hash, and the rule and code that made it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from unspoken.files import sha256_of_file
from unspoken.store import StoreError


def maker_of(path: Path, makers: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Return the rule that made a file, and the digest of the rule's code.

    `makers` are (regular expression of a whole path, rule, digest); the first whose expression fits holds.
    Raises StoreError for a file that no maker declares.
    """
    for pattern, rule, code in makers:
        if re.fullmatch(pattern, str(path)):
            return rule, code
    raise StoreError(f"{path}: no experiment or stage declares which rule makes it")


def provenance_rows(
    paths: Sequence[Path], makers: Sequence[Sequence[str]], packages: Mapping[str, str]
) -> pl.DataFrame:
    """Return a row for each imported file, whole in itself: path, sha256, bytes, rule, code, packages.

    `packages` are the versions of the packages that matter. Raises StoreError for a file that no maker
    declares (see `maker_of`).
    """
    rows = []
    for path in sorted(set(paths)):
        rule, code = maker_of(path, makers)
        rows.append({"path": str(path), "sha256": sha256_of_file(path), "bytes": path.stat().st_size,
                     "rule": rule, "code": code, "packages": dict(packages)})  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"packages": pl.Map(pl.String, pl.String)})
