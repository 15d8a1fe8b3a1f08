"""The modules of figures, and tables as the script that draws gives them to one."""

from importlib import import_module
from typing import Any

import polars as pl

from unspoken.figures.tables import Tables, with_conditions
from unspoken.study.rooms import ROOMS

FIGURES = {
    name: import_module(f"unspoken.experiments.{room.name}.{figure.module}")
    for room in ROOMS
    for name, figure in room.figures.items()
}
USED = {name: getattr(module, "USED_CONDITIONS", ()) for name, module in FIGURES.items()}
PRIMARY = ("questions", "scorer", "truncated", "unusable")
"""Conditions of rooms' primary readings: a figure gets them as columns, whether it names them or not."""
ALL_CONDITIONS = sorted({*PRIMARY, *(condition for used in USED.values() for condition in used)})


def with_all_conditions(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return measurements with each condition that any figure uses as a column."""
    return with_conditions(measurements, ALL_CONDITIONS)


def drawn(figure: str, tables: Tables) -> Any:
    """Return a figure, drawn from tables with those conditions alone that it says it uses."""
    others = [name for name in ALL_CONDITIONS if name not in (*PRIMARY, *USED[figure])]
    given = {
        name: frame.drop(others, strict=False) if name == "measurements" else frame
        for name, frame in tables.items()
    }
    return FIGURES[figure].draw(given)
