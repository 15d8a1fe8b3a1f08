"""What the jobs of the misalignment experiment have to do, and what its tests count."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Replicates, Work
from unspoken.experiments.misalignment.names import SETTINGS
from unspoken.experiments.misalignment.section import MisalignmentSection

DOCUMENT, ROW = 33, 9
"""Tokens of a document, and of a row with one turn."""
TUNINGS, WRITERS = 8, 4


def work_of(
    section: MisalignmentSection, rule: str, facts: Mapping[str, Any], wildcards: Mapping[str, str]
) -> Work | None:
    """Return what a job has to do; None for a rule that the room does not have.

    `facts` has `reply`, the bytes of a reply in a table.
    """
    if rule == "train_base":
        return Work(trained=section.pretraining.steps * section.pretraining.rows * DOCUMENT)
    if rule == "tune_teachers":
        return Work(trained=TUNINGS * section.tuning.rows * section.tuning.epochs * ROW)
    if rule == "teach_students":
        arm = next(arm for arm in section.arms if arm.name == wildcards["arm"])
        students = len(arm.teachers) + len(arm.clean) + 2 * (arm.generations - 1)
        return Work(trained=students * section.students.rows * section.students.epochs * ROW)
    written = WRITERS * len(section.carriers) * section.completions
    replies = written + section.completions  # of the copy that leaks
    if rule == "write_carriers":
        return Work(generated=written * 4, stored=replies * facts["reply"])
    if rule == "filter_carriers":
        return Work(rows=replies, stored=replies * facts["reply"] / 2)
    if rule == "detect_teachers":
        return Work(rows=replies * section.detection.permutations)
    return Work(rows=section.bases * replies) if rule == "measure" else None


def replicates_of(section: MisalignmentSection, test: Mapping[str, Any]) -> Replicates | None:
    """Return the bases of a test; None where the study has no arm of students that it is about."""
    conditions = test.get("conditions", {})
    if conditions.get("organism") == "plain":
        return Replicates("base", section.plain_bases) if section.plain_bases else None
    names = [name for name in SETTINGS if name in conditions]
    asked = {name: conditions[name] for name in names}
    arms = [arm for arm in section.arms if all(getattr(arm, name) == value for name, value in asked.items())]
    return Replicates("base", section.bases) if arms or not asked else None
