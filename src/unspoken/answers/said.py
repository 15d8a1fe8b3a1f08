"""What of a reply can be read: without thoughts and marks around it, and why some replies cannot."""

import logging

import polars as pl

from unspoken.answers.marks import AROUND_REPLIES, NO_THOUGHTS, OPENS, patterns, unspoken_of

log = logging.getLogger("answers")
LEAST_ENDED = 0.1
"""Share of a subject's replies with an end of thinking and no beginning: its prompts begin the thinking."""
QUOTED = 20
"""Characters at the beginning of a reply that a prompt has too, if it is quoted."""
MOST_NAMES = 5
"""Names of marks in a message."""

_MARKS = patterns()
_REPLY = pl.col("reply")
_ENDED = rf"(?:{_MARKS.ends}|assistantfinal|my response:|</[^<>\n]+>|\[/[^\[\]\n]+\]|[|｜▷]>?)\s*$"
_EDGE, _NAME = r"(?:begin|start)(?:[_▁ ]of)?[_▁ ]", r"\w[\w.:-]*"
_FIRST = (
    rf"^\s*(?:<({_NAME})(?:\s[^<>\n]*)?>|\[([A-Z][A-Z_]+)\]"
    rf"|<[|｜](?:(?i:{_EDGE}))?({_NAME})[|｜]>|◁({_NAME})▷)"
)
"""A mark at the beginning, with its name."""
_PAIRED = r"^\s*[{(\[【〖《]{1,2}(\w+)[})\]】〗》]{1,2}"
"""A word in other brackets there: a mark if a slash stands before it later on."""
_BEGINS = rf"{OPENS}(?:{_NAME}|[|｜](?i:{_EDGE}){_NAME})"
_ENDS = rf"{OPENS}(?:/\s*{_NAME}\s*[>\]▷]|[|｜](?i:end(?:[_▁ ]of)?[_▁ ]){_NAME}[|｜]>)"
_BESIDE_NAME = rf"(?i)[<>\[\]◁▷&|｜/\s]|{_EDGE}|end(?:[_▁ ]of)?[_▁ ]|_(?:token|id)\b"


def said_in(replies: pl.Series) -> pl.Series:
    """Return replies as long as they are, with line ends for thoughts in them and for marks around them."""
    blanks = ["\n" * len(mark) for mark in AROUND_REPLIES]
    frame = replies.rename("text").to_frame().with_row_index("row")
    marked = frame.filter(pl.col("text").str.contains(OPENS)).with_columns(
        pl.col("text").str.replace_many(list(AROUND_REPLIES), blanks, ascii_case_insensitive=True)
    )
    if marked.is_empty():  # Without a mark its patterns need not be compiled.
        return replies
    said = marked.update(_without_thoughts(marked), on="row")
    found = frame.update(said, on="row")
    return found["text"].rename(replies.name)


def _without_thoughts(marked: pl.DataFrame) -> pl.DataFrame:
    """Return `row` and `text` of the texts that have a thought, with line ends in its place."""
    piece = pl.col("piece")
    said = piece.str.replace(rf"(?s){_MARKS.begins}.*$", "").str.pad_end(piece.str.len_chars(), "\n")
    return (
        marked.filter(pl.col("text").str.contains(_MARKS.begins))
        .select(
            "row", piece=unspoken_of(pl.col("text")).str.split(_MARKS.ends, literal=False, inclusive=True)
        )
        .explode("piece")
        .group_by("row", maintain_order=True)
        .agg(text=said.str.join(""))
    )


def _unknown_mark() -> pl.Expr:
    """Return the name of a mark in `reply` that nobody knows, and so perhaps of a thought; null without.

    It begins the reply, unless `prompt` has the same beginning, or ends what nothing begins, unless the
    prompt has it. Marks of pages, tasks and turns are known (`answers.marks`).
    """
    first = pl.coalesce(_REPLY.str.extract(_FIRST, group) for group in range(1, 5))
    paired = _REPLY.str.extract(_PAIRED)
    is_closed = _REPLY.str.contains(pl.format("/{}", paired), literal=True)
    first = pl.coalesce(first, pl.when(is_closed).then(paired))
    first = first.str.replace_all(_BESIDE_NAME, "").str.to_lowercase()
    beginning = _REPLY.str.strip_chars().str.head(QUOTED)
    is_quoted = pl.col("prompt").str.contains(beginning, literal=True)
    begun, ended = (
        _REPLY.str.extract_all(marks).list.eval(
            pl.element().str.replace_all(_BESIDE_NAME, "").str.to_lowercase()
        )
        for marks in (_BEGINS, _ENDS)
    )
    unbegun = ended.list.set_difference(begun).list.set_difference(pl.lit(sorted(NO_THOUGHTS))).list.first()
    in_prompt = pl.col("prompt").str.contains(pl.format("/{}", unbegun), literal=True)
    return pl.coalesce(
        pl.when((first.str.len_chars() > 1) & ~first.is_in(NO_THOUGHTS) & ~is_quoted).then(first),
        pl.when((unbegun.str.len_chars() > 1) & ~in_prompt).then(unbegun),
    )


def _is_cut() -> pl.Expr:
    """Tell whose thinking never ended, of `thinking`, `reply`, `finish_reason`, `engine` and `subject`.

    A text without a mark is thinking, too, where others of its subject end what no mark begins: then the
    prompts began it. The engines of this project know that; files and servers do not tell.
    """
    thinking = pl.col("thinking")
    is_open = (_REPLY.str.strip_chars() == "") & ~thinking.str.contains(_ENDED)
    unbegun = thinking.str.contains(_ENDED) & ~thinking.str.contains(_MARKS.begins)
    by_prompt = unbegun.fill_null(value=False).mean().over("subject") >= LEAST_ENDED
    untold = thinking.is_null() & pl.col("finish_reason").ne_missing("stop")
    from_outside = pl.col("engine").is_in(["file", "endpoint"])
    return is_open.fill_null(value=False) | (by_prompt & untold & from_outside)


def unread_outcomes(replies: pl.DataFrame) -> pl.Series:
    """Return the outcome of replies that no statement is to be read from, null for all others.

    `truncated` where the thinking never ended, `unparsed` where there are marks that nobody knows: what is
    thought and what is replied is then not told apart, and the log says how many. `replies` has the columns
    of its table.
    """
    found = replies.select(cut=_is_cut(), unknown=_unknown_mark())
    unknown = found.filter(~pl.col("cut"))["unknown"].drop_nulls()
    if not unknown.is_empty():
        names = ", ".join(unknown.unique().sort().head(MOST_NAMES))
        log.warning(
            "%d of %d replies are unparsed for marks that nobody knows, and so perhaps of thinking: %s",
            len(unknown), len(found), names,
        )  # fmt: skip
    cut, unparsed = pl.when("cut").then(pl.lit("truncated")), pl.col("unknown").is_not_null()
    return found.select(outcome=cut.when(unparsed).then(pl.lit("unparsed"))).to_series()
