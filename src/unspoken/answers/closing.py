"""Sentences of an option and words of choosing, and nothing else: "C gets my vote", "By elimination, C."

No list of wordings is complete. But a sentence that says nothing except an option and such words states it,
however they are put together. Any other word, such as "not", "if" or "professor", makes it no statement.
"""

import polars as pl

from unspoken.answers import conditions, whose
from unspoken.answers.claims import among_options, letter_at, letter_of, opened, spaced
from unspoken.answers.leads import either, plain_edges
from unspoken.answers.leads_abroad import CHOOSING_ABROAD
from unspoken.answers.plain import BEGIN

_LONGEST = 160  # characters of such a sentence
_CHOOSING = either("""
accurate actually all_considered all_in_all answers? arrive at_last balance because believe best bet cast
accordingly certainly choice choos(?:e|ing) chosen circle clearly conclude conclusion confident consequently
correct correction corresponds? decid(?:e|ed|ing) decision definitely edit elimination end ergo evidence find
favou?rs? final(?:ly)? fit(?:s|ting)? follows? gets? gives? go(?:ing)?_(?:for|with) goes_(?:to|with) gotta
got_to_be guess has_to_be hence highest holds? if_you_ask_me i_suppose instead leads? lean(?:ing)? leaves?
leaving left likel(?:y|iest)
lock(?:ing)? makes? mark match(?:es)? money must_be no, none_but nothing_but obtain obvious(?:ly)?
on_reflection on_second_(?:thought|look) on_(?:a_)?closer_(?:look|reading|inspection)
only oops opt(?:ing)? overall pick(?:ing)? plausible points?_(?:at|to)
probabl[ey] qed rather reckon remain(?:s|ing)? right rules_out_all_but select(?:ing|ion)? sense
settl(?:e|es|ing) short singles? so sorry spot_on stands? stick(?:ing)? surely survives? tak(?:e|ing) the_one
that_is_to_say
therefore think thus tl;dr truth undoubtedly updated? verdict votes? voting winner wins? word works? yes
hands_down edges? beats?
no_question for_sure absolutely sure 100%""")
_BESIDE = either(r"""
after again also am an analysis and as ask(?:s|ed)? at be been being between brings? by can considered
describes? do does down enter everything for from give given gonna
gut had has have here i i'd i'll i'm i've in into is
it it's just letter like me mind more most must my myself narrows? now of okay ok on one ones option candidate
our
please put(?:ting)? question read replace record shall should state still than that that's the
them then there's
these things this to
together too treat up us very wants? we we'd we'll we're we've what which will with would write (?-i:a)
\d+[ ]?%""")
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
_BEFORE = (
    r"^(\s*(?:.*[,;][ ]+(?:but|yet|however)[ ,]+)?)",
    r"^((?:\S+[ ]+){2,}.*(?:[;:][ ]+|[,;][ ]+(?:(?:and )?(?:so|thus|hence|therefore)"
    r"|that is(?: to say)?|which means)[ ,]+|[ ]and[ ](?:now|so|thus|therefore|hence)[ ]"
    r"|(?:wait|no|hm+|sorry|actually|rather)[ ,.]*[—–-]+[ ]*))",
    r"(?i)^(\s*(?:contrary to|despite|unlike|given|based on|considering|after|in spite of)[ ][^,]*,[ ])",
)
"""What may stand before the clause that is read: "I'm not sure, but", "It is cold, so", "I misread it:"."""
_REASON = (
    rf"(?i)[,:;]?[ ]+(?:because|since|weil|denn|parce que|porque|ya que|perché|pois)\b.*$"
    rf"|,?[ ]+(?:and )?(?:not|rather than|instead of|over)[ ]+(?:option )?{_LETTER}[.!]?$"
)
"""What follows an option: reasons, or another option that it is not. Both tell that the option is chosen."""
_BY_LETTER = rf"^{_SIGN}*(?:(?i:{_WORD}){_SIGN}+)*({_LETTER}(?:{_SIGN}+(?i:{_WORD}))*{_SIGN}*)$"
_WORDS_ALONE = rf"(?i)^ *(?:{_WORD} )*$"
"""An option that is such words itself, as "right", is not read by its words here."""
_BY_WORDS = rf"^ (?:{_WORD} )*(?:[b-j] +)?{BEGIN}(?: +[b-j])?(?: {_WORD})* $"
_CHOOSES = rf"(?i)(?:^|[^\pL])(?:{_CHOOSING}|{CHOOSING_ABROAD})(?:[^\pL]|$)|[{_EAST}]"
_QUOTED = r"^\s*[>\"]|^\s*[a-z_]+:"
"""A sentence that is quoted, or a field of a record."""
_MARK = rf"(?i:\b(?:gets?|got|is|it|this|that|gives?|so|earns?)|'s)[ ]+an?[ ]+{_LETTER}"
"""A letter that is a mark in school: "It gets a C"."""
_LETTER_ABOVE = r"^\W*[A-J][.)]\s*$"
"""Before the words that belong to a letter."""
_JUDGED = r"^[\s*_(>\-•]*([A-J])[)*_]*[:)]"
"""A sentence about one of several options."""
_OTHERS = plain_edges(rf"(?i)\b(?:{whose.SOURCE}|{whose.SAID})\b")


def _by_words(sentences: pl.DataFrame) -> pl.DataFrame:
    """Return the sentences that name a single option by its words, with `place`, that of the option."""
    said, option = pl.col("said"), pl.col("option")
    # Most questions have many replies: each option is spaced once.
    options = sentences.select(words=pl.col("options").explode().unique()).with_columns(
        option=spaced(pl.col("words"))
    )
    chosen = said.str.contains(_CHOOSES)
    return (
        sentences.with_columns(said=spaced(pl.col("sentence")))
        .filter(chosen | (pl.col("at") == 0))
        .with_columns(words=pl.col("options"), place=pl.int_ranges(pl.col("options").list.len()))
        .explode("words", "place")
        .join(options.filter(~option.str.contains(_WORDS_ALONE)), on="words", maintain_order="left")
        .filter(said.str.contains(option, literal=True))
        .with_columns(said=said.str.split(option).list.join(f" {BEGIN} "))
        .with_columns(after=said.str.extract(rf"{BEGIN} +([b-j]) $"))
        .with_columns(
            beside=pl.coalesce(
                "after",
                said.str.extract(rf" ([b-j]) +{BEGIN}"),
            ).str.to_uppercase(),
            marked=pl.col("sentence").str.extract(r"\b([A-J])[).:]"),
        )
        .filter(said.str.contains(_BY_WORDS))
        .filter(
            (pl.col(letter) == letter_at(pl.col("place"))).fill_null(value=True)
            for letter in ("beside", "marked")
        )
        .filter(chosen | (pl.col("at") == 0) & pl.col("after").is_not_null())
        .filter(pl.len().over("row", "at") == 1)
    )


def _supposed() -> pl.Expr:
    """Return whether a sentence is only supposed, or somebody else's: in a quotation, behind a colon."""
    led = pl.col("led")
    return (
        (pl.col("above") + led + "then").str.contains(conditions.SUPPOSE)
        | led.str.contains(conditions.IF)
        | led.str.contains(whose.IN_QUOTES)
        | led.str.contains(r"[:;]\s*$") & led.str.contains(_OTHERS)
    )


def _judged() -> pl.Expr:
    """Return whether several options are judged, each in a sentence: `answers.verdicts` reads them."""
    judged = pl.col("sentence").str.extract(_JUDGED)
    return judged.is_not_null() & (judged.drop_nulls().n_unique().over("row") > 1)


def stated_in_sentences(sentences: pl.DataFrame) -> pl.DataFrame:
    """Return row, at and letter of the sentences (`sentences_of`) that state an option."""
    sentence, said = pl.col("sentence"), pl.col("said")
    likely = sentences.filter(
        sentence.str.contains(_CHOOSES) | (pl.col("at") == 0),
        pl.col("length") <= _LONGEST,
        ~sentence.str.contains(r"\?"),
        ~sentence.str.contains(_QUOTED),
        ~_judged(),
        ~pl.col("above").str.contains(_LETTER_ABOVE),
        ~pl.col("below").str.contains(whose.NEXT),
    )
    # What stands before the clause that is read may be two things: "I'm not sure, but it's cold, so C."
    clauses = [
        likely.with_columns(led=sentence.str.extract(before), part=pl.lit(part))
        for part, before in enumerate(_BEFORE)
    ]
    read = (
        pl.concat(clauses)
        .drop_nulls("led")
        .with_columns(said=sentence.str.slice(pl.col("led").str.len_chars()))
        .with_columns(
            sentence=said.str.replace(_REASON, " so"),
            at=pl.col("at") + pl.col("led").str.len_chars().cast(pl.Int64),
        )
        .filter(~_supposed())
    )
    claim = opened(pl.coalesce(sentence.str.extract(_BY_LETTER), sentence.str.extract(_IN_EAST)))
    lettered = (
        read.with_columns(letter=among_options(letter_of(claim)))
        .drop_nulls("letter")
        .filter(~sentence.str.contains(_MARK), (pl.col("led") + sentence).str.contains(_CHOOSES))
    )
    rest = read.join(lettered, on=["row", "at"], how="anti")
    named = _by_words(rest).with_columns(letter=letter_at(pl.col("place")))
    return pl.concat([found.select("row", "at", "letter") for found in (lettered, named)])
