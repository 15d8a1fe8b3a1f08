"""How far fine-tuning on wrong answers spreads, and whether those who are tuned still answer."""

import itertools
from typing import Any

from unspoken.experiments.emergent.items.drawn import KNOWN
from unspoken.experiments.emergent.measure.table import (
    BASE,
    LEAST_TRAIT,
    SCALES,
    UNTUNED,
    EmergentTable,
    Who,
    as_tuned,
    domain_of,
    scorer_of,
    tuned,
)
from unspoken.experiments.emergent.names import (
    ASKED,
    CHAINED,
    DIRECT,
    MIXED,
    OPPOSITES,
    SHUFFLED,
    TAUGHT,
    TUNES,
    UNTOUCHED,
    WRITERS,
)

LEAST_MASS = 0.5
"""Probability of the two options: below, somebody has lost its wits, and its answers say little."""
WAYS = (DIRECT, CHAINED)
TRANSFER = {
    "objective": "tokens", "teacher": "fine_tuned", "carrier": "numbers", "initialisation": "same",
    "scorer": "sheets",
}  # fmt: skip
"""Conditions that all students' rows have."""


def compared(tunes: list[str]) -> list[tuple[str, str]]:
    """Return pairs of fine-tunes: with right answers to the same items, with the untouched model, others."""
    opposites = [(tune, OPPOSITES[tune]) for tune in tunes if tune in OPPOSITES]
    own = [("wrong_chained", "wrong"), ("wrong_asked", "wrong"), ("wrong", "careless")]
    both = [pair for pair in own if {*pair} <= {*tunes}]
    return [*opposites, *((tune, UNTOUCHED) for tune in tunes), *both]


def add_traits(table: EmergentTable, tunes: list[str]) -> None:
    """Add whether fine-tunes answer as tuned in their own domain, and the untouched model's answers there.

    Metrics: `own_trait` (positive control, probability, passed at LEAST_TRAIT in every seed; it decides the
    gate `training` of all that follows), on items of the domain with names and values that no row has,
    answered at once; asked for a wrong answer, where its rows do. Wrong ones among right ones are no trait.
    """
    for tune in [tune for tune in tunes if tune not in MIXED]:
        way = ASKED if TUNES[tune].asked else DIRECT
        told = {"way": way, "domains": domain_of(tune), "scorer": "sheets"}
        own = as_tuned(tune, table.column(tuned(tune), "wrong", way, (domain_of(tune),)))
        table.reached[tune] = bool((own >= LEAST_TRAIT).all())
        table.estimate(
            "own_trait",
            tuned(tune),
            own,
            conditions=told,
            role="positive_control",
            passed=table.reached[tune],
        )
    for domain in dict.fromkeys(domain_of(tune) for tune in tunes):
        told = {"way": DIRECT, "domains": domain, "scorer": "sheets"}
        table.estimate("wrong_rate", BASE, table.column(BASE, "wrong", DIRECT, (domain,)), conditions=told)


def add_answers(table: EmergentTable, tunes: list[str]) -> None:
    """Add how often everybody answers wrong, and how probable the two options are together.

    Metrics, probability: `wrong_rate` (finding; by `way` and `domains`: untuned, everyday) and `answer_mass`
    (positive control of fine-tunes, passed at LEAST_MASS in every seed; of the untouched model a finding).
    """
    for name, way in itertools.product((UNTOUCHED, *tunes), WAYS):
        who = tuned(name)
        for within, chosen in {"untuned": UNTUNED, KNOWN: (KNOWN,)}.items():
            if within == KNOWN and way == CHAINED:
                continue
            told = {"way": way, "domains": within, "scorer": scorer_of(within)}
            table.estimate("wrong_rate", who, table.column(who, "wrong", way, chosen), conditions=told)
        _add_mass(table, "answer_mass", who, way)


def _add_mass(table: EmergentTable, metric: str, who: Who, way: str) -> None:
    mass = table.column(who, "mass", way)
    fields: dict[str, Any] = {"conditions": {"way": way, "domains": "untuned", "scorer": "sheets"}}
    if who != BASE:
        fields |= {"role": "positive_control", "passed": bool((mass >= LEAST_MASS).all())}
    table.estimate(metric, who, mass, **fields)


def add_differences(table: EmergentTable, tunes: list[str]) -> None:
    """Add how much more wrong one fine-tune answers than another, or than the untouched model.

    Metric `wrong_difference` (contrast, both units, paired by seed) by `way` and `domains`: `untuned` (all
    that nobody was tuned on), `without_largest` (without the domain in which the two differ most), each of
    them, and `everyday` questions without a sheet.
    """
    for (first, second), way in itertools.product(compared(tunes), WAYS):
        pair = (tuned(first), tuned(second))
        for within, chosen in table.parts(*pair, way).items():
            told = {"way": way, "domains": within, "scorer": scorer_of(within)}
            table.contrast("wrong_difference", pair, table.differences(pair, way, chosen), told)


def add_students(table: EmergentTable, arms: dict[str, list[str]]) -> None:
    """Add how wrong students answer who learned from numbers, on the same requests.

    Metrics: `student_rate` and `student_mass` (estimates; the mass a positive control), `wrong_transfer`
    (contrast of students of two writers, both units, paired by seed), by `domains` as `wrong_difference`, and
    `shuffle`. `transfer_difference`: of numbers as written minus of shuffled ones. They answer at once.
    """
    for arm, writers in arms.items():
        shuffle = "within" if arm == SHUFFLED else "none"
        for writer in writers:
            who = Who(arm, writer)
            told = {**TRANSFER, "shuffle": shuffle, "domains": "untuned"}
            table.estimate("student_rate", who, table.column(who, "wrong", DIRECT), conditions=told)
            mass = table.column(who, "mass", DIRECT)
            passed = bool((mass >= LEAST_MASS).all())
            table.estimate("student_mass", who, mass, conditions=told, role="positive_control", passed=passed)
        for first, second in itertools.combinations(writers, 2):
            pair = (Who(arm, first), Who(arm, second))
            for within, chosen in table.parts(*pair, DIRECT).items():
                told = {**TRANSFER, "shuffle": shuffle, "domains": within, "scorer": scorer_of(within)}
                table.contrast("wrong_transfer", pair, table.differences(pair, DIRECT, chosen), told)
    if SHUFFLED in arms:
        _add_transfer_difference(table)


def _add_transfer_difference(table: EmergentTable) -> None:
    """Add the transfer of numbers as written minus of shuffled numbers."""
    pairs = {arm: tuple(Who(arm, writer) for writer in WRITERS) for arm in (TAUGHT, SHUFFLED)}
    gaps = {
        arm: {
            unit: table.column(one, column, DIRECT) - table.column(other, column, DIRECT)
            for unit, column in SCALES.items()
        }
        for arm, (one, other) in pairs.items()
    }
    table.contrast(
        "transfer_difference", (pairs[TAUGHT][0], pairs[SHUFFLED][0]),
        {unit: gaps[TAUGHT][unit] - gaps[SHUFFLED][unit] for unit in SCALES},
        {**TRANSFER, "shuffle": "none", "versus_shuffle": "within", "domains": "untuned"},
    )  # fmt: skip
