r"""What tells that a statement is not the writer's own, or does not stand: the words before and behind it.

Regular expressions as in `answers.leads`; \b is an edge of plain letters here, too.
"""

from unspoken.answers.leads import either, plain_edges

SOURCE = either("""
professors? prof teachers? instructors? lecturers? tutors? experts? specialists? scholars? academics?
doctors? colleagues? friends? classmates? class students? pupils? respondents? peers? mentors? supervisors?
reviewers? people everyone everybody someone somebody many most some others? another users? you he she they
his her their your prompt hints? clues? cues? metadata meta-data xml yaml json field tags? record database
key sheet learners? beginners? readers? folks ticks? check_?marks? symbols? asterisks? arrows? stars?
squares? markers? marks? grader grading code functions? scripts? tests? checker evaluator rubric messages?
documents? leak(?:ed)? forum websites? internet survey majority polls? claims? suggestions?
quot(?:e|es|ation) previous earlier prior former assistant chatbot chat ai models? group authors? examiner
examples? drafts? attempt reply comment header annotation label file block page staff source front_matter
stored copied stolen official reference instructions? books? textbooks? articles? wikipedia log""")
"""Who, or what, may say an answer that is not the writer's. Where one says so alone decides (`_SHOWN`)."""
SAID = either("""
says? said saying states? stated stating claims? claimed claiming believes? believed believing thinks?
thought thinking argues? argued arguing asserts? asserted insists? insisted told reports? reported
mentions? mentioned writes? wrote written announces? announced declares? declared maintains? maintained
assumes? assumed assuming guess(?:es|ed) feels? felt proposes? proposed recommends? recommended advises?
advised reads quoted? heard assured? alleges? alleged noted remarked pretends? contends? holds swears?
swore votes? voted replied answered supposed reckons? figured
(?:is|are|was|were|seems?)_(?:(?:quite|very|so|absolutely|fairly)_)?(?:sure|certain|confident|convinced|adamant)
of_the_opinion""")
"""What is said, whoever says it, unless the writer does now (OWN)."""
_SHOWN = either("""
tells? telling hints? hinted implied implies suggests? suggested indicates? indicated indicating shows?
showed showing shown points? pointed pointing gives? gave lists? listed listing marks? marked marking
returns? expects? expected accepts? has have had contains? reveals? identifies names? confirms? specifies
specified records? recorded sets? requires? wants? checks? compares? stores? stored puts? provides? provided
carries includes? declares? tags? picks? picked choose[s]? chose prefers? preferred takes? took go(?:es)? went
selects? selected opts? opted""")
"""What only a source makes somebody else's: "the hint suggests", but "the calculation suggests"."""
_VIEW = either("""
claim view opinion belief idea assumption statement suggestion notion hint assertion possibility chance
rumou?r comment remark argument impression hypothesis thought note report message fact""")
_QUOTE = r"[ *_\"'(]*$"
_SAID_BEFORE = "|".join(
    [
        rf"\b{SAID}\b(?:[ ]+[^ ,.;:!?\n]+){{0,6}}?[ ]*:?[ ]*[\"'(*_`\[<{{]*[ ]*$",
        rf"\b{SAID}(?:[ ]+[a-z]+){{0,3}}[ ]*,[ ]*[\"'*_]+$",
        rf"\b{SOURCE}\b[^.;!?\n]*?\b{_SHOWN}\b[^,.;!?\n]*$",
        rf"\b{_VIEW}s?(?:[ ]+(?:is|was|being))?[ ]+that{_QUOTE}",
        rf"\b(?:others?|some|many)\b(?:[ ]+[a-z]+)?[ ]+that{_QUOTE}",
        rf"\b{SOURCE}\b[^.;!?\n]*? (?:me|us|one) to\b[^.;\n]*$",
        rf"\b(?:according to|(?:going|judging) by) [^,.;\n]{{1,60}},?{_QUOTE}",
        r"\bin (?:his|her|their|your|its|(?:(?:the|an?|my|your) )?[a-z]+'s?) (?:opinion|view|eyes|mind|words"
        rf"|judge?ment)\b[ ,:]*{_QUOTE}",
        rf"^\W*(?:for|per|from|in|by) (?:the|my|your|an?) (?:[a-z]+ ){{0,2}}?{SOURCE}\b[^.;\n]*{_QUOTE}",
        r"\b(?:only|pass(?:es)?|true|points?|accepts?|returns?)\b[^.;\n]*\b(?:when|if)\b[^.;\n]*$",
        rf"^\W*(?:(?:from|in|per)[ ])?(?:(?:(?:the|a|an|my|your)[ ])?(?:{SOURCE}|answer key)|(?:the|a"
        rf"|an|your)[ ]note)"
        rf"(?:[ *_]+(?:[a-d]|\d+|says|said|given|in|of|from|for|here|\()\b[^:\n]*)?[*_]*:{_QUOTE}",
        rf"\b{SOURCE}\b[^.;\n]*:[ ]*[\"'][ *_]*$",
        r"\b(?:reply|replied|response|attempt|draft|turn|version|session|saved|stored)\b[^.;\n]*[:,]"
        r"[ ]*[\"']?[ *_]*$",
        r"\bassert\b|\breturn\b",
    ]
)
_WHETHER = (
    r"\b(?:unless|suppose|supposing|assuming|imagine|whether|in case|provided that|were it|wonder\w*"
    r"|pretend\w*)\b"
    r"|\b(?:check|verify|test|hope|doubt|question|unsure|uncertain|not sure|not certain|consider|ensure)"
    rf"(?:[ ]+(?:that|if))?{_QUOTE}"
)
_NEAR = r"[^,.;:!?\n]"
_NEGATED = "|".join(
    [
        r"(?:\bnot|n't|\bnever)[ ]+(?:[a-z]+[ ]+){0,2}?(?:think|believe|agree|say|saying|mean|follow|true"
        r"|certain|sure"
        r"|clear|convinced|case|correct|right|likely|possible|claim|accept|conclude|suggest|imply"
        r"|necessarily|buy|see"
        rf"|obvious|that|because|as if)\b{_NEAR}*$",
        r"\b(?:unlikely|disagree\w*|impossible|deny|denies|reject\w*|rule out|ruled out|doubtful|doubts?"
        r"|refuse\w*"
        rf"|false|untrue)\b{_NEAR}*$",
        r"\b(?:wrong|incorrect|mistaken|mistake|misleading|error|absurd)\b[ ]+(?:that|to|in|about|by)\b"
        rf"{_NEAR}*$",
        rf"\b(?:nothing|none|nobody|neither|hardly|scarcely)\b{_NEAR}*$",
        rf"\bno (?:reason|evidence|way|basis|indication|proof|sign)\b{_NEAR}*$",
        rf"\b(?:not|isn't|wasn't|never|cannot be|can't be){_QUOTE}",
        r"(?:\b(?:nicht|pas|no creo|non|neen|niet)\b|não|не)[^.;\n]{0,14}(?:\b(?:dass|que|che)|что)[ *_]*$",
    ]
)
_FIRST = (
    r"\b(?:at first|at a first|initially|originally|first (?:thought|guess|instinct|impression|glance"
    r"|sight|idea)"
    r"|(?:i|we)(?: had| have)? thought|used to|was going to|were going to|almost|nearly|previously|earlier"
    r"|last time"
    r"|tempt\w*|(?:one|you|some|someone|somebody|many|people|they|students?|others|most|anyone) (?:[a-z]+ )?"
    r"(?:might|could|may|would|will) (?:[a-z]+ ){0,2}?(?:think|say|argue|assume|believe|guess|suppose|expect"
    r"|be tempted)|(?:could|might|may) be|before i"
    r"|in (?:my|the|our|an) (?:previous|earlier|first|prior|last (?:turn|reply|answer|message|attempt"
    r"|session)))\b"
    r",?[^,.;!?\n]*$|^\W*before,[^.;!?\n]*$"
    r"|(?:[,(]|reply|message|turn|one)[ ]*where i(?:'d| had| have)? (?:put|wrote|written|said|gave|given"
    r"|answered|chose|chosen|marked)[ *_\"'(:]*$"
    r"|\bmy (?:previous|earlier|first|last) (?:reply|answer|message|turn|attempt)'s[ *_\"'(:]*$"
)
_ABROAD = "|".join(
    [
        r"(?:[^我]|^)(?:说|說|认为|認為|声称|聲稱|表示|指出|建议|建議|显示|顯示|提示|告诉我|元数据|评分|言って|によると|によれば|さんは)"
        r"[^。\n]{0,14}$",
        r"\b(?:sagte?|sagen|meinte?|meinen|behauptete?|behaupten|glaubte?|glauben|denkt|dachte|findet|laut"
        r"|zufolge"
        r"|schlägt vor|schlug vor|dit|disent|affirme|pense|pensent|prétend|croit|suggère|déclare|selon"
        r"|dice|dicen|dijo"
        r"|afirma|piensa|piensan|cree|creen|sugiere|sostiene|asegura|según|diz|disse|acha|acredita|sugere"
        r"|segundo|pensa"
        r"|afferma|crede|suggerisce|ha detto|secondo)\b[^.;\n]*$",
        r"(?:говорит|говорят|сказал\w*|утвержда\w+|считает|считают|думает|думают|полагает|полагают"
        r"|предлагает|указан\w*"
        r"|согласно|по словам)[^.;\n]*$",
        r"(?:\b(?:wenn|falls|si|se)\b|если)[^.;\n]*$|如果[^。]*$|(?:不认为|并不)[^。]{0,6}$|不$",
        r"(?:人|学生|同学|教授|老师|大家|他|她|们)[^。,]{0,6}$|(?:参考|標準|标准|错误的?|教授的?|学生的?)$",
    ]
)


def _whole(pattern: str) -> str:
    return plain_edges(f"(?i)(?:{pattern})")


NEGATED = _whole(_NEGATED)
"""Before a statement: it is denied."""
TOLD = _whole(f"{_SAID_BEFORE}|{_WHETHER}|{_ABROAD}")
"""Before a statement: others said it, or it is only considered, unless the writer says it (OWN)."""
FIRST = _whole(_FIRST)
"""Before a statement: it was so at first, or might be."""
QUOTED = r"[A-Za-z0-9_][ ]*[:,(]?[ ]*[\"'`][*_ ]*$"
"""Before a statement: a quotation that begins in a sentence that has begun."""
IN_QUOTES = r"\S[\s:(]+[\"'][^\"']*$"
"""Before a statement: a quotation that begins in its sentence has not ended."""
HAD_BEEN = plain_edges(
    r"(?i)\b(?:first|earlier|initially|before|previous\w*|had|originally|once|drafts?|notes)\b"
)
"""In a sentence that takes something back: what stood earlier, not the statement."""
CLAUSE = plain_edges(
    r"(?is)^.*(?:\b(?:but|so|yet|however|therefore|thus|hence|though|although|while|whereas|nevertheless"
    r"|still|because"
    r"|aber|doch|mais|pero|mas"
    r"|and (?:i|we|my|so|thus|then)|which means|i (?:conclude|find|agree|think|believe|guess)"
    r"|consequently)\b|[;—]|但是?|然而|不过|ですが|ますが|しかし)"
)
"""What stands before the clause in which a statement is."""
ASIDE = plain_edges(
    r"(?i)\b(?:no|without (?:a |any )?|beyond (?:a |any )?) ?doubt\b"
    r"|\bas (?:the|my|your|our|an?|you|he|she|they|was|is|already|i|we)\b[^,.;:\n]*,"
    r"|^\W*(?:(?:what|which|who|how)ever|no matter|regardless of|irrespective of)\b[^.;\n]*?[,:]"
)
"""Remarks that leave a statement the writer's own: "as the professor said,", "whatever you say,"."""
_BETWEEN = either("""
[a-z]+ly would will shall should do did can could must may might am are have had to also still now just then
thus hence quite pretty very rather more most like inclined come led be feel fairly""")
OWN = plain_edges(
    rf"(?i)(?:\b(?:i|we)(?:'(?:ll|d|m|ve|re))?[ ]+(?:{_BETWEEN}[ ]+)*(?:say|state|claim|believe|think"
    r"|argue|assert"
    r"|insist|suggest|guess|feel|propose|assume|maintain|agree|see|conclude|sure|certain|confident"
    r"|convinced)\b"
    r"(?:[ ]+with[ ][^,.;:!?\n]{1,50}?)?"
    r"|\b(?:my|our) (?:[a-z]+ ){0,2}?(?:view|opinion|belief|guess|impression|intuition|conclusion"
    r"|understanding)"
    r"|\b(?:safe|fair|reasonable|right) to (?:say|assume|think|believe|conclude)"
    r"|(?:\b(?:je (?:pense|crois)|ich (?:denke|glaube|meine)|creo|pienso|penso|acho|acredito|credo)|думаю"
    r"|считаю)[ ,]*(?:dass|que|che|что)?)"
    r"(?:[ ]+(?:is|now|that|instead|still|here))*[ ]*[,:]?[ *_`(]*$"
)
"""Before a statement: the writer says it."""
WHOSE_OTHERS = plain_edges(
    r"(?i)(?:\b(?:wrong|incorrect|false|mistaken|bad|poor|suggested|proposed|hinted|given|listed|stated"
    r"|provided"
    r"|claimed|supposed|alleged|tempting|common|popular|first|initial|original|old|expected|recorded"
    r"|marked|another"
    r"|other|every|each|no|any|possible|candidate|different|next|its|whose|sample|example|intended|hidden"
    r"|presumed"
    rf"|assumed)|{SOURCE}|[a-z]+'s|s')[ *_\"]+(?:[a-z]+[ *_]+)?$"
)
"""Right before "answer": what makes it somebody else's, or no answer."""
WHOSE_ABROAD = (
    r"(?i)(?:falsche|deine?|seine?|ihre?|votre|ta|sa|leur|fausse|mauvaise|tu|su|vuestra|tua|sua|vostra"
    r"|seu|errada"
    r"|错误的?|你的|他的|她的)[ ]*$"
)
OUR_S = plain_edges(r"(?i)\b(?:it's|that's|here's|let's|what's|there's|question's|problem's|this's)[ *_]+$")

_WRONG = (
    r"(?:wrong|incorrect|mistaken|false|invalid|untrue|absurd|misleading|nonsense|impossible"
    r"|(?:a|an|the)(?: [a-z]+)? (?:mistake|error|trap|misconception|fallacy|slip)"
    r"|not (?:quite |really |actually )?(?:right|correct|true|so|convincing|it|the case|possible|valid"
    r"|supported|what))"
)
_IS_WRONG = (
    r"(?:(?:'s|[ ]+(?:is|are|was|were|seems?|would be|must be|looks?|cannot be|can't be|isn't|wasn't"
    r"|cannot|can't))"
    r"(?:[ ]+(?:clearly|obviously|simply|just|also|therefore|thus|still|plainly))*[ ]+"
    rf"(?:{_WRONG}|be (?:right|correct|true))"
    r"|[ ]+(?:isn't|wasn't|cannot be|can't be|is hardly)[ ]+(?:right|correct|true|so|it))"
)
_DASH = r"[,;(—–-]+[ ]*"
_BUT = r"(?:but|however|though|although|yet)"
OTHERS = _whole(
    rf"\b(?:(?:the|my|your|our|his|her|their|an?)[ ](?:[a-z]+[ ])?{SOURCE}|you|he|she|they|people|some|many"
    r"|others|students|says?|said|claim(?:s|ed)?|according to)\b"
)
"""A sentence that speaks of somebody else."""
NAMES_OTHERS = f"{OTHERS}|" + _whole(rf"\b(?:options|choices|{_WRONG})\b")
"""A sentence that speaks of somebody else, of all options, or of an error."""
BEHIND = _whole(
    "^(?:"
    + "|".join(
        [
            rf"[^,;:.!?\n]*?[\"'*)]?{_IS_WRONG}",
            r"[^,;:.!?\n]*?[\"'*)]?[ ]+(?:seems|seemed|looks|looked|sounds)[ ]+[a-z ]{1,20},?[ ]+but",
            r"[^,;:.!?\n]*?[\"'*)]?[ ]+(?:is[ ]+(?:what|how)[ ](?:the|his|her|their|your|an?|some|most"
            r"|many|you|he|she"
            r"|they|people|others)\b|would (?:mean|imply|be true|be right))",
            rf"[^\"\n]{{0,60}}?[,!?]\"[ ]+[^.!?\n]*\b{SOURCE}\b",
            rf"[^;.!?\n]*?{_DASH}(?:(?:{_BUT}|and|which|as)[ ,]*)*(?:that|this|it|he|she|they"
            rf"|you)?{_IS_WRONG}",
            rf"[^;.!?\n]*?{_DASH}{_BUT}[ ,]+(?:i[ ]+(?:disagree|doubt|do not|don't|reject|ignore"
            r"|would not|cannot|can't agree)|no\b|not\b|wait)",
            r"[^,;.!?\n]*?[,(\"'—–-]*[ ]+(?:according to|says|said|claims?|claimed|as claimed|as per"
            r"|in (?:the (?:opinion|view|eyes) of|(?:his|her|their|your) (?:opinion|view))"
            rf"|(?:he|she|it|they|you|the [a-z]+|my [a-z]+|your [a-z]+) (?:{SAID}|suggest(?:s|ed)?))\b",
            rf"[^;.!?\n]*?{_DASH}(?:no[,:]|(?:no wait|sorry|wait|oops|rather|or rather|i mean"
            rf"|make (?:that|it))\b)",
            rf"[^;.!?\n]*?{_DASH}or so[ ](?:(?:the|my|your|our|his|her|their|an?)[ ](?:[a-z]+[ ])?)?"
            rf"{SOURCE}\b",
            rf"[^;.!?\n]*?{_DASH}{_BUT}[ ,]+(?:on|upon|after)[ ]"
            r"(?:(?:a|second|some|more|further|closer)[ ]){0,2}"
            r"(?:reflection|thoughts?|consideration|inspection|look)\b",
            r"~~|[)\"'*]*[ ]+(?:off|out|away|aside|back)\b|[)\"'*]*[ ]*(?:->|→)[ ]*\(?(?-i:[A-Z])\b",
            r"[^.!\n]*?\?",
            r"[^,;.!?\n]*?[, ](?:only )?(?:only if|if (?:the|this|that|he|she|they|it|your|his|her|only"
            r"|there|[^,.;!?\n]*\b(?:were|was|had))|unless"
            r"|provided|assuming)\b",
            r"[^,.;!?\n]*\b(?:at first|first|initially|originally|previously|earlier)\b",
            r"[^.\n]*(?:(?:ist|est|es|é|è)[ ]+(?:falsch|fausse|incorrect\w*|falsa|errada|sbagliata"
            r"|fout)|неверн"
            r"|неправ|错误|不正确|不对|間違)",
            r"[^。\n]{0,12}(?:では(?:あり|な)|じゃな|でしょうか|ですか|吗|嗎)",
            r"[^。\n]{0,12}(?:と|って)[^。\n]{0,12}(?:言|述べ|主張|示唆)",
        ]
    )
    + ")"
)
"""Behind the option, in its sentence: it is wrong, somebody else's, asked, or under a condition."""
_WELL = r"(?:(?:but|however|hm+|actually|wait|hold on|unfortunately|yet|well|oh)[ ,.!—–-]*)*"
NEXT = _whole(
    r"^[\s*_\"'>)\]]*(?:no[,.!:—–-]|nope\b|nein\b"
    rf"|{_WELL}(?:no[,.!:]|(?:that|this|it){_IS_WRONG}[ ]*(?:[^ a-z]|$|because|since|as|and|but|so)"
    rf"|scratch that|not so\b|(?:i|we) (?:disagree"
    rf"|doubt (?:that|it)"
    r"|reject (?:that|this|it)|(?:do not|don't) (?:agree|believe (?:that|it|this|so)|think so)))"
    r"|do you agree|tell me (?:whether|if)|what do you (?:think|say)|am i right|is (?:that|this) (?:right"
    r"|correct)\?"
    r"|please (?:reply|answer) (?:once more|again)|do you see it|(?:user|human)[ ]*:)"
)
"""The sentence after: it says no, or asks what somebody else thinks of it."""
_I_DO = (
    r"(?:i|we)(?:[ ](?:fully|also|do|completely|would|happen to))*[ ](?:agree|concur|think so"
    r"|believe (?:so|it|that))"
)
_IS_RIGHT = r"(?:'s|[ ]is|[ ]are)[ ](?:quite |absolutely |surely )?(?:right|correct)"
AGREES = _whole(
    r"^[^.;:!?\n]{0,60}?(?:"
    rf"[,;—–-]*[ ](?:and|which)[ ](?:there[ ])?{_I_DO}|[.!][\"')*_]*\s+(?:and )?{_I_DO}"
    rf"|[.!][\"')*_]*\s+(?:he|she|they|that|this|it){_IS_RIGHT}|[,;][ ]and[ ](?:he|she|they|that|it"
    rf"|this){_IS_RIGHT}"
    r")(?:[ ](?:with (?:it|that|him|her|them|this)|completely|entirely|fully))?(?:[.!;)]|\s*$|\n"
    r"| because| since| here)"
)
"""Behind what others say: the writer says so, too."""
RECORD = (
    r"(?is)^.{0,160}?</(?:item|quiz|question|meta|metadata|record|entry|exam|problem|data|info|prompt|hint"
    r"|test|key"
    r"|sheet|task|q|xml|document|source|card|file|header)>"
)
"""Behind a tag: it stands in a record about the question."""
FIELD_BEFORE = r"(?:(?:^|\n)[a-z_ ]+: [^\n]*|---)\n[ ]*$"
FIELDS = r"^[^\n]*(?:\n(?:[a-z_ -]+:[^\n]*|[-`a-z]*))*$"
"""A whole reply of fields is the writer's own."""
FIELD_AFTER = r"^[^\n]*\n[ ]*(?:[a-z_]+: |---)"
"""Around a field of such a record."""
