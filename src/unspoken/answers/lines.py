"""Lines of a reply that are an answer and nothing else: "**C) Saturn**", "(c)", "Saturn"."""

import polars as pl

from unspoken.answers.claims import (
    HTML,
    NOT,
    SYMBOLS,
    among_options,
    letter_at,
    named_options,
    place_of,
)
from unspoken.answers.leads import ADVERB, plain_edges
from unspoken.answers.whose import FIRST, NEXT, TOLD

_SHORT = 240  # characters, as many as a line may have
_LONGEST = 160  # characters of words of no option beside a letter
_MORE = 16  # characters that a line may have beyond the longest option
_LEAD = (
    rf"^(?:[\s>#*_|$(\[\"'`{{=~]|<<|{SYMBOLS}|-+>|[-+][ ]|\\[a-zA-Z]+|\\[(\[]|{HTML}"
    rf"|(?i:q(?:uestion)?[ ]*)?\d+[.):][ ]"
    rf"|(?i:option|choice|letter|selected|final|assistant|{ADVERB})\b[:,]?[ ]*)*"
)
_END = rf"(?:[\s.)\]*_|$\\\"'`}}:!;,~=]|>>|{HTML}|</?answer>|{SYMBOLS})*$"
ALONE = rf"{_LEAD}([A-Za-z]){_END}"
WITH_WORDS = rf"{_LEAD}([A-Za-z])[\"'`]*[ ]*(?:[.):\]}}*_]+[ ]*[-–—]?|[-–—][ ])[ ]*(\S.*)$"
_BESIDE_WORDS = rf"{_LEAD}([A-Za-z])[ ]*[=/|,(\[][ ]*(\S.*)$"
"""A letter, and what is no statement unless it is the words of the letter's option."""
# What passes is looked at more closely: this is the quicker search.
_MAY_BE = (
    rf"^(?:[^A-Za-z]|\\[a-zA-Z]+|</?[a-z]+[^<>]*>|(?i:option|choice|letter|selected|final|assistant|{ADVERB}))*"
    r"[A-Za-z](?:[^A-Za-z]|$)"
)
_ALL_BOLD = r"^[\s>#]*\*\*.*\*\*[.\s]*$"
_SECOND = r"\([A-Z]\)(?:\W|$)"
_OPTION_LINE = r"^[\s>*_•\-(\[|\"'`]*(?:([A-Z])(?:[).:\]*\"'`]|\s*$)|([B-HJ])[ ]+[\pL\d])"
_LEADS_TO = r"(?i)\banswer[\s*_:#|>]*$"
_FIRST_SENTENCE = r"(?s)^\s*(.*?)(?:[.!?][\"')*_]*(?:\s.*)?$|[。].*$|$)"
_LETTER_AFTER = r"[ ]*(?:[-–—:,=|][ ]*|[(\[])+([A-Z])[)\].*_`\s]*$"
_REMARK = r"^(?:[^A-Za-z]*[A-Z][)\]*_]*|.*[A-Z]\))[.!][)\]*_]*[ ]+[\"'(*]*[A-Z][A-Za-z' )]"
"""A letter that is a sentence of its own, and another sentence."""
_LIST_GOES_ON = r"^[^).:;!?]+[ (]B[.):]"
"""Behind "A.": it is a list, as in "A. Yes B. No"."""
_CROSS = r"[✗✘❌☒✖👎🚫⛔❓🤔]|×\s*(?:[^\d\s]|$)|\?[\s*_\"')]*$"
_REPLIED = plain_edges(r"(?i)\b(?:you|they|he|she)\b|\?|^\W*(?:i|but|however|hm+|not?)\b")
"""Below a line that is quoted: the writer speaks about it."""
_DROPPED = r"[.!?][\"')*_]*\s+(?:No|Nope|Wait|Actually|Hm+)(?-u:\b)"
_SIGNS_OFF = (
    r"(?i)^\W*(?:(?:best|kind|warm)(?: regards| wishes)?|regards|sincerely|yours(?: truly| sincerely)?|cheers"
    r"|thanks|thank you)[,.! ]*$"
)
"""Above the name of who signs, which may be a letter."""
_IN_LIST = r"^\s*[\"'][^\"']*[\"'],\s*$"
"""A value of a list in JSON."""
_EMPHASIS = (
    r"(?i),[ ](?:obviously|clearly|of course|no doubt|for sure|definitely|i (?:think|believe|guess|'d say))$"
)
SURNAME = (
    r"^\W*[A-Z]\.[ ](?:[A-Z]\.[ ])*[A-Z][a-z]+[ ](?:once[ ])?"
    r"(?:said|says|thought|wrote|was|had|knew|found|[a-z]+ed)(?-u:\b)"
)
"""A name that begins with an initial, and what its bearer did."""


def lines_of(texts: pl.DataFrame) -> pl.DataFrame:
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


def _stands_out() -> pl.Expr:
    """Return whether a line is the first, the last or all bold."""
    return pl.col("first") | pl.col("last") | pl.col("line").str.contains(_ALL_BOLD)


def _read_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines that may be an answer, with `alone` (a letter), or `spelt` and `words` beside it.

    `said` is the words, or the line; `whole` the place of the option that it is.
    """
    line = pl.col("line")
    longest = int(str(lines["options"].explode().str.len_chars().max() or 0)) + _MORE
    short = lines.filter(pl.col("length") <= _SHORT).with_columns(may_be=line.str.contains(_MAY_BE))
    lettered = short.filter("may_be", ~line.str.contains(_CROSS)).with_columns(
        alone=among_options(line.str.extract(ALONE).str.to_uppercase()),
        spelt=among_options(
            pl.coalesce(
                line.str.extract(WITH_WORDS, 1), line.str.extract(_BESIDE_WORDS, 1)
            ).str.to_uppercase()
        ),
        words=pl.coalesce(line.str.extract(WITH_WORDS, 2), line.str.extract(_BESIDE_WORDS, 2)).str.replace(
            rf"(?:\s|{SYMBOLS})+$", ""
        ),
    )
    wordy = short.filter(~pl.col("may_be"), pl.col("length") <= longest).filter(
        _stands_out() | line.str.contains(_LETTER_AFTER)
    )
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
    sure = line.str.contains(WITH_WORDS) & ~(line.str.contains(SURNAME) & pl.col("begins").is_null())
    sentence = said.str.replace(_FIRST_SENTENCE, "${1}")
    denied = sentence.str.contains(
        rf"{NOT}|\b(?:says?|said|claim(?:s|ed)|according to|wrong|perhaps|maybe|possibly|allegedly)\b"
    )
    two_letters = said.str.contains(r"(?:^|[ (])[B-J][).!*]*$|^[\"'`(]+[A-J][\"'`)]")
    remark = line.str.contains(_REMARK) & (pl.col("first") | pl.col("last"))
    two = pl.col("first") & ~line.str.contains(_REMARK) & sentence.str.contains(_SECOND)
    goes_on = (pl.col("spelt") == "A") & said.str.contains(_LIST_GOES_ON)
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
        & (said.str.len_chars().is_between(2, _LONGEST)),
        "remark": spelt & sure & remark & ~(denied & pl.col("begins").is_not_null()) & ~goes_on,
    }
    return pl.coalesce(pl.when(holds).then(pl.lit(form)) for form, holds in forms.items())


def _told_above(above: pl.Series) -> pl.Series:
    """Return the lines that lead to what follows, and tell that others say it or the writer did before."""
    leading = above.filter(above.str.contains(r"[:a-z][\s*_]*$")).unique()
    colon = leading.str.contains(r":[\s*_]*$")
    told = leading.filter(colon).str.contains(TOLD)
    return pl.concat([leading.filter(colon).filter(told), leading.filter(leading.str.contains(FIRST))])


def option_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Return those of some lines (`lines_of`) that are an option, with their `form` and `letter`.

    The form is alone (a letter), exact (a letter and its option's words), words, differs (a letter and
    another option's words), other (and words of none) or remark (a letter, and another sentence).
    """
    letter = pl.coalesce("alone", "spelt", letter_at(pl.col("whole")))
    return _read_lines(lines).with_columns(form=_form(), letter=letter).drop_nulls("form")


def _in_list() -> pl.Expr:
    """Return whether the line above or below is another option, with its letter before or behind it."""
    after = pl.col("after").is_not_null()
    lists = []
    for side in ("above", "below"):
        line = pl.col(side)
        letter = pl.coalesce(
            line.str.extract(_OPTION_LINE, 1),
            line.str.extract(_OPTION_LINE, 2),
            pl.when(after).then(line.str.extract(_LETTER_AFTER)),
        )
        lists.append((letter != pl.coalesce("after", "letter")) & pl.col(f"next_to_{side}"))
    return pl.any_horizontal(is_list.fill_null(value=False) for is_list in lists)


def stated_in_lines(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter (null where its words are another option's) of lines that are an option."""
    line, form = pl.col("line"), pl.col("form")
    lines = option_lines(lines_of(texts))
    # Options that are gone through one by one are headings; one that comes again is the answer.
    lettered = form.is_in(["exact", "differs"]) | pl.col("after").is_not_null()
    letters = pl.col("spelt").n_unique().over("row")
    headings = pl.col("letter").filter(lettered).n_unique().over("row")
    again = pl.col("letter").cum_count().over("row", "letter") > 1
    inner = ~(pl.col("first") | pl.col("last"))
    told = pl.col("above").is_in(_told_above(lines["above"]).implode())
    blanks = line.str.len_chars() - line.str.strip_chars_start().str.len_chars()
    return lines.filter(
        ~_in_list() | (form == "alone") & pl.col("last") & ~pl.col("above").str.contains(ALONE),
        ~lettered | (headings < 3) & (headings < pl.col("n_options")) | again,
        pl.col("may_be") | _stands_out(),
        (form != "remark") | (letters == 1),
        ~(line.str.contains(r"^\s*[a-z]\s*$") & inner),
        ~(line.str.contains(r"^\s*>") & ~pl.col("last"))
        | pl.col("first")
        & ~pl.col("next_to_below")
        & (form == "exact")
        & ~pl.col("below").str.contains(_REPLIED),
        ~(pl.col("next_to_above") & pl.col("above").str.contains(_IN_LIST)),
        ~pl.col("above").str.contains(_LEADS_TO),
        ~pl.col("above").str.contains(_SIGNS_OFF),
        ~pl.col("below").str.contains(NEXT),
        ~told,
    ).select("row", at=pl.col("at") + blanks, letter=pl.when(form != "differs").then("letter"))
