"""Sentences that are an option and words of choosing, and nothing else: "C gets my vote", "By elimination, C."

No list of wordings is complete. But a sentence that says nothing except an option and such words states it,
however they are put together. Any other word, such as "not", "if" or "professor", makes it no statement.
"""

import polars as pl

from unspoken.answers import whose
from unspoken.answers.claims import among_options, letter_at, letter_of, opened, spaced
from unspoken.answers.leads import either
from unspoken.answers.leads_abroad import CHOOSING_ABROAD
from unspoken.answers.plain import BEGIN, END

_LONGEST = 160  # characters of such a sentence
_CHOOSING = either("""
choos(?:e|ing) chosen? pick(?:ing)? select(?:ing|ion)? go(?:es|ing)? votes? voting money bet guess choice
decid(?:e|ed|ing) decision tak(?:e|ing) circle mark lock(?:ing)? settl(?:e|es|ing) stick(?:ing)? lean(?:ing)?
put(?:ting)? opt(?:ing)? favou?rs? final(?:ly)? answers? best right correct accurate fit(?:s|ting)?
match(?:es)? works? wins? follows? holds? remain(?:s|ing)? left leav(?:es|ing) survives? only must elimination
clear(?:ly)? definitely obvious(?:ly)? undoubtedly certainly surely probabl[ey] likel(?:y|iest) plausible
sense therefore thus hence so ergo overall balance short conclusion conclude confident corresponds? points?
leads? gives? yields? makes? gets? obtain
arrive end singles? winner verdict qed believe think i_suppose reckon all cast evidence spot_on the_one has_to_be got_to_be gotta yes word tl;dr correction edit updated? actually oops sorry
instead rather no, on_second_thought on_reflection none_but nothing_but rules_out_all_but""")
_BESIDE = either("""
i i'd i'll i'm i've we we'd we'll we're we've our my me us it it's that that's this these which what here
there's the a an is be been being would will shall should have has had to of for with on in into at by from as
and than then down up now just still too also again after all option letter candidate one ones most
more order question asks? wants? needs? describes? very between them considered things everything together
analysis can does do please yes ok okay gut mind find am narrows? bring
brings""")
_EAST = (
    "所以因此故综上所述我认为觉得会选择應应该正确確答案项項對对本题最终終為为就当然可见由知得出结论的是了唯一只有剩下符合这這個个"
    "したがってよゆえに答はです正しい解選択肢私思ますとびを最終的なだ回項"
)
"""Signs of such sentences in Chinese and Japanese."""
_SIGN = r"[\s*_,:;.!…()#>=→⇒∴—–\-。、「」]"
_WORD = f"(?:{_CHOOSING}|{_BESIDE}|{CHOOSING_ABROAD})"
_MARKS = r"[*_`$\"']*"
_LETTER = rf"{_MARKS}(?:\({_MARKS}[A-Z]{_MARKS}\)|\[[A-Z]\]|[A-HJ-Z]){_MARKS}"
_IN_EAST = rf"^(?:{_SIGN}|[{_EAST}])*({_LETTER}(?:{_SIGN}|[{_EAST}])*)$"
_REASON = rf"(?i)[,:;]?[ ]+(?:because|since|weil|da|denn|parce que|car|porque|ya que|perché|pois)\b.*$|,?[ ]+(?:and )?(?:not|rather than|instead of)[ ]+(?:option )?{_LETTER}[.!]?$"
_BY_LETTER = rf"^{_SIGN}*(?:(?i:{_WORD}){_SIGN}+)*({_LETTER}(?:{_SIGN}+(?i:{_WORD}))*{_SIGN}*)$"
_BY_WORDS = rf"^ (?:{_WORD} )*{BEGIN}(?: +[b-j])?(?: {_WORD})* $"
_CHOOSES = rf"(?i)(?:^|[^\pL])(?:{_CHOOSING}|{CHOOSING_ABROAD})(?:[^\pL]|$)|[{_EAST}]"
_CUT = r"([.!?][\"')*_]*[ ]|[。！？]|\n)"
_QUOTED = r"^\s*[>\"]|^\s*[a-z_]+:"
"""A sentence that is quoted, or a field of a record."""


def _sentences(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the sentences of texts behind `since`: columns of texts but text, `at`, `sentence`, `below`."""
    sentence, row = pl.col("sentence"), pl.col("row")
    return (
        texts.with_columns(sentence=pl.col("text").str.slice("since"))
        .with_columns(sentence.str.replace_all(_CUT, f"${{1}}{END}").str.split(END))
        .explode("sentence")
        .with_columns(length=sentence.str.len_chars().cast(pl.Int64))
        .with_columns(at=pl.col("since") + pl.col("length").cum_sum().over("row") - pl.col("length"))
        .filter(sentence.str.strip_chars() != "")
        .with_columns(below=pl.when(row == row.shift(-1)).then(sentence.shift(-1)).otherwise(pl.lit("")))
        .drop("text")
    )


def _by_words(sentences: pl.DataFrame) -> pl.DataFrame:
    """Return the sentences that name a single option by its words, with `place`, that of the option."""
    said, option = pl.col("said"), pl.col("option")
    return (
        sentences.with_columns(
            said=spaced(pl.col("sentence")),
            option=pl.col("options"),
            place=pl.int_ranges(pl.col("options").list.len()),
        )
        .explode("option", "place")
        .with_columns(option=spaced(option))
        .filter(option.str.strip_chars() != "", said.str.contains(option, literal=True))
        .with_columns(said=said.str.split(option).list.join(f" {BEGIN} "))
        .with_columns(beside=said.str.extract(rf"{BEGIN} +([b-j]) $").str.to_uppercase())
        .filter(said.str.contains(_BY_WORDS))
        .filter(said.str.contains(_CHOOSES) | (pl.col("at") == 0) & (pl.col("beside") == letter_at(pl.col("place"))))
        .filter(pl.len().over("row", "at") == 1)
    )


def stated_in_sentences(texts: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter of the sentences that state an option, in the texts behind `since`."""
    sentence = pl.col("sentence")
    sentences = (
        _sentences(texts)
        .filter(pl.col("length") <= _LONGEST)
        .filter(~sentence.str.contains(r"\?"), ~sentence.str.contains(_QUOTED))
        .filter(~pl.col("below").str.contains(whose.NEXT))
        .with_columns(sentence.str.replace(_REASON, " so"))
    )
    claim = opened(pl.coalesce(sentence.str.extract(_BY_LETTER), sentence.str.extract(_IN_EAST)))
    lettered = (
        sentences.filter(sentence.str.contains(_CHOOSES))
        .with_columns(letter=among_options(letter_of(claim)))
        .drop_nulls("letter")
    )
    rest = sentences.join(lettered, on=["row", "at"], how="anti")
    named = _by_words(rest).with_columns(letter=letter_at(pl.col("place")))
    return pl.concat([found.select("row", "at", "letter") for found in (lettered, named)])
