"""Check a study before any job starts; errors name file, key, what was given and what is expected."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from unspoken.study.keys import CommonKeys, Draw
from unspoken.study.messages import messages_of, origin
from unspoken.study.models import LocalModel, OrganismModel
from unspoken.study.needs import lacking_engine
from unspoken.study.rooms import ROOMS
from unspoken.study.study import Study
from unspoken.yaml_files import read_keys


class StudyError(ValueError):
    """A study that cannot run; the message says where and what is expected instead."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file. Raises StudyError for a missing or malformed file."""
    return read_keys(path, StudyError)


def _unusable_traits(
    key: str, traits: Draw | list[str] | None, category: str, known: list[str]
) -> str | None:
    """Say which of some traits cannot be used, if any."""
    if isinstance(traits, Draw) and traits.draw > len(known):
        return f"{key}.draw: got {traits.draw}; expected at most {len(known)}, the words of '{category}'"
    for trait in traits if isinstance(traits, list) else []:
        if trait not in known:
            return f"{key}: got '{trait}'; expected words of '{category}': {', '.join(known)}"
        if isinstance(traits, list) and traits.count(trait) > 1:
            return f"{key}: got '{trait}' twice; expected each trait once"
    return None


def _missing_resource(study: CommonKeys, words: dict[str, Any]) -> str | None:
    """Say what the study names that is not there, if anything."""
    if study.category not in words:
        return (
            f"category: got '{study.category}'; expected a list of resources/traits.yaml: {', '.join(words)}"
        )
    chosen: dict[str, Draw | list[str] | None] = {"traits": study.traits}
    for room in ROOMS:
        if room.name in study.experiments:
            chosen |= room.trait_keys(study.section(room.name))
    for key, traits in chosen.items():
        fault = _unusable_traits(key, traits, study.category, list(words[study.category]["words"]))
        if fault:
            return fault
    for file in study.claims:
        if not Path(file).is_file():
            return f"claims: got '{file}'; expected a file of claims, and there is none"
    for name, model in study.models.items():
        if isinstance(model, OrganismModel) and model.category not in words:
            return f"models.{name}.category: got '{model.category}'; expected one of: {', '.join(words)}"
        if isinstance(model, LocalModel) and not (Path(model.path) / "config.json").is_file():
            return (
                f"models.{name}.path: got '{model.path}'; expected the folder of a Hugging Face model, "
                "and there is no config.json in it"
            )
    return None


def _strange_organism(study: CommonKeys) -> str | None:
    """Say which organism an experiment uses that does not know the study's words, if any."""
    for room in ROOMS:
        section = study.section(room.name)
        for name in room.models_of(section) if room.name in study.experiments else []:
            model = study.models[name]
            if isinstance(model, OrganismModel) and model.category != study.category:
                return (
                    f"category: got '{study.category}', and {room.name}.models has '{name}', an organism "
                    f"that knows the words of '{model.category}'; expected one category"
                )
    return None


def _redefined_model(study: CommonKeys, shipped: dict[str, Any]) -> str | None:
    """Say which model of config.yaml this study redefines: studies share results/models/."""
    if study.study == "default":
        return None
    for name, fields in (shipped.get("models") or {}).items():
        model = study.models.get(name)
        if model is None:
            continue
        own = {"engine", "classes"}  # they change nothing in the model's files
        if model.model_dump(exclude=own) != type(model).model_validate(fields).model_dump(exclude=own):
            return (
                f"models.{name}: got other settings than config.yaml has; all studies share its models: "
                "expected a name of its own for the changed model"
            )
    return None


def _shown(path: Path) -> str:
    """Return a path as the user knows it: from the working directory, where it is inside it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def checked_study(config: dict[str, Any], files: list[Path], words: dict[str, Any]) -> CommonKeys:
    """Return the typed study, or raise StudyError with one line a fault.

    `config` is the merged configuration, `files` where it came from (the shipped config.yaml
    first, overlays in order), `words` the content of resources/traits.yaml.
    """
    sources = {_shown(Path(path)): read_yaml(Path(path)) for path in files}
    try:
        study = Study.model_validate(config)
    except ValidationError as error:
        raise StudyError("\n".join(messages_of(error.errors(), config, sources))) from None
    shipped = next(iter(sources.values()))
    fault = (
        _missing_resource(study, words)
        or _strange_organism(study)
        or _redefined_model(study, shipped)
        or lacking_engine(study)
    )
    if fault:
        raise StudyError(_from_its_source(fault, config, sources))
    return study


def _from_its_source(fault: str, config: dict[str, Any], sources: dict[str, dict[str, Any]]) -> str:
    key = tuple(fault.split(":")[0].split("."))
    return f"{origin(key, config, sources)}: {fault}"


def from_its_file(fault: str, config: dict[str, Any], files: list[Path]) -> str:
    """Return a fault, 'key: text', behind the name of the file that gives the key."""
    return _from_its_source(fault, config, {_shown(Path(path)): read_yaml(Path(path)) for path in files})
