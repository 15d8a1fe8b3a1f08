"""The option that a claim names: by its letter, or by its own words."""

import polars as pl

from unspoken.prompts.hints import LETTERS

_LATEX = (
    r"\\(?:(?:text|math|operatorname|display|bold|left|right|big|quad|qquad|boxed|fbox|rm|bf|sf|it|therefore"
    r"|implies|long|checkmark|to)[a-z]*|[(\[,;:!{} ])"
)
"""What only sets a formula, or leads to it; \\sin and the like are words of it."""
_SIGNS = {
    "{,}": ",",
    r"\times": "×",
    r"\cdot": "·",
    r"\pi": "π",
    r"\sqrt": "√",
    r"\infty": "∞",
    r"^\circ": "°",
}
HTML = r"</?(?:b|strong|i|em|u|p|span|code|center|div|mark|h\d)(?:[ ][^<>\n]*)?>"
_FORMULAS = [
    (rf"{HTML}([^<>]*){HTML}", "$1"),
    (r"([\pL\d)}$])[ ]?<[ ]?([\pL\d({$\\-])", "$1 ≺ $2"),
    (r"([\pL\d)}$])[ ]?>[ ]?([\pL\d({$\\-])", "$1 ≻ $2"),
    (r"([√^])\{([^{}]*)\}", "$1$2"),
    (r"\\[dtc]?frac[ ]*\{([^{}]*)\}[ ]*\{([^{}]*)\}", "$1/$2"),
    (r"\\[dtc]?frac(\d)(\d)", "$1/$2"),
    (r"([a-z)\]}])_\{?(\d+)\}?", "$1$2"),
    (f"(?i){_LATEX}", " "),
    (r"\\([a-z]+)", " $1 "),
    (r"\\([^a-z\s])", "$1"),
]
"""How formulas of LaTeX, in lower case, are written in plain signs; comparisons are told from tags."""
SYMBOLS = r"[^\x00-\x7f\pL\pN]"
"""Signs of no script: arrows, ticks, dashes, dots."""
MARKS = (
    rf"(?:{HTML}|</?(?i:answer|final_answer)>|[\s*_$:\"'`#~|{{}}(\[<>=,]|{SYMBOLS}|(?i:{_LATEX})"
    r"|-+>|[-+][ ])*"
)
_WORDS = (
    r"(?i:(?:(?:the )?(?:option|choice|letter)|answer|statement|alternative|number|candidate|clearly"
    r"|definitely"
    r"|therefore|thus|hence"
    r"|indeed|obviously|probably|likely|most likely|simply|just|certainly|actually|still|also|then|again"
    r"|now|of course,?|i (?:think|believe|guess)|donc|also|daher|somit|pues|entonces|portanto|então"
    r"|quindi|dunque|именно|как раз"
    r"|la|lettre|l'option|opción|letra|alternativa|opção|opzione|buchstabe|optie|alternativ|вариант|буква"
    r"|опция|选项|選項|選択肢|보기)"
    r"(?:[\s*_:\"'`(\[>]|$)|选项|選項|选择|選択肢|项|項)"
)
OPENING = rf"^{MARKS}(?:{_WORDS}{MARKS})*"
_MARKED = r"^([A-Za-z])[ ]*[*_`]*[)\]}\"'`$*]"
# A bare "A" or "I" is often an English word, so a mark, a line's end or a joining word must follow it.
_BARE = (
    r"^(?:([B-HJ-Z])(?:_+(?:[^A-Za-z0-9]|$)|[^A-Za-zÀ-ɏ0-9_'’\-&^=+]|'?-[^A-Za-z0-9]|$)"
    r"|([AI])(?:[^A-Za-zÀ-ɏ0-9_\s'’\-&^=+]"
    r"|-[^A-Za-z0-9]|\s*$|\s*\n|[ \t]*[\-–—(*|<]"
    r"|[ \t]+(?:because|since|as|and|or|for|which|so|but|given|ist|est|es|if|instead|is|was|here|now|then"
    r"|after|again|anyway|rather|in|by|not)\b))"
)
_LOWER = (
    r"^(?:([a-z])[ ]*(?:[)\]:]|[.,;!]?[ *_\"'`}$<|]*(?:\n|$)|[.;!]\s)"
    r"|([b-h])[ ]+(?:then|though|because|since|as|and|so|here|i|imo|for|in|again|after|not)\b)"
)
_ONE = r"(?:\(?[A-Z]\b\)?|\([a-z]\))"
_SECOND = (
    r"[\s*_$\"'`}\]\\)]*(?:,[ ]*(?:or|and)\b|,|/|&|\bor\b|\band\b|\boder\b|\bou\b|\bo\b|\by\b|和|或)"
    r"[\s*_$\"'`{\[\\]*"
    r"(?:either[ ]+)?(?i:option[ ]+)?\(?[*_]*"
)
_TWO = (
    r"^(?:either|both|between)\b"
    r"|^\(?[A-Z]\b[^.;\n]{0,60}?\bor[ }$*]+(?:option[ ]+)?\(?[*_]*[A-Z]\b\)?(?:\W|$)"
    rf"|^{_ONE}[*_]*{_SECOND}(?:[B-HJ-Z]\b|A(?:\)|\b[*_]*[.,)]|\b[*_]*\s*$)|\([a-z]\))"
)
"""Two letters side by side, as in "(A) or (B)": no statement."""
NOT = r"\b(?:not|cannot|neither|nor|except|unlike|none|than)\b|n['’]t\b"
_OR = r"^(?:or|and|oder|ou|o|y|und|&|/) "

_MEANT = (
    r"(?i)^((?:[^.;:!?\n]|\.\d){1,60}?)(?:,|[ ]\(|[ ][–—])[ ]*(?:i\.e\.|that is|namely"
    r"|which is|in other words|option|choice)[ ,]+([^\n]*)"
)
"""A value, and the option that has it: "42, that is (D)"."""


_ORDINAL = (
    r"(?i)^(?:the[ ])?(?:very[ ])?(first|second|third|fourth|fifth|last)(?:[ ](?:option|choice"
    r"|alternative|answer|one))?"
    r"(?:,[ ]+[(*_]*([A-J])[)*_]*)?[*_ ]*(?:[.,;:!)]|$|\n)"
)
"""A place in the list of options: "the third option", "the second, B"."""
_ORDINALS = {name: place for place, name in enumerate(("first", "second", "third", "fourth", "fifth"))}


def ordinal_place(claim: pl.Expr) -> pl.Expr:
    """Return the place that a claim like "the third option" names, null where a letter says another."""
    name = claim.str.extract(_ORDINAL, 1).str.to_lowercase()
    counted = name.replace_strict(_ORDINALS, default=None, return_dtype=pl.Int64)
    place = pl.when(name == "last").then(pl.col("n_options").cast(pl.Int64) - 1).otherwise(counted)
    spelt = place_of(claim.str.extract(_ORDINAL, 2))
    return pl.when(place < pl.col("n_options"), (spelt == place).fill_null(value=True)).then(place)


def opened(claim: pl.Expr) -> pl.Expr:
    """Return a claim without the marks and words that stand before its option."""
    return claim.str.replace(OPENING, "")


def letter_of(claim: pl.Expr) -> pl.Expr:
    """Return the letter, upper case, that an opened claim begins with, or null."""
    bare = [claim.str.extract(pattern, group) for pattern in (_BARE, _LOWER) for group in (1, 2)]
    return pl.coalesce(claim.str.extract(_MARKED), *bare).str.to_uppercase()


def names_two(claim: pl.Expr) -> pl.Expr:
    """Return whether an opened claim begins with two letters."""
    return claim.str.contains(_TWO)


def restated_letter(claim: pl.Expr) -> pl.Expr:
    """Return the letter of a claim that gives a value before it, as "42, that is (D)", or null."""
    value, option = claim.str.extract(_MEANT, 1), opened(claim.str.extract(_MEANT, 2))
    return pl.when(~value.str.contains(NOT), ~names_two(option)).then(letter_of(option))


def among_options(letter: pl.Expr) -> pl.Expr:
    """Return the letter, or null where the question has no such option."""
    return pl.when(place_of(letter) < pl.col("n_options")).then(letter)


def _without_latex(text: pl.Expr) -> pl.Expr:
    """Return lower-case text with its formulas in plain signs."""
    text = text.str.replace_many(_SIGNS)
    for pattern, plain in _FORMULAS:
        text = text.str.replace_all(pattern, plain)
    return text


def spaced(text: pl.Expr) -> pl.Expr:
    """Return lower-case text between spaces, without quotes, commas, articles and final full stops."""
    return pl.concat_str(
        pl.lit(" "),
        _without_latex(text.str.to_lowercase())
        .str.replace_all(r"(\d),(\d\d\d)", "$1$2")
        .str.replace_all(r"[\s\"'“”‘’*_(),;:!?$`{}\[\]<>|。，！？]+|\.(?:\s|$)", " ")
        .str.replace_all(r"(?:^| )(?:the|an?) ", " ")
        .str.strip_chars(),
        pl.lit(" "),
    )


def named_options(claims: pl.DataFrame) -> pl.DataFrame:
    """Return the claims that have options' words, with `whole`, `first`, `only` and `named`.

    `claims` has claim_at, claim and options. `whole` is the place of the option that is all of the claim,
    `first` of the one that it begins with, `only` of the single one in it, with no "not" beyond its words;
    `named` counts those in it.
    """
    option, spoken = pl.col("option"), pl.col("spoken")
    said = (
        claims.filter(pl.col("claim") != "")
        .with_columns(spoken=spaced(pl.col("claim")))
        .filter(spoken.str.strip_chars() != "")
        .select("claim_at", "spoken", words="options", place=pl.int_ranges(pl.col("options").list.len()))
        .explode("words", "place")
    )
    options = said.select(pl.col("words").unique()).with_columns(option=spaced(pl.col("words")))
    pairs = (
        said.join(options.filter(option.str.strip_chars() != ""), on="words")
        .filter(spoken.str.contains(option, literal=True))
        .sort("claim_at", "place")
        # An option whose words are part of another named option's does not count.
        .filter(option.str.join("|").over("claim_at").str.count_matches(option, literal=True) == 1)
    )
    rest = pl.col("spoken").str.split(option).list.join(" ")
    after = pl.col("spoken").str.strip_prefix(option)
    one = pl.len().over("claim_at") == 1
    begins = pl.col("spoken").str.starts_with(option) & (one | ~after.str.contains(_OR))
    places = {
        "whole": pl.col("spoken") == option,
        "first": begins,
        "only": one & ~rest.str.contains(NOT),
    }
    return (
        pairs.with_columns(**places)
        .group_by("claim_at")
        .agg(*(pl.col("place").filter(name).first().alias(name) for name in places), named=pl.len())
    )


def place_of(letter: pl.Expr) -> pl.Expr:
    """Return the place of a letter among the options, from 0."""
    return letter.str.to_integer(base=36, strict=False) - 10


def letter_at(place: pl.Expr) -> pl.Expr:
    """Return the letter of a place among the options, null of null."""
    return pl.when(place.is_not_null()).then(pl.lit(LETTERS).str.slice(place.fill_null(0), 1))
