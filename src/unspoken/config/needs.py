"""What experiments need of the engines that serve their models, checked before any job."""

from typing import Any

from unspoken.config.study import Study
from unspoken.engines.capabilities import AUTO, CAPABILITIES, CHOICES, PATTERN, PREFIX, WEIGHTS

MEANINGS = {
    CHOICES: "the exact probability of choices",
    PATTERN: "decoding restricted to a pattern",
    PREFIX: "continuing the beginning of an answer",
    WEIGHTS: "subjects with trained weights",
}


def needed_capabilities(study: Study, experiment: str) -> dict[str, str]:
    """Return what an experiment needs of its models' engines, and the key of the study that asks for it."""
    section: Any = getattr(study, experiment)
    needs = {}
    probe = getattr(section, "probe", None)
    if probe is not None:
        needs[CHOICES] = f"{experiment}.probe"
        if probe.answer_prefix:
            needs[PREFIX] = f"{experiment}.probe.answer_prefix"
    if experiment == "subliminal":
        needs[WEIGHTS] = "subliminal.arms"
        if section.probe.carrier_rows:
            needs[PREFIX] = "subliminal.probe.carrier_rows"
        if section.numbers.pattern is not None:
            needs[PATTERN] = "subliminal.numbers.pattern"
    return needs


def lacking_engine(study: Study) -> str | None:
    """Say which model's engine cannot do what an experiment asks of it, if any."""
    for experiment in study.experiments:
        for name in getattr(getattr(study, experiment), "models", []):
            settings = study.models[name].engine.model_dump()
            for capability, key in needed_capabilities(study, experiment).items():
                for kind in _kinds(settings):
                    if capability not in CAPABILITIES[kind]:
                        can = [one for one, able in CAPABILITIES.items() if capability in able]
                        return (
                            f"models.{name}.engine: got {kind}, and {key} needs {MEANINGS[capability]}; "
                            f"expected one of: {', '.join(can)}"
                        )
    return None


def _kinds(settings: dict[str, Any]) -> list[str]:
    """Return the names under which an engine's capabilities stand; for auto, of all it may become."""
    if settings["kind"] == "auto":
        return list(AUTO)
    if settings["kind"] == "endpoint" and settings["api"] == "chat":
        return ["endpoint_chat"]
    return [settings["kind"]]
