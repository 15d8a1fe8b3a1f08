"""Thinking that its maker does not show: the place where it stood is known, its words are not."""

import polars as pl

HIDDEN = "[hidden thinking]"
"""What stands in the column `thinking` where words were taken out, or are only summed up."""


def is_whole(text: pl.Expr) -> pl.Expr:
    """Whether nothing of a text was taken out: of another nobody can say what it leaves unsaid."""
    return ~text.str.contains(HIDDEN, literal=True)
