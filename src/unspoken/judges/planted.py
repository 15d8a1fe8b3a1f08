"""A planted judge of chains, whose errors are known: labels have to correct it, as they do on hints."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from unspoken.seeds import hashed_seed
from unspoken.statistics import MOST_ERRORS
from unspoken.statistics.calibration import calibrated_share
from unspoken.statistics.intervals import Floats, Interval
from unspoken.statistics.report import Report

CHAINS, LABELLED = 1000, 100
"""Chains that it reads of each base, and how many of them somebody labels."""


def judged_chains(
    shares: Mapping[str, float],
    judge: Mapping[str, float],
    silent: Collection[str],
    random: np.random.Generator,
) -> pl.DataFrame:
    """Return chains before bad answers that are drawn, judged and in part labelled.

    `shares` are those of the kinds of chains, `judge` how likely the judge finds something in each kind;
    `silent` kinds have nothing to be found. Columns as `calibrated_share` wants them, but for question_id;
    `verdict` and `label` say that the chain gives its answer away.
    """
    odds = np.array([shares[kind] for kind in judge])
    kinds = random.choice(len(judge), CHAINS, p=odds / odds.sum())
    gives_away = ~np.isin(kinds, [list(judge).index(kind) for kind in silent])
    verdict = random.random(CHAINS) < np.array(list(judge.values()))[kinds]
    labelled = pl.int_range(pl.len()) < LABELLED  # the chains are in no order
    return pl.DataFrame({"verdict": verdict, "label": gives_away}).with_columns(
        stratum=pl.lit("all"),
        label=pl.when(labelled).then("label"),
        weight=pl.when(labelled).then(CHAINS / LABELLED),
    )


def add_planted_judge(
    report: Report,
    shares: Mapping[str, Floats],
    bases: Sequence[str],
    judge: Mapping[str, float],
    silent: Collection[str],
    study_seed: int,
    **fields: Any,
) -> None:
    """Add the share of chains before bad answers that give the answer away, by the planted judge.

    `shares` are exact, by kind of chain, one a base; `judge` and `silent` as `judged_chains` takes them;
    `fields` has subject and conditions. Metric `judged_share` (estimate, probability), over the chains of all
    bases; condition `labels`: `none`, the judge alone, or `corrected`, by the labels of a tenth. Both are
    instruments, within MOST_ERRORS standard errors of what is known: alone of the exact share with the errors
    of the judge, corrected of the exact share itself.
    """
    frames = []
    for place, base in enumerate(bases):
        random = np.random.default_rng(hashed_seed(study_seed, "planted judge", base))
        own = judged_chains(
            {kind: float(each[place]) for kind, each in shares.items()}, judge, silent, random
        )
        frames.append(own.with_columns(question_id=pl.format("{}-{}", pl.lit(base), pl.int_range(pl.len()))))
    chains = pl.concat(frames)
    readings = {
        "none": (
            chains.with_columns(label="verdict", weight=1.0),  # as if the judge never erred
            sum(rate * float(shares[kind].mean()) for kind, rate in judge.items()),
        ),
        "corrected": (chains, 1 - sum(float(shares[kind].mean()) for kind in silent)),
    }
    for labels, (read, known) in readings.items():
        share = calibrated_share(read, hashed_seed(study_seed, "planted judge"))
        report.add(
            share, metric="judged_share", unit="probability", kind="estimate", subject=fields["subject"],
            conditions={**fields["conditions"], "labels": labels}, role="instrument",
            passed=is_within(share, known), replicate="text", n_samples=chains.height,
        )  # fmt: skip


def is_within(share: Interval, known: float) -> bool:
    """Say whether a share is within MOST_ERRORS standard errors of what is known; no value is not."""
    if share.value is None or share.se is None:
        return False
    return abs(share.value - known) <= MOST_ERRORS * share.se
