"""What the Snakefile calls: the plan of the study, or one message and the end."""

import sys
from pathlib import Path
from typing import Any

from unspoken.registry.load import ClaimsError
from unspoken.study.asked_models import unaskable_model
from unspoken.study.load import StudyError, checked_study, from_its_file, read_yaml
from unspoken.study.plan import Plan


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return `over` laid on `under`: maps merge, everything else replaces."""
    result = dict(under)
    for key, value in over.items():
        inside = result.get(key)
        if isinstance(inside, dict) and isinstance(value, dict):
            value = merged(inside, value)
        result[key] = value
    return result


def study_texts(root: Path) -> dict[str, dict[str, Any]]:
    """Return the texts that a study is made of, by the name of their file in resources/."""
    resources = root / "resources"
    files = [resources / "traits.yaml", *sorted((resources / "prompts").glob("*.yaml"))]
    return {file.stem: read_yaml(file) for file in files}


def plan_of(root: Path, overlay: dict[str, Any], overlays: list[Path]) -> Plan:
    """Return the plan of config.yaml with an overlay. Raises StudyError."""
    texts = study_texts(root)
    shipped = root / "config.yaml"
    config = merged(read_yaml(shipped), overlay)
    plan = Plan(checked_study(config, [shipped, *overlays], texts["traits"]), texts, root)
    try:
        _ = plan.claims_digest
    except ClaimsError as error:
        raise StudyError(str(error)) from error
    for room in plan.rooms:
        if fault := room.plan_fault():
            raise StudyError(fault)
    if fault := unaskable_model(plan):
        raise StudyError(from_its_file(fault, config, [shipped, *overlays]))
    return plan


def plan_of_files(root: Path, overlays: list[Path], keys: dict[str, Any] | None = None) -> Plan:
    """Return the plan of config.yaml with some files, then `keys`, laid over it. Raises StudyError."""
    laid: dict[str, Any] = {}
    for path in overlays:
        laid = merged(laid, read_yaml(path))
    return plan_of(root, merged(laid, keys or {}), overlays)


def plan_or_exit(root: Path, overlay: dict[str, Any], overlays: list[Path]) -> Plan:
    """Return the plan, or print what is wrong and exit: no job starts, nobody reads a traceback."""
    try:
        return plan_of(root, overlay, overlays)
    except StudyError as error:
        print(f"The study cannot run.\n{error}", file=sys.stderr)
        sys.exit(1)
