"""The places in a reply that state an option, each with what it states and whether it is the writer's own.

Each pattern runs over the whole column of replies; no Python object is made for a reply.
"""

import polars as pl

from unspoken.answers import leads
from unspoken.answers.claims import (
    among_options,
    letter_at,
    letter_of,
    named_options,
    names_two,
    opened,
    ordinal_place,
    place_of,
    restated_letter,
)
from unspoken.answers.leads import plain_edges
from unspoken.answers.leads_abroad import ARTICLE
from unspoken.answers.own import own_places
from unspoken.answers.places import FRAMES, found_places

STRONG, WEAK, IN_BOLD = range(3)
"""How much a statement counts. A letter in bold may be a heading, and counts only where nothing else does."""
_MORE = 16  # characters that words may have beyond the longest option
_SENTENCE = (
    r"(?s)^.*(?:\n|[!?。！？]|(?:[^\x00-/:-@\[-`{-\x7f]{2}|[)\]\"'*}%]|(?:^|[^A-Za-z])[A-J])[.;][\"')*]*\s"
    r"|</[a-z_]+>\s)"
)
_REST_OF_SENTENCE = r"(?s)^[ ]*(.*?)(?:[.!?][\"')*_]*(?:\s.*)?$|[。\n].*$|$)"
_FIRST_SENTENCE = r"(?s)^\s*(.*?)(?:[.!?][\"')*_]*(?:\s.*)?$|[。\n].*$|$)"
_CONNECTIVES = plain_edges(
    r"(?i)^[\s*_#>\-]*(?:(?:so|thus|therefore|hence|then|finally|and|but|in conclusion|in summary|to conclude"
    r"|overall|consequently|ultimately|accordingly|well|ok|okay|yes|step \d+|now|as a result"
    r"|based on (?:this|the above))\b[\s,:.]*)*[*_\s]*$"
)
"""A sentence so far that belongs to the statement that follows."""
_CONCLUDES = plain_edges(
    r"(?i)\b(?:so|thus|therefore|hence|consequently|conclude|means|answer|think|believe|say|that)\b[\s,:]*"
    r"(?:that )?[*_ ]*$"
)
_INNER = {
    "boxed": r"(?s)^[^{]*\{(.*?)\}?$",
    "tag": r"(?s)^(?:[<\[][^>\]]*[>\]]|[a-z_]+\([^\"']*[\"'])(.*?)(?:[<\[]/[^>\]]*[>\]]|[\"']\))?$",
    "json": r"(?s)^[\"'][^\"']*[\"'][ ]*:\s*(.*)$",
    "brackets": r"^\[\[(.*)\]\]$",
    "bold": r"^(.*)$",
    "hence": r"(?s)^(?i:not[ ].*[ ]but|in conclusion|[$(\[ \n]*\\?[a-z]+|\W)[ ]*[,:]?(.*)$",
}
_SUBJECT = (
    r"(?is)^.*(?:\b(?:that|think|believe|say|says|means?|so|therefore|thus|hence|conclude|because|since|and|but"
    r"|clearly|only|then|which|where|statement|claim|if|the)\b[,:]?[ ]+|[,;:!?\n][ ]+|[^\x00-\x7f],|\.[ ]+)"
)
"""What stands before the subject of a sentence."""
_AND_IS = (
    r"^\(?[A-Z]\b[^.;\n]{0,40}\band (?:option )?[$*_]*\(?[A-HJ-Z]\b[^.;\n]{0,30}?"
    r"\b(?:is|isn't|cannot|can't|was|has|does)\b"
)
"""An option, and a sentence about another one."""
_FRAME_OR = r"[\]}>][$ ]*[ ](?:or|and)[ ][$ ]*$"
"""Before a frame: another one, and "or"."""
_LETTER_BEFORE = r"(?:^|[^A-Za-z'])[A-Z][\s$*_)]*$"
"""What makes "A ⇒ B" a formula."""
_LETTER_SO = plain_edges(r"^[\s*_(]*([A-Z])\)?[,.:]?[ ]+(?:so|thus|hence|therefore)\b")
_NAME = (
    r"^[A-J]\.[ ](?:[A-Z]\.[ ])*[A-Z][a-z]{2,}(?:[.]?\s*$|[ ](?:that|who|here|on|when|in|and"
    r"|about)(?-u:\b)|'s)"
)
_INTERJECTION = r"^.\.[ ](?:Hm+|Done|Yes|Thanks|Sorry|Right|Correct|Good|Great)(?-u:\b)"
_PERHAPS = plain_edges(r"(?i)\b(?:maybe|perhaps|possibly)\b")
_UNREAD = r"(?i)^[\s*_:$`\"']*(?:\(|\d|none\b|both\b|neither\b|all of|not (?:given|listed|among|in the))"


def _with_claims(places: pl.DataFrame) -> pl.DataFrame:
    """Return places with `claim`, the text that begins with the option, and `sentence`, the one before it."""
    inner = pl.coalesce(
        pl.when(pl.col("kind") == kind).then(pl.col("match").str.extract(pattern))
        for kind, pattern in _INNER.items()
    )
    # What was led to with a colon belongs to the sentence: "The professor says:\n\nThe answer is (B)".
    before = pl.col("before").str.replace_all(r":[*_]*[ ]*\n[\s>]*", ": ")
    places = places.with_columns(sentence=before.str.replace(_SENTENCE, ""), inner=inner)
    # "option F, Mitochondrion, is the correct one", "the first option, (A), is correct"
    apposed = pl.col("sentence").str.replace(r"\b([A-Z]\)?),( [^,\n]{1,80}),(\s*)$", "${1} ${2} ${3}")
    apposed = apposed.str.replace(r",(\s*)$", " ${1}")
    subject = apposed.str.replace(_SUBJECT, "")
    correct = pl.col("kind") == "correct"
    raw = pl.coalesce(pl.col("inner").str.replace(f"(?is)^.*{leads.ANSWER}", ""), "after")
    length = pl.when(correct).then(subject.str.len_chars()).otherwise(0).cast(pl.Int64)
    return places.with_columns(
        raw=raw,
        # "Saturn (C) is correct" reads as "(C) Saturn"; the articles of other languages go.
        claim=opened(
            pl.when(correct)
            .then(opened(subject).str.replace(r"^(.*\S)\s*\(([A-Z])\)\s*$", "(${2}) ${1}"))
            .when(pl.col("kind") == "abroad")
            .then(raw.str.replace(ARTICLE, ""))
            .otherwise(raw)
        ),
        sentence=pl.col("sentence").str.head(pl.col("sentence").str.len_chars() - length),
        at=pl.col("at") - length,
    )


def _with_names(places: pl.DataFrame) -> pl.DataFrame:
    """Return places with `spelt`, the letter that the claim begins with, and what `named_options` finds.

    Of a claim with a letter the words beside the letter are read. `stopped`: a full stop is between them.
    """
    claim, spelt, stopped = pl.col("claim"), pl.col("spelt"), pl.col("stopped")
    longest = int(str(places["options"].explode().str.len_chars().max() or 0)) + _MORE
    beside = claim.str.slice(1).str.strip_chars_start(")]}\"'`$*_ .:,-–—")
    words = (
        pl.when(spelt.is_null())
        .then(claim.str.replace(_FIRST_SENTENCE, "${1}"))
        .otherwise(beside.str.replace(_REST_OF_SENTENCE, "${1}"))
    )
    # Most replies end in one of the same few claims.
    claims = (
        places.select(claim.unique())
        .with_columns(spelt=letter_of(claim), stopped=claim.str.contains(r"^.[)\]}\"'`$*_ ]*[.:]"))
        .with_columns(words=words)
    )
    # Behind a full stop an option stands alone, or another sentence begins.
    is_another = stopped & spelt.is_not_null() & (pl.col("words").str.len_chars() > longest)
    read = (
        places.join(claims, on="claim", how="left", maintain_order="left")
        .with_row_index("claim_at")
        .with_columns(words=pl.when(is_another).then(pl.lit("")).otherwise("words"))
    )
    named = named_options(read.select("claim_at", "options", claim="words"))
    return read.join(named, on="claim_at", how="left", maintain_order="left")


def _by_words() -> pl.Expr:
    """Return the place of the option that a claim names by its words; some kinds need them alone."""
    kind, sentence = pl.col("kind"), pl.col("sentence")
    # "because it is red" says no more than that.
    begins = sentence.str.contains(_CONNECTIVES) | sentence.str.contains(_CONCLUDES)
    return (
        pl.when((kind == "it is") & ~begins)
        .then(None)
        .when(kind.is_in(["correct", "hence", "it is", "abroad", "bold"]))
        .then("whole")
        .when(kind.is_in(["choose", "changed", "label"]))
        .then("first")
        .otherwise(pl.coalesce("whole", "first", "only"))
    )


def _known() -> pl.Expr:
    """Return the letter that a claim spells, null where it is none of the options.

    A subject is the option and nothing else: "(B) is correct", not "the part of B that is correct". "I agree
    with B. Franklin" names no option.
    """
    name = pl.col("match").str.contains(r"(?i)with\s*$") & pl.col("first").is_null()
    name &= pl.col("claim").str.contains(_NAME) & ~pl.col("claim").str.contains(_INTERJECTION)
    only = (pl.col("words").str.strip_chars() == "") | pl.col("whole").is_not_null()
    return among_options(
        pl.when((pl.col("kind") != "correct") | only, ~name.fill_null(value=False)).then("spelt")
    )


def _differs() -> pl.Expr:
    """Return whether a letter is beside another option's words: "(B) Paris", or "D so the answer is Lyon"."""
    beside = pl.when("stopped").then("whole").otherwise("first") != place_of(pl.col("spelt"))
    before = place_of(pl.col("sentence").str.extract(_LETTER_SO)) != pl.col("by_words")
    return pl.when(pl.col("spelt").is_null()).then(before).when(pl.col("known").is_not_null()).then(beside)


def _two() -> pl.Expr:
    """Return whether a claim names two options, by their letters or by their words."""
    kind = pl.col("kind")
    hence = kind == "hence"
    claim = pl.col("claim") + pl.when(hence).then("after").otherwise(pl.lit(""))
    letters = names_two(claim) & ~claim.str.contains(_AND_IS)
    letters |= (kind == "json") & pl.col("match").str.contains(r"\[[^\]]*,")
    letters |= kind.is_in(FRAMES) & pl.col("sentence").str.contains(_FRAME_OR)
    letters |= hence & pl.col("sentence").str.contains(_LETTER_BEFORE)
    return letters | (pl.col("spelt").is_null() & (pl.col("named") > 1) & pl.col("by_words").is_null())


def _should_name() -> pl.Expr:
    """Return whether a place must name an option: a frame, a heading, "Answer:" alone, and the like."""
    kind = pl.col("kind")
    alone = pl.col("match").str.contains(r"[:|][ *_]*$") & pl.col("sentence").str.contains(r"^[\s*_#>|\-]*$")
    looks = pl.col("two") | pl.col("raw").str.contains(_UNREAD) | pl.col("spelt").is_not_null()
    return kind.is_in([*FRAMES, "header"]) | (kind == "answer") & (pl.col("leads") | alone | looks)


def _may_count() -> pl.Expr:
    """Return whether an ordinal in a claim counts options: a subject must say so, as "the third option"."""
    kind = pl.col("kind")
    counts = pl.col("claim").str.contains(r"(?i)\b(?:option|choice|alternative|answer)\b")
    return kind.is_in(["answer", "choose", "changed"]) | (kind == "correct") & counts


def _with_letters(places: pl.DataFrame) -> pl.DataFrame:
    """Return places with `letter`, null where none is named, or two, and `unread`: one should have been."""
    # A null is not searched.
    unnamed = pl.col("spelt").is_null() & pl.col("by_words").is_null()
    meant = pl.coalesce(
        among_options(restated_letter(pl.when(unnamed, pl.col("kind") == "answer").then("claim"))),
        letter_at(ordinal_place(pl.when(unnamed, _may_count()).then("claim"))),
    )
    read = (
        _with_names(places)
        .with_columns(by_words=_by_words(), known=_known())
        .with_columns(differs=_differs().fill_null(value=False), two=_two().fill_null(value=False))
        .with_columns(
            letter=pl.when(~pl.col("two"), ~pl.col("differs")).then(
                pl.coalesce("known", letter_at(pl.col("by_words")), meant)
            )
        )
    )
    return read.with_columns(unread=pl.col("letter").is_null() & (_should_name() | pl.col("differs")))


def stated_at_places(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at, letter and `weak` (STRONG, WEAK or IN_BOLD) of the writer's own statements in texts.

    The letter is null of a final answer that is not understood. `texts` has row, text, n_options and options.
    """
    places = _with_letters(_with_claims(found_places(texts)))
    own = own_places(places.filter(pl.col("letter").is_not_null() | pl.col("unread")))
    kind, sentence = pl.col("kind"), pl.col("sentence")
    loose = (kind == "it is") & ~pl.col("must") | (kind == "correct") & ~pl.col("by_name")
    hedged = pl.col("hedged") | sentence.str.contains(_PERHAPS)
    weak = (
        pl.when(kind == "bold")
        .then(IN_BOLD)
        .when(loose & ~sentence.str.contains(_CONCLUDES) | hedged)
        .then(WEAK)
        .otherwise(STRONG)
    )
    lead_in = pl.when(sentence.str.contains(_CONNECTIVES)).then(
        sentence.str.strip_chars_start().str.len_chars().cast(pl.Int64)
    )
    return own.select("row", "letter", at=(pl.col("at") - lead_in.fill_null(0)).clip(0), weak=weak)
