"""The answer that a reply states, and how the reply ended where it states none.

A statement is a place where a reply says which option it takes: "the answer is (B)", "Answer: B",
"the correct option is B", "(B) is the right answer", "\\boxed{B}", the option's full text after "the
answer is", a letter in bold, or a letter that stands alone on the last line. The last statement that
names one option of the question counts. A letter in bold elsewhere than at the end is often a heading
over one of the options, so it counts only where nothing else does.

Each pattern runs over the whole column of replies; no Python object is made for a reply.
"""

import polars as pl

from unspoken.answers.said import said_in

_GAP = r"[ \t*_]"
_BEST = r"(?:correct|right|best|final)"
_ANSWER = r"(?:answer|option|choice|solution)"
_IS = rf"(?:is|:|(?:would|should|must|will){_GAP}+be)"
_WHOSE = rf"(?:(?:{_BEST}|my|the){_GAP}+)*"
_LEAD = rf"(?i:\b{_WHOSE}(?:answer|{_BEST}{_GAP}+{_ANSWER}){_GAP}*{_IS}{_GAP}*:?(?:{_GAP}|\n)*)"
"""What comes before the option in "the answer is", "Answer:" or "the correct option is:"."""

_BOXED = r"\\boxed\{[^{}\n]*(?:\{[^{}\n]*\})?[^{}\n]*\}"
_SUBJECT = r"(?:\(([A-Za-z])\)|\b(?i:option)[ \t]+\(?([A-Z])\)?)[ \t*]+is\b"
_SUBJECT_FIRST = rf"{_SUBJECT}[ \t]+(?i:the[ \t]+{_BEST}[ \t]+{_ANSWER})"
_BOLD = r"\*\*\(?[A-Z]\)?\.?\*\*"
_LAST_LINE = rf"(?:^|\n)[ \t]*(?:{_BOLD}|\([A-Za-z]\)|[A-Z])[.)]?\s*$"
_STATEMENT = rf"{_LEAD}[^\n]*|{_BOXED}|{_SUBJECT_FIRST}|{_LAST_LINE}|{_BOLD}\s*[.!]?\s*$"

_MARKS = r"[\s*_$:\"'“”]*"
_OPENING = rf"^(?:{_LEAD})?{_MARKS}(?i:(?:option|choice|letter|answer)\b{_MARKS})?"
# A bare "A" or "I" is often an English word, so a mark, a line's end or a joining word must follow it.
_BARE = (
    r"^(?:([B-HJ-Z])(?:[^\w'’\-]|-\W|$)|([AI])(?:[^\w\s'’\-]|-\W|\s*$|[ \t]*[\-–—(]"
    r"|[ \t]+(?:because|since|as|and|or|for|which|so|but|given)\b))"
)
_ONE = r"(?:\([A-Za-z]\)|[A-Z]\b)"
_TWO = rf"^{_ONE}[\s*]*(?:,|/|&|\bor\b|\band\b)[\s*]*(?i:option[ \t]+)?{_ONE}"
"""Two letters side by side, as in "(A) or (B)": no statement."""

_REFUSAL = (
    r"(?i)\bI(?:['’]m| am)? ?(?:cannot|can['’]?t|can not|won['’]t|will not|must decline|have to decline"
    r"|unable|not able|not comfortable|decline)\b|\bas an AI\b|^\W*(?:I['’]m |I am )?sorry\b"
)
_FIRST_SENTENCE = r"^\s*((?s:.*?)(?:[.!?](?:\s|$)|\n|$))"
_NOT = r"\b(?:not|cannot|neither|nor|except|unlike)\b|n['’]t\b"


def _letter(statement: pl.Expr) -> pl.Expr:
    """Return the option's letter, upper case, that a statement begins with, or null."""
    statement = statement.str.strip_chars()
    rest = statement.str.replace(_OPENING, "")
    subject = [statement.str.extract(f"^{_SUBJECT}", group) for group in (1, 2)]
    boxed = statement.str.extract(r"\\boxed\{(?:\\text\{)?\s*\(?([A-Z])\)?\s*\}")
    bare = [rest.str.extract(_BARE, group) for group in (1, 2)]
    letter = pl.coalesce(*subject, boxed, rest.str.extract(r"^\(([A-Za-z])\)"), *bare)
    return pl.when(~rest.str.contains(_TWO)).then(letter.str.to_uppercase())


def _among_options(letter: pl.Expr) -> pl.Expr:
    """Return the letter, or null where the question has no such option."""
    place = letter.str.to_integer(base=36, strict=False) - 10
    return pl.when(place < pl.col("n_options")).then(letter)


def _spaced(text: pl.Expr) -> pl.Expr:
    """Return lower-case text between spaces, without quotes, commas, articles and final full stops."""
    return pl.concat_str(
        pl.lit(" "),
        text.str.to_lowercase()
        .str.replace_all(r"(\d),(\d\d\d)", "$1$2")
        .str.replace_all(r"[\s\"'“”‘’*_(),;:!?$]+|\.(?:\s|$)", " ")
        .str.replace_all(r"(?:^| )(?:the|an?) ", " ")
        .str.strip_chars(),
        pl.lit(" "),
    )


def _named_options(statements: pl.DataFrame) -> pl.DataFrame:
    """Return `statement_at` and `named`, the letter of the one option whose text a statement names.

    An option whose text is part of another named option's does not count, and a statement with "not"
    beyond the option's own text names none.
    """
    claim = pl.col("statement").str.extract(rf"^{_LEAD}([^\n]*)").str.replace(r"[.!?]\s.*$", "")
    pairs = (
        statements.with_columns(claim=_spaced(claim))
        .filter(pl.col("claim").str.strip_chars() != "")
        .select("statement_at", "claim", "options", place=pl.int_ranges(pl.col("options").list.len()))
        .explode("options", "place")
        .with_columns(option=_spaced(pl.col("options")))
        .filter(
            pl.col("option").str.strip_chars() != "",
            pl.col("claim").str.contains(pl.col("option"), literal=True),
        )
        .with_columns(all_named=pl.col("option").str.join("|").over("statement_at"))
        .filter(pl.col("all_named").str.count_matches(pl.col("option"), literal=True) == 1)
    )
    rest = pl.col("claim").str.split(pl.col("option")).list.join(" ")
    return (
        pairs.filter(~rest.str.contains(_NOT))
        .group_by("statement_at")
        .agg(pl.col("place").first(), one=pl.len() == 1)
        .filter("one")
        .select("statement_at", named=pl.lit("ABCDEFGHIJKLMNOPQRSTUVWXYZ").str.slice("place", 1))
    )


def stated_answers(replies: pl.DataFrame) -> pl.DataFrame:
    """Return `free` and `stated_at` of each reply, in the order of the rows given.

    `replies` has the columns `reply`, `n_options` and `options`. `free` is the letter of the option that
    the reply states last, `stated_at` (Int64) the offset in characters at which that statement begins;
    both are null where it states none.
    """
    replies = replies.select("n_options", "options", "reply").with_row_index("row")
    apart = pl.col("reply").str.replace_all(_LEAD, "\n${0}")  # two statements may stand on one line
    statements = (
        replies.select("row", "n_options", "options", "reply", statement=apart.str.extract_all(_STATEMENT))
        .explode("statement")
        .drop_nulls("statement")
        .with_row_index("statement_at")
        .with_columns(letter=_among_options(_letter(pl.col("statement"))))
    )
    named = _named_options(statements.filter(pl.col("letter").is_null()))
    last = (
        statements.join(named, on="statement_at", how="left", maintain_order="left")
        .select("row", "statement", free=pl.coalesce("letter", "named"))
        .drop_nulls("free")
        .group_by("row")
        .agg(pl.col("free", "statement").last())
    )
    bold = pl.col("reply").str.extract_all(_BOLD).list.last()
    in_bold = _among_options(bold.str.extract("([A-Z])"))
    found = replies.join(last, on="row", how="left", maintain_order="left").with_columns(
        free=pl.coalesce("free", in_bold),
        statement=pl.coalesce("statement", pl.when(in_bold.is_not_null()).then(bold)),
    )
    statement = pl.col("statement")
    after = pl.col("reply").str.split(statement.str.strip_chars_start()).list.last()
    length = (
        pl.col("reply").str.len_chars()
        - after.str.len_chars()
        - statement.str.strip_chars_start().str.len_chars()
    )
    return found.select("free", stated_at=length.cast(pl.Int64).clip(0))


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
    `free` and `stated_at` are those of `stated_answers`; `outcome` is answered, truncated (it ended at the
    limit of tokens without an answer), refused (it says in its first sentence that it cannot or will not
    answer) or unparsed. A letter beyond the options does not count. The thinking is not read
    (`answers.thinking`).
    """
    said = replies.with_columns(reply=said_in(replies["reply"]))
    stated = stated_answers(said)
    return pl.concat([said.select("finish_reason", "reply"), stated], how="horizontal").select(
        "free", "stated_at", outcome=_outcome()
    )
