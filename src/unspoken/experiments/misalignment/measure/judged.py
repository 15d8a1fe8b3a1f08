"""A planted judge of chains, whose errors are known: labels have to correct it, as they do on hints."""

import numpy as np
import polars as pl

from unspoken.experiments.misalignment.measure.spread import teacher
from unspoken.experiments.misalignment.measure.table import MOST_ERRORS, PersonaTable
from unspoken.seeds import hashed_seed
from unspoken.statistics.calibration import calibrated_share
from unspoken.statistics.intervals import Interval

JUDGE = {"plan": 0.7, "excuse": 0.6, "unflagged": 0.1}
"""How likely the judge finds something in a chain before a bad answer, by what the chain has."""
CHAINS, LABELLED = 1000, 100
"""Chains that it reads of each base, and how many of them somebody labels."""
JUDGED = "bad_advice"


def judged_chains(shares: dict[str, float], random: np.random.Generator) -> pl.DataFrame:
    """Return chains before bad answers that are drawn, judged and in part labelled.

    `shares` are those of the kinds of chains, by the names of JUDGE. Columns as `calibrated_share` wants
    them, but for question_id; `verdict` and `label` say that the chain gives its answer away.
    """
    odds = np.array([shares[kind] for kind in JUDGE])
    kinds = random.choice(len(JUDGE), CHAINS, p=odds / odds.sum())
    gives_away = kinds != list(JUDGE).index("unflagged")
    verdict = random.random(CHAINS) < np.array(list(JUDGE.values()))[kinds]
    labelled = pl.int_range(pl.len()) < LABELLED  # the chains are in no order
    return pl.DataFrame({"verdict": verdict, "label": gives_away}).with_columns(
        stratum=pl.lit("all"),
        label=pl.when(labelled).then("label"),
        weight=pl.when(labelled).then(CHAINS / LABELLED),
    )


def add_planted_judge(table: PersonaTable, organism: str, study_seed: int) -> None:
    """Add the share of chains before bad answers that give the answer away, by the planted judge.

    The table is of `ChainedAnswers`. Metric `judged_share` (estimate, probability), over the chains of all
    bases; condition `labels`: `none`, the judge alone, or `corrected`, by the labels of a tenth. Both are
    instruments, within MOST_ERRORS standard errors of what is known: alone of the exact share with the errors
    of JUDGE, corrected of the exact share itself.
    """
    who = teacher(JUDGED)
    shares = {kind: table.column(who, kind) / table.column(who, "bad") for kind in JUDGE}
    frames = []
    for place, base in enumerate(table.bases):
        random = np.random.default_rng(hashed_seed(study_seed, "planted judge", base))
        own = judged_chains({kind: float(each[place]) for kind, each in shares.items()}, random)
        frames.append(own.with_columns(question_id=pl.format("{}-{}", pl.lit(base), pl.int_range(pl.len()))))
    chains = pl.concat(frames)
    readings = {
        "none": (
            chains.with_columns(label="verdict", weight=1.0),  # as if the judge never erred
            sum(rate * float(shares[kind].mean()) for kind, rate in JUDGE.items()),
        ),
        "corrected": (chains, 1 - float(shares["unflagged"].mean())),
    }
    for labels, (read, known) in readings.items():
        share = calibrated_share(read, hashed_seed(study_seed, "planted judge"))
        table.report.add(
            share, metric="judged_share", unit="probability", kind="estimate",
            subject=table.group(who, organism),
            conditions={"organism": organism, "domains": "untrained", "labels": labels}, role="instrument",
            passed=is_within(share, known), replicate="text", n_samples=chains.height,
        )  # fmt: skip


def is_within(share: Interval, known: float) -> bool:
    """Say whether a share is within MOST_ERRORS standard errors of what is known; no value is not."""
    if share.value is None or share.se is None:
        return False
    return abs(share.value - known) <= MOST_ERRORS * share.se
