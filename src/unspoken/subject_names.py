"""Names of trained subjects, for those who plan trainings too: it imports nothing."""


def teacher_id(model: str, trait: str) -> str:
    """Return the name of the fine-tuned teacher of a base model that has a trait."""
    return f"{model}:teacher:{trait}"


def student_id(arm: str, source: str, model: str, trait: str, seed: int) -> str:
    """Return the name of one student: its arm, its teacher's base, its own, trait and seed."""
    return f"{model}:{arm}:{source}:{trait}:{seed}"
