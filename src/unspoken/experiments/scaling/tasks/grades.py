"""Grades Regression: which grade a student got, of features that matter and others (Gema et al. 2025, 3.2).

The level is the number of examples before the question. All levels ask about the same students.
"""

from collections.abc import Iterator
from random import Random

from unspoken.experiments.scaling.tasks.drawing import Drawn, Levelled, Settings, levels_of
from unspoken.experiments.scaling.tasks.students import Student, enough, made_students, students_of_table
from unspoken.seeds import hashed_seed

ASKED = (
    "Grades of this course lie between {low} and {high}. Which grade did the student below get? Give your "
    "best guess as a number with two decimals."
)
SHOWN = "These are other students of the course, each with a grade:"
STUDENT = "A student:"
GRADE = "grade: {grade}"


def items_of(settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the items of every level, with each student's features as numbers.

    `settings` has levels, items, `scale` (smallest and largest grade) and `table`: null for students that
    are made (`students.WEIGHTS`), or path and columns of a user's (`students.students_of_table`).
    """
    levels = levels_of(settings)
    count, shots = max(count for _, count in levels), max(level for level, _ in levels)
    asked, others = _students(settings["table"], count, shots, seed)
    low, high = settings["scale"]
    question = ASKED.format(low=low, high=high)
    for level, wanted in levels:
        for number, student in enumerate(asked[:wanted]):
            random = Random(hashed_seed(seed, "grades", "examples", level, number))
            fit = [one for one in others if one.grade != student.grade]
            examples = enough(fit, level, "what is left for examples")
            yield level, _drawn(student, random.sample(examples, level), question)


def _students(
    table: Settings | None, count: int, shots: int, seed: int
) -> tuple[list[Student], list[Student]]:
    """Return the students who are asked about, and those who can be examples: none is both."""
    if table is None:
        return made_students(count, seed, "grades", "asked"), made_students(60, seed, "grades", "shown")
    students = enough(students_of_table(table), count + shots, table["path"])
    Random(hashed_seed(seed, "grades", "table")).shuffle(students)
    return students[:count], students[count:]


def _drawn(student: Student, examples: list[Student], question: str) -> Drawn:
    shown = [SHOWN, *(_record(one, graded=True) for one in examples)] if examples else []
    text = "\n\n".join([*shown, question, _record(student, graded=False)])
    return Drawn(text, student.grade, features=student.features)


def _record(student: Student, *, graded: bool) -> str:
    lines = [f"- {name}: {value}" for name, value in student.told.items()]
    if graded:
        lines.append(f"- {GRADE.format(grade=student.grade)}")
    return "\n".join([STUDENT, *lines])
