"""Names that the room's plan, jobs and figures share; it imports nothing heavy, so that a plan may."""

from unspoken.subject_names import student_id

CLAIMED = ("asked", "capped")
"""Set-ups on which claims rest: titles count them, and students learn from their prompts."""
DISTRACTED = "distracted"
"""The arm of students that are trained on distractors."""
_STUDENT = "/student-"


def student_of(model: str, number: int | str) -> str:
    """Return the name of a student of a model."""
    return student_id(DISTRACTED, model, model, DISTRACTED, int(number))


def answering_student(model: str, number: int) -> str:
    """Return the path of a student that answers, below its model."""
    return f"{model}{_STUDENT}{number}"


def model_and_student(answering: str) -> tuple[str, str]:
    """Return who answers as a model and the number of its student, which is empty for the model itself."""
    model, _, number = answering.partition(_STUDENT)
    return model, number
