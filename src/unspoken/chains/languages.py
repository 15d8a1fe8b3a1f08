"""How much of a text is in other languages than somebody reads: by its scripts first, then by its words.

Letters of scripts that the reader's languages are not written in count at once. What is in Latin letters is
cut into pieces; a piece with enough English words is English, and only of the others lingua says how likely
it is that they are in a language that is read.
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
LATIN = tuple("en es fr de it pt nl pl tr vi id sv ro cs fi hu tl ca".split())
"""Languages in Latin letters that lingua chooses from, beside those that are read."""
PIECE = 120
"""Most characters of a piece."""
ENGLISH_SHARE = 0.1
"""A piece is English if at least this share of its words is among ENGLISH."""
ENGLISH = (
    "the of and is are was were be been to in it that this these those they there then than which what when "
    "with from for not but because so since if or by at as on an we i you my your he she his her have has had "
    "would should could can will must do does did therefore however also only answer option choose correct "
    "means says said think step first next let us one two"
).split()  # fmt: skip
"""Everyday words, of which nearly every English sentence has some."""
FEWEST_WORDS = 3
"""Fewer words say too little about their language."""
UNLIKELY = 0.1
"""A piece is in another language where those that are read are less likely than this together."""

_PIECE = rf"[^\n.!?;]{{1,{PIECE}}}(?:[.!?;]+|\s|$)|[^\n.!?;]{{1,{PIECE}}}"
_CODE = r"\S*[=_{}<>\\]\S*|\pL+\(\S*"
"""Words of code and of formulas are in no language."""
_ACCENTED = r"[\x{C0}-\x{24F}\x{1E00}-\x{1EFF}]"
_LATIN_WORD = r"[\p{Latin}\p{M}'’]{2,}"
_SMALL_WORD = r"(?:^|[^\pL'’])\p{Ll}[\p{Latin}\p{M}'’]+"
"""No name: names are of no language, but every sentence has such words."""
_OTHER_LETTER = r"[\p{L}--[\p{Latin}\p{Common}\p{Inherited}]]"
_ENGLISH_WORD = rf"(?i-u:\b(?:{'|'.join(ENGLISH)})\b)"


def _other_words(known: Sequence[str]) -> str:
    """Return the pattern of words in scripts in which none of the known languages is written.

    A letter counts as a word where words have no spaces between them.
    """
    scripts = {script for code in known for script in SCRIPTS_OF.get(code, "").split()}
    own = "".join(rf"\p{{{script}}}" for script in sorted(scripts))
    letter = rf"[{_OTHER_LETTER}--[{own}]]" if own else _OTHER_LETTER
    return rf"[{letter}&&[{UNSPACED}]]|[{letter}--[{UNSPACED}]]{{2,}}"


def _plain(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(COMMAND, " ").str.replace_all(_CODE, " ")


def _doubtful_pieces(latin: pl.DataFrame, known: Sequence[str]) -> pl.DataFrame:
    """Return the pieces of texts in Latin letters that may be in an unknown language: row, piece, words."""
    pieces = latin.with_columns(piece=pl.col("text").str.extract_all(_PIECE)).drop("text").explode("piece")
    pieces = pieces.drop_nulls("piece").with_columns(
        words=pl.col("piece").str.count_matches(_LATIN_WORD),
        # Plain edges of words: an accented letter must not end one.
        english=pl.col("piece").str.replace_all(_ACCENTED, "x").str.count_matches(_ENGLISH_WORD),
    )
    doubtful = (pl.col("words") >= FEWEST_WORDS) & (pl.col("piece").str.count_matches(_SMALL_WORD) >= 2)
    if "en" in known:
        doubtful &= pl.col("english") < ENGLISH_SHARE * pl.col("words")
    return pieces.filter(doubtful)


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
    Raises ValueError for an unknown code.
    """
    frame = pl.DataFrame({"text": _plain(texts.rename("text"))}).with_row_index("row")
    other = pl.col("text").str.count_matches(_other_words(known))
    # Most texts have no letter beyond plain ones, and the pattern of all scripts is slow.
    strange = frame.filter(pl.col("text").str.contains(r"[^\x00-\x{24F}]")).select("row", other=other)
    doubtful = _doubtful_pieces(frame, known).join(
        pl.DataFrame({"prompt": prompts}).with_row_index("row"), on="row", how="left", maintain_order="left"
    )
    doubtful = doubtful.filter(~_quoted(pl.col("piece"), pl.col("prompt")))
    if doubtful.height:
        latin = [code for code in known if code not in SCRIPTS_OF]
        unlikely = _likelihoods(doubtful["piece"], latin) < UNLIKELY if latin else pl.lit(value=True)
        doubtful = doubtful.filter(unlikely)
    of_latin = doubtful.group_by("row").agg(latin=pl.col("words").sum())
    counts = strange.join(of_latin, on="row", how="full", coalesce=True).filter(
        pl.col("other").fill_null(0) + pl.col("latin").fill_null(0) > 0
    )
    words = rf"{_LATIN_WORD}|[{_OTHER_LETTER}&&[{UNSPACED}]]|[{_OTHER_LETTER}--[{UNSPACED}]]{{2,}}"
    counts = counts.join(frame, on="row", maintain_order="left").select(
        "row",
        share=(pl.col("other").fill_null(0) + pl.col("latin").fill_null(0))
        / pl.col("text").str.count_matches(words),
    )
    shares = frame.select("row").join(counts, on="row", how="left", maintain_order="left")["share"]
    return shares.fill_null(0.0).clip(0, 1).rename("foreign")
