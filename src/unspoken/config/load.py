"""Check a study before any job starts; errors name file, key, what was given and what is expected."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from unspoken.config.base import Section
from unspoken.config.models import LocalModel, OrganismModel
from unspoken.config.study import Draw, Study
from unspoken.seeds import hashed_choice


class StudyError(ValueError):
    """A study that cannot run; the message says where and what is expected instead."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file. Raises StudyError for a missing or malformed file."""
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not text"
        raise StudyError(f"{path}{line}: not valid YAML: {problem}") from error
    if not isinstance(content, dict):
        raise StudyError(f"{path}: expected keys and values, got {type(content).__name__}")
    return content


def _origin(key: tuple[str | int, ...], files: list[Path]) -> str:
    """Return the last file that holds the longest part of a key, or the command line."""
    best, longest = "--config", 0
    for path in files:
        value: Any = read_yaml(path)
        depth = 0
        for part in key:
            inside = isinstance(value, dict) and part in value
            inside |= isinstance(value, list) and isinstance(part, int) and part < len(value)
            if not inside:
                break
            value, depth = value[part], depth + 1
        if depth and depth >= longest:
            best, longest = str(path), depth
    return best


def _message(error: Any, files: list[Path]) -> str:
    """Say one error of pydantic in the user's terms."""
    kinds = {"organism", "package", "hub", "local", "Draw", "list[constrained-str]"}
    key = tuple(part for part in error["loc"] if part not in kinds)
    text = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        text = "unknown key"
    elif error["type"] == "missing":
        text = "this key is missing"
    elif not isinstance(error["input"], dict | list | Section):
        text = f"got {error['input']!r}: {text}"
    return f"{_origin(key, files)}: {'.'.join(map(str, key)) or 'study'}: {text}"


def _missing_resource(study: Study, words: dict[str, Any]) -> str | None:
    """Say what the study names that is not there, if anything."""
    if study.category not in words:
        return f"category: unknown '{study.category}'; resources/traits.yaml has {', '.join(words)}"
    known = list(words[study.category]["words"])
    chosen = [study.traits] + [
        section.traits for section in (study.subliminal, study.probing) if section is not None
    ]
    for traits in chosen:
        if isinstance(traits, Draw) and traits.draw > len(known):
            return f"traits.draw: got {traits.draw}; '{study.category}' has {len(known)} words"
        for trait in traits if isinstance(traits, list) else []:
            if trait not in known:
                return f"traits: unknown '{trait}'; '{study.category}' has {', '.join(known)}"
            if isinstance(traits, list) and traits.count(trait) > 1:
                return f"traits: '{trait}' stands twice"
    for name, model in study.models.items():
        if isinstance(model, LocalModel) and not (Path(model.path) / "config.json").is_file():
            return f"models.{name}.path: no Hugging Face model in '{model.path}' (no config.json)"
    return None


def _redefined_model(study: Study, shipped: dict[str, Any]) -> str | None:
    """Say which model of config.yaml this study redefines: studies share results/models/."""
    if study.study == "default":
        return None
    for name, fields in (shipped.get("models") or {}).items():
        model = study.models.get(name)
        if model is not None and model != type(model).model_validate(fields):
            return (
                f"models.{name}: differs from config.yaml, whose models all studies share; "
                "give the changed model a name of its own"
            )
    return None


def checked_study(config: dict[str, Any], files: list[Path], words: dict[str, Any]) -> Study:
    """Return the typed study, or raise StudyError with one line a fault.

    `config` is the merged configuration, `files` where it came from (the shipped config.yaml
    first, overlays in order), `words` the content of resources/traits.yaml.
    """
    try:
        study = Study.model_validate(config)
    except ValidationError as error:
        lines = [_message(one, files) for one in error.errors()]
        raise StudyError("\n".join(dict.fromkeys(lines))) from None
    fault = _missing_resource(study, words) or _redefined_model(study, read_yaml(files[0]))
    if fault:
        key = tuple(fault.split(":")[0].split("."))
        raise StudyError(f"{_origin(key, files)}: {fault}")
    return study


def chosen_traits(study: Study, own: list[str] | None, words: dict[str, Any]) -> list[str]:
    """Return an experiment's traits: its own, the study's, or those that the study seed draws."""
    if own is not None:
        return own
    if isinstance(study.traits, list):
        return study.traits
    known = list(words[study.category]["words"])
    return hashed_choice(study.seed, known, study.traits.draw, "traits")


def has_organism(study: Study, name: str) -> bool:
    """Tell whether a model of the study is built here."""
    return isinstance(study.models[name], OrganismModel)
