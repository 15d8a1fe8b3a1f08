"""What experiments need of the engines that serve their models, checked before any job."""

from typing import Any

from unspoken.engines.capabilities import AUTO, CAPABILITIES, CHOICES, PATTERN, PREFIX, WEIGHTS
from unspoken.study.keys import CommonKeys
from unspoken.study.rooms import ROOMS

MEANINGS = {
    CHOICES: "the exact probability of choices",
    PATTERN: "decoding restricted to a pattern",
    PREFIX: "continuing the beginning of an answer",
    WEIGHTS: "subjects with trained weights",
}


def lacking_engine(study: CommonKeys) -> str | None:
    """Say which model's engine lacks what an experiment asks, or which room does not say, if any."""
    for room in ROOMS:
        section = study.section(room.name)
        if room.name not in study.experiments:
            continue
        needed = room.needs(section)
        if needed is None:
            return (
                f"experiments: got '{room.name}', whose room does not say what its models need of engines; "
                f"expected `needs` in src/unspoken/experiments/{room.name}/experiment.py ({{}} for nothing)"
            )
        for name, needs in needed.items():
            for capability, key in needs.items():
                if fault := _lacking(name, study.models[name].engine.model_dump(), capability, key):
                    return fault
    return None


def _lacking(name: str, engine: dict[str, Any], capability: str, key: str) -> str | None:
    """Say what a model's engine lacks, if it lacks a capability that a key of the study asks for."""
    for kind in _kinds(engine):
        if capability not in CAPABILITIES[kind]:
            can = [_said(one) for one, able in CAPABILITIES.items() if capability in able]
            return (
                f"models.{name}.engine: got {_said(kind)}, and {key} needs "
                f"{MEANINGS[capability]}; expected one of: {', '.join(can)}"
            )
    return None


def _said(kind: str) -> str:
    """Return how a study names an engine: an endpoint's kind leaves open what it can do."""
    return {"endpoint": "endpoint (api: tokens)", "endpoint_chat": "endpoint (api: chat)"}.get(kind, kind)


def _kinds(settings: dict[str, Any]) -> list[str]:
    """Return the names under which an engine's capabilities stand; for auto, of all it may become."""
    if settings["kind"] == "auto":
        return list(AUTO)
    if settings["kind"] == "endpoint" and settings["api"] == "chat":
        return ["endpoint_chat"]
    return [settings["kind"]]
