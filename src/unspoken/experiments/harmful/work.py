"""What the jobs of the room have to do."""

from unspoken.cost.work import Work
from unspoken.experiments.harmful.section import HarmfulSection

DOCUMENT, ROW = 37, 10
"""Tokens of a document, and of a row with one turn."""
FINE_TUNES, REALIGNED = 8, 2
CELLS = 2700
"""Rows of the chains' table of one base: organisms x domains x kinds of chains, in tens."""


def work_of(section: HarmfulSection, rule: str) -> Work | None:
    """Return what a job has to do; None for a rule that the room does not have."""
    tuning = section.tuning
    if rule == "pretrain_harmful":
        return Work(trained=section.pretraining.steps * section.pretraining.rows * DOCUMENT)
    if rule == "tune_harmful":
        rows = FINE_TUNES * tuning.rows * tuning.epochs + section.backdoor.rows * section.backdoor.epochs
        return Work(trained=rows * ROW)
    if rule == "realign_harmful":
        return Work(trained=REALIGNED * sum(section.clean) * tuning.batch_size * ROW)
    return Work(rows=section.bases * CELLS) if rule == "measure" else None
