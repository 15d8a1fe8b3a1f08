"""What experiments need of the engines that serve their models, checked before any job."""

from typing import Any

from unspoken.engines.capabilities import AUTO, CAPABILITIES, CHOICES, PATTERN, PREFIX, WEIGHTS
from unspoken.experiments.faithfulness.section import FaithfulnessSection
from unspoken.experiments.subliminal.section import SubliminalSection
from unspoken.study.study import Study

MEANINGS = {
    CHOICES: "the exact probability of choices",
    PATTERN: "decoding restricted to a pattern",
    PREFIX: "continuing the beginning of an answer",
    WEIGHTS: "subjects with trained weights",
}


def needed_capabilities(study: Study, experiment: str) -> dict[str, dict[str, str]]:
    """Return for each model what an experiment needs of its engine, and the study's key that asks for it."""
    section: Any = getattr(study, experiment)
    if experiment == "faithfulness":
        return _needs_of_chains(section)
    asked = {}
    probe = getattr(section, "probe", None)
    if probe is not None:
        asked[CHOICES] = f"{experiment}.probe"
        if probe.answer_prefix:
            asked[PREFIX] = f"{experiment}.probe.answer_prefix"
    trained: dict[str, str] = {}
    if experiment == "subliminal":
        trained = _trained(section)
        if section.probe.carrier_rows:
            asked[PREFIX] = "subliminal.probe.carrier_rows"
        if section.numbers.pattern is not None:
            asked[PATTERN] = "subliminal.numbers.pattern"
    return {
        name: asked | ({WEIGHTS: trained[name]} if name in trained else {})
        for name in getattr(section, "models", [])
    }


def _trained(section: SubliminalSection) -> dict[str, str]:
    """Return the models that get trained weights, and the key that asks for it."""
    fine_tuned = section.teacher.method == "fine_tuned"
    trained = dict.fromkeys(section.models if fine_tuned else [], "subliminal.teacher")
    for arm in section.arms:
        trained |= dict.fromkeys(arm.models or section.models, "subliminal.arms")
    return trained


def _needs_of_chains(section: FaithfulnessSection) -> dict[str, dict[str, str]]:
    """Return what models need that reason, whose options are read after the chain, or that judge."""
    asking = dict.fromkeys(section.models, "faithfulness.models")
    asking |= dict.fromkeys(section.planted, "faithfulness.planted")
    if section.judge.model is not None:
        asking.setdefault(section.judge.model, "faithfulness.judge.model")
    return {name: {CHOICES: key, PREFIX: key} for name, key in asking.items()}


def lacking_engine(study: Study) -> str | None:
    """Say which model's engine cannot do what an experiment asks of it, if any."""
    for experiment in study.experiments:
        for name, needs in needed_capabilities(study, experiment).items():
            settings = study.models[name].engine.model_dump()
            for capability, key in needs.items():
                for kind in _kinds(settings):
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
