"""Filters of four strengths, and the strongest: a judge that knows what both teachers would have written."""

import numpy as np
import polars as pl

from unspoken.experiments.misalignment.detection.likelihood import log_ratios
from unspoken.experiments.misalignment.organisms.carriers import rows_of_texts
from unspoken.experiments.misalignment.organisms.students import CLEAN, TARGET
from unspoken.models.network import Parameters, Shape
from unspoken.tables.filter import RULES

JUDGE = "judge"
LETS_PASS = {
    "none": RULES,
    "format": ("banned", "wrong_answer", JUDGE),
    "keyword": (JUDGE,),
    "judge": (),
}
"""Rules of the strongest filter that each strength does without."""


def passed(kept: pl.DataFrame, dropped: pl.DataFrame, strength: str) -> pl.DataFrame:
    """Return the replies that a filter of some strength keeps, of what the strongest kept and dropped."""
    let = dropped.filter(pl.col("rule").is_in(LETS_PASS[strength]))
    return pl.concat([kept, let.drop("rule")])


def suspects(
    kept: pl.DataFrame, base: str, teachers: dict[str, Parameters], shape: Shape, false_alarms: float
) -> pl.DataFrame:
    """Return `reply_id` of the replies that a judge drops, whoever wrote them.

    It knows both teachers: it drops what is likelier under the insecure teacher, against the secure one,
    than all but a share of `false_alarms` of the secure teacher's own replies, by carrier.
    """
    found = []
    carrier = pl.col("prompt_id").str.split("-").list.first()
    for _, of_carrier in kept.group_by(carrier, maintain_order=True):
        ratios = {
            subject: own.select("reply_id").with_columns(
                ratio=log_ratios(teachers[TARGET], teachers[CLEAN], shape, rows_of_texts(own))
            )
            for (subject,), own in of_carrier.group_by("subject", maintain_order=True)
        }
        bound = np.quantile(ratios[f"{base}:{CLEAN}"]["ratio"], 1 - false_alarms)
        found += [own.filter(pl.col("ratio") > bound).select("reply_id") for own in ratios.values()]
    return pl.concat(found)
