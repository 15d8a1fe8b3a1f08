"""Over studies in which nothing is there, at most one in twenty shows anything in a family of contrasts.

The contrasts are the default study's, with what they share: students, bases, questions. Which of them a
family holds say the registry and the rule.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted_claims import ORGANISM, row_of
from scipy import special

from unspoken.registry.load import claims_files, read_papers
from unspoken.statistics.intervals import t_interval
from unspoken.statistics.rows import measurement_table
from unspoken.study.front_door import plan_of
from unspoken.study.plan import Plan
from unspoken.verdicts.families import holm
from unspoken.verdicts.judge import Judge, judged
from unspoken.verdicts.outcomes import LEVEL

ROOT = Path(__file__).parents[2]
DRAWS, QUESTIONS, KINDS = 10_000, 120, 6
SPREADS = {"base": 0.05, "arm": 0.05, "student": 0.08}
"""Of a base, of an arm on it, and of its students by what their teacher has: log-odds."""
MOST = 0.06
Contrasts = dict[tuple[str, str, str], np.ndarray]
"""Replicates [draw, replicate] by metric, subject and versus."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(ROOT, {}, [])


def subliminal_contrasts(plan: Plan, draws: int) -> Contrasts:
    """The contrasts of the default study's arms when no number carries anything."""
    random, room = np.random.default_rng(11), plan.of("subliminal")
    bases = random.normal(0, SPREADS["base"], (draws, len(room.section.models)))
    cells: dict[tuple[str, str], np.ndarray] = {}
    for arm in room.arms:
        # On fewer than three bases the four teachers are the replicates.
        n = len(room.section.models) if arm.models is None else len(room.traits)
        start = bases if arm.models is None else np.repeat(bases[:, :1], n, axis=1)
        shared = random.normal(0, SPREADS["arm"], (draws, n))
        for role in ("own_trait", "other_trait", "neutral"):
            cells[arm.name, role] = start + shared + random.normal(0, SPREADS["student"], (draws, n))
        cells[arm.name, "base"] = start
    found: Contrasts = {}

    def add(metric: str, arm: str, role: str, other: tuple[str, str], values: np.ndarray) -> None:
        found[metric, f"organisms:{arm}:{role}", f"organisms:{other[0]}:{other[1]}"] = values

    for arm in room.arms:
        ours = {role: cells[arm.name, role] for role in ("own_trait", "other_trait", "neutral", "base")}
        pairs = [("own_trait", "base"), ("other_trait", "base"), ("own_trait", "other_trait")]
        pairs += [("own_trait", "neutral"), ("neutral", "base")] if arm.controls else []
        for role, against in pairs:
            add("trait_shift", arm.name, role, (arm.name, against), ours[role] - ours[against])
        specific = ours["own_trait"] - ours["other_trait"]
        add("specificity", arm.name, "own_trait", (arm.name, "other_trait"), specific)
    for arm, versus in room.design.comparable_arms():
        one, other = (cells[name, "own_trait"] - cells[name, "other_trait"] for name in (arm, versus))
        width = min(one.shape[1], other.shape[1])
        add(
            "specificity_difference",
            arm,
            "own_trait",
            (versus, "own_trait"),
            one[:, :width] - other[:, :width],
        )
    return found


def rows_of(plan: Plan, contrasts: Contrasts) -> list[dict[str, Any]]:
    """The first draw of each contrast as a measured row."""
    arms = {arm.name: arm for arm in plan.of("subliminal").arms}
    rows = []
    for (metric, subject, versus), values in contrasts.items():
        arm, other = arms[subject.split(":")[1]], arms[versus.split(":")[1]]
        conditions = {
            "objective": arm.objective, "arm": arm.name, "initialisation": arm.initialisation,
            "shuffle": arm.shuffle, **plan.of("subliminal").primary,
        }  # fmt: skip
        if metric == "specificity_difference":
            conditions |= {"versus_initialisation": other.initialisation, "versus_shuffle": other.shuffle}
            conditions |= {"versus_arm": other.name}
        rows.append(
            row_of(
                t_interval(values[0]), paper="cloud2025", experiment="subliminal", metric=metric,
                subject=subject, versus=versus, conditions=conditions, replicate="base",
            )
        )  # fmt: skip
    return rows


def in_family(plan: Plan, rows: list[dict[str, Any]]) -> list[str]:
    """The measurements over which the registry's claims on them share one adjustment."""
    claims = [
        claim.model_dump(mode="json", by_alias=True) | {"paper": paper.paper}
        for paper in read_papers(claims_files(ROOT, []))
        for claim in paper.claims
        if claim.test is not None and claim.test.experiment == "subliminal"
    ]
    table = measurement_table(rows)
    models = {name: [ORGANISM] for name in [*table["subject"], *table["versus"]]}
    found = judged(claims, Judge(table, models, primary=plan.primary), "planted")
    return sorted({row["measurement_id"] for row in found if row.get("p_adj") is not None})


def p_values(values: np.ndarray) -> np.ndarray:
    """Two-sided p of the mean of each draw's replicates against 0."""
    n = values.shape[1]
    scores = values.mean(1) / (values.std(1, ddof=1) / n**0.5)
    return 2 * special.stdtr(n - 1, -np.abs(scores))


def share_that_shows(ps: np.ndarray) -> tuple[float, float]:
    """The share of studies in which a contrast is shown or opposite, with the adjustment and without.

    Of a family the smallest p is adjusted by the number of its contrasts: some studies are adjusted whole.
    """
    smallest = ps.min(1)
    shown = smallest * ps.shape[1] < LEVEL
    some = [*np.flatnonzero(shown)[:20], *np.flatnonzero(~shown)[:20]]
    assert [min(holm(list(ps[at]))) < LEVEL for at in some] == [bool(shown[at]) for at in some]
    return float(shown.mean()), float((smallest < LEVEL).mean())


def test_of_studies_in_which_nothing_is_there_few_show_anything(plan: Plan) -> None:
    contrasts = subliminal_contrasts(plan, DRAWS)
    rows = rows_of(plan, contrasts)
    family = in_family(plan, rows)
    names = {row["measurement_id"]: (row["metric"], row["subject"], row["versus"]) for row in rows}
    ps = np.stack([p_values(contrasts[names[one]]) for one in family], axis=1)
    adjusted, plain = share_that_shows(ps)
    print(f"{len(family)} contrasts: {adjusted:.3f} of studies show anything, {plain:.3f} without Holm")
    assert len(family) > 20
    assert adjusted <= MOST < plain


def test_so_do_few_of_the_contrasts_of_hints(plan: Plan) -> None:
    """Kinds of hint beside each other, by the same questions: each kind beside all others, and four steps."""
    random = np.random.default_rng(12)
    about_questions = random.normal(0, 1, (DRAWS, QUESTIONS, 1)).astype(np.float32)
    trials = random.standard_normal((DRAWS, QUESTIONS, KINDS), dtype=np.float32) + about_questions
    others = (trials.sum(2, keepdims=True) - trials) / (KINDS - 1)
    gaps = [*np.moveaxis(trials - others, 2, 0), *(trials[..., at + 1] - trials[..., at] for at in range(4))]
    adjusted, plain = share_that_shows(np.stack([p_values(gap) for gap in gaps], axis=1))
    print(f"{len(gaps)} contrasts of hints: {adjusted:.3f}, {plain:.3f} without Holm")
    assert adjusted <= MOST < plain
