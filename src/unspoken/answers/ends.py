"""The first and the last sentence of a reply, read as lines are: an option alone begins or ends it.

"Saturn. Titan is the largest of its moons.", "(C) is what remains of them. **C: Saturn**", "Faces were
asked: C."
"""

import polars as pl

from unspoken.answers import conditions, whose
from unspoken.answers.claims import NOT, among_options, letter_at, named_options
from unspoken.answers.leads import plain_edges
from unspoken.answers.lines import SURNAME, option_lines

_BEGUN = r"^[\s*_>\-•]*(?:[(*_]+([A-J])[).:*_]|([A-J])[).:])"
"""A sentence about an option."""
_LETTERED = r"(?:^|[^A-Za-z])[A-Z][.)]\s*$"
"""Before an option's words: a letter is beside them."""
_INITIAL = r"^[A-Z]\.\s*$"
_AFTER_COLON = (
    r"^(.*\S)(?:[ ]?[:–—][ ]*|,?[ ](?:which|that)[ ]is[ ](?:(?:listed|labell?ed|given"
    r"|shown)[ ](?:as[ ]|under[ ])?)?"
    r"(?:option[ ])?)[*_$(\[\"'`]*([A-Z])[*_$)\]\"'`]*[.!]?\s*$"
)
_NOT_ASSERTED = plain_edges(
    rf"(?i){NOT}|\b(?:never|but|or|if|whether|before|hints?|options?)\b"
    r"|^\W*(?:was|is|are|were|could|would|does|did)\b"
)
_SAYS_SOMETHING = r"^(?:\S+\s+){2,}\S+$"
_LETTER_IN = r"(?:^|[^A-Za-z'])[A-HJ-Z](?:[^A-Za-z']|$)"
_THAT_IS_IT = plain_edges(
    r"(?i)^\s*(?:so )?(?:that|this|it)(?:'s| is| would be) (?:my|the) (?:[a-z]+ )?(?:answer|choice"
    r"|pick)[.!]*\s*$"
)
"""Behind a sentence: it names the answer."""
_OPTION = r"(?:\b[Oo]ption |\()([A-J])\b"


def _alone(sentences: pl.DataFrame) -> pl.DataFrame:
    """Return the first and last sentences that are an option, where no other sentence is another option."""
    line, below = pl.col("line"), pl.col("below")
    lines = sentences.with_columns(
        line=pl.col("sentence").str.strip_chars_end(), next_to_above=False, next_to_below=False
    )
    begun = pl.when(~line.str.contains(whose.NAMES_OTHERS)).then(
        pl.coalesce(line.str.extract(_BEGUN, 1), line.str.extract(_BEGUN, 2))
    )
    rivals = pl.col("letter").n_unique().over("row") > 1
    initial = (line + " " + below).str.contains(SURNAME) | below.str.contains(_INITIAL)
    return (
        option_lines(lines.with_columns(begun=begun.drop_nulls().n_unique().over("row")))
        .filter(
            pl.col("within"),
            pl.col("first") | pl.col("last"),
            ~rivals & (pl.col("begun") < 2) | pl.col("last") & (pl.col("form") == "alone"),
            ~initial,
            ~(pl.col("above") + "then").str.contains(conditions.SUPPOSE),
            ~((pl.col("form") == "words") & pl.col("above").str.contains(_LETTERED)),
        )
        .with_columns(letter=pl.when(pl.col("form") != "differs").then("letter"))
    )


def _after_colon(sentences: pl.DataFrame) -> pl.DataFrame:
    """Return the last sentences that say something themselves, and then a letter: "Faces were asked: C."."""
    told = pl.col("sentence").str.extract(_AFTER_COLON, 1)
    ends = (
        sentences.filter("last")
        .with_columns(claim=told, letter=among_options(pl.col("sentence").str.extract(_AFTER_COLON, 2)))
        .drop_nulls("letter")
        .with_row_index("claim_at")
    )
    claim = pl.col("claim")
    named = named_options(ends.select("claim_at", "claim", "options"))
    return ends.join(named, on="claim_at", how="left").filter(
        claim.str.contains(_SAYS_SOMETHING),
        pl.col("named").fill_null(0) < 2,
        (letter_at(pl.col("only")) == pl.col("letter")).fill_null(value=True),
        ~claim.str.contains(whose.NAMES_OTHERS),
        ~claim.str.contains(whose.IN_QUOTES),
        ~claim.str.contains(_NOT_ASSERTED),
        ~claim.str.contains(_LETTER_IN),
        ~claim.str.contains(whose.FIRST),
        ~claim.str.contains(whose.TOLD),
    )


def _pointed_at(sentences: pl.DataFrame) -> pl.DataFrame:
    """Return the sentences of a single option that the next one calls the answer."""
    named = (
        sentences.filter(pl.col("below").str.contains(_THAT_IS_IT))
        .with_columns(claim="sentence", letters=pl.col("sentence").str.extract_all(_OPTION).list.n_unique())
        .with_row_index("claim_at")
    )
    options = named_options(named.select("claim_at", "claim", "options"))
    by_words = letter_at(pl.col("only"))
    spelt = among_options(pl.col("claim").str.extract(_OPTION))
    return (
        named.join(options, on="claim_at", how="left")
        .with_columns(letter=pl.coalesce(spelt, by_words))
        .filter(
            pl.col("letters") < 2,
            (by_words == pl.col("letter")).fill_null(value=True),
            ~pl.col("claim").str.contains(whose.NAMES_OTHERS),
        )
    )


def stated_at_ends(sentences: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter of sentences (`sentences_of`) that begin or end a reply with an option."""
    asked = pl.col("sentence").str.contains(r"\?\W*$")
    said = sentences.filter(~asked, ~pl.col("below").str.contains(whose.NEXT))
    found = [found(said).select("row", "at", "letter") for found in (_alone, _after_colon, _pointed_at)]
    return pl.concat(found)
