"""Which statements of options are the writer's own, and stand: by the words before and behind them.

The tables have the columns of `places.found_places`; `sentence`, what stands before the statement; `claim`,
what begins with the option; and `letter`.
"""

import polars as pl

from unspoken.answers import conditions, whose
from unspoken.answers.claims import place_of
from unspoken.answers.leads import plain_edges
from unspoken.answers.places import FRAMES

_BARE_BEFORE = plain_edges(
    r"(?i)(?:^|[^a-z\s*_])[\s*_\"'(]*$|\b(?:so|thus|hence|therefore|then|and|that|but|is|the|ultimately|finally"
    r"|with|be|please|following|now|\d)[ *_]+$"
)
"""Before "answer" without an article: any other word makes it another's."""
_HELD = plain_edges(
    r"(?i)\b(?:metadata|meta|record|hint|professor|teacher|expert|user|answer key|sheet|prompt|file|xml"
    r"|grader|database|field|tags?|exported|stored|hidden|leaked|source|front matter|comment|header"
    r"|copied)\b[^.;\n]*$"
)
"""Before a tag or JSON: who or what has it."""
_MENTIONED = r"^[\"'`)]*[ ]+(?:is|was|stands|appears|comes|in|from|left|that|which|says)\b"
"""Behind a tag or JSON: the sentence goes on about it."""
_NEW = r"^[*_`$]*[ ]+[*_\"'(]*([A-Z<])"
"""Behind a frame: a sentence begins."""
_THIS_SENTENCE = r"(?s)^.*?(?:[.!?][\"')*_]*\s+|\n\s*|$)"
_QUOTATION = r"^((?:[^\"]*\"[^\"]*\")*[^\"]*\")[^\"]*$"
"""A sentence so far with a quotation that has not ended."""
_ANOTHER = plain_edges(
    r"(?is)(?:\b(?:because|since|while|whereas|as|for|where|when|rather than|instead of|unlike|over|although"
    r"|though|even if|despite|whatever|no matter|contrary to)\b|[ ][-–—][ ](?:the|his|her|your|their|my)\b"
    r"|\bnot (?:\(|[A-Z]\b|option)|\band (?:not\b|\(|option|neither|none|all|others?|the|[A-Z]\b)).*$"
)
"""Behind the option: from here on it is about something else."""


def _behind() -> pl.Expr:
    """Return what stands behind the option, without its words: they say nothing about it."""
    framed = pl.when(pl.col("kind").is_in(FRAMES)).then("after")
    outside = pl.when(pl.col("kind").is_in(["hence", "bold", "correct"])).then("after")
    behind = pl.coalesce(framed.str.replace(_NEW, ". ${1}"), outside, pl.col("claim").str.slice(1))
    # What is null is not searched.
    named = pl.when(pl.col("first") == place_of(pl.col("letter")))
    words = named.then("options").list.get(place_of(pl.col("letter")), null_on_oob=True)
    beside = named.then(behind).str.strip_chars_start(" )]}*_.:–-")
    begins = beside.str.to_lowercase().str.starts_with(words.str.to_lowercase())
    return pl.coalesce(pl.when(begins).then(beside.str.slice(words.str.len_chars())), behind)


def _in_record() -> pl.Expr:
    """Return whether a place is a field of a record about the question, or quoted as a block."""
    match, before, after, sentence = (pl.col(name) for name in ("match", "before", "after", "sentence"))
    # What is null is not searched.
    framed = pl.when(pl.col("kind").is_in(["tag", "json", "brackets"]))
    tagged = pl.when(pl.col("kind") == "tag").then(after)
    field = pl.when(match.str.contains("^[a-z_ ]+:"))
    quoted = pl.when(sentence.str.contains(r"^\s*>")).then(after)
    commented = pl.when(before.str.contains("<!--", literal=True)).then(before)
    alone = field.then(before).str.contains(whose.FIELDS) & field.then(after).str.contains(whose.FIELDS)
    beside = field.then(before).str.contains(whose.FIELD_BEFORE) | field.then(after).str.contains(
        whose.FIELD_AFTER
    )
    return pl.any_horizontal(
        holds.fill_null(value=False)
        for holds in (
            commented.str.contains("<!--[^>]*$"),
            framed.then(after).str.contains(_MENTIONED) | framed.then(sentence).str.contains(_HELD),
            tagged.str.contains(whose.RECORD),
            beside & ~alone,
            quoted.str.contains(r"\n\s*[^\s>]"),
        )
    )


def _told() -> pl.Expr:
    """Return whether somebody else says it, or the writer denies it, by the words before."""
    clause, own = pl.col("clause"), pl.col("own")
    return clause.str.contains(whose.TOLD) & ~own | clause.str.contains(whose.NEGATED)


def _under_condition() -> pl.Expr:
    """Return whether a statement holds only under a condition."""
    clause, before, claim = pl.col("clause"), pl.col("before"), pl.col("claim")
    supposing = pl.when(before.str.contains(conditions.SUPPOSES)).then(before)
    would = (pl.col("would") | pl.col("would_short")) & ~pl.col("chosen")
    ifs = clause.str.contains(conditions.IF) & ~clause.str.contains(conditions.HAVING_TO)
    if_we = clause.str.contains(r"(?i)\bif (?:we|you|i|one)\b")
    about_another = clause.str.contains(conditions.ABOUT_ANOTHER) & ~clause.str.contains(
        conditions.ABOUT_THIS
    )
    for_another = clause.str.contains(r"(?i)^\W*(?:for|with|in|under)\b") & ~pl.col("own")
    return (
        ifs & (pl.col("would") | ~if_we)
        | supposing.str.contains(conditions.SUPPOSE).fill_null(value=False)
        | clause.str.contains(conditions.TRUSTED)
        | about_another
        | would & for_another
        | would & claim.str.contains(r"(?i)^[^.!?\n]*\b(?:if|had|were)\b")
        | pl.col("guts") & claim.str.contains(r"^[^.!?\n]* but ")
        | pl.col("had")
    )


def _of_others() -> pl.Expr:
    """Return whether the answer that a statement is about is another's: "the wrong answer", "his answer"."""
    clause, kind = pl.col("clause"), pl.col("kind")
    bare = kind.is_in(["answer", "label"]) & ~pl.col("with_article")
    named = clause.str.contains(whose.WHOSE_OTHERS) & ~clause.str.contains(whose.OUR_S)
    abroad = (kind == "abroad") & clause.str.contains(whose.WHOSE_ABROAD)
    return (
        bare & (named | ~clause.str.contains(_BARE_BEFORE))
        | abroad
        | (kind == "answer") & pl.col("of_others")
    )


def _with_clauses(places: pl.DataFrame) -> pl.DataFrame:
    """Return places with `clause`, the words before a statement, and `own`: by them the writer says it.

    Of a statement within a quotation they are the words before the quotation. `chosen`: by a word of
    choosing; `behind`: what follows the option.
    """
    led = pl.col("sentence").str.replace(_QUOTATION, "${1}")
    clause = led.str.replace_all(whose.ASIDE, "").str.replace(whose.CLAUSE, "")
    return places.with_columns(
        clause=clause, behind=_behind(), chosen=pl.col("kind").is_in(["choose", "changed"])
    ).with_columns(own=pl.col("clause").str.contains(whose.OWN))


def own_places(places: pl.DataFrame) -> pl.DataFrame:
    """Return the places whose statement is the writer's own, and neither denied nor under a condition."""
    clause, behind = pl.col("clause"), pl.col("behind")
    quoted = clause.str.contains(whose.QUOTED) & ~pl.col("own") & (pl.col("kind") != "json")
    chosen = pl.col("chosen") & ~clause.str.contains(r"[\"':][ ]*$")
    agreed = pl.when("told").then(pl.col("claim").str.slice(1)).str.contains(whose.AGREES)
    here, following = behind.str.replace(_ANOTHER, ""), behind.str.replace(_THIS_SENTENCE, "")
    return (
        _with_clauses(places)
        .with_columns(told=_told())
        .filter(
            ~pl.col("told") | chosen | agreed.fill_null(value=False),
            ~clause.str.contains(whose.FIRST),
            ~quoted,
            ~_under_condition(),
            ~_of_others(),
            ~_in_record(),
            ~here.str.contains(whose.BEHIND),
            ~following.str.contains(whose.NEXT),
        )
    )
