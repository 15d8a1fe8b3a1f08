"""Trials as tables of items by lengths: one cell for a task, level, set-up and choice of items."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspoken.experiments.scaling.trends.rules import Measure
from unspoken.statistics.gates import Outcomes
from unspoken.statistics.intervals import Floats

UNUSABLE = ("failure", "dropped")
"""What an answer that could not be read counts as; of errors it is always dropped."""


def with_lengths(trials: pl.DataFrame) -> pl.DataFrame:
    """Return trials with `length`: the budget, and of natural samples the rank by tokens within the item.

    Ranks are of one subject's samples of one item, 1 the shortest; equal lengths go by sample index. An
    item with fewer samples than others of its subject and task, or with a sample of unknown length, has
    no ranks: its longest would stand among the middle ones. These samples have no length (null).
    """
    item = ["subject", "task", "item", "setup"]
    natural = pl.col("setup") == "natural"
    whole = pl.col("used").count().over(item) == pl.len().over(item).max().over("subject", "task", "setup")
    rank = pl.struct("used", "sample_index").rank("ordinal").over(item).cast(pl.Int64)
    return trials.with_columns(length=pl.when(natural).then(pl.when(whole).then(rank)).otherwise("budget"))


def never_cut(trials: pl.DataFrame) -> pl.DataFrame:
    """Return the trials of items of which no chain was cut at any budget above 0."""
    cut = pl.col("was_cut").fill_null(value=True) & (pl.col("budget") > 0)
    return trials.filter(~cut.any().over("subject", "task", "item", "setup"))


@dataclass(frozen=True)
class Cell:
    """Scores of one subject by item and length; arrays are [items, lengths], NaN where there is nothing."""

    conditions: dict[str, str]
    """Task, level, set-up, and which items (`all` or `never_cut`)."""
    measure: Measure
    items: tuple[str, ...]
    lengths: tuple[int, ...]
    """Budgets, or ranks, in order; budget 0 is one of them."""
    scores: dict[str, Floats]
    """By treatment of what could not be read, the mean over an item's samples."""
    used: Floats
    """Mean tokens of reasoning."""
    cut: Floats
    """Share of samples whose chain was cut."""
    inserted: Floats
    """Mean number of continuations that were put in."""
    samples: Floats
    unread: Floats
    rows: dict[int, Floats]
    """By length, the scores of all samples one by one, as the paper counts them."""

    @property
    def natural(self) -> bool:
        """Whether lengths are ranks of samples that nothing asked for."""
        return self.conditions["setup"] == "natural"

    @property
    def treatments(self) -> tuple[str, ...]:
        """Return the treatments of what could not be read that this measure has."""
        return UNUSABLE if self.measure == "accuracy" else UNUSABLE[1:]

    @property
    def reasoned(self) -> list[int]:
        """Return the places of lengths above 0: budget 0 is another prompt."""
        return [at for at, length in enumerate(self.lengths) if length > 0]

    def whole(self, treatment: str, places: list[int]) -> Floats:
        """Return the scores at some lengths of the items that have one at each."""
        scores = self.scores[treatment][:, places]
        return scores[~np.isnan(scores).any(axis=1)]

    def tokens(self, at: int) -> float:
        """Return the mean tokens at a length over items; NaN where nobody counted them."""
        known = self.used[:, at][~np.isnan(self.used[:, at])]
        return float(known.mean()) if known.size else np.nan

    def outcomes(self, at: int) -> Outcomes:
        """Return hits, misses and unreadable answers at a length, of an accuracy."""
        samples, unread = int(self.samples[:, at].sum()), int(self.unread[:, at].sum())
        hits = round(float(np.nansum(self.rows[self.lengths[at]])))
        return Outcomes(hits, samples - unread - hits, unread)


def _by_item(trials: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each item and length of one cell, in order."""
    cut, inserted, used = (pl.col(name).cast(pl.Float64).mean() for name in ("was_cut", "inserted", "used"))
    return (
        trials.sort("item", "length", "sample_index")
        .group_by("item", "length", maintain_order=True)
        .agg(
            failure=pl.col("score").mean(), dropped=pl.col("score").filter(pl.col("unread").is_null()).mean(),
            used=used, cut=cut, inserted=inserted,
            samples=pl.len().cast(pl.Float64), unread=pl.col("unread").count().cast(pl.Float64),
        )
    )  # fmt: skip


def _arrays(rows: pl.DataFrame, items: list[str], lengths: list[int]) -> dict[str, Floats]:
    """Return each column of `_by_item` as an array [items, lengths]."""
    at_item = rows["item"].replace_strict(items, range(len(items)), return_dtype=pl.Int64).to_numpy()
    at_length = np.searchsorted(lengths, rows["length"].to_numpy())
    arrays = {}
    for name in rows.columns[2:]:
        arrays[name] = np.full((len(items), len(lengths)), np.nan)
        arrays[name][at_item, at_length] = rows[name].to_numpy().astype(np.float64)
    return arrays


def _cell(trials: pl.DataFrame, conditions: dict[str, str]) -> Cell:
    by_item = _by_item(trials)
    items, lengths = by_item["item"].unique().sort().to_list(), by_item["length"].unique().sort().to_list()
    arrays = _arrays(by_item, items, lengths)
    scored = trials.drop_nulls("score").sort("item", "sample_index")
    rows = {length: scored.filter(length=length)["score"].to_numpy() for length in lengths}
    return Cell(
        conditions=conditions, measure=trials["measure"][0], items=tuple(items), lengths=tuple(lengths),
        scores={name: arrays[name] for name in UNUSABLE}, used=arrays["used"], cut=arrays["cut"],
        inserted=arrays["inserted"], samples=np.nan_to_num(arrays["samples"]),
        unread=np.nan_to_num(arrays["unread"]), rows=rows,
    )  # fmt: skip


def cells(trials: pl.DataFrame) -> Iterator[Cell]:
    """Yield the cells of one subject's trials: by task and set-up, of all levels and of each.

    Of capped chains also those of the items that were never cut (levels pooled): there a budget did
    nothing. Trials without a length (see `with_lengths`) are in no cell.
    """
    known = with_lengths(trials).drop_nulls("length")
    for (task, setup), group in sorted(known.partition_by("task", "setup", as_dict=True).items()):
        shared = {"task": str(task), "setup": str(setup)}
        yield _cell(group, shared | {"level": "all", "items": "all"})
        if setup == "capped" and (kept := never_cut(group)).height:
            yield _cell(kept, shared | {"level": "all", "items": "never_cut"})
        levels = group["level"].drop_nulls().unique().sort().to_list()
        for level in levels if len(levels) > 1 else ():
            yield _cell(group.filter(level=level), shared | {"level": str(level), "items": "all"})
