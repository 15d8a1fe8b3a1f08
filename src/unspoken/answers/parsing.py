"""The answer that a reply states, and how the reply ended where it states none.

A statement is a place where a reply says which option it takes: "the answer is (B)", "I choose B",
"\\boxed{B}", `<answer>B</answer>`, a line that is "**B) Lyon**", a table's only row, a sentence that is an
option and words of choosing ("B gets my vote"), the option's own words after "the answer is", and the like
in some other languages. It counts if it is the writer's own: not somebody else's, not
negated, not under a condition, not asked, not taken back. The last one counts. A final answer that is not
understood, or that names two options, makes the reply one that states none; an earlier statement is not its
answer. So does a weak statement ("it is B") of another option after the last one.
"""

import polars as pl

from unspoken.answers.closing import stated_in_sentences
from unspoken.answers.ends import stated_at_ends
from unspoken.answers.lines import stated_in_lines
from unspoken.answers.plain import plain_texts
from unspoken.answers.retracted import taken_back
from unspoken.answers.said import said_in
from unspoken.answers.sentences import sentences_of
from unspoken.answers.statements import IN_BOLD, STRONG, stated_at_places
from unspoken.answers.tables import stated_in_tables
from unspoken.answers.ticked import stated_in_ticks
from unspoken.answers.verdicts import stated_in_verdicts

_REFUSAL = (
    r"(?i)\bI(?:['’]m| am)? ?(?:cannot|can['’]?t|can not|won['’]t|will not|must decline|have to decline"
    r"|unable|not able|not comfortable|decline)\b|\bas an AI\b|^\W*(?:I['’]m |I am )?sorry\b"
)
_GOES_ON = r"(?:[.!?][\"')*_]*[ ]|\n)\s*[\"'*(]*[\pL\d]"
_ALONE = 30  # bytes from a statement to the end of its text, behind which nothing takes it back
_FIRST_SENTENCE = r"^\s*((?s:.*?)(?:[.!?](?:\s|$)|\n|$))"


def _last(statements: pl.DataFrame) -> pl.DataFrame:
    """Return row, `free` and `stated_at` of the rows whose last statement is of one option."""
    strong = statements.filter(weak=STRONG).sort("row", "at", maintain_order=True)
    last = strong.group_by("row", maintain_order=True).agg(pl.col("letter", "at").last())
    others = statements.filter(pl.col("weak") != STRONG, pl.col("letter").is_not_null())
    later = others.filter(pl.col("weak") != IN_BOLD).join(last, on="row", suffix="_last")
    doubted = later.filter((pl.col("at") > pl.col("at_last")) & (pl.col("letter") != pl.col("letter_last")))
    weak = (
        others.join(last, on="row", how="anti")
        .filter(pl.col("weak") == pl.col("weak").min().over("row"))
        .sort("row", "at")
        .group_by("row", maintain_order=True)
        .agg(pl.col("letter", "at").last(), one=pl.col("letter").n_unique() == 1)
        .filter("one")
        .drop("one")
    )
    return pl.concat([last.join(doubted, on="row", how="anti"), weak]).select(
        "row", free="letter", stated_at="at"
    )


def _in_sentences(texts: pl.DataFrame, statements: pl.DataFrame) -> pl.DataFrame:
    """Return the statements in sentences that stand behind the last of all others, or in texts without."""
    last = statements.filter(weak=STRONG).group_by("row").agg(stated=pl.col("at").max())
    since = pl.col("stated").fill_null(0)
    behind = (
        texts.join(last, on="row", how="left", maintain_order="left")
        .with_columns(since=since)
        .filter(pl.col("stated").is_null() | pl.col("text").str.slice("since").str.contains(_GOES_ON))
    )
    if behind.is_empty():
        return statements.clear()
    sentences = sentences_of(behind).filter(pl.col("stated").is_null() | (pl.col("at") > pl.col("stated")))
    found = pl.concat([stated_in_sentences(sentences), stated_at_ends(sentences)])
    return found.select("row", "letter", "at", weak=pl.lit(STRONG, pl.Int32))


def _standing(texts: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """Return the last statements without those that are taken back behind them."""
    stated = last.filter(pl.col("free").is_not_null()).select("row", "stated_at", letter="free")
    rest = pl.col("text").str.slice("stated_at")
    behind = (
        texts.join(stated, on="row").with_columns(rest=rest).filter(pl.col("rest").str.len_bytes() > _ALONE)
    )
    return last.join(taken_back(behind), on="row", how="anti") if behind.height else last


def _stated(said: pl.DataFrame) -> pl.DataFrame:
    """Return `free` and `stated_at` of replies without thoughts (`said_in`), n_options and options."""
    rows = said.with_row_index("row").cast({"row": pl.Int64})
    texts = (
        rows.select("row", "n_options", "options")
        .join(plain_texts(rows), on="row", maintain_order="left")
        .drop_nulls("text")
    )
    strong = [
        found(texts).select("row", "letter", "at", weak=pl.lit(STRONG, pl.Int32))
        for found in (stated_in_lines, stated_in_tables, stated_in_verdicts, stated_in_ticks)
    ]
    statements = pl.concat(
        [stated_at_places(texts).select("row", "letter", "at", pl.col("weak").cast(pl.Int32)), *strong]
    )
    last = _last(pl.concat([statements, _in_sentences(texts, statements)]))
    found = rows.join(_standing(texts, last), on="row", how="left", maintain_order="left")
    stated = pl.when(pl.col("free").is_not_null()).then("stated_at")
    return found.select("free", stated_at=stated.cast(pl.Int64))


def _outcome() -> pl.Expr:
    """Return how a reply ended, of columns `free`, `finish_reason` and `reply`."""
    return (
        pl.when(pl.col("free").is_not_null())
        .then(pl.lit("answered"))
        .when(pl.col("finish_reason").eq_missing("length"))
        .then(pl.lit("truncated"))
        .when(pl.col("reply").str.extract(_FIRST_SENTENCE).str.contains(_REFUSAL))
        .then(pl.lit("refused"))
        .otherwise(pl.lit("unparsed"))
    )


def parsed_answers(replies: pl.DataFrame) -> pl.DataFrame:
    """Return `free`, `stated_at` and `outcome` of each reply, in the order of the rows given.

    `replies` has the columns `reply` and `finish_reason` of the table of replies, `n_options` and `options`.
    `free` is the letter of the option that the reply states last, `stated_at` (Int64) the character at which
    that statement begins, from 0; both are null where it states none. `outcome` is answered, truncated (it
    ended at the limit of tokens without an answer), refused (it says in its first sentence that it cannot or
    will not answer) or unparsed. The thinking is not read (`answers.thinking`).
    """
    said = replies.select("finish_reason", "n_options", "options", reply=said_in(replies["reply"]))
    stated = _stated(said.drop("finish_reason"))
    return pl.concat([said.select("finish_reason", "reply"), stated], how="horizontal").select(
        "free", "stated_at", outcome=_outcome()
    )
