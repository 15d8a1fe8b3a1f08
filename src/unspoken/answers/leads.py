r"""How replies lead to the option that they state: regular expressions of Rust's crate (no look-around).

Those in lower case are used without regard to case. `\b` is an edge of plain letters (`plain_edges`).
"""


def either(words: str) -> str:
    """Return a pattern for any of the words or patterns, which stand between blanks; in one, _ is a blank."""
    return f"(?:{'|'.join(words.split()).replace('_', '[ ]+')})"


def plain_edges(pattern: str) -> str:
    r"""Return a pattern whose \b knows plain letters only: the search is five times as quick."""
    return pattern.replace(r"\b", r"(?-u:\b)")


GOOD = either("""
correct right best final true actual overall chosen selected only own ultimate definitive closest
appropriate suitable accurate logical obvious likely likeliest probable plausible reasonable proper valid
short quick brief single preferred most very fitting sensible direct concise revised corrected updated
new""")
"""Words before "answer" that leave it the writer's own; others make it somebody else's, or a wrong one."""
ADVERB = either("""
clearly therefore thus hence indeed definitely obviously likely probably simply just still most certainly
surely actually then now in_fact of_course also only undoubtedly really evidently again quite
almost_certainly""")
_AND = "[ *_]+"  # between words, some of them in bold
_WHOSE = rf"(?:(?:the|my|our|a|this){_AND})?(?:{GOOD}{_AND}(?:and{_AND})?)*"
_GOOD_ONE = rf"(?:(?:my|our){_AND}(?:{GOOD}{_AND})*|(?:the{_AND})?(?:{GOOD}{_AND})+)"
_NOUN = either("""
option choice solution response conclusion pick selection guess bet vote verdict letter one candidate
alternative statement reply decision result finding""")
_FITTING = "(?:correct|right|best|proper|appropriate|fitting|suitable|likeliest"
_FITTING += "|most[ ](?:fitting|suitable|appropriate|likely|plausible|probable|sensible|accurate|reasonable))"
_OF = (
    r"(?:[ *_]+(?:choice|option|letter|here|left|remaining|that remains"
    r"|i[ ]+(?:choose|chose|select|pick|give|arrive at|get)"
    r"|(?:to|for|of|in|on|from|among|based|that|which)\b[^\n.:;,?!=]*?))?"
    r"(?:[ ]*,[ ]*(?:then|therefore|thus|hence|(?:as|contrary to|despite|unlike|i)[ ][^,\n]*|of course"
    r"|in my (?:view|opinion))[ ]*,)?"
)
_BE = (
    r"(?:[ *_]+(?:is|are|(?:will|would|should|must|might|may|could) be|(?:has|ought) to be|remains"
    r"|becomes|has (?:always )?been"
    rf"|(?:seems|appears|turns out) to be|can only be"
    rf"|comes out as|must{_AND}{ADVERB}{_AND}be)\b|'s\b)"
)
_IS = rf"\}}?(?:{_BE}[ *_]*:?|[ *_`\"]*:|[ *_:]*\|[ ]*|[ *_]+(?:->|=>|→|⇒|=|[-–—])(?:[ *_]|$))"
ANSWER = (
    rf"(?:\b|_)(?:(?:{_WHOSE}(?:answers?|ans\.?)|{_GOOD_ONE}{_NOUN}|the{_AND}(?:letter|choice|pick|verdict|conclusion|solution)){_OF}"
    rf"|the{_AND}{_NOUN}{_AND}(?:that|which)\b[^\n.:;,?!=]{{1,50}}?|mine){_IS}"
    # "The best next step is (C)": any noun, but only before a letter in brackets.
    rf"|\bthe[ ]{_FITTING}[ ](?:[a-z]+[ ]){{1,3}}?(?:is|(?:would|must|should)[ ]be)[ *_:]*\("
)
"""What leads to an option in "the answer is", "Answer:" or "the correct option is:"."""
HEADER = (
    rf"(?:^|\n)[^a-z\n<]*(?:(?:the|my){_AND})?(?:{GOOD}{_AND})*(?:answer|option|choice|selection"
    rf"|decision|pick)"
    r"[^a-z\n>]*\n\s*"
)
"""A heading over the answer."""
LABEL = (
    r"\bans\.[ ]"
    r"|\b(?:selected|solution|choice|option|selection|final|conclusion|verdict|result|pick|output|correction"
    r"|revised)[ *_]*:"
)
"""Words that lead to an option in front of a colon."""

_I = r"\b(?:i|we)(?:'(?:ll|d|m|ve|re))?"
CHANGED = (
    rf"(?:{_I}|\blet me)(?:[ ]+(?:will|would|must|have|to|now|therefore|am|hereby))*[ ]+"
    r"(?:chang(?:e|ed|ing)|revis(?:e|ing)|correct(?:ing)?|updat(?:e|ing)|switch(?:ing)?|amend)"
    r"(?:[ ]+(?:it|that|this|(?:my|the)[ ](?:final )?(?:answer|choice|mind)))?(?:[ ]+from[ ][^.;,\n]{1,20}?)?"
    r"(?:[ ]back)?[ ]+to[ ]"
)
"""A choice that takes another's place."""
_MAY = either("""
will would shall should am are have must do can to had need want hereby going finally therefore thus hence
then now still also ultimately confidently personally just only rather""")
_CHOOSING = either("""
choose chose chosen choosing pick(?:ed|ing)? select(?:ed|ing)? go(?:ing)?_(?:for|with) went_(?:for|with)
opt(?:ed|ing)?_for settl(?:e|ed|ing)_(?:on|for) answer(?:ed|ing)?(?:_with)? say(?:_it_is|_it's)? vote_for
submit stick(?:ing)?_(?:with|to) stay(?:ing)?_with lean(?:ing)?_(?:towards?|to) decided?_(?:on|for)
conclude(?:_that)?(?:_it_is|_it's)? reply(?:_with)? respond_with mark take favou?r prefer recommend
propose give name
end_up_with arrive_at land_on mean meant (?:bet|wager|gamble)(?:_on)? put_(?:my_)?money_on put_down""")
_AGREE = (
    r"agree(?: with (?:the|you|your|my|him|her|them|this|that|an?|our|everyone)\b[^.,:;\n]*?)?"
    r"(?:[:,]| with| on| that| it is| it's)*"
)
CHOOSE = (
    rf"(?:{_I}(?:[ ]+{_MAY})*[ ]+(?:{_CHOOSING}|{_AGREE})"
    rf"|\bi(?:'ll| will| would)(?:[ ]+{_MAY})* (?:put|enter|write)(?: down)?"
    r"|\blet(?:'s| us| me) (?:go with|choose|pick|select|answer(?: with)?|settle on|say)"
    rf"|{_I}\b[^.:;\n]*? and (?:now |so |thus |therefore )?(?:choose|pick|select|go with|take|answer)"
    r"|\bmy (?:money|vote|bet|gut(?: feeling)?|instincts?)(?:'s| is| goes| says?| tells? me| points?)"
    r"(?: on| to| for| that| it's| it is)*"
    r"|\byou (?:should|must|need to|can)(?: safely)? (?:choose|pick|select|go with|answer)"
    r"|\b(?-i:Choose|Pick|Select|Go with))[ ]*:?[ ]"
)
"""The writer's own choice: "I choose", "I'll go with"."""
IT_IS = (
    rf"\b(?:(?:th(?:is|e)[ ](?:statement|claim|assertion|proposition))|it|this|that)(?:(?:'s"
    rf"|[ ]has)?[ ](?:got[ ]to|gotta)[ ]be"
    r"|(?:'d|'ll|[ ]would|[ ]will)[ ]have[ ]to[ ]be"
    r"|[ ](?:can't|cannot)[ ]be[ ]anything[ ](?:else[ ])?(?:but|than)|[ ]can[ ]be[ ](?:nothing|none)[ ]but"
    rf"|'s|[ ]+(?:is|must(?:[ ]+{ADVERB})? be|(?:should|would|will|(?:can|could) only) be"
    rf"|has to be))(?:[ ]+{ADVERB})*:?[ ]"
    r"|\b(?:leaves|leaving|left with|points? to|narrows? (?:it|this) down to|makes it|leads(?: me| us)? to"
    r"|brings (?:me|us) to)(?:[ ]+(?:us|me|only|just|with))*[ ]"
)
"""A conclusion about what was asked: "it must be", "that leaves"."""
CORRECT = (
    r"(?:\b(?:is|(?:must|should|would|will|can only) be|has to be|(?:seems|appears)(?: to be)?|looks)"
    rf"(?:[ ]+{ADVERB})*[ *]+(?:(?:the|my)[ *_]+)?(?:{GOOD}[ *_]+)*(?:correct|right|best|answer)\b"
    r"(?:[ *_]+(?:answer|option|choice|one|fit|match|solution|pick|response))?"
    r"|\bis (?:the|an?) [^.,;:!?\n]{1,60}?,? and (?:so|hence|thus|therefore|consequently) (?:the|my) "
    rf"(?:{GOOD} )*(?:correct|right|best)(?: (?:answer|option|choice|one))?[*_]*(?:[.!,;)]|\s*$|\s*\n)"
    r"|\bis what(?:'s| is| was)? (?:asked|needed|wanted|sought|called for|(?:(?:they|we|you)(?: are|'re)"
    r"|(?:it|the question|this question|the task)(?: is|'s)) (?:after|asking|looking for)"
    r"|(?:we|the question|this question|the task) (?:wants?|needs?|asks?))\b"
    r"|\b(?:is|would be)(?: the [a-z ]{1,40}?(?:in question|(?:asked|looked) (?:for|about)|wanted|sought)"
    r"|[ ]what i(?:'d|'ll| would| will)? (?:put(?: down)?|choose|pick|say|go with|answer|take|select))\b"
    r"|\b(?:it|that) is(?:[.!,]|\s*$|\s*\n)|(?:是|为|為)(?:正确|正確|最佳)的?(?:答案|选项|選項)?|が正解"
    r"|\bist (?:richtig|korrekt|die richtige antwort)|\best (?:correcte?|la bonne réponse)"
    r"|\bes (?:correcta?|la respuesta correcta))"
)
"""What follows the option in "(B) is the correct answer"."""
_AFTER_LETTER = r"(?:[*_$\"'`}]|\\[)\]])*"
HENCE = (
    r"(?:\b(?:so|thus|therefore|hence|consequently|accordingly|ergo|conclusion|final|finally|in conclusion"
    r"|not[ ](?:option[ ])?\(?(?-i:[A-J])\)?,?[ ]but(?:[ ]rather)?)\b"
    r"|∴|⇒|=>|→|\\therefore|(?:^|[$(\[\n\d)}])[ ]*\\(?:rightarrow|longrightarrow|implies|to))"
    r"[ ]*[,:]?(?:[ *_$\"'`]|\\[ ,;:()\[\]]|\\(?:text|math)[a-z]*\{)*(?:option[ ]+)?"
    rf"(?:\((?-i:[A-Z])\){_AFTER_LETTER}[.!,]?[*_]*(?:\s|$)"
    rf"|(?-i:[A-Z]){_AFTER_LETTER}(?:[.!][*_]*(?:\s|$)|[ ]*(?:\n|$)))"
)
"""A letter alone after "so" or "therefore"."""

BOXED = r"(?:\\?boxed|\x08oxed|\\fbox|\\framebox)[ ]*\{(?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]*\})*\})*\}?"
_NAME = (
    r"(?:[a-z]+[_ -]?)?(?:answer|ans|choice|final|letter|selected|selection|pick"
    r"|verdict)(?:[_ -]?(?:option|letter))?"
)
TAG = (
    rf"(?:<{_NAME}(?:[ ][^<>\n]*)?>|\[{_NAME}\])(?s:.*?)(?:[<\[]/{_NAME}[ ]*[>\]]|$)"
    r"|<(?:output|solution|result|response)[ ]*>[^<]*(?:</[a-z]+[ ]*>|$)"
    r"|\b(?:[a-z]+_)*(?:answer|choose|select|submit"
    r"|choice)\((?:[a-z_]+[ ]?=[ ]?)?[\"'][^\"'()\n]{1,60}[\"']\)"
)
_KEY = (
    r"(?:[a-z]+[_ ]?)*?(?:answers?|ans|choice|option|letter|selection|selected|prediction|predicted"
    r"|verdict|pick|final"
    r"|label|output|response|result)(?:[_ ]?(?:letter|option|choice|key))?"
)
JSON = rf"[\"']{_KEY}[\"'][ ]*:\s*(?:\[[^\[\]]*\]?|\"[^\"\n]*\"?|'[^'\n]*'?|[^\s,}}\]{{\[\"']+|\s*$)"
BRACKETS = r"\[\[[^\[\]\n]{1,60}\]\]"
BOLD = r"\*\*[\"'(]?[A-Z][\"')]?[.:)]?(?:[ ]+[^*\n]{1,60})?\*\*"

_TOKENS = (
    r"<[|｜][^|｜<>\n]*(?i:end|eo[tms]|start|user|assistant|system|human|return)[^|｜<>\n]*[|｜]>"
    r"|<(?:end_of_turn|start_of_turn|eos|pad)>|</s>|\[(?:INST|EOS)\]"
)
TURN = rf"(?:{_TOKENS}|\n[ #*_>]*(?i:human|user|###[ ]*(?:instruction|human|user))[ *_]*:)(?s:.*)$"
"""A next turn, which is not the writer's, and all that follows."""
NEXT_QUESTION = r"\n[ #*_>]*(?i:(?:next[ ]+)?(?:question|problem|exercise)(?:[ ]+\d+)?|Q\d*)[ *_]*:(?s:.*)$"
