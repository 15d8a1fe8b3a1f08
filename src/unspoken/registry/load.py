"""Read claims files; what is wrong is said with file, claim and field."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from unspoken.expected import said_of
from unspoken.memory import remembered
from unspoken.registry.claims import Paper
from unspoken.yaml_files import read_keys


class ClaimsError(ValueError):
    """A claims file that cannot be used; the message names file, claim and field."""


def _fault(path: Path, content: dict[str, Any], error: Any) -> str:
    """Say where a fault is, what was given and what is expected."""
    place = [part for part in error["loc"] if part != "class_"]
    claim = ""
    if len(place) > 1 and place[0] == "claims" and isinstance(place[1], int):
        given = content["claims"][place[1]]
        name = given.get("id") if isinstance(given, dict) else None
        claim, place = f" claim {name or f'number {place[1] + 1}'}:", place[2:]
    key = f" {'.'.join(map(str, place))}:" if place else ""
    return f"{path}:{claim}{key} {said_of(error, Paper)}"


def claims_files(root: Path, own: Iterable[str]) -> list[Path]:
    """Return the registry's files and a user's own."""
    return [*sorted((root / "resources" / "claims").glob("*.yaml")), *map(Path, own)]


@cache
def read_paper(path: Path) -> Paper:
    """Return the claims of a file. Raises ClaimsError with a line for each fault."""
    from unspoken.verdicts.thresholds import default_threshold

    content = read_keys(path, ClaimsError)
    try:
        paper = Paper.model_validate(content)
    except ValidationError as error:
        raise ClaimsError("\n".join(_fault(path, content, one) for one in error.errors())) from None
    for claim in paper.claims:
        if claim.test is None:
            continue
        default = default_threshold(claim.model_dump(include={"test", "values"}))
        for name in ("sesoi", "margin"):
            if getattr(claim.test, name) is None and default is None:
                raise ClaimsError(
                    f"{path}: claim {claim.id}: test.{name}: nothing was given; there is no default for "
                    f"the unit {claim.test.unit!r} without a published number of that unit"
                )
    return paper


def read_papers(paths: Iterable[Path]) -> list[Paper]:
    """Return the papers of all files. Raises ClaimsError, also for ids given twice or unknown."""
    papers = {path: read_paper(path) for path in paths}
    seen: dict[str, Path] = {}
    keys: dict[str, Path] = {}
    for path, paper in papers.items():
        if paper.paper in keys:
            raise ClaimsError(f"{path}: paper: got {paper.paper!r}, which {keys[paper.paper]} has too")
        keys[paper.paper] = path
        for claim in paper.claims:
            if claim.id in seen:
                raise ClaimsError(f"{path}: claim {claim.id}: id: {seen[claim.id]} has this id too")
            seen[claim.id] = path
    for path, paper in papers.items():
        for claim in paper.claims:
            for other in claim.conflicts_with:
                if other not in seen:
                    raise ClaimsError(f"{path}: claim {claim.id}: conflicts_with: no claim is {other!r}")
    return list(papers.values())


def read_claims(files: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the claims of some files as plain values. Raises ClaimsError."""
    return [
        claim.model_dump(mode="json", by_alias=True) for paper in read_papers(files) for claim in paper.claims
    ]


def claims_digest(paths: Iterable[Path]) -> str:
    """Return a digest of what claims files say, after checking them. Raises ClaimsError.

    Every run of Snakemake asks for it: that files of these bytes are sound is remembered.
    """
    files = sorted(paths)
    try:
        texts = [path.read_bytes() for path in files]
    except OSError as error:
        raise ClaimsError(f"{error.filename}: cannot be read: {error.strerror}") from error
    digest = hashlib.sha256()
    for text in (_schema_text(), *texts):
        digest.update(hashlib.sha256(text).digest())

    def checked() -> str:
        said = [paper.model_dump(mode="json", by_alias=True) for paper in read_papers(files)]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    return remembered("claims", digest.hexdigest(), checked)


@cache
def _schema_text() -> bytes:
    here = Path(__file__)
    return here.read_bytes() + here.with_name("claims.py").read_bytes()
