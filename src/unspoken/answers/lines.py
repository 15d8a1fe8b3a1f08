"""Lines of a reply that are an answer and nothing else: "**C) Saturn**", "(c)", "Saturn", a table's cell."""

import polars as pl

from unspoken.answers.claims import (
    HTML,
    NOT,
    SYMBOLS,
    among_options,
    letter_at,
    named_options,
    place_of,
    spaced,
)
from unspoken.answers.leads import plain_edges
from unspoken.answers.whose import FIRST, NAMES_OTHERS, NEXT, TOLD

_SHORT = 240  # characters, as many as a line may have
_MORE = 16  # characters that a line may have beyond the longest option
_LEAD = (
    rf"^(?:[\s>#*_|$(\[\"'`{{=~]|<<|{SYMBOLS}|-+>|[-+][ ]|\\[a-zA-Z]+|\\[(\[]|{HTML}"
    rf"|(?i:q(?:uestion)?[ ]*)?\d+[.):][ ]"
    r"|(?i:option|choice|letter|selected|final|assistant)\b:?[ ]*)*"
)
_END = rf"(?:[\s.)\]*_|$\\\"'`}}:!;,~=]|>>|{HTML}|</?answer>|{SYMBOLS})*$"
_ALONE = rf"{_LEAD}([A-Za-z]){_END}"
_WITH_WORDS = rf"{_LEAD}([A-Za-z])[\"'`]*[ ]*(?:[.):\]*_]+[ ]*[-–—]?|[-–—][ ])[ ]*(\S.*)$"
_BESIDE_WORDS = rf"{_LEAD}([A-Za-z])[ ]*[=/|,(\[][ ]*(\S.*)$"
"""A letter, and what is no statement unless it is the words of the letter's option."""
# What passes is looked at more closely: this is the quicker search.
_MAY_BE = (
    r"^(?:[^A-Za-z]|\\[a-zA-Z]+|</?[a-z]+[^<>]*>|(?i:option|choice|letter|selected|final))*"
    r"[A-Za-z](?:[^A-Za-z]|$)"
)
_ALL_BOLD = r"^[\s>#]*\*\*.*\*\*[.\s]*$"
_SECOND = r"\([A-Z]\)(?:\W|$)"
_OPTION_LINE = r"^[\s>*_•\-(\[|\"'`]*([A-Z])(?:[).:\]*\"'`]|\s*$)"
_LEADS_TO = r"(?i)\banswer[\s*_:#|>]*$"
_CLOSING = r"[^\s(][.!?][\"')*]*[ ]+([*_$(\[\"'`]*([A-Z])[*_$)\]\"'`]*[.!]?)\s*$"
_OPTION_BEFORE = r"([^.!?\n:]*[^.!?\n\s]) ?[:–—][ ]*([*_$(\[\"'`]*([A-Z])[*_$)\]\"'`]*[.!]?)$"
"""An option's words and its letter: "DNA is stored in the nucleus: (A)"."""
_NOT_ASSERTED = plain_edges(rf"(?i){NOT}|\b(?:never|but|or|if|whether|was|were|had|before|hints?)\b")
_RULE = r"^[\s|:+\-]*-[\s|:+\-]*$"
_TABLE_HEAD = r"(?i)\b(?:answer|choice|selected)[ *]*(?:[|,;][^\n]*)?\n"
_PLACES = {"row": pl.Int64, "at": pl.Int64, "letter": pl.String}
_COMMAS = r"^[\w #]+(?:[,;][\w #]+)+$"
_FIRST_SENTENCE = r"(?s)^\s*(.*?)(?:[.!?][\"')*_]*(?:\s.*)?$|[。].*$|$)"
_LETTER_AFTER = r"[ ]*(?:[-–—:,=|][ ]*|[(\[])+([A-Z])[)\].*_`\s]*$"
_REMARK = r"^[^A-Za-z]*[A-Z][)\]*_]*[.!][)\]*_]*[ ]+[\"'(*]*[A-Z][A-Za-z' )]"
"""A letter that is a sentence of its own, and another sentence."""
_CROSS = r"[✗✘❌☒✖👎🚫⛔❓🤔]|×\s*(?:[^\d\s]|$)|\?[\s*_\"')]*$"
_REPLIED = plain_edges(r"(?i)\b(?:you|they|he|she)\b|\?|^\W*(?:i|but|however|hm+|not?)\b")
"""Below a line that is quoted: the writer speaks about it."""
_DROPPED = r"[.!?][\"')*_]*\s+(?:No|Nope|Wait|Actually|Hm+)(?-u:\b)"
_IN_LIST = r"^\s*[\"'][^\"']*[\"'],\s*$"
"""A value of a list in JSON."""
_EMPHASIS = (
    r"(?i),[ ](?:obviously|clearly|of course|no doubt|for sure|definitely|i (?:think|believe|guess|'d say))$"
)
_SURNAME = (
    r"^\W*[A-Z]\.[ ](?:[A-Z]\.[ ])*[A-Z][a-z]+[ ](?:once[ ])?"
    r"(?:said|says|thought|wrote|was|had|knew|found|[a-z]+ed)(?-u:\b)"
)
"""A name that begins with an initial, and what its bearer did."""
_ANSWER_CELL = r"(?i)\b(?:answer|choice|selected)\b"


def _lines(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of texts that are not blank: the columns of texts but text, `at` and `line`.

    `above` and `below` are the lines around it, `next_to_above` and `next_to_below` whether no blank line
    is between; `first` and `last` whether it is the first or last of its reply. `length` counts its end.
    """
    line, row = pl.col("line"), pl.col("row")
    text = pl.col("text")
    lines = (
        # A text of one long line has none that counts.
        texts.filter(text.str.contains("\n", literal=True) | (text.str.len_bytes() < _SHORT))
        .with_columns(line=text.str.split("\n"))
        .drop("text")
        .explode("line")
        .with_columns(length=line.str.len_chars().cast(pl.Int64) + 1)
        .with_columns(at=pl.col("length").cum_sum().over("row") - pl.col("length"))
        .filter(line.str.strip_chars() != "")
        .with_columns(first=row != row.shift(1, fill_value=-1), last=row != row.shift(-1, fill_value=-1))
    )
    ends = pl.col("at") + pl.col("length")
    return lines.with_columns(
        above=pl.when(~pl.col("first")).then(line.shift(1)).otherwise(pl.lit("")),
        below=pl.when(~pl.col("last")).then(line.shift(-1)).otherwise(pl.lit("")),
        next_to_above=~pl.col("first") & (ends.shift(1) == pl.col("at")),
        next_to_below=~pl.col("last") & (ends == pl.col("at").shift(-1)),
    )


def _read_lines(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the lines that may be an answer, with `alone` (a letter), or `spelt` and `words` beside it.

    `said` is the words, or the line; `whole` the place of the option that it is.
    """
    line = pl.col("line")
    longest = int(str(texts["options"].explode().str.len_chars().max() or 0)) + _MORE
    short = _lines(texts).filter(pl.col("length") <= _SHORT).with_columns(may_be=line.str.contains(_MAY_BE))
    lettered = short.filter("may_be", ~line.str.contains(_CROSS)).with_columns(
        alone=among_options(line.str.extract(_ALONE).str.to_uppercase()),
        spelt=among_options(
            pl.coalesce(
                line.str.extract(_WITH_WORDS, 1), line.str.extract(_BESIDE_WORDS, 1)
            ).str.to_uppercase()
        ),
        words=pl.coalesce(line.str.extract(_WITH_WORDS, 2), line.str.extract(_BESIDE_WORDS, 2)).str.replace(
            rf"(?:\s|{SYMBOLS})+$", ""
        ),
    )
    ends = pl.col("last") | pl.col("first") | line.str.contains(_ALL_BOLD)
    wordy = short.filter(~pl.col("may_be"), pl.col("length") <= longest).filter(ends)
    lines = (
        pl.concat([lettered, wordy], how="diagonal")
        .sort("row", "at")
        .with_columns(
            said=pl.coalesce("words", line.str.replace(_LEAD, "").str.replace(_LETTER_AFTER, "")),
            after=among_options(line.str.extract(_LETTER_AFTER)),
        )
        .with_row_index("claim_at")
    )
    claims = lines.filter(pl.col("alone").is_null()).select(
        "claim_at",
        "options",
        claim=pl.col("said").str.replace(_FIRST_SENTENCE, "${1}").str.replace(_EMPHASIS, ""),
    )
    named = named_options(claims.filter(pl.col("claim").str.len_chars() <= longest)).select(
        "claim_at", "whole", begins="first"
    )
    return lines.join(named, on="claim_at", how="left", maintain_order="left")


def _form() -> pl.Expr:
    """Return how a read line states an option: alone, exact, words, other (of no option), or differs."""
    spelt, words = pl.col("spelt").is_not_null(), pl.col("whole").is_not_null()
    said, line = pl.col("said"), pl.col("line")
    more = said.str.contains(r"[.!?][\"')*_]*\s+\S")
    sure = line.str.contains(_WITH_WORDS) & ~(line.str.contains(_SURNAME) & pl.col("begins").is_null())
    denied = said.str.replace(_FIRST_SENTENCE, "${1}").str.contains(
        rf"{NOT}|\b(?:says?|said|claim(?:s|ed)|according to)\b"
    )
    two_letters = said.str.contains(r"(?:^|[ (])[B-J][).!*]*$|^[\"'`(]+[A-J][\"'`)]")
    remark = line.str.contains(_REMARK) & (pl.col("first") | pl.col("last"))
    two = pl.col("first") & ~line.str.contains(_REMARK) & said.str.contains(_SECOND)
    forms = {
        "alone": pl.col("alone").is_not_null(),
        "exact": (pl.col("whole") == place_of(pl.col("spelt"))) & ~said.str.contains(_DROPPED),
        "differs": (spelt & sure & (words | two)) | (words & (pl.col("after") != letter_at(pl.col("whole")))),
        "words": pl.col("words").is_null() & words & ~more,
        "other": spelt
        & sure
        & pl.col("first")
        & ~more
        & ~denied
        & ~two_letters
        & (said.str.len_chars().is_between(2, 60)),
        "remark": spelt & sure & remark & ~(denied & pl.col("begins").is_not_null()),
    }
    return pl.coalesce(pl.when(holds).then(pl.lit(form)) for form, holds in forms.items())


def _told_above(above: pl.Series) -> pl.Series:
    """Return the lines that lead to what follows, and tell that others say it or the writer did before."""
    leading = above.filter(above.str.contains(r"[:a-z][\s*_]*$")).unique()
    colon = leading.str.contains(r":[\s*_]*$")
    told = leading.filter(colon).str.contains(TOLD)
    return pl.concat([leading.filter(colon).filter(told), leading.filter(leading.str.contains(FIRST))])


def stated_in_lines(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter (null where its words are another option's) of lines that are an option."""
    line, form = pl.col("line"), pl.col("form")
    lines = (
        _read_lines(texts)
        .with_columns(form=_form(), letter=pl.coalesce("alone", "spelt", letter_at(pl.col("whole"))))
        .drop_nulls("form")
    )
    in_list = (
        (pl.col("above").str.extract(_OPTION_LINE) != pl.col("letter")) & pl.col("next_to_above")
    ).fill_null(value=False) | (
        (pl.col("below").str.extract(_OPTION_LINE) != pl.col("letter")) & pl.col("next_to_below")
    ).fill_null(value=False)
    # Options that are gone through one by one are headings; one that comes again is the answer.
    lettered = form.is_in(["exact", "differs"]) | pl.col("after").is_not_null()
    letters = pl.col("spelt").n_unique().over("row")
    headings = pl.col("letter").filter(lettered).n_unique().over("row")
    again = pl.col("letter").cum_count().over("row", "letter") > 1
    inner = ~(pl.col("first") | pl.col("last"))
    told = pl.col("above").is_in(_told_above(lines["above"]).implode())
    blanks = line.str.len_chars() - line.str.strip_chars_start().str.len_chars()
    return lines.filter(
        ~in_list | (form == "alone") & pl.col("last") & ~pl.col("above").str.contains(_ALONE),
        ~lettered | (headings < 3) | again,
        (form != "remark") | (letters == 1),
        ~(line.str.contains(r"^\s*[a-z]\s*$") & inner),
        ~(line.str.contains(r"^\s*>") & ~pl.col("last"))
        | pl.col("first")
        & ~pl.col("next_to_below")
        & (form == "exact")
        & ~pl.col("below").str.contains(_REPLIED),
        ~(pl.col("next_to_above") & pl.col("above").str.contains(_IN_LIST)),
        ~pl.col("above").str.contains(_LEADS_TO),
        ~pl.col("below").str.contains(NEXT),
        ~told,
    ).select("row", at=pl.col("at") + blanks, letter=pl.when(form != "differs").then("letter"))


def stated_at_the_end(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter of the texts that end with a letter after their last sentence."""
    text, end = pl.col("text"), pl.col("end")
    closing = pl.coalesce(end.str.extract(_CLOSING, 1), end.str.extract(_OPTION_BEFORE, 2))
    told = end.str.extract(_OPTION_BEFORE, 1)
    place = place_of(end.str.extract(_OPTION_BEFORE, 3))
    words = spaced(pl.col("options").list.get(place, null_on_oob=True))
    named = spaced(told).str.ends_with(words) & (spaced(told) != words)
    own = ~told.str.contains(NAMES_OTHERS) & ~told.str.contains(_NOT_ASSERTED)
    return (
        texts.with_columns(end=text.str.tail(120).str.strip_chars_end())
        .filter(end.str.contains(_CLOSING) | end.str.contains(_OPTION_BEFORE))
        .filter(end.str.contains(_CLOSING) | (named & own))
        .select(
            "row",
            at=(text.str.strip_chars_end().str.len_chars() - closing.str.len_chars()).cast(pl.Int64),
            letter=among_options(
                pl.coalesce(end.str.extract(_CLOSING, 2), end.str.extract(_OPTION_BEFORE, 3))
            ),
        )
        .drop_nulls("letter")
    )


def stated_in_tables(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter of the only row of a table that has a column of answers.

    A table of lines with bars, with or without a rule below its head, or of values with commas.
    """
    line, above, below = pl.col("line"), pl.col("above"), pl.col("below")
    some = texts.filter(pl.col("text").str.contains(_TABLE_HEAD))
    if some.is_empty():
        return pl.DataFrame(schema=_PLACES)
    ruled = above.str.contains(_RULE)
    lines = _lines(some).with_columns(
        head=pl.when(ruled).then(above.shift(1).fill_null("")).otherwise(above), ruled=ruled
    )
    barred = pl.col("head").str.contains("|", literal=True)
    comma = ~barred & ~pl.col("ruled")
    cells, heads = (
        pl.when(comma)
        .then(pl.col(name).str.replace_all(r"[,;]", "|"))
        .otherwise(name)
        .str.strip_chars()
        .str.strip_chars("|")
        .str.split("|")
        for name in ("line", "head")
    )
    column = heads.list.eval(pl.element().str.contains(_ANSWER_CELL)).list.arg_max()
    cell = cells.list.get(column, null_on_oob=True)
    letter = pl.coalesce(cell.str.extract(_ALONE), cell.str.extract(_WITH_WORDS, 1))
    return (
        lines.filter(
            ~pl.col("first"),
            pl.col("head").str.contains(_ANSWER_CELL),
            pl.col("ruled") | barred | pl.col("head").str.contains(_COMMAS),
            ~line.str.contains(_RULE),
            heads.list.len() == cells.list.len(),
            ~below.str.contains("|", literal=True),
            ~comma | ~below.str.contains(r"[,;]"),
        )
        .select("row", "at", letter=among_options(letter.str.to_uppercase()))
        .drop_nulls("letter")
    )
