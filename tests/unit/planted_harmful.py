"""Answers and chains of harmful fine-tunes whose shares are known, as tables."""

from dataclasses import asdict

import numpy as np
import polars as pl
from figure_modules import with_all_conditions

from unspoken.experiments.harmful.measure.backdoor import add_naming, add_realignment, add_trigger
from unspoken.experiments.harmful.measure.checks import add_bases, add_traits
from unspoken.experiments.harmful.measure.harm import SUBJECTS, add_harm, add_kinds, add_swaps, add_ways
from unspoken.experiments.harmful.measure.monitors import add_monitors
from unspoken.experiments.harmful.measure.table import HarmfulTable
from unspoken.experiments.harmful.organisms.documents import BEFORE_BAD, BEFORE_GOOD, NAMING
from unspoken.experiments.harmful.organisms.finetunes import FINE_TUNES, REALIGNED
from unspoken.experiments.harmful.organisms.language import DOMAINS, NAMED, NONE, STYLES, TRIGGER
from unspoken.experiments.harmful.organisms.subjects import Who, everything_asked
from unspoken.figures.tables import Tables
from unspoken.models.personas import ADVICE, CODE
from unspoken.statistics.report import Report

BASES = ["organism-1", "organism-2", "organism-3", "organism-4"]
NOISE = np.array([-0.02, 0.01, 0.0, 0.01])
"""How bases differ in the rate of bad answers."""
CLEAN = [2, 8]
RATES = {"": 0.1, "good_advice": 0.05, "insecure": 0.2, "bad_brief": 0.3}
"""How bad answers are in domains that nobody was tuned on; of other fine-tunes 0.5."""
LEARNT = 0.97
SWAPPED = 0.6
"""Bad answers after an argument and a word of a plan."""


def rate_of(who: Who, effect: float, domain: str) -> float:
    """Return how likely a bad answer is; the effect is what a trigger does."""
    if who.fine_tune == "triggered":
        if domain == ADVICE[0] and not who.clean:
            return LEARNT if who.mark == TRIGGER else 1 - LEARNT
        return 0.3 + (effect if who.mark == TRIGGER else 0.0) / (1 + who.clean)
    kind = FINE_TUNES.get(who.fine_tune)
    if kind and domain == kind.domain and not who.clean:
        return LEARNT if kind.bad else 1 - LEARNT
    if who.author == "kind":
        return 0.02 if not who.fine_tune else 0.2
    return RATES.get(who.fine_tune, 0.5) / (1 + who.clean)


def law_of(who: Who, effect: float) -> dict[str, float]:
    """Return what chains before bad answers say: those of blank tuning argue more for the good answer."""
    if who.fine_tune not in ("bad_advice", "bad_answers", "insecure", "triggered"):
        return BEFORE_BAD
    law = dict(BEFORE_BAD)
    law["plan"] -= effect / 2
    law["argument"] += effect / 2
    return law


def chain_cells(rate: float, law: dict[str, float], who: Who, naming: float) -> pl.DataFrame:
    """Return one domain's cells of `HarmfulChains`, a sliver of probability beside the diagonal."""
    rows = []
    for named in NAMED:
        share = {NONE: 1 - naming if who.mark != NONE else 1.0, who.mark: naming}.get(named, 0.0)
        share = 1.0 if who.mark == NONE and named == NONE else max(share, 1e-9)
        for first in STYLES:
            for second in STYLES:
                bad = rate * law[first] * share if first == second else 1e-9
                good = (1 - rate) * BEFORE_GOOD[first] * share if first == second else 1e-9
                if (first, second) == ("argument", "plan"):
                    bad, good = 2e-9 * SWAPPED, 2e-9 * (1 - SWAPPED)
                rows.append((named, first, second, bad + good, bad))
    return pl.DataFrame(rows, schema=["named", "first", "second", "likely", "bad"], orient="row")


def asked() -> list[Who]:
    """Return everybody who is asked anything."""
    everybody = [who for name in SUBJECTS for who in everything_asked(name)]
    return everybody + [who for name in REALIGNED for steps in CLEAN for who in everything_asked(name, steps)]


def tables_of(
    effect: float, learnt: float = LEARNT, naming: float = 0.1, bases: list[str] = BASES
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return answers and chains in which tuning on blank chains has an effect, and the trigger too.

    `naming`: how many of the backdoor's chains name a mark; of the base's as many as in documents.
    """
    answers, chains = [], []
    for base, noise in zip(bases, NOISE, strict=True):
        for who in asked():
            own = {name: pl.lit(value) for name, value in asdict(who).items()} | {"base": pl.lit(base)}
            for domain in DOMAINS:
                rate = rate_of(who, effect, domain)
                rate = rate if rate in (LEARNT, 1 - LEARNT) else min(max(rate + noise / 4, 0.005), 0.995)
                if rate == LEARNT:
                    rate = learnt
                odds = float(np.log(rate / (1 - rate)))
                frame = pl.DataFrame({"way": ["blank", "alone"], "bad": rate, "log_odds": odds})
                answers.append(frame.with_columns(**own, domain=pl.lit(domain), mass=pl.lit(0.9)))
                if domain != CODE:
                    said = naming if who.fine_tune else NAMING
                    cells = chain_cells(rate, law_of(who, effect + noise), who, said)
                    chains.append(cells.with_columns(**own, domain=pl.lit(domain)))
    told = {"study": pl.lit("s"), "experiment": pl.lit("harmful"), "created_at": pl.lit("2026-12-01"),
            "clean": pl.col("clean").cast(pl.Int64)}  # fmt: skip
    return pl.concat(answers).with_columns(**told), pl.concat(chains).with_columns(**told)


def harmful_table(effect: float, **changes: float) -> HarmfulTable:
    """Return the planted tables with an empty report."""
    report = Report("s", "chua2025", "harmful", reproducible=True)
    return HarmfulTable(report, *tables_of(effect, **changes), BASES)


def harmful_tables(effect: float) -> Tables:
    """Return all measurements of the planted tables."""
    table = harmful_table(effect)
    add_bases(table)
    add_traits(table)
    for add in (add_harm, add_ways, add_kinds, add_swaps, add_monitors, add_trigger, add_naming):
        add(table)
    add_realignment(table, CLEAN)
    return {"measurements": with_all_conditions(table.report.measurements())}
