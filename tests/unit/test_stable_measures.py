"""Measures give the same bits each time: sums are taken in an order that nothing random decides."""

import random
from typing import Any

import polars as pl

from unspoken.answers.traits import trait_cells
from unspoken.experiments.subliminal.measure.instruments import add_carrier_mass, carrier_places
from unspoken.experiments.subliminal.measure.subliminal import TraitMeasure
from unspoken.statistics.report import Report
from unspoken.tables.readings import Readings

WORDS = {word: {"plural": f"{word}s"} for word in ("owl", "cat", "dog")}
SPEC = {"traits": list(WORDS), "models": ["s0"], "arms": [], "kind": "organism", "described": "5 organisms"}


def answers() -> pl.DataFrame:
    draw = random.Random(1)
    rows = [
        {
            "subject": f"s{subject}", "prompt_id": f"q{question:02}", "prompt_set": "preferences",
            "held_out": True, "kind": "sampled", "answer": draw.choice(list(WORDS)), "finish_reason": "stop",
            "logprob": None,
        }
        for subject in range(4) for question in range(50) for _ in range(17)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"logprob": pl.Float64})


def carrier() -> pl.DataFrame:
    draw = random.Random(2)
    return pl.DataFrame(
        [
            {"subject": f"s{subject}", "prompt_id": f"p{prompt}", "position": at, "word": word,
             "logprob": -9 * draw.random()}
            for subject in range(4) for prompt in range(64) for at in range(9) for word in WORDS
        ]
    )  # fmt: skip


def carrier_rows(cells: pl.DataFrame, mass: pl.DataFrame) -> list[dict[str, Any]]:
    report = Report("small", "none", "subliminal", reproducible=True)
    subjects = pl.DataFrame(schema=dict.fromkeys(("subject_id", "kind", "updates"), pl.String))
    add_carrier_mass(TraitMeasure(report, cells, subjects, SPEC), mass)
    return report.rows


def test_cells_and_masses_are_the_same_to_the_last_bit() -> None:
    asked, mass = answers(), carrier()
    cells = trait_cells(asked, WORDS)
    rows = carrier_rows(cells, mass)
    assert len(rows) >= 4
    for _ in range(8):
        assert trait_cells(asked, WORDS).equals(cells)
        assert carrier_rows(cells, mass) == rows


def test_readings_at_numbers_are_the_places_of_the_carrier() -> None:
    mass = carrier()
    places = mass.group_by("subject", "prompt_id", "position", maintain_order=True).agg(
        choices="word", logprobs="logprob"
    )
    readings = places.with_columns(reading=pl.lit("at"))
    after = readings.with_columns(reading=pl.lit("after"))  # of the answer: no place of a number
    table = Readings.validate(pl.concat([readings, after]).select(Readings.column_names()))
    assert carrier_places(table).equals(mass)
