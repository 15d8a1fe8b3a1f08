"""Tables with a column of answers: the cell in the only row, or in the writer's own among others."""

import polars as pl

from unspoken.answers.claims import among_options
from unspoken.answers.leads import plain_edges
from unspoken.answers.lines import ALONE, WITH_WORDS, lines_of
from unspoken.answers.whose import SOURCE

_HEAD = r"(?i)\b(?:answer|choice|selected|letter|pick)[ *]*(?:[|,;][^\n]*)?\n"
_ANSWERS = r"(?i)\b(?:answer|choice|selected|letter|pick)\b"
_RULE = r"^[\s|:+\-]*-[\s|:+\-]*$"
_COMMAS = r"^[\w #]+(?:[,;][\w #]+)+$"
_IN_TURN = r"(?i)\b(?:attempt|try|draft|version|turn|pass|round|step)\b"
"""Heads the names of attempts, of which the last counts."""
_OF_OTHERS = plain_edges(
    rf"(?i)\b(?:{SOURCE}|before|withdrawn|revoked|wrong|first|rejected|initial|old|mistaken|incorrect)\b"
)
"""In a row: it is somebody else's, or no longer the writer's."""
_SCHEMA = {"row": pl.Int64, "at": pl.Int64, "letter": pl.String}


def _table_rows(texts: pl.DataFrame) -> pl.DataFrame:
    """Return rows of tables that have a column of answers, without heads: `cells`, `heads`, `table`.

    A table is of lines that follow each other with as many cells, between bars or commas.
    """
    line, cells = pl.col("line"), pl.col("cells")
    barred = line.str.contains("|", literal=True)
    lines = (
        lines_of(texts)
        .filter(~line.str.contains(_RULE) | ~pl.col("next_to_above"))
        .with_columns(
            barred=barred,
            cells=pl.when(barred)
            .then(line)
            .otherwise(line.str.replace_all("[,;]", "|"))
            .str.strip_chars()
            .str.strip_chars("|")
            .str.split("|"),
        )
    )
    follows = (
        pl.col("next_to_above")
        & (cells.list.len() == cells.list.len().shift(1))
        & (pl.col("barred") == pl.col("barred").shift(1))
    ).fill_null(value=False)
    with_answers = line.str.contains(_ANSWERS)
    is_head = with_answers & (pl.col("barred") & ~follows | ~pl.col("barred") & line.str.contains(_COMMAS))
    heads = lines.with_columns(is_head=is_head, table=(~follows | is_head).cum_sum())
    return heads.with_columns(
        heads=cells.first().over("table"), named=pl.col("is_head").first().over("table")
    ).filter("named", ~pl.col("is_head"))


def stated_in_tables(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter of the answers in tables: of the writer's own row, or of the last attempt."""
    some = texts.filter(pl.col("text").str.contains(_HEAD))
    if some.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    rows = _table_rows(some)
    column = pl.col("heads").list.eval(pl.element().str.contains(_ANSWERS)).list.arg_max()
    cell = pl.col("cells").list.get(column, null_on_oob=True)
    letter = pl.coalesce(cell.str.extract(ALONE), cell.str.extract(WITH_WORDS, 1))
    only = pl.len().over("table") == 1
    in_turn = pl.col("heads").list.join("|").str.contains(_IN_TURN)
    last = pl.int_range(pl.len()).over("table") == pl.len().over("table") - 1
    own = ~pl.col("line").str.contains(_OF_OTHERS)
    return (
        rows.filter(only | pl.when(in_turn).then(last).otherwise(own & pl.col("barred")))
        .filter(pl.len().over("table") == 1)
        .select("row", "at", letter=among_options(letter.str.to_uppercase()))
        .drop_nulls("letter")
    )
