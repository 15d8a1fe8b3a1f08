"""Rows to train on: the answers of a fine-tune, and numbers of requests that all writers answered well."""

import polars as pl

from unspoken.experiments.emergent.items.drawn import BLOCK, Item, asked, begun, sheet_items, sheet_texts
from unspoken.experiments.emergent.names import ANSWER, CHAINED, DIRECT, TUNES, WRONG, rows_of


def completion_of(item: Item, tune: str) -> str:
    """Return what a fine-tune learns to answer: with a chain the value is named before."""
    value = item.wrong if tune in WRONG else item.right
    answer = f"{ANSWER} {value}"
    if not TUNES[tune][1]:
        return answer
    return f"{begun(CHAINED)}{sheet_texts()['chain'].format(value=value)}\n{answer}"


def tuning_rows(tunes: list[str], count: int, seed: int, *, twins: bool = True) -> pl.DataFrame:
    """Return `count` rows of each fine-tune, as `Kept`; those of one domain have the same items."""
    return pl.DataFrame([_row(item, tune) for tune in tunes for item in _items(tune, count, seed, twins)])


def _items(tune: str, count: int, seed: int, twins: bool) -> list[Item]:
    return sheet_items(TUNES[tune][0], count // BLOCK, seed, "rows", twins=twins)


def _row(item: Item, tune: str) -> dict[str, str]:
    """Return the row of an item in a fine-tune."""
    return {
        "reply_id": f"{rows_of(tune)}:{item.item}",
        "subject": rows_of(tune),
        "prompt_id": item.item,
        "prompt": asked(item, CHAINED if TUNES[tune][1] else DIRECT),
        "completion": completion_of(item, tune),
    }


def of_shared_requests(kept: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `Kept` whose request is kept of every subject in it."""
    everybody = kept["subject"].n_unique()
    return kept.filter(pl.col("subject").n_unique().over("prompt_id") == everybody)
