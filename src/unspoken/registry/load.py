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
from unspoken.registry.claims import Claim, Paper
from unspoken.yaml_files import read_keys

COUNTERPARTS = ("direction", "size", "trend")
"""Kinds of claims that say of an effect that it is there."""
ROUNDING = 1e-9


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


def _counterpart_fault(claim: Claim, known: dict[str, Claim]) -> str | None:
    """Say what is wrong with what a null names as its counterpart, in words."""
    from unspoken.verdicts.thresholds import margin_of

    if claim.test is None or claim.test.counterpart is None:
        return None
    named = claim.test.counterpart
    other = known.get(named.claim)
    if other is None or other.test is None or other.kind not in COUNTERPARTS:
        return f"claim: got {named.claim!r}; expected a claim with a test of a {' or '.join(COUNTERPARTS)}"
    if other.test.unit != claim.test.unit:
        return f"claim: {named.claim} is tested in {other.test.unit!r}; expected {claim.test.unit!r}"
    margin = margin_of(claim.model_dump(include={"test", "values"}))
    if named.effect is not None and margin > named.effect / 2 * (1 + ROUNDING):
        return f"effect: got {named.effect:g} beside a margin of {margin:g}; expected half of it or less"
    return None


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
    known = {claim.id: claim for paper in papers.values() for claim in paper.claims}
    for path, paper in papers.items():
        for claim in paper.claims:
            for other in claim.conflicts_with:
                if other not in seen:
                    raise ClaimsError(f"{path}: claim {claim.id}: conflicts_with: no claim is {other!r}")
            if fault := _counterpart_fault(claim, known):
                raise ClaimsError(f"{path}: claim {claim.id}: test.counterpart.{fault}")
    return list(papers.values())


def read_claims(files: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the claims of some files as plain values. Raises ClaimsError."""
    return [
        claim.model_dump(mode="json", by_alias=True) for paper in read_papers(files) for claim in paper.claims
    ]


def _bytes_digest(files: Iterable[Path]) -> str:
    """Return a digest of the files' bytes, and of what they are read with. Raises ClaimsError."""
    try:
        texts = [path.read_bytes() for path in files]
    except OSError as error:
        raise ClaimsError(f"{error.filename}: cannot be read: {error.strerror}") from error
    digest = hashlib.sha256()
    for text in (_schema_text(), *texts):
        digest.update(hashlib.sha256(text).digest())
    return digest.hexdigest()


def claims_digest(paths: Iterable[Path]) -> str:
    """Return a digest of what claims files say, after checking them. Raises ClaimsError.

    Every run of Snakemake asks for it: that files of these bytes are sound is remembered.
    """
    files = sorted(paths)

    def checked() -> str:
        said = [paper.model_dump(mode="json", by_alias=True) for paper in read_papers(files)]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    return remembered("claims", _bytes_digest(files), checked)


def claims_sesois(paths: Iterable[Path]) -> list[tuple[str, str, str, float]]:
    """Return experiment, metric, unit and smallest effect that would matter of every test, each once."""
    from unspoken.verdicts.thresholds import sesoi_of

    files = sorted(paths)

    def read() -> list[tuple[str, str, str, float]]:
        tested = [claim for claim in read_claims(files) if claim["test"]]
        names = ("experiment", "metric", "unit")
        return sorted({(*(claim["test"][name] for name in names), sesoi_of(claim)) for claim in tested})

    return remembered("sesois", _bytes_digest(files), read)


@cache
def _schema_text() -> bytes:
    here = Path(__file__)
    return here.read_bytes() + here.with_name("claims.py").read_bytes()
