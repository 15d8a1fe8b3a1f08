"""What a registration fixes beside the claims' tests: of what runs alone."""

from collections.abc import Sequence
from typing import Any

from unspoken.files import digest_of
from unspoken.study.project import Part, Project
from unspoken.study.room import Room

HOW_JOBS_ARE_CUT = {"threads", "shards", "pack"}
"""Keys that decide how work is divided into jobs, and nothing of what comes out."""
NEUTRAL: tuple[Any, ...] = (None, False, "", [], {})


def without_neutral(value: Any) -> Any:
    """Return a value without the keys that ask for nothing, or only say how jobs are cut.

    An optional key that is new, and that a study does not use, so changes no digest.
    """
    if isinstance(value, dict):
        kept = {key: without_neutral(one) for key, one in value.items() if key not in HOW_JOBS_ARE_CUT}
        return {key: one for key, one in kept.items() if not any(one is no or one == no for no in NEUTRAL)}
    return [without_neutral(one) for one in value] if isinstance(value, list | tuple) else value


def registered_study(project: Project, rooms: Sequence[Room]) -> Part:
    """Return what a study says of the experiments that it runs: sections, models, traits and seed."""
    study = project.study
    used = sorted({model for room in rooms for model in room.used_models})
    return without_neutral(
        {
            "study": study.study,
            "seed": study.seed,
            "category": study.category,
            "traits": {room.name: room.traits for room in rooms if room.probe is not None},
            "models": {name: study.models[name].model_dump(mode="json") for name in used},
            "sections": {room.name: room.section.model_dump(mode="json") for room in rooms},
        }
    )


def registered_facts(project: Project, rooms: Sequence[Room]) -> Part:
    """Return the digests of study and analysis code, and the seed."""
    scripts = [project.code_of(script) for script in ("measure.py", "judge_claims.py")]
    measures = [project.code_of_module(f"{room.module}.{room.measure}") for room in rooms]
    return {
        "study": digest_of(registered_study(project, rooms)),
        "seed": project.study.seed,
        "code": digest_of([*scripts, *sorted(measures)]),
    }
