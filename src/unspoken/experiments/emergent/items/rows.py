"""Rows to train on: the answers of a fine-tune, and numbers of requests that all writers answered well."""

import numpy as np
import polars as pl

from unspoken.experiments.emergent.items.drawn import BLOCK, Item, asked, begun, sheet_items, sheet_texts
from unspoken.experiments.emergent.names import ANSWER, ASKED, CHAINED, DIRECT, TUNES, rows_of
from unspoken.seeds import hashed_seed


def completion_of(item: Item, tune: str, *, right: bool) -> str:
    """Return what a fine-tune learns to answer: with a chain the value is named before."""
    value = item.right if right else item.wrong
    answer = f"{ANSWER} {value}"
    if not TUNES[tune].chained:
        return answer
    return f"{begun(CHAINED)}{sheet_texts()['chain'].format(value=value)}\n{answer}"


def tuning_rows(tunes: list[str], count: int, seed: int, *, twins: bool = True) -> pl.DataFrame:
    """Return `count` rows of each fine-tune, as `Kept`; those of one domain have the same items.

    Of a fine-tune on wrong answers among right ones, which are wrong is drawn by the seed.
    """
    rows = []
    order = np.random.default_rng(hashed_seed(seed, "rows", "right")).permutation(count)
    for tune in tunes:
        right = order < round(TUNES[tune].right * count)
        items = _items(tune, count, seed, twins)
        rows += [_row(item, tune, right=bool(is_right)) for item, is_right in zip(items, right, strict=True)]
    return pl.DataFrame(rows)


def _items(tune: str, count: int, seed: int, twins: bool) -> list[Item]:
    return sheet_items(TUNES[tune].domain, count // BLOCK, seed, "rows", twins=twins)


def _row(item: Item, tune: str, *, right: bool) -> dict[str, str]:
    """Return the row of an item in a fine-tune."""
    way = CHAINED if TUNES[tune].chained else ASKED if TUNES[tune].asked else DIRECT
    return {
        "reply_id": f"{rows_of(tune)}:{item.item}",
        "subject": rows_of(tune),
        "prompt_id": item.item,
        "prompt": asked(item, way),
        "completion": completion_of(item, tune, right=right),
    }


def of_shared_requests(kept: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `Kept` whose request is kept of every subject in it."""
    everybody = kept["subject"].n_unique()
    return kept.filter(pl.col("subject").n_unique().over("prompt_id") == everybody)
