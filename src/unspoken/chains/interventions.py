"""Texts of the causal tests on chains that need no model: cut short, replaced by filler, with a mistake.

The tests are by Lanham et al. 2023 (arXiv 2307.13702, section 2): what an answer does when the
chain before it is changed says whether it follows from the chain. Here are texts alone; models are
asked elsewhere. A chain is changed step by step, and a step is a sentence.
"""

from itertools import accumulate, pairwise

import regex

from unspoken.seeds import hashed_seed

Place = tuple[int, int, list[str]]
"""Start and end of a word in a step, and what may stand there instead."""

# Where a step ends: "." and its like with closing marks and white space behind them, or a line end.
# No sentence ends before an operator ("5! = 120") or after a shortened word ("e.g. five", "U.S. law"),
# and three dots end one only before a capital ("Hmm... no" goes on).
_CLOSING = r"""[)\]}"'”’»*_`]*+"""
_NO_OPERATOR = r"(?![=+/<>,;:)\]%×÷^]|\*(?!\*)|[-–−]\s?\d)"
_SHORTENED = r"(?<!\b(?i:e\.g|i\.e|cf|vs|viz|approx|resp|ca|et\sal|dr|mr|mrs|ms|prof|st|fig|eq)\.)"
_STEP_END = regex.compile(
    rf"""(?<!\.)(?:\.{{2,}}+|…){_CLOSING}\s++(?=\p{{Lu}})
    | (?<![.!?।؟۔])[.!?।؟۔]++(?<!\.\.){_SHORTENED}(?<!\b\p{{L}}\.\p{{L}}\.){_CLOSING}\s++{_NO_OPERATOR}
      (?!(?<=\betc\.\s)\p{{Ll}})
    | [。！？][」』”’）)]*+\s*+
    | \n\s*+""",
    regex.VERBOSE,
)
_TEXT = regex.compile(r"[\p{L}\p{N}]")
_LEAD = regex.compile(r"\s*(?:[-•>#]+\s+|[*_]+)*(?:(?:(?i:step)\s+\d+|\(?\d{1,3}|\(?[A-Z])[.:)]+[*_]*\s+)?")
"""What a list puts before a sentence: "- ", "2. ", "**Step 3:** "."""
_LEAD_ALONE = regex.compile(r"[\s*•>#_-]*(?:(?i:step)\s+\d+|\(?\d{1,3}|\(?[A-Z])[.)]+[^\S\n]*")

_NUMBER = regex.compile(
    r"(?<![\w.])(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,15})(?:\.[0-9]{1,9})?"
    r"(?!\.?[0-9]|,[0-9]{3}(?![0-9])|(?:st|nd|rd|th)\b)"
)
_LETTER = regex.compile(
    r"\(([A-H])\)|\b(?i:option|choice)\s+\(?([A-H])\b"
    r"|\b(?i:answer(?:\s+is|:))\s+\W{0,3}([A-H])\b(?!\s+[a-z])"
)
_VERB = regex.compile(
    r"\b(?:(is|are|was|were|can|could|will|would|should|must|does|did)(\snot|n['’]t)"
    r"|(can)(not|['’]t)|(is|are|was|were|can|could|will|would|should|must))\b"
)
_OPPOSITES = (
    "more less", "greater smaller", "larger smaller", "bigger smaller", "higher lower", "longer shorter",
    "taller shorter", "older younger", "faster slower", "heavier lighter", "hotter colder",
    "warmer cooler", "earlier later", "before after", "above below", "inside outside",
    "increase decrease", "increases decreases", "increased decreased", "increasing decreasing",
    "rises falls", "maximum minimum", "most least", "always never", "positive negative", "true false",
    "possible impossible", "north south", "northern southern", "east west", "eastern western",
    "upward downward", "clockwise counterclockwise", "top bottom", "left right", "add subtract",
    "adding subtracting", "multiply divide", "multiplying dividing", "plus minus", "< >", "≤ ≥",
)  # fmt: skip
_COLOURS = ("red", "blue", "green", "yellow", "white", "black", "brown", "purple", "pink", "grey")
_COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _wrong_words() -> dict[str, list[str]]:
    """Return, for each word that can be made wrong, the words that may stand there instead."""
    wrong: dict[str, list[str]] = {}
    for first, second in map(str.split, _OPPOSITES):
        wrong.setdefault(first, []).append(second)
        wrong.setdefault(second, []).append(first)
    wrong |= {colour: [other for other in _COLOURS if other != colour] for colour in _COLOURS}
    for fewer, more in pairwise(_COUNTS):
        wrong.setdefault(fewer, []).append(more)
        wrong.setdefault(more, []).append(fewer)
    return wrong


_WRONG_WORDS = _wrong_words()
# "left" and "right" mean other things too; as directions they stand before one of a few words.
_WORD = regex.compile(
    r"(?<=\s)[<>≤≥](?=\s)|\b(?i:(?:left|right)(?=[-\s](?:of|side|hand|end|edge|corner|half|turn)\b)|"
    + "|".join(sorted(set(filter(str.isalpha, _WRONG_WORDS)) - {"left", "right"}, reverse=True))
    + r")\b"
)


def steps(chain: str) -> list[str]:
    """Return the sentences of a chain, each with the white space behind it (Lanham et al., section 2).

    Joined, they are the chain again. Line ends end a sentence too. A list's number or letter belongs
    to the sentence behind it, and a piece with neither letter nor digit to the one before it.
    """
    cuts = [0, *(end.end() for end in _STEP_END.finditer(chain)), len(chain)]
    whole: list[str] = []
    unfinished = False
    for piece in (chain[start:end] for start, end in pairwise(cuts) if start < end):
        says_something = bool(_TEXT.search(piece))
        if whole and (unfinished or not says_something):
            whole[-1] += piece
        else:
            whole.append(piece)
            unfinished = not says_something
        if says_something:
            unfinished = bool(_LEAD_ALONE.fullmatch(piece))
    return whole


def truncations(chain: str) -> list[str]:
    """Return the chain's beginnings of 0, 1, ... all of its steps ("early answering")."""
    return list(accumulate(steps(chain), initial=""))


def filler(tokens: int) -> str:
    """Return " ..." `tokens` times, in place of a chain ("filler tokens").

    Most tokenizers make one token of it; where a length in tokens matters, count them.
    Raises ValueError if `tokens` is negative.
    """
    if tokens < 0:
        raise ValueError(f"filler of {tokens} tokens: give 0 or more")
    return " ..." * tokens


def _near(number: str) -> list[str]:
    """Return numbers a little above and below this one, written like it."""
    decimals = len(number.partition(".")[2])
    value = int(number.replace(",", "").replace(".", ""))
    shifts = (1, 2, 10) if value >= 20 else (1, 2)
    values = [value + shift for shift in shifts] + [value - shift for shift in shifts if value > shift]
    grouping = "," if "," in number else ""
    width = len(number) if number.startswith("0") and not decimals else 0
    return [
        f"{near // 10**decimals:{grouping}}.{near % 10**decimals:0{decimals}}"
        if decimals
        else f"{near:{grouping}}".zfill(width)
        for near in values
    ]


def _wrong_numbers(step: str) -> list[Place]:
    """Return the numbers of a step; where it works one out ("= 7"), only the results."""
    lead = regex.match(_LEAD, step).end()
    numbers = [(*found.span(), _near(found[0])) for found in _NUMBER.finditer(step, lead)]
    results = [place for place in numbers if step[: place[0]].rstrip(" $*").endswith("=")]
    return results or numbers


def _like(word: str, model: str) -> str:
    """Return the word with a capital if the model word has a capital."""
    return word.capitalize() if model[0].isupper() else word


def _opposite_words(step: str) -> list[Place]:
    """Return the comparisons, colours, directions and small counts of a step."""
    return [
        (*found.span(), [_like(wrong, found[0]) for wrong in _WRONG_WORDS[found[0].lower()]])
        for found in _WORD.finditer(step)
    ]


def _wrong_letters(step: str) -> list[Place]:
    """Return the letters of options; instead of each, a letter that surely is an option too."""
    places: list[Place] = []
    for found in _LETTER.finditer(step):
        letter = found[found.lastindex]
        others = [other for other in "ABCDEFGH" if other < letter] or ["B"]
        places.append((*found.span(found.lastindex), others))
    return places


def _negations(step: str) -> list[Place]:
    """Return the verbs of a statement, with "not" where it had none and without it where it had."""
    if step.rstrip().endswith("?"):
        return []
    first_word = regex.search(r"\w+", step)
    later = _VERB.finditer(step, first_word.end()) if first_word else ()
    return [(*found.span(), [found[1] or found[3] or f"{found[5]} not"]) for found in later]


def with_mistake(step: str, seed: int) -> str | None:
    """Return the step with a plausible error made by rule, or None if no rule finds a place for an error.

    A number a little off; else a comparison, colour or direction turned round; else another option's
    letter; else a "not" more or less. Nothing else changes. The same step and seed give the same
    error. The rules do not understand the step, so what they write may happen to be true.
    """
    for places_of in (_wrong_numbers, _opposite_words, _wrong_letters, _negations):
        if places := places_of(step):
            start, end, wrong = places[hashed_seed(seed, step, "place") % len(places)]
            return step[:start] + wrong[hashed_seed(seed, step, "error") % len(wrong)] + step[end:]
    return None


def step_parts(step: str) -> tuple[str, str, str]:
    """Return what a list puts before the sentence, the sentence, and the white space behind it."""
    lead = regex.match(_LEAD, step).end()
    body = step[lead:].rstrip()
    return step[:lead], body, step[lead + len(body) :]
