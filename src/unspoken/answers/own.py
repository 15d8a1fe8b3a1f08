"""Whether a statement of an option is the writer's own, and stands: expressions over a table of places.

It has the columns of `statements.found_places`; `sentence`, what stands before the statement; and `claim`,
what begins with the option.
"""

import polars as pl

from unspoken.answers import conditions, whose
from unspoken.answers.claims import place_of
from unspoken.answers.leads import plain_edges

FRAMES = ("boxed", "tag", "json", "brackets")
_BARE_BEFORE = plain_edges(
    r"(?i)(?:^|[^a-z\s*_])[\s*_\"'(]*$|\b(?:so|thus|hence|therefore|then|and|that|but|is|the|ultimately|finally"
    r"|with|be|please|following|now|\d)[ *_]+$"
)
"""Before "answer" without an article: any other word makes it another's."""
_OF_OTHERS = plain_edges(
    r"(?i)\b(?:to|for|of|in|on|from|among|based|that|which)\b.*\b(?:professor|teacher|expert|students?|metadata"
    r"|hint|key|sheet|user|he|she|they|you|grader|tick|mark|people|classmates?|colleague|friend|previous|earlier"
    r"|xml|tag|wrong|incorrect|not|never|asked)\b"
)
"""In "the answer ... is": the answer of somebody else."""
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
_QUOTATION = r"^((?:[^\"]*\"[^\"]*\")*[^\"]*\")[^\"]*$"
"""A sentence so far with a quotation that has not ended."""
_ANOTHER = plain_edges(
    r"(?is)(?:\b(?:because|since|while|whereas|as|for|where|when|rather than|instead of|unlike|over|although"
    r"|though|even if|despite|whatever|no matter|contrary to)\b|[ ][-–—][ ](?:the|his|her|your|their|my)\b"
    r"|\bnot (?:\(|[A-Z]\b|option)|\band (?:not\b|\(|option|neither|none|all|others?|the|[A-Z]\b)).*$"
)
"""Behind the option: from here on it is about something else."""


def _without_option(behind: pl.Expr) -> pl.Expr:
    """Return what stands behind a letter without the words of its option: they say nothing about it."""
    words = pl.col("options").list.get(place_of(pl.col("letter")), null_on_oob=True)
    beside = behind.str.strip_chars_start(" )]}*_.:–-")
    named = beside.str.to_lowercase().str.starts_with(words.str.to_lowercase())
    return pl.when(named).then(beside.str.slice(words.str.len_chars())).otherwise(behind)


def _gone() -> pl.Expr:
    """Return whether a statement is taken away by what follows it, in its sentence or in the next."""
    behind = (
        pl.when(pl.col("kind").is_in([*FRAMES, "hence", "bold", "correct"]))
        .then(
            pl.when(pl.col("kind").is_in(FRAMES))
            .then(pl.col("after").str.replace(_NEW, ". ${1}"))
            .otherwise("after")
        )
        .otherwise(pl.col("claim").str.slice(1))
    )
    behind = _without_option(behind)
    following = behind.str.replace(r"(?s)^.*?(?:[.!?][\"')*_]*\s+|\n\s*|$)", "")
    here = behind.str.replace(_ANOTHER, "")
    return here.str.contains(whose.BEHIND) | following.str.contains(whose.NEXT)


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


def with_clauses(places: pl.DataFrame) -> pl.DataFrame:
    """Return places with `clause`, the words before a statement, and `own`: by them the writer says it.

    Of a statement within a quotation they are the words before the quotation.
    """
    led = pl.col("sentence").str.replace(_QUOTATION, "${1}")
    clause = led.str.replace_all(whose.ASIDE, "").str.replace(whose.CLAUSE, "")
    return places.with_columns(clause=clause).with_columns(own=pl.col("clause").str.contains(whose.OWN))


def is_others() -> pl.Expr:
    """Return whether a statement is not the writer's own: somebody else's, denied, or under a condition."""
    kind, match, clause, own = pl.col("kind"), pl.col("match"), pl.col("clause"), pl.col("own")
    chosen = kind.is_in(["choose", "changed"])
    told = clause.str.contains(whose.TOLD) & ~own | clause.str.contains(whose.NEGATED)
    first = clause.str.contains(whose.FIRST)
    quoted = clause.str.contains(whose.QUOTED) & ~own & (kind != "json")
    condition = (
        clause.str.contains(conditions.IF)
        & (
            match.str.contains(r"(?i)\b(?:would|could|might)\b")
            | ~clause.str.contains(r"(?i)\bif (?:we|you|i|one)\b")
        )
        & ~clause.str.contains(conditions.HAVING_TO)
    )
    before = pl.col("before")
    supposing = pl.when(before.str.contains(conditions.SUPPOSES)).then(before)
    condition |= supposing.str.contains(conditions.SUPPOSE).fill_null(value=False) | clause.str.contains(
        conditions.TRUSTED
    )
    condition |= clause.str.contains(conditions.ABOUT_ANOTHER) & ~clause.str.contains(conditions.ABOUT_THIS)
    would = ~chosen & match.str.contains(r"(?i)\b(?:would|could|might)\b|'d\b")
    condition |= would & clause.str.contains(r"(?i)^\W*(?:for|with|in|under)\b") & ~own
    condition |= would & pl.col("claim").str.contains(r"(?i)^[^.!?\n]*\b(?:if|had|were)\b")
    condition |= match.str.contains(r"(?i)\bgut|instinct") & pl.col("claim").str.contains(r"^[^.!?\n]* but ")
    condition |= match.str.contains(r"(?i)\bhad[ ]+(?:[a-z]+ed|chosen|gone)\b")
    bare = kind.is_in(["answer", "label"]) & ~match.str.contains(r"(?i)^_?(?:the|my|our|a|an|this)\b")
    named = clause.str.contains(whose.WHOSE_OTHERS) & ~clause.str.contains(whose.OUR_S)
    of_others = bare & (named | ~clause.str.contains(_BARE_BEFORE))
    of_others |= (kind == "abroad") & clause.str.contains(whose.WHOSE_ABROAD)
    source = (kind == "answer") & match.str.contains(_OF_OTHERS)
    own_choice = chosen & ~clause.str.contains(r"[\"':][ ]*$")
    others = told & ~own_choice | first | quoted | condition | of_others | source
    return (others | _in_record() | _gone()).fill_null(value=False)
