"""Students with features and a grade: made, with known weights, or of a user's table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unspoken.experiments.scaling.tasks.drawing import TaskError
from unspoken.experiments.scaling.tasks.user_rows import at_row, number_in, rank_in, user_rows, value_in
from unspoken.row_files import Row, RowError
from unspoken.seeds import hashed_seed

RANGES = {
    "hours of study a day": (2.0, 8.0),
    "share of classes attended, in percent": (60.0, 95.0),
    "hours of sleep a night": (5.0, 9.0),
    "stress, from 0 to 10": (1.0, 9.0),
    "hours with friends a day": (1.0, 5.0),
    "hours of sport a week": (2.0, 12.0),
}
"""Features of the students that are made, and between what their values lie."""
WEIGHTS = {"hours of study a day": 0.5, "share of classes attended, in percent": 0.03}
"""Points of the grade for each unit of a feature; all other features have the weight 0."""
MIDDLE = 5.0
"""Grade of a student in the middle of every range."""
NOISE = 0.7
"""The grade's own noise lies evenly between plus and minus so many points."""
BLOCK = 50
"""Students that are made at once: among them features and noise are not correlated at all."""


@dataclass(frozen=True)
class Student:
    """One student."""

    told: dict[str, str]
    """Features as they are read."""
    features: dict[str, float]
    """Features as numbers."""
    grade: str


def made_students(count: int, seed: int, *made: object) -> list[Student]:
    """Return students whose grade follows WEIGHTS; the first stay as `count` grows.

    In each block of BLOCK students, features and noise are orthogonal, before values are rounded to a
    tenth and grades to a hundredth; each comes to one end of its range, and none lies beyond.
    """
    blocks = range(-(-count // BLOCK))
    return [one for block in blocks for one in _block(hashed_seed(seed, *made, block))][:count]


def _block(seed: int) -> list[Student]:
    """Return one block of students."""
    import numpy as np

    drawn = np.random.default_rng(seed).uniform(-1, 1, (BLOCK, len(RANGES) + 1))
    basis, scale = np.linalg.qr(drawn - drawn.mean(axis=0))
    places = basis * np.sign(np.diag(scale)) / np.abs(basis).max(axis=0)
    return [_student(row.tolist()) for row in places]


def _student(places: list[float]) -> Student:
    """Return a student by the places of the features in their ranges, -1 to 1, and that of the noise."""
    *spots, noise = places
    values = {
        name: round((low + high) / 2 + spot * (high - low) / 2, 1)
        for (name, (low, high)), spot in zip(RANGES.items(), spots, strict=True)
    }
    above = sum(weight * (values[name] - sum(RANGES[name]) / 2) for name, weight in WEIGHTS.items())
    told = {name: f"{value:.1f}" for name, value in values.items()}
    return Student(told, values, f"{MIDDLE + above + NOISE * noise:.2f}")


def students_of_table(settings: dict[str, Any]) -> list[Student]:
    """Return the students of a user's table, in its order.

    `settings` has the path, the column `grade`, the columns `features`, and by column of words their
    order, `ordered`. Raises TaskError, which names file, row and column, for the first value that is no
    number or no word of the order.
    """
    file = Path(settings["path"])
    students = []
    for number, row in user_rows(file):
        try:
            students.append(_student_in(row, settings))
        except RowError as error:
            raise at_row(file, number, error) from None
    return students


def _student_in(row: Row, settings: dict[str, Any]) -> Student:
    ordered = settings.get("ordered") or {}
    features = {
        name: rank_in(row, name, ordered[name]) if name in ordered else number_in(row, name)
        for name in settings["features"]
    }
    told = {name.replace("_", " "): str(value_in(row, name)) for name in features}
    return Student(told, features, f"{number_in(row, settings['grade']):g}")


def enough(students: list[Student], wanted: int, path: str) -> list[Student]:
    """Return the students, or raise TaskError where they are fewer than wanted."""
    if len(students) < wanted:
        raise TaskError(f"grades: asked for {wanted} students; {path} has {len(students)}")
    return students
