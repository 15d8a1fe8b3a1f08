"""Options that are ticked: boxes, marks and truth values beside letters, of which a single one says yes.

"[ ] A [x] B", "A ✗ B ✓", {"A": false, "B": true}. An option that is marked among others that are not may be
a copy of the question, so each of the others needs a mark that says no.
"""

import polars as pl

from unspoken.answers.claims import among_options
from unspoken.answers.whose import OTHERS

_QUICK = r"\[[xX✓✔]\]|☑|☒|[✗✘❌✖]|[\"'][A-J][\"'][ ]*:[ ]*(?:[Tt]rue|1\b)"
_MARKED = (
    r"(?:\[[ xX✓✔]\]|[☐☑☒])[ ]*[(*_]*[A-J](?-u:\b)"
    r"|(?-u:\b)[A-J][).:*_]*[ ]*[✓✔✅✗✘❌✖]"
    r"|[\"'][A-J][\"'][ ]*:[ ]*(?:[Tt]rue|[Ff]alse|[01](?-u:\b))"
)
_YES = r"\[[xX✓✔]\]|[☑☒✓✔✅]|[Tt]rue|1$"
_LETTER = r"(?:^|[^A-Za-z])([A-J])(?:[^A-Za-z]|$)"
_SCHEMA = {"row": pl.Int64, "at": pl.Int64, "letter": pl.String}


def stated_in_ticks(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter of the only option that is ticked in texts where others are unticked."""
    text, marks, one = pl.col("text"), pl.col("marks"), pl.element()
    ticked = texts.filter(text.str.contains(_QUICK))
    if ticked.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    found = ticked.with_columns(marks=text.str.extract_all(_MARKED)).with_columns(
        letters=marks.list.eval(one.str.extract(_LETTER)),
        yes=marks.list.eval(one.filter(one.str.contains(_YES))),
    )
    tick = pl.col("yes").list.first()
    around = text.str.split(tick)
    led = text.str.split(marks.list.first()).list.first().str.strip_chars().str.extract(r"([^\n]*)$")
    behind = around.list.get(1, null_on_oob=True).str.extract(r"^([^\n]*)")
    return (
        found.filter(
            pl.col("yes").list.len() == 1,
            marks.list.len() > 1,
            pl.col("letters").list.n_unique() == marks.list.len(),
        )
        .filter(~pl.concat_str(led, behind, separator=" ").str.contains(OTHERS))
        .select(
            "row",
            at=around.list.first().str.len_chars().cast(pl.Int64),
            letter=among_options(tick.str.extract(_LETTER)),
        )
        .drop_nulls("letter")
    )
