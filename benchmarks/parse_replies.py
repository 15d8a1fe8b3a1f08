#!/usr/bin/env python
"""Score the parsing of stated answers on the labelled replies of resources/gold.

Prints by format and by kind of quotation: replies, share right, wrong letters (a letter that the label
is not, null included) and missed ones (the label is a letter, the parser gave none). Each half was scored
once, at the commit named in benchmarks/README.md, and is for development since: a new first score needs
replies written anew.
"""

import argparse
from pathlib import Path

import polars as pl

from unspoken.answers.parsing import parsed_answers
from unspoken.answers.thinking import split_at_thinking

GOLD = Path(__file__).parents[1] / "resources/gold"
SCHEMA = {
    **dict.fromkeys(("id", "format", "quotation", "source"), pl.String),
    "options": pl.List(pl.String),
    **dict.fromkeys(("reply", "finish_reason", "answer", "note"), pl.String),
}


def labelled(half: str) -> pl.DataFrame:
    """Return the labelled replies of a half, in the order of its file; `reply` is the raw text."""
    return pl.read_ndjson(GOLD / f"stated_{half}.jsonl", schema=SCHEMA)


def scored(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with `parsed` (a letter or null) and, true or false, `right`, `wrong` and `missed`."""
    replies = split_at_thinking(rows["reply"]).with_columns(
        rows["finish_reason"], rows["options"], n_options=rows["options"].list.len().cast(pl.Int64)
    )
    parsed = pl.col("parsed")
    right = parsed.eq_missing(pl.col("answer"))
    return rows.with_columns(parsed=parsed_answers(replies)["free"]).with_columns(
        right=right, wrong=~right & parsed.is_not_null(), missed=~right & parsed.is_null()
    )


def sums(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return a row for each value of `by`: n, share right, wrong letters and missed answers."""
    return rows.group_by(pl.col(by).fill_null("none"), maintain_order=True).agg(
        pl.len().alias("n"), pl.col("right").mean(), pl.col("wrong", "missed").sum()
    )


def print_table(title: str, table: pl.DataFrame) -> None:
    print(f"\n{title:<54}{'n':>5}{'right':>8}{'wrong':>7}{'missed':>8}")
    for name, n, right, wrong, missed in table.iter_rows():
        print(f"{name:<54}{n:>5}{right:>8.3f}{wrong:>7}{missed:>8}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--half", choices=("develop", "test", "fresh", "again"), default="develop")
    arguments.add_argument("--show", action="store_true", help="print the replies that are not read right")
    asked = arguments.parse_args()
    rows = scored(labelled(asked.half))
    for row in rows.filter(~pl.col("right")).iter_rows(named=True) if asked.show else ():
        print(f"{row['id']} {row['format']}: {row['parsed']}, label {row['answer']}, {row['options']}")
        print(f"    {row['reply']!r}")
    print_table("format", sums(rows, "format").sort("format"))
    print_table("quotation", sums(rows, "quotation").sort("quotation"))
    overall = rows.with_columns(half=pl.lit(asked.half))
    print_table("half", sums(overall, "half"))


if __name__ == "__main__":
    main()
