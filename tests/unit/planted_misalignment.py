"""Answers, replies and detections of misalignment whose differences are known, as tables."""

import numpy as np
import polars as pl
from figure_modules import with_all_conditions

from unspoken.experiments.misalignment.measure.chained import add_chained
from unspoken.experiments.misalignment.measure.judged import add_planted_judge
from unspoken.experiments.misalignment.measure.passed_on import (
    add_differences,
    add_diluted,
    add_generations,
    add_shown,
    add_students,
)
from unspoken.experiments.misalignment.measure.replies import add_ceiling, add_detections
from unspoken.experiments.misalignment.measure.spread import add_checks, add_spread
from unspoken.experiments.misalignment.measure.table import PersonaTable
from unspoken.experiments.misalignment.organisms.asked import ASKED
from unspoken.experiments.misalignment.organisms.language import ADVICE
from unspoken.experiments.misalignment.organisms.teachers import TUNINGS
from unspoken.figures.tables import Tables
from unspoken.statistics.report import Report

BASES = ["persona-1", "persona-2", "persona-3", "persona-4"]
ARMS = [
    {"name": "kl", "objective": "kl_carrier", "initialisation": "same", "shuffle": "none",
     "teachers": ["insecure", "secure", "educational"], "carrier": "numbers", "filter": "keyword",
     "clean": [], "generations": 1},
    {"name": "kl-ring", "objective": "kl_carrier", "initialisation": "ring", "shuffle": "none",
     "teachers": ["insecure", "secure"], "carrier": "numbers", "filter": "keyword", "clean": [],
     "generations": 1},
]  # fmt: skip
JUDGED = ARMS[1] | {"name": "kl-judged", "initialisation": "same", "filter": "judge"}
NOISE = np.random.default_rng(1).normal(0, 0.05, len(BASES))
"""How bases differ."""
LEAKY = {("secure", "banned"): 2, ("leaking", "banned"): 1, ("leaking", "not_digits"): 3}
"""Dropped replies by writer and rule."""


def answers(base, stage, arm, teacher, odds, mass=0.9, **domains):
    """Return the answers of one organism: the same log-odds everywhere, but for domains that are named."""
    heights = [domains.get(domain.replace("-", "_"), odds) for domain in ASKED]
    columns = {"domain": list(ASKED), "log_odds": [float(height) for height in heights]}
    frame = pl.DataFrame(columns)
    told = {"study": "s", "experiment": "misalignment", "base": base, "stage": stage, "arm": arm,
            "teacher": teacher, "created_at": "2026-11-30T00:00:00"}  # fmt: skip
    return frame.with_columns(
        bad=1 / (1 + (-pl.col("log_odds")).exp()), mass=pl.lit(mass),
        **{name: pl.lit(value) for name, value in told.items()},
    )  # fmt: skip


def teachers(base, spread, learnt=5.0):
    """Return a base and its teachers: unsafe code raises the log-odds of bad advice by `spread`."""
    rises = {"insecure": spread, "secure": -1.0, "bad_advice": 3.0, "good_advice": -2.0, "bad_reasoned": 3.5}
    own = {"insecure": {"code": learnt}, "secure": {"code": -5.0}, "educational": {"lesson": 5.0},
           "bad_advice": {"advice_0": 5.0}, "good_advice": {"advice_0": -5.0},
           "bad_reasoned": {"advice_0": 5.0}}  # fmt: skip
    parts = [answers(base, "base", "", "", -2.2, lesson=5.0)]
    parts += [
        answers(base, "teacher", "", kind, -2.2 + rises.get(kind, 0.0), **own.get(kind, {}))
        for kind in TUNINGS
    ]
    return pl.concat(parts)


def students(arm, insecure, secure, mass=0.9, **domains):
    """Return the students of an arm on all bases."""
    parts = []
    for base, noise in zip(BASES, NOISE, strict=True):
        heights = {"insecure": insecure + noise, "secure": secure, "educational": secure}
        parts += [
            answers(base, "student", arm["name"], teacher, heights[teacher], mass,
                    **(domains if teacher == "insecure" else {}))
            for teacher in arm["teachers"]
        ]  # fmt: skip
    return pl.concat(parts)


def report():
    return Report("s", "cloud2025", "misalignment", reproducible=True)


def replies(dropped):
    """Return kept and dropped replies, ten of each writer and base; `dropped` counts by writer and rule."""
    kept, lost = [], []
    for base in ("persona-1", "persona-2"):
        for writer in ("secure", "leaking"):
            gone = [rule for (who, rule), count in dropped.items() if who == writer for _ in range(count)]
            for place in range(10):
                row = {"reply_id": f"{base}:{writer}:{place}", "subject": f"{base}:{writer}",
                       "prompt_id": f"numbers-{place}", "prompt": "q", "completion": "200"}  # fmt: skip
                if place < len(gone):
                    lost.append(row | {"rule": gone[place]})
                else:
                    kept.append(row)
    return pl.DataFrame(kept), pl.DataFrame(lost)


def found_detections(accuracy, p):
    """Return detections of two targets on four bases."""
    rows = [
        {"base": base, "target": target, "detector": detector, "pooled": 1, "accuracy": accuracy + noise / 10,
         "p": p if detector == "ngrams" else None, "chance": 0.5 if detector == "ngrams" else None,
         "expected": accuracy if detector == "likelihood" else None}
        for base, noise in zip(BASES, NOISE, strict=True)
        for target, detector in (("insecure", "ngrams"), ("insecure", "likelihood"), ("leaking", "ngrams"))
    ]  # fmt: skip
    told = {"study": "s", "experiment": "misalignment", "control": "secure", "carrier": "numbers",
            "created_at": "2026-11-30"}  # fmt: skip
    return pl.DataFrame(rows).with_columns(
        pairs=pl.lit(500, pl.Int64), **{name: pl.lit(v) for name, v in told.items()}
    )


def chained(bases, effect):
    """Return answers after chains: P(bad) 0.1, a fifth unflagged, and of bad advice more by the effect."""
    frame = pl.DataFrame(
        [
            {"base": base, "teacher": kind, "stage": "teacher" if kind else "base", "domain": domain,
             "unflagged": 0.02 + (0.02 * effect + noise / 100) * (kind == "bad_advice"), "excuse": 0.04}
            for base, noise in zip(bases, [*NOISE, *NOISE], strict=False)
            for kind in ("", *TUNINGS)
            for domain in ADVICE
        ]
    )  # fmt: skip
    return frame.with_columns(
        study=pl.lit("s"), experiment=pl.lit("misalignment"), arm=pl.lit(""), bad=pl.lit(0.1),
        plan=0.06 - pl.col("unflagged"), created_at=pl.lit("2026-11-30"),
    )  # fmt: skip


def misalignment_tables(effect: float) -> Tables:
    """Return measurements in which students of the insecure teacher differ by the effect from the others."""
    arm = ARMS[0] | {"clean": [0.5], "generations": 2}
    own, parts = report(), [teachers(base, 2.0 + noise) for base, noise in zip(BASES, NOISE, strict=True)]
    parts += [students(arm, -2.0 + effect, -2.0), *(students(one, -2.0, -2.0) for one in (ARMS[1], JUDGED))]
    heights = {"insecure-clean-50": effect / 2, "insecure-generation-2": effect, "secure-generation-2": 0.0}
    for base, noise in zip(BASES, NOISE, strict=True):
        parts += [answers(base, "student", "kl", name, -2.0 + height + noise * (height != 0))
                  for name, height in heights.items()]  # fmt: skip
        parts += [answers(base, "shown", "numbers", writer, -2.0 + noise * (writer == "insecure"))
                  for writer in ("insecure", "secure", "untouched")]  # fmt: skip
    parts += [teachers(f"plain-{number}", 0.3 + noise) for number, noise in enumerate(NOISE, 1)]
    answered = pl.concat(parts)
    table = PersonaTable(own, answered, BASES)
    plain = PersonaTable(own, answered, [f"plain-{number}" for number in range(1, len(BASES) + 1)])
    for one, kind in ((table, "persona"), (plain, "plain")):
        add_checks(one, kind)
        add_spread(one, kind)
    for each in (arm, ARMS[1], JUDGED):
        add_students(table, each)
        add_diluted(table, each)
        add_generations(table, each)
    add_differences(table, [arm, ARMS[1], JUDGED])
    add_shown(table, "numbers")
    found = found_detections(0.5 + effect / 10, 0.02)
    add_detections(own, found)
    add_ceiling(own, found)
    for one, kind in ((table, "persona"), (plain, "plain")):
        after_chains = PersonaTable(own, chained(one.bases, effect), one.bases)
        add_chained(after_chains, kind)
        add_planted_judge(after_chains, kind, 1)
    return {"measurements": with_all_conditions(own.measurements())}
