r"""The marks between which models think, as regular expressions: what many models share, in one table.

A family is how a thought begins and how it ends, there where the reply begins: of a form with channels
the end is the whole header of the final channel. A model's own marks come from its tokenizer and chat
template (`engines.thinking`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

Declared = Sequence[tuple[str, str]]
"""Pairs of texts, how a thought begins and how it ends, that one model has beside the common ones."""

BEGINS, ENDS = "<think>", "</think>"
"""What this project puts around thinking that a server or a file tells apart."""

_SELF = r"(?:inner|internal|my|self|hidden|private|deep|ant|extended|initial|step_by_step|chain_of)"
_THOUGHT = (
    r"(?:think(?:ing)?|thoughts?|reasoning|reflections?|monologue|scratch_?pad|analysis|rationale"
    r"|deliberation|cot)"
)
_NAME = rf"(?:{_SELF}[_-]?)?{_THOUGHT}(?:[_-]?(?:process|steps?|content|trace|block))?"
_BEGIN, _END = r"(?:begin|start)(?:[_▁ ]?of)?[_▁ ]?", r"end(?:[_▁ ]?of)?[_▁ ]?"

NO_MARK = "\x02"
"""Stands for the first character of a mark that does not count."""
OPENS = r"[<\[◁&]"
"""What a mark's first character is: the search for it is what makes the expressions fast."""
FAMILIES = (
    # <think>, <Thinking time="3s">, <seed:think>, &lt;think&gt;
    (rf"(?:lt;)?(?:\w+:)?{_NAME}(?:\s[^<>\n]*)?(?:>|&gt;)", rf"(?:lt;)?/\s*(?:\w+:)?{_NAME}\s*(?:>|&gt;)"),
    # <|begin_of_thought|>, <|START_THINKING|>, <|think|>, <start_of_thought>
    (rf"[|｜]?{_BEGIN}{_NAME}[|｜]?>|[|｜]{_NAME}[|｜]>", rf"[|｜]?{_END}{_NAME}[|｜]?>|[|｜]/{_NAME}[|｜]>"),
    # <|think_start|>, <|reasoning_begin|>
    (rf"[|｜]{_NAME}[_▁ ](?:begin|start)[|｜]>", rf"[|｜]{_NAME}[_▁ ]end[|｜]>"),
    # [THINK], [BEGIN THINKING]: in such brackets a longer word is mostly a heading
    (r"(?:(?:BEGIN|START)[ _])?THINK(?:ING)?\]", r"(?:/|END[ _])THINK(?:ING)?\]"),
    # ◁think▷
    (rf"{_NAME}▷", rf"/{_NAME}▷"),
    # Harmony
    (
        r"\|channel\|>\s*(?:analysis|commentary)\b[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>",
        r"\|channel\|>\s*final\b[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>",
    ),
    (r"\|channel>thought\b", r"channel\|>"),
    (r"\|inner_prefix\|>", r"\|inner_suffix\|>"),
    (r"unused94>", r"unused95>"),
    (r"\|im_start\|>think\b", r"\|im_start\|>answer\b"),
    # A page's fold, as chats are saved
    (r"details\s[^<>]*type=\"reasoning\"[^<>]*>", r"/details>"),
)  # fmt: skip
"""How a thought begins and how it ends, in either case, behind the first character."""
IN_WORDS = (
    # Harmony without its special tokens
    (r"(?:analysis|commentary)[^\s.,:;]", r"assistantfinal"),
    (r"Here(?: is|['’]s) my thought process:", r"Here(?: is|['’]s) my response:"),
)
"""The same of families without marks, whose thought begins the text."""

_ROUND = (
    "output", "response", "solution", "final", "final_answer", "final_response", "reply", "conclusion",
    "result", "summary",
)  # fmt: skip
_TURN_ENDS = (
    "<|end|>", "<|return|>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>", "</s>",
    "<end_of_turn>", "<｜end▁of▁sentence｜>", "<|end_of_turn|>",
)  # fmt: skip
AROUND_REPLIES = (
    *(mark for name in _ROUND for mark in (f"<{name}>", f"</{name}>")),
    *(f"<|{edge}_{name}|>" for name in _ROUND for edge in ("begin_of", "end_of")),
    *(f"<|{edge}_RESPONSE|>" for edge in ("START", "END")),
    *_TURN_ENDS,
)
"""Marks that stand around a reply, and are no part of what it says."""

_PAGE = """
    a abbr article aside audio b big blockquote body br button canvas caption center cite code col dd
    del details dfn div dl dt em figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr
    html i iframe img input ins kbd label legend li link main mark math meta nav ol p path pre q s samp
    script section select small source span strike strong style sub summary sup svg table tbody td text
    textarea tfoot th thead time title tr tt u ul var video
"""
_TASK = """
    answer answers choice choices option options letter correct correct_answer explanation justification
    confidence step steps question context problem hint example input document documents json xml yaml python
    latex
"""
_TALK = """
    bos eos pad unk mask sep cls inst sys user human assistant system model bot ai turn role text sentence
    header message start_of_turn end_of_turn im_start im_end endoftext end_of_text begin_of_text
    tool tools tool_call tool_calls tool_response tool_result function functions parameter
    parameters args image fim_prefix
"""
NO_THOUGHTS = frozenset([*_ROUND, *_PAGE.split(), *_TASK.split(), *_TALK.split()])
"""Names of marks that are known to stand for something else than a thought, in lower case."""

_QUOTE, _UNQUOTE = "[\"'`“‘]", "[\"'`”’]"
_JOINED = rf"{_UNQUOTE}?\s*(?:tags? )?(?:and|or|to|,|/)\s*{_QUOTE}?"


@dataclass(frozen=True)
class Patterns:
    """Expressions of marks."""

    begins: str
    ends: str
    both: str
    """Of a mark that begins or ends a thought."""


def _any_of(shared: list[str], own: list[str]) -> str:
    return f"(?i:{OPENS}(?:{'|'.join(shared)}){''.join(f'|{pl.escape_regex(mark)}' for mark in own)})"


def patterns(declared: Declared = ()) -> Patterns:
    """Return the expressions of the common marks and a model's own."""
    shared, own = list(zip(*FAMILIES, strict=True)), list(zip(*declared, strict=True)) or [(), ()]
    begins, ends = (_any_of(list(shared[edge]), list(own[edge])) for edge in (0, 1))
    return Patterns(begins, ends, _any_of([*shared[0], *shared[1]], [*own[0], *own[1]]))


def patterns_in_words() -> Patterns:
    """Return the expressions of how a thought begins and ends in families without marks."""
    begins, ends = ("|".join(family[edge] for family in IN_WORDS) for edge in (0, 1))
    return Patterns(rf"^\s*(?:{begins})", f"(?:{ends})", rf"^\s*(?:{begins})")


def unspoken_of(text: pl.Expr) -> pl.Expr:
    """Return texts as long as they are in which marks that a sentence speaks of are none any more.

    As in "<think> and </think>", "the `</think>`" and "the <think> tag".
    """
    begins, ends = (f"(?i:{'|'.join(family[edge] for family in FAMILIES)})" for edge in (0, 1))
    return (
        text.str.replace_all(rf"{OPENS}({begins}{_JOINED}){OPENS}({ends})", f"{NO_MARK}${{1}}{NO_MARK}${{2}}")
        .str.replace_all(rf"({_QUOTE}){OPENS}([^<>\n]{{2,80}}?[>\]▷]{_UNQUOTE})", f"${{1}}{NO_MARK}${{2}}")
        .str.replace_all(
            rf"([\p{{L}}\p{{N}},;][ \t]+){OPENS}({begins}(?:[\"'`”’.,;:!?)]|[ \t]+\p{{Ll}}))",
            f"${{1}}{NO_MARK}${{2}}",
        )
    )
