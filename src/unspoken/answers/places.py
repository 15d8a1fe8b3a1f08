"""The places in replies that may state an option: where words or frames that lead to one stand.

Each pattern runs over the whole column of replies; no Python object is made for a reply.
"""

import polars as pl

from unspoken.answers import leads
from unspoken.answers.leads import plain_edges
from unspoken.answers.leads_abroad import ABROAD, may_be_abroad
from unspoken.answers.plain import BEGIN, END

FRAMES = ("boxed", "tag", "json", "brackets")
_WINDOW = 240  # characters of a reply read before and after a place
_KINDS = {
    "changed": leads.CHANGED,
    "choose": leads.CHOOSE,
    "boxed": leads.BOXED,
    "tag": leads.TAG,
    "json": leads.JSON,
    "brackets": leads.BRACKETS,
    "bold": leads.BOLD,
    "header": leads.HEADER,
    "answer": leads.ANSWER,
    "hence": leads.HENCE,
    "it is": leads.IT_IS,
    "correct": leads.CORRECT,
    "label": leads.LABEL,
    "abroad": ABROAD,
}
_CASED = ("bold", "brackets")
_EACH = {
    kind: plain_edges(pattern if kind in _CASED else f"(?i:{pattern})") for kind, pattern in _KINDS.items()
}
_MARKED_OR_ABROAD = rf"{BEGIN}[^{END}]*{END}|{_EACH['abroad']}"
_ENGLISH = "|".join(pattern for kind, pattern in _EACH.items() if kind != "abroad")


_TRAITS = {
    "would": r"\b(?:would|could|might)\b",
    "would_short": r"'d\b",
    "hedged": r"(?:might|may|could) be\b",
    "had": r"\bhad[ ]+(?:[a-z]+ed|chosen|gone)\b",
    "guts": r"\bgut|instinct",
    "must": r"\b(?:must|should|has to|have to|got ?t[oa]|can only|but|than)\b",
    "by_name": r"answer|option|choice|one|what|答案|正解",
    "with_article": r"^_?(?:the|my|our|a|an|this)\b",
    "of_others": (
        r"\b(?:to|for|of|in|on|from|among|based|that|which)\b.*\b(?:professor|teacher|expert|students?|metadata"
        r"|hint|key|sheet|user|he|she|they|you|grader|tick|mark|people|classmates?|colleague|friend|previous"
        r"|earlier|xml|tag|wrong|incorrect|not|never|asked)\b"
    ),
}
"""What words in a match tell; `of_others`: "the answer ... is" the answer of somebody else."""


def found_places(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the places in texts that may state an option.

    Columns: those of texts, `at` and `match`, `gap` (the text until the next place), `before` and `after`
    (what stands around it), `kind`, and whether the match has each of _TRAITS. Frames that another place
    leads to are left out.
    """
    marks = f"{BEGIN}${{0}}{END}"
    english = pl.col("text").str.replace_all(_ENGLISH, marks)
    # One search for all languages would take a hundred times as long.
    plain = texts.select("row", "text", abroad=may_be_abroad(pl.col("text")))
    marked = [
        plain.filter(~pl.col("abroad")).with_columns(part=english),
        plain.filter("abroad").with_columns(part=english.str.replace_all(_MARKED_OR_ABROAD, marks)),
    ]
    parts = (
        pl.concat(marked)
        .filter(pl.col("part").str.contains(BEGIN, literal=True))
        .with_columns(pl.col("part").str.split(BEGIN))
        .explode("part")
        .with_columns(
            length=pl.col("part").str.len_chars() - pl.col("part").str.count_matches(END, literal=True)
        )
        .with_columns(at=(pl.col("length").cum_sum().over("row") - pl.col("length")).cast(pl.Int64))
        .filter(pl.col("part").str.contains(END, literal=True))
        .with_columns(pl.col("part").str.splitn(END, 2).struct.rename_fields(["match", "gap"]))
        .unnest("part")
        .with_columns(pl.col("gap").str.replace_all(END, "", literal=True))
        .join(texts.select("row", "n_options", "options"), on="row", maintain_order="left")
    )
    begins = (pl.col("at") - _WINDOW).clip(0)
    blanks = pl.col("match").str.len_chars() - pl.col("match").str.strip_chars_start().str.len_chars()
    # Most replies have the same few matches.
    kinds = parts.select(pl.col("match").unique()).with_columns(
        kind=_kind(),
        **{
            name: pl.col("match").str.contains(plain_edges(f"(?i){words}")) for name, words in _TRAITS.items()
        },
    )
    return _without_led(
        parts.join(kinds, on="match", maintain_order="left")
        .with_columns(
            before=pl.col("text").str.slice(begins, pl.col("at") - begins),
            after=pl.col("text").str.slice(pl.col("at") + pl.col("match").str.len_chars(), _WINDOW),
        )
        .with_columns(at=pl.col("at") + blanks)
        .drop("text", "length", "abroad")
    )


def _kind() -> pl.Expr:
    """Return the kind of place of a `match`."""
    kinds = [
        pl.when(pl.col("match").str.contains(f"^(?:{pattern})")).then(pl.lit(kind))
        for kind, pattern in _EACH.items()
    ]
    return pl.coalesce(kinds)


def _without_led(places: pl.DataFrame) -> pl.DataFrame:
    """Return the places without those that another one leads to, as "Answer:" does to "\\boxed{C}"."""
    does = (
        pl.col("gap").str.contains(r"^[\s*_$:\"'`>#(]*$")
        & pl.col("kind").is_in(["answer", "header", "abroad", "label", "choose", "changed", "it is"])
        & (pl.col("row") == pl.col("row").shift(-1))
        & pl.col("kind").shift(-1).is_in([*FRAMES, "bold"])
    )
    marked = places.with_columns(leads=does.fill_null(value=False))
    return marked.filter(~pl.col("leads").shift(1, fill_value=False))
