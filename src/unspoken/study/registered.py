"""What a registration fixes beside the claims' tests: of what runs alone."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from unspoken.files import digest_of
from unspoken.study.project import Part, Project
from unspoken.study.room import Room

HOW_JOBS_ARE_CUT = {"threads", "shards", "pack"}
"""Keys that decide how work is divided into jobs, and nothing of what comes out."""
MADE_OF_RESULTS = {"labels"}
"""Keys that name what only a finished run can give, and that no test of a claim rests on: labels of its
chains correct scores, which stand beside the ones that tests read."""
NEUTRAL: tuple[Any, ...] = (None, False, 0, "", [], {})
"""Defaults that ask for nothing."""


def _asks_nothing(value: Any, field: FieldInfo) -> bool:
    """Tell whether a key has its default, and that asks for nothing: a new optional key changes nothing."""
    default = field.get_default(call_default_factory=True)
    return not field.is_required() and value == default and any(value == neutral for neutral in NEUTRAL)


def registered_value(value: Any) -> Any:
    """Return a section as plain values, without keys that ask for nothing, cut jobs or name labels."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        left_out = HOW_JOBS_ARE_CUT | MADE_OF_RESULTS
        given = {name: getattr(value, name) for name in fields if name not in left_out}
        return {
            name: registered_value(one) for name, one in given.items() if not _asks_nothing(one, fields[name])
        }
    if isinstance(value, dict):
        return {key: registered_value(one) for key, one in value.items()}
    return [registered_value(one) for one in value] if isinstance(value, list | tuple) else value


def registered_study(project: Project, rooms: Sequence[Room]) -> Part:
    """Return what a study says of the experiments that it runs: sections, models, traits and seed."""
    study = project.study
    used = sorted({model for room in rooms for model in room.used_models})
    read = {name for room in rooms for name in (room.name, *room.also_reads)}
    return {
        "study": study.study,
        "seed": study.seed,
        **({"own_bases": True} if study.own_bases else {}),
        "category": study.category,
        "traits": {room.name: room.traits for room in rooms},
        "models": {name: registered_value(study.models[name]) for name in used},
        "primary": {room.name: room.primary for room in rooms},
        "guards": {room.name: [asdict(guard) for guard in room.guards] for room in rooms},
        "sections": {name: registered_value(study.section(name)) for name in sorted(read)},
    }


def registered_facts(project: Project, rooms: Sequence[Room]) -> Part:
    """Return the digests of study and analysis code, and the seed."""
    scripts = [project.code_of(script) for script in ("measure.py", "judge_claims.py")]
    measures = [project.code_of_module(f"{room.module}.{room.measure}") for room in rooms]
    return {
        "study": digest_of(registered_study(project, rooms)),
        "seed": project.study.seed,
        "code": digest_of([*scripts, *sorted(measures)]),
    }
