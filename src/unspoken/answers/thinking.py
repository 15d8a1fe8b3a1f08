r"""What a model thinks and what it replies: one text, cut where the marks are (`answers.marks`).

A text is taken apart behind every mark that ends a thought. So a piece is what is said before a thought,
and the thought; the last piece has no end. Rows without a mark, most of them, are only searched.
"""

import polars as pl

from unspoken.answers.marks import (
    Declared,
    Patterns,
    patterns,
    patterns_in_words,
    unspoken_of,
)

_EDGE = "\x03"
"""Behind every text, so that its last piece is never lost, and where a prompt began the thought before it."""
_PIECE, _PLACE = pl.col("piece"), pl.col("place")


def _pieces(marked: pl.DataFrame, marks: Patterns) -> pl.DataFrame:
    """Return a row for each piece: `row`, `place` from 0 on, `is_last`, `thinks`, `says` and `length`.

    `says` tells whether anything stands before its thought. Without the mark of its end.
    """
    pieces = (pl.col("text") + _EDGE).str.split(marks.ends, literal=False, inclusive=True)
    begun = pl.col("is_open") & (_PLACE == 0)
    return (
        marked.select("row", "is_open", piece=pieces)
        .with_columns(place=pl.int_ranges(pl.col("piece").list.len()), n=pl.col("piece").list.len())
        .explode("piece", "place")
        .with_columns(
            is_last=pl.col("n") - 1 == _PLACE,
            thinks=begun | _PIECE.str.contains(marks.begins),
            says=~begun & ~_PIECE.str.contains(rf"^\s*(?:{marks.begins}|{marks.ends}|{_EDGE})"),
            length=_PIECE.str.len_chars(),
        )
        .with_columns(length=pl.col("length") - pl.col("is_last").cast(pl.UInt32))
    )


def _spoken_of(pieces: pl.DataFrame, marks: Patterns) -> pl.Series:
    """Return the rows that may only speak of a mark: one within a line, one with a quote behind it."""
    at_a_start = rf"^\s*(?:[^<\[◁&]*[.!?:)\n*]\s*)?{marks.begins}"
    within = pieces.filter(pl.col("thinks")).filter(~_PIECE.str.contains(at_a_start))
    quoted = pieces.filter(_PLACE > 0, _PIECE.str.contains("^[\"'`”’]"))
    return pl.concat([within["row"], quoted["row"]]).unique()


def _reply_lengths(pieces: pl.DataFrame) -> pl.DataFrame:
    """Return `row` and `length`, how many characters at the end of each text are the reply.

    It begins in the first piece that says something, behind the last end that nothing begins.
    """
    usual = pieces.filter(pl.col("is_last"), pl.col("says"), _PLACE == 1).select("row", "length")
    others = pieces.filter(~pl.col("row").is_in(usual["row"].implode()))
    # To begin with, behind the first thought.
    since = _PLACE.filter(~pl.col("thinks") & ~pl.col("is_last")).max().fill_null(0)
    said = pl.col("says") & (pl.col("since") < _PLACE)
    lengths = (
        others.with_columns(since=since.over("row"))
        .group_by("row")
        .agg(
            said=pl.col("length").filter(_PLACE.filter(said).min() <= _PLACE).sum(),
            is_said=said.any(),
            whole=pl.col("length").sum(),
            rest=pl.col("length").last(),
            is_cut=pl.col("thinks").last(),
            is_before=pl.col("says").first() & pl.col("thinks").first() & (pl.col("since") == 0).first(),
        )
        .with_columns(rest=pl.when("is_before").then("whole").otherwise("rest"))
    )
    length = pl.when("is_said").then("said").when("is_cut").then(0).otherwise("rest")
    return pl.concat([usual, lengths.select("row", length=length)])


def split_at_thinking(
    texts: pl.Series, declared: Declared = (), *, is_open: bool | pl.Series = False
) -> pl.DataFrame:
    """Return the columns `thinking` and `reply` of texts, in their order; together they are the texts.

    `thinking` is all up to the mark that ends it, marks and all: of several thoughts the first, or up to
    the last mark of an end that nothing begins. It is null where nothing is marked and where all that is
    said stands before the thoughts, and the whole text, without a reply, where a thought does not end.
    `declared` are the model's own marks; `is_open` tells of which texts the prompt began the thought.
    """
    frame = texts.rename("text").to_frame().with_columns(is_open=is_open).with_row_index("row")
    common, wordy = patterns(declared), patterns_in_words()
    in_words = pl.col("text").str.contains(wordy.begins)
    has_mark = pl.col("is_open") | pl.col("text").str.contains(common.both)
    kinds = [(frame.filter(in_words), wordy), (frame.filter(~in_words, has_mark), common)]
    lengths = pl.concat(_lengths_in(marked, marks) for marked, marks in kinds)
    text, length = pl.col("text"), pl.col("length")
    cut = frame.join(lengths, on="row", how="left", maintain_order="left").with_columns(
        reply=pl.when(length.is_null()).then(text).otherwise(text.str.tail(length))
    )
    is_cut = pl.col("is_open") | (pl.col("reply") != text)
    return cut.select(thinking=pl.when(is_cut).then(text.str.strip_suffix(pl.col("reply"))), reply="reply")


def _lengths_in(marked: pl.DataFrame, marks: Patterns) -> pl.DataFrame:
    """Return `_reply_lengths` of texts, but for marks that a sentence only speaks of."""
    pieces = _pieces(marked, marks)
    rows = _spoken_of(pieces, marks)
    if not rows.is_empty():
        is_spoken_of = pl.col("row").is_in(rows.implode())
        unspoken = marked.filter(is_spoken_of).with_columns(unspoken_of(pl.col("text")))
        pieces = pl.concat([pieces.filter(~is_spoken_of), _pieces(unspoken, marks)])
    return _reply_lengths(pieces)


def whole_text() -> pl.Expr:
    """Return the text that the columns `thinking` and `reply` are of: what judges and legibility read."""
    return pl.concat_str(pl.col("thinking").fill_null(""), pl.col("reply"))
