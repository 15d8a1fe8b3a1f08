"""How often the rules find a trend of a known size, by the number of items: what a study can show."""

from collections import Counter

import numpy as np

from unspoken.experiments.scaling.planted import agreeing_draws
from unspoken.experiments.scaling.trends.rules import (
    called_by_paper,
    called_by_study,
    length_slope,
    paired_change,
    paper_change,
    turn,
)
from unspoken.seeds import hashed_seed
from unspoken.statistics.intervals import Floats, wilson_interval
from unspoken.statistics.report import Report

START = 0.75
"""Accuracy at the shortest length."""
CHANGES = (0.0, -0.05, -0.1, -0.2)
"""From the shortest to the longest length."""
ITEMS = (30, 60, 120, 300, 1000)
FLAT_ITEMS = 2000
"""Items with which a flat task is called flat in nine of ten draws."""
LENGTHS = np.arange(4.0)
"""Four lengths, each twice the one before, as log2."""
ALIKE = 0.5
DRAWS = 100
MOST_FALSE = 0.05
FOUND = 0.9


def drawn_rates(items: int, change: float, random: np.random.Generator) -> Floats:
    """Return right or wrong, [items, lengths], of one draw; accuracy falls alike at every doubling."""
    _, uniform = agreeing_draws((items, len(LENGTHS)), ALIKE, random)
    return (uniform < START + change * LENGTHS / LENGTHS[-1]).astype(np.float64)


def calls(rates: Floats) -> dict[str, str]:
    """Return what the study's rule and the paper's call one draw."""
    slope, change = (
        length_slope(rates, LENGTHS, "accuracy"),
        paired_change(rates[:, -1], rates[:, 0], "accuracy"),
    )
    published = paper_change(rates[:, 0], rates[:, -1])
    return {
        "study": called_by_study(slope, change, turn(rates, "accuracy"), None, "accuracy"),
        "paper": called_by_paper(published, "accuracy"),
    }


def power_table(seed: int, draws: int = DRAWS) -> dict[tuple[int, float], dict[str, Counter[str]]]:
    """Return how often each rule says each word, by items and change; flat tasks also with FLAT_ITEMS."""
    cells = [(items, change) for items in ITEMS for change in CHANGES] + [(FLAT_ITEMS, 0.0)]
    table = {}
    for items, change in cells:
        random = np.random.default_rng(hashed_seed(seed, "power", items, change))
        said = [calls(drawn_rates(items, change, random)) for _ in range(draws)]
        table[items, change] = {rule: Counter(one[rule] for one in said) for rule in ("study", "paper")}
    return table


def add_power(report: Report, seed: int, draws: int = DRAWS) -> None:
    """Add the power table: metric `trend_power`, a share of draws.

    Conditions: `items`, `change`, `rule`, `called`. Of falling accuracies the share called inverse; of flat
    ones that called inverse and that called flat. `passed`: no more than 5% are called the wrong way
    (inverse where flat, positive where falling; by Wilson's lower end). With FLAT_ITEMS the study's rule
    has to call nine of ten flat.
    """
    for (items, change), by_rule in power_table(seed, draws).items():
        for rule, said in by_rule.items():
            wrong = wilson_interval(said["positive" if change else "inverse"], draws)
            for word in ("inverse",) if change else ("inverse", "flat"):
                held = (wrong.ci_low or 0.0) <= MOST_FALSE
                if (items, word, rule) == (FLAT_ITEMS, "flat", "study"):
                    held = said[word] >= FOUND * draws
                report.add(
                    wilson_interval(said[word], draws), metric="trend_power", unit="probability",
                    kind="estimate", subject=report.group("planted:power", "planted", []), role="instrument",
                    conditions={"items": items, "change": f"{change:.2f}", "rule": rule, "called": word},
                    passed=held, replicate="none", n_samples=draws,
                )  # fmt: skip
