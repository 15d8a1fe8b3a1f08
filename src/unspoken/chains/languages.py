"""How much of a text is in other languages than somebody reads: by its scripts first, then by its words.

Letters of scripts in which the reader's languages are not written count at once. What is in Latin letters is
cut into pieces; a piece with English words is English, and only of the others lingua says how likely it is
that they are in a language that is read. Pieces that say too little each (short ones, and German ones, whose
nouns look like names) are asked about together.
"""

from collections.abc import Sequence

import polars as pl

from unspoken.chains.legibility import COMMAND, UNSPACED, detector_of

SCRIPTS_OF = {
    "ar": "Arabic", "be": "Cyrillic", "bg": "Cyrillic", "bn": "Bengali", "el": "Greek", "fa": "Arabic",
    "gu": "Gujarati", "he": "Hebrew", "hi": "Devanagari", "hy": "Armenian", "ja": "Han Hiragana Katakana",
    "ka": "Georgian", "kk": "Cyrillic", "ko": "Hangul Han", "mk": "Cyrillic", "mn": "Cyrillic",
    "mr": "Devanagari", "pa": "Gurmukhi", "ru": "Cyrillic", "sr": "Cyrillic", "ta": "Tamil", "te": "Telugu",
    "th": "Thai", "uk": "Cyrillic", "ur": "Arabic", "zh": "Han",
}  # fmt: skip
"""Scripts of languages, by ISO 639-1 code; every other language is written in Latin letters here."""
LATIN = (
    "ca", "cs", "de", "en", "es", "fi", "fr", "hu", "id", "it", "nl", "pl", "pt", "ro", "sv", "tl",
    "tr", "vi",
)  # fmt: skip
"""Languages in Latin letters that lingua chooses from, beside those that are read."""
PIECE = 120
"""Characters of a piece of a long sentence."""
ENGLISH = (
    "the|and|that|this|these|they|there|than|which|what|when|with|from|not|because|since|therefore|however"
    "|would|should|could|does|did|were|been|have|you|your|answer|choose|correct|says|said|think|it's|don't|i'm"
    "|who|how|why|where|about|before|between|through|while|each|only|into|both|first|next"
)
"""Everyday words that hardly any other language has: nearly every sentence has some."""
SHARED = "of|to|it|is|are|has|for|on|we|if|or|by|at|as|be|its|let|us|can|must|but|then"
"""Everyday English words that some other language has too."""
SHARED_SHARE = 0.3
"""A piece is English if any of its words is among ENGLISH, or this share among SHARED."""
FEWEST_WORDS = 3
"""Fewer words say too little about their language."""
FEWEST_BESIDE = 6
"""The same for a piece in a text that has English words elsewhere."""
UNLIKELY = 0.1
"""A piece is in another language where those that are read are less likely than this together."""
UNLIKELY_TOGETHER = 0.02
"""The same for short pieces together: fragments are less sure than sentences."""
SMALL_SHARE = 0.25
"""Short pieces say something together if this share of their words is written small: names are not."""

_PIECE = rf".{{1,{PIECE}}}(?:\s|$)|.{{1,{PIECE}}}"
_MARK = r"[<◁][|/]{0,2}[\pL_:]{2,30}[|]?[>▷]|\[/?THINK\]"
_CODE = r"\S*[=_{}<>\\]\S*|\pL+\(\S*"
"""Words of code and of formulas are in no language."""
_ACCENTED = r"[\x{C0}-\x{24F}\x{1E00}-\x{1EFF}]"
_LATIN_WORD = r"[\p{Latin}\p{M}'’]{2,}"
_SMALL_WORD = r"(?:^|[^\pL'’])\p{Ll}[\p{Latin}\p{M}'’]+"
"""No name: names are of no language, but every sentence has such words."""
_IN_NAMES = (
    r"(?:^|[^\pL'’])"
    r"(?:al|bin|da|de|del|della|den|der|des|di|dos|du|ibn|la|las|le|les|los|of|van|von)(?-u:\b)"
)
"""Small words that names have."""
_OTHER_LETTER = r"[[\p{L}\p{M}]--[\p{Latin}\p{Common}\p{Inherited}]]"
_ENGLISH_WORD, _SHARED_WORD = (rf"(?i-u:\b(?:{words})\b)" for words in (ENGLISH, SHARED))


def _other_words(known: Sequence[str]) -> str:
    """Return the pattern of words in scripts in which none of the known languages is written.

    A letter counts as a word where words have no spaces between them.
    """
    scripts = {script for code in known for script in SCRIPTS_OF.get(code, "").split()}
    own = "".join(rf"\p{{{script}}}" for script in sorted(scripts))
    letter = rf"[{_OTHER_LETTER}--[{own}]]" if own else _OTHER_LETTER
    return rf"[{letter}&&[{UNSPACED}]]|[{letter}--[{UNSPACED}]]{{2,}}"


def _plain(texts: pl.Series) -> pl.Series:
    texts = texts.str.replace_all(_MARK, "\n")  # without a space beside it a mark is no code
    return texts.str.replace_all(COMMAND, " ").str.replace_all(_CODE, " ")


def _pieces(texts: pl.DataFrame) -> pl.DataFrame:
    """Return texts cut where sentences and lines end, and where they are long: their columns, and piece."""
    cut = pl.col("text").str.replace_all(r"[.!?;:\n]+", "\n").str.split("\n")
    pieces = texts.with_columns(piece=cut).explode("piece")
    long = pl.col("piece").str.len_bytes() > 2 * PIECE
    shorter = pieces.filter(long).with_columns(pl.col("piece").str.extract_all(_PIECE)).explode("piece")
    return pl.concat([pieces.filter(~long), shorter])


def _counted_pieces(texts: pl.DataFrame, known: Sequence[str]) -> pl.DataFrame:
    """Return the pieces of texts that are not English by their words, with the columns of their texts.

    Beside them `words`, `small` ones, those that may be `in_names`, and `fewest`: the words that a piece
    needs.
    """
    pieces = _pieces(texts).with_columns(fewest=pl.lit(FEWEST_WORDS))
    if "en" in known:  # most pieces are done with this one pattern
        pieces = pieces.filter(~pl.col("piece").str.contains(_ENGLISH_WORD))
    pieces = pieces.with_columns(words=pl.col("piece").str.count_matches(_LATIN_WORD)).filter(
        pl.col("words") > 0
    )
    if "en" in known:
        # The edges of English words are plain ones, and an accented letter is none.
        shared = pl.col("piece").str.replace_all(_ACCENTED, "x").str.count_matches(_SHARED_WORD)
        beside = pl.col("text").str.contains(_ENGLISH_WORD)
        pieces = pieces.filter(shared < SHARED_SHARE * pl.col("words")).with_columns(
            fewest=pl.when(beside).then(FEWEST_BESIDE).otherwise(FEWEST_WORDS)
        )
    return pieces.with_columns(
        small=pl.col("piece").str.count_matches(_SMALL_WORD),
        in_names=pl.col("piece").str.count_matches(_IN_NAMES),
    )


def _doubtful_pieces(texts: pl.DataFrame, known: Sequence[str]) -> pl.DataFrame:
    """Return what may be in an unknown language in Latin letters: row, piece, words, and how likely at most.

    A row's pieces that say too little each are one piece together.
    """
    pieces = _counted_pieces(texts, known)
    enough = (pl.col("words") >= pl.col("fewest")) & (pl.col("small") >= 2)
    alone = pieces.filter(enough).filter(~_quoted(pl.col("piece"), pl.col("prompt")))
    rest = pieces.filter(~enough)
    telling = _together(rest).select("row")
    rest = rest.join(telling, on="row", how="semi", maintain_order="left")
    together = _together(rest.filter(~_quoted(pl.col("piece"), pl.col("prompt"))))
    both = [
        some.select("row", "piece", "words", most=pl.lit(most))
        for some, most in ((alone, UNLIKELY), (together, UNLIKELY_TOGETHER))
    ]
    return pl.concat(both)


def _together(pieces: pl.DataFrame) -> pl.DataFrame:
    """Return each row's pieces as one, of the rows where these are enough and no names alone."""
    joined = pieces.group_by("row", maintain_order=True).agg(
        pl.col("piece").str.join(" "), pl.col("words", "small", "in_names").sum(), pl.col("fewest").first()
    )
    return joined.filter(
        pl.col("words") >= pl.col("fewest"),
        pl.col("small") > pl.col("in_names"),
        pl.col("small") >= SMALL_SHARE * pl.col("words"),
    )


def _likelihoods(pieces: pl.Series, known: Sequence[str]) -> pl.Series:
    """Return the probability that each piece is in one of the known languages, by lingua."""
    from lingua import Language

    detector = detector_of([*LATIN, *known], low_accuracy=True)
    codes = {language.iso_code_639_1.name.lower(): language for language in Language.all()}
    shares = [
        pl.Series(detector.compute_language_confidence_in_parallel(pieces.to_list(), codes[code]))
        for code in known
    ]
    return sum(shares[1:], start=shares[0]).cast(pl.Float64)


def _quoted(piece: pl.Expr, prompt: pl.Expr) -> pl.Expr:
    """Return whether a piece stands in its prompt, but for what is no word."""
    words = [part.str.replace_all(r"[^\pL\pN]+", " ").str.strip_chars() for part in (piece, prompt)]
    return words[1].str.contains(words[0], literal=True)


def foreign_shares(texts: pl.Series, prompts: pl.Series, known: Sequence[str]) -> pl.Series:
    """Return the share of each text's words that are in other languages than the known ones, 0 to 1.

    `known` are ISO 639-1 codes; `prompts` has each text's prompt, "" for none: a piece in Latin letters that
    stands in it says nothing. Nor does a piece of fewer than three words, a formula, or a letter alone: a
    text without more has the share 0. Of languages in one script other than Latin it knows no difference.
    Raises LanguagesError for an unknown code.
    """
    frame = pl.DataFrame({"text": _plain(texts.rename("text")), "prompt": prompts}).with_row_index("row")
    other = pl.col("text").str.count_matches(_other_words(known))
    # Most texts have no letter beyond plain ones, and the pattern of all scripts is slow.
    strange = frame.filter(pl.col("text").str.contains(r"[^\x00-\x{24F}]")).select("row", other=other)
    doubtful = _doubtful_pieces(frame, known)
    if doubtful.height:
        latin = [code for code in known if code not in SCRIPTS_OF]
        unlikely = _likelihoods(doubtful["piece"], latin) < doubtful["most"] if latin else pl.lit(value=True)
        doubtful = doubtful.filter(unlikely)
    of_latin = doubtful.group_by("row").agg(latin=pl.col("words").sum())
    counts = strange.join(of_latin, on="row", how="full", coalesce=True).filter(
        pl.col("other").fill_null(0) + pl.col("latin").fill_null(0) > 0
    )
    words = rf"{_LATIN_WORD}|{_other_words(())}"
    counts = counts.join(frame, on="row", maintain_order="left").select(
        "row",
        share=(pl.col("other").fill_null(0) + pl.col("latin").fill_null(0))
        / pl.col("text").str.count_matches(words),
    )
    shares = frame.select("row").join(counts, on="row", how="left", maintain_order="left")["share"]
    return shares.fill_null(0.0).clip(0, 1).rename("foreign")
