"""Statements that their writer takes back with nothing in their place: what stands behind the last one.

"I take (B) back", "scratch that", "C is not my answer after all", "please ignore that tag", "I have no
answer".
"""

import polars as pl

from unspoken.answers import conditions, whose
from unspoken.answers.claims import place_of
from unspoken.answers.leads import either, plain_edges
from unspoken.answers.plain import BEGIN, END

_THING = either("""
answers? choice option letter pick selection guess conclusion statement claim reply response verdict vote tag
box json line row table solution""")
_WHERE = r"(?:[ ](?:above|before|(?:that[ ])?i[ ](?:gave|provided|stated|chose|picked|wrote)))*"
_WHICH = r"(?:(?:first|last|previous|earlier|above|initial|own|whole|entire)[ ])*"
_SAID_I = r"i[ ](?:just[ ])?(?:said|wrote|chose|gave|answered)"
_MINE = rf"(?:{END}|(?:my[ ]{_WHICH}{_THING}|what[ ]{_SAID_I}){_WHERE})"
"""The stated option, or words for the writer's statement."""
_THE = (
    rf"(?:(?:that|this)[ ]{_WHICH}{_THING}{_WHERE}|(?:the|everything)[ ]above"
    rf"|the[ ]{_WHICH}{_THING}[ ](?:above|before|(?:that[ ])?i[ ](?:gave|provided|stated|chose|picked"
    rf"|wrote)){_WHERE})"
)
"""Words for the statement named last."""
_IT = r"(?:that|this|it|all that)"
_DROPS = either("""
scratch strike forget withdraw retract cancel erase delete undo revoke recant unsay cross_out rule_out
strike_out""")
_IGNORES = either("disregard ignore drop discard reject abandon dismiss skip")
_ALTERS = either("revise correct reconsider change")
_NOW = either("then now again please after_all for_now any_?more entirely completely altogether though")
_ENDS = rf"(?:[ ]{_NOW})*(?:[ ]*(?:[.,;:!)…—–-]|$|\n|and\b|but\b|since\b|because\b|as\b|so\b)|[ ]*{BEGIN})"
_TO_BE = r"(?:'s|[ ](?:is|was|seems|looks|must[ ]be|would[ ]be|has[ ]to[ ]be))"
_NOT = (
    r"(?:'s[ ]not|[ ](?:is|was|does|do|did|can|could|will|would)(?:n't|[ ]not)|[ ]can't|[ ]cannot|[ ]won't)"
)
_ADVERB = r"(?:[ ](?:[a-z]+ly|just|simply|then|also|therefore|thus|so|now|actually|after[ ]all|in[ ]fact))*"
_MISTAKEN = (
    r"(?:wrong|incorrect|mistaken|false|invalid|untrue|out|premature|hasty|rash|too[ ](?:quick|hasty"
    r"|rash|early)"
    r"|(?:a|an|my)[ ](?:[a-z]+[ ])?(?:mistake|error|slip|typo|misreading|blunder)"
    r"|no[ ]longer[ ](?:my|the|what|correct|right|valid)|not[ ](?:my|right|correct|it\b|what[ ]i"
    r"|the[ ]answer|possible"
    r"|valid|true)|ruled[ ]out|off[ ]the[ ]table|not[ ]right[ ]after[ ]all)"
)
_HOLDS = (
    r"(?:stand|hold|work|be[ ](?:right|correct|it|true|the[ ]answer|my[ ]answer)|fit|apply|follow|do\b"
    r"|be[ ]upheld)"
)
_NOTHING_LEFT = (
    r"\bi(?:'ve| have| give| can give| am left with|'m left with)?[ ](?:got[ ])?(?:no"
    r"|without an)[ ](?:other[ ])?"
    r"(?:answer|choice|conclusion)\b"
    rf"|\b(?:i|we)[ ](?:[a-z]+[ ]){{0,2}}?(?:don't|do not|can't|cannot|won't|shall not)[ ](?:have|give"
    rf"|offer|name|state)[ ]"
    rf"(?:an(?:other)?[ ](?:answer|one|option|choice)\b|(?:one|any(?:[ ]answer)?){_ENDS})"
    r"|\b(?:can't|cannot|could not|couldn't|unable to)[ ](?:[a-z]+ly[ ]|quite[ ])?(?:decide|choose)\b"
    r"|\b(?:leave|leaving)[ ](?:the|this|that|my)[ ](?:question|matter|answer|one|choice)[ ]"
    r"(?:open|blank|empty|unanswered)|\b(?:abstain|withhold)\b|\bi[ ](?:choose|pick"
    r"|select)[ ](?:nothing|no[ ]option)\b"
)
"""The writer has no answer, in the end."""
_MISTOOK = (
    r"\b(?:i|we)(?:'ve|'m)?(?:[ ](?:must|have to|now|have|had))*[ ](?:was|am|were|are|been)[ ](?:wrong"
    r"|mistaken)\b"
    r"|\bi(?:'ve| have)?[ ](?:made an?[ ](?:[a-z]+[ ])?(?:mistake|error|slip)|misread|misspoke|mistook"
    r"|misjudged"
    r"|spoke too soon|changed? my mind|stand corrected|no longer (?:think|believe|hold|trust))\b"
    r"|\b(?:am|'m)[ ](?:not|no longer)[ ](?:so[ ])?(?:sure|certain)[ ](?:any ?more|after all|now)\b"
)
_AGAIN = (
    r"(?:^|[.!?…\n])[ ]*(?:(?:wait|actually|hmm*|no|but|hold on|well|ok(?:ay)?)[ ,.!…—–-]+)*"
    r"(?:let (?:me|us)|i (?:need|have|want) to|i should|i'd better)[ ](?:[a-z]+ly[ ])?"
    r"(?:re-?consider|re-?think|re-?evaluate|re-?examine|think (?:again|once more|this over)|start over)\b"
)
"""The writer begins anew, and what was stated is no longer the end."""
_ABROAD = (
    rf"{END}[^.\n。]{{0,40}}(?:\bzurück|\bfalsch|誤り|間違|不对|錯|错|неверн|неправ)|\b(?:ziehe|nehme)\b[^.\n]*\bzurück"
    r"|\b(?:widerrufe|streiche)\b|\bhabe mich (?:geirrt|vertan|verlesen|verrechnet|getäuscht)"
    r"|\blag (?:ich )?falsch"
    r"|\bje (?:retire|reprends|me suis tromp|me trompais|me corrige)|\b(?:me equivoqu|me retracto"
    r"|retiro|me corrijo"
    r"|me enganei|errei\b|ritiro|mi sono sbagliat|mi correggo)|收回|撤回|更正|(?:说|說)错|訂正|取り消|ошибся"
    r"|ошиблась"
)


def _taking_back(thing: str, *others: str) -> str:
    """Return a pattern for the taking back of a thing, or another one."""
    ways = [
        rf"\b(?:{_DROPS}|{_IGNORES})[ ]{thing}{_ENDS}",
        rf"\b(?:take|took|taking|taken)[ ](?:back[ ]{thing}|{thing}[ ]back)\b",
        rf"{thing}{_TO_BE}{_ADVERB}[ ]{_MISTAKEN}",
        rf"{thing}{_NOT}{_ADVERB}[ ](?:{_HOLDS}|(?:my|right|correct|the answer)\b)",
    ]
    return plain_edges("|".join([*ways, *others]))


_BY_NAME = _taking_back(_MINE, _ABROAD)
_BY_POINTING = _taking_back(
    _THE,
    rf"\b{_ALTERS}[ ](?:my|that|the)[ ](?:[a-z]+[ ])?(?:mind|answer|choice|conclusion){_ENDS}",
    rf"\b{_DROPS}[ ]{_IT}{_ENDS}",
    rf"\b{_IGNORES}[ ]that{_ENDS}",
    rf"\b(?:take|took)[ ](?:back[ ]{_IT}|{_IT}[ ]back)\b",
    r"(?:^|[.!?…\n])[ ]*(?:undo|cancelled|withdrawn|retracted|never ?mind)(?:[.!,;]|$)",
    _MISTOOK,
    _AGAIN,
    _NOTHING_LEFT,
)
"""By a word that points to what was named last, or by what the writer says of themselves."""
_GUARDED = plain_edges(
    r"\b(?:not|never|no (?:reason|need|cause)|nothing|why|should|would|refuse to|asks? (?:me|us) to"
    r"|tells? (?:me|us) to|told|wants? (?:me|us) to|you (?:can|may|could|want))\b[^.;,:\n]*$|n't\b[^.;,:\n]*$"
)
"""Before such words: they are denied, asked, or somebody else's."""
_A_LETTER = (
    r"(^|[^A-Za-z'])(?:[(\[*_`\"'{]+([A-J])[)\]*_`\"'}]+|([B-HJ])(?-u:\b)"
    r"|(A)(?:([ ](?:is|was|can|cannot|does|has|had|would|will|must|seems|back|after)(?-u:\b))|([.,;:!?]|$)))"
)
"""A letter of an option; A needs more, since it is also a word."""
_SHORT = 3  # characters of an option whose words are not looked for
_ANOTHER = f"{BEGIN}[a-z]{BEGIN}[^{END}]*$"
"""Before such words: another option was named last."""


def _marked(behind: pl.DataFrame) -> pl.DataFrame:
    """Return the texts `rest` in lower case, with END for the stated option, BEGIN around other letters."""
    rest, letter = pl.col("rest"), pl.col("letter").str.to_lowercase()
    option = pl.col("options").list.get(place_of(pl.col("letter"))).str.to_lowercase()
    stated = pl.concat_str(pl.lit(BEGIN), letter, pl.lit(BEGIN))
    lettered = rest.str.replace_all(_A_LETTER, f"${{1}}{BEGIN}${{2}}${{3}}${{4}}{BEGIN}${{5}}${{6}}")
    named = lettered.str.to_lowercase().str.split(stated).list.join(END)
    by_words = pl.when(option.str.len_chars() > _SHORT).then(rest.str.split(option).list.join(END))
    # What leads to the option takes nothing back: "I was wrong and now choose B".
    return (
        behind.with_columns(rest=named)
        .with_columns(rest=pl.coalesce(by_words, rest))
        .with_columns(rest=rest.str.replace(f"(?s)^[^{END}]*{END}", END))
    )


def taken_back(behind: pl.DataFrame) -> pl.DataFrame:
    """Return `row` of the texts whose last statement is taken back.

    `behind` has row, letter (the one stated), options, and `rest`, the text from that statement on.
    """
    rest = pl.col("rest")
    marked = _marked(behind)
    found = []
    for said, points in ((_BY_NAME, False), (_BY_POINTING, True)):
        before = marked.with_columns(
            before=rest.str.extract(rf"(?s)^(.*?)(?:{said})[^.!?\n]*(?:[.!\n…]|$)")
        ).drop_nulls("before")
        sentence = pl.col("before").str.replace(r"(?s)^.*(?:[.!?…][\"')*_]*\s|\n)", "")
        others = sentence.str.contains(f"{whose.OTHERS}|{_GUARDED}|{conditions.IF}")
        if points:
            others |= pl.col("before").str.contains(_ANOTHER) | sentence.str.contains(whose.HAD_BEEN)
        found.append(before.filter(~others).select("row"))
    return pl.concat(found).unique()
