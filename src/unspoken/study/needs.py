"""What experiments need of the engines that serve their models, checked before any job."""

from unspoken.engines.capabilities import AUTO, CAPABILITIES, CHOICES, PATTERN, PREFIX, WEIGHTS, can, kinds_of
from unspoken.study.keys import CommonKeys
from unspoken.study.rooms import ROOMS

MEANINGS = {
    CHOICES: "the exact probability of choices",
    PATTERN: "decoding restricted to a pattern",
    PREFIX: "continuing the beginning of an answer",
    WEIGHTS: "subjects with trained weights",
}
OF_FILES = (*AUTO, "endpoint", "endpoint_chat")
"""Engines that may serve a model whose files are here."""


def lacking_engine(study: CommonKeys) -> str | None:
    """Say which model's engine lacks what its part in an experiment needs, if any.

    Or which room does not say what it needs. What the message advises can all that is asked of the model.
    """
    asked: dict[str, dict[str, str]] = {}
    for room in ROOMS:
        if room.name not in study.experiments:
            continue
        needed = room.needs(study.section(room.name))
        if needed is None:
            return (
                f"experiments: got '{room.name}', whose room does not say what its models need of engines; "
                f"expected `needs` in src/unspoken/experiments/{room.name}/experiment.py ({{}} for nothing)"
            )
        for name, needs in needed.items():
            asked[name] = needs | asked.get(name, {})
    return next((fault for name, needs in asked.items() if (fault := _lacking(study, name, needs))), None)


def _lacking(study: CommonKeys, name: str, needs: dict[str, str]) -> str | None:
    """Say what a model's engine lacks, by the capabilities that keys of the study ask of it."""
    model = study.models[name]
    engine = model.engine.model_dump()
    lacking = [capability for capability in needs if not can(engine, capability)]
    if not lacking:
        return None
    able = [kind for kind in OF_FILES if CAPABILITIES[kind].issuperset(needs)]
    wanted = "one of: " + ", ".join(map(_said, able))
    if model.kind in ("served", "scripted"):
        wanted = f"a model with files here (kind: hub, local or another), served by {wanted}"
    got, first = ", ".join(map(_said, kinds_of(engine))), lacking[0]
    return f"models.{name}.engine: got {got}, and {needs[first]} needs {MEANINGS[first]}; expected {wanted}"


def _said(kind: str) -> str:
    """Return how a study names an engine: an endpoint's kind leaves open what it can do."""
    return {"endpoint": "endpoint (api: tokens)", "endpoint_chat": "endpoint (api: chat)"}.get(kind, kind)
