"""Options that are judged one by one: the only one that is called right is what the writer states.

"A: too small, wrong. B: has rings, correct." A verdict stands at an end of what is said about an option. Only
verdicts that say no to the others make one a statement; two options that are right, or none, state nothing.
"""

import polars as pl

from unspoken.answers.claims import among_options
from unspoken.answers.leads import plain_edges
from unspoken.answers.plain import BEGIN
from unspoken.answers.whose import NAMES_OTHERS

_MARK = r"[✓✔✅☑✗✘❌☒✖]"
_BEGINS = (
    r"((?:^|\n)[\s>*_\-•#|]*(?:\d+[.)][ ])?)"
    rf"((?i:option|choice|statement)[ ]+[(*_]*[A-J]\b|[(\[*_]*[A-J](?:[).:\]*_]|[ ]+(?:[-–—]|{_MARK})))"
    r"|([.!?;][)\"*_]*[ ]+)([Oo]ption [(*_]*[A-J]\b)"
)
_LETTER = r"^(?:[A-Za-z]{6,}[ ]+)?[(\[*_]*([A-J])"
_AGREES = r"(?:correct|right|true|best|the one|it)"
_RIGHT = plain_edges(
    r"[✓✔✅☑]"
    rf"|(?i)^[\s).:\]*_,–—-]*(?:yes|correct|right)\b"
    rf"|(?:^|[.!:;,→–—-]|\bis|\bso|\bthus|\bhence|\btherefore|\band)[ *_]*(?:yes,?[ ]*)?"
    rf"(?:(?:this|that|it)(?:'s|[ ]is)[ ])?(?:the[ ])?(?:only[ ])?{_AGREES}"
    rf"(?:[ ](?:one|answer|option|choice))?[ *_.!)]*$"
)
_WRONG = plain_edges(r"(?i)[✗✘❌☒✖]|\b(?:wrong|incorrect|false|not|no|cannot|never|ruled out)\b|n't\b")
_DENIED = plain_edges(
    r"(?i)[✗✘❌☒✖]|(?:\b(?:not|never|partly|half|almost|perhaps|maybe)|n't)[ ](?:[a-z]+[ ]){0,2}?"
    rf"{_AGREES}\b"
)
_YES = ("✓", "✔", "✅", "☑", "orrect", "ight", "Yes", "yes", "best", "that's it", "the one")
_NO = (
    *("✗", "✘", "❌", "☒", "✖", "rong", "ncorrect", "alse", "ot ", "n't", "annot", "ever", "ruled out"),
    *(" no.", " no,", " no;", " no\n", ": no", "- no", "– no", "→ no", "No.", "No,"),
)
_RIGHT_WORD = plain_edges(r"(?i)[✓✔✅☑]|\b(?:correct|right|yes|best|true|that's it|the one)\b")
_OF_OTHERS = rf"{NAMES_OTHERS}[^\n]*:\s*$"
_AN_OPTION = rf"{_RIGHT_WORD}|(?i)\b(?:incorrect|wrong|false)\b|^no\b\W*(?:,|$)"
"""An option that would be read as a verdict."""
_SCHEMA = {"row": pl.Int64, "at": pl.Int64, "letter": pl.String}


def stated_in_verdicts(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter of the only option that a text calls right where it calls others wrong."""
    text, said = pl.col("text"), pl.col("said")
    # The quick search first: most texts judge nothing.
    several = texts.filter(text.str.contains("\n", literal=True) | text.str.contains("ption ", literal=True))
    judged = several.filter(text.str.contains_any(list(_YES)) & text.str.contains_any(list(_NO))).filter(
        text.str.count_matches(_BEGINS) > 1,
        ~pl.col("options").list.eval(pl.element().str.contains(_AN_OPTION)).list.any(),
    )
    if judged.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    parts = (
        judged.with_columns(
            part=text.str.replace_all(_BEGINS, f"${{1}}${{3}}{BEGIN}${{2}}${{4}}").str.split(BEGIN)
        )
        .explode("part")
        .with_columns(length=pl.col("part").str.len_chars().cast(pl.Int64))
        .with_columns(at=pl.col("length").cum_sum().over("row") - pl.col("length"))
    )
    is_first = pl.int_range(pl.len()).over("row") == 0
    others = pl.col("part").first().over("row").str.contains(_OF_OTHERS)
    verdicts = (
        parts.with_columns(is_first=is_first, others=others)
        .filter(~pl.col("is_first"), ~pl.col("others"))
        .with_columns(
            letter=among_options(pl.col("part").str.extract(_LETTER)),
            said=pl.col("part").str.replace(_LETTER, "").str.extract(r"^([^\n]*)").str.strip_chars_end(),
        )
        .with_columns(right=said.str.contains(_RIGHT), wrong=said.str.contains(_WRONG))
        .with_columns(
            right=pl.col("right")
            & ~said.str.contains(_DENIED)
            & ~said.str.contains(NAMES_OTHERS)
            & ~said.str.contains("?", literal=True)
        )
    )
    lists_several = pl.col("letter").n_unique().over("row") > 1
    wrong = (pl.col("wrong") & ~pl.col("right")).any().over("row")
    return (
        verdicts.with_columns(wrong=wrong, any_letter=pl.col("letter").is_not_null())
        .filter("right", "any_letter")
        .filter((pl.len().over("row") == 1) & pl.col("wrong") | lists_several)
        .with_columns(letter=pl.when(~lists_several).then("letter"))
        .select("row", "at", "letter")
    )
