"""What a tokenizer and its chat template say of thinking: its marks, and whether a prompt begins it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from unspoken.answers.marks import NO_THOUGHTS, Declared, patterns
from unspoken.answers.thinking import split_at_thinking
from unspoken.engines.base import Engine, Request
from unspoken.engines.templates import written

_ASKED, _THOUGHT, _SAID = "thus it was asked", "thus it was thought", "thus it is said"
_TAIL = 32
"""Tokens at the end of a prompt in which a mark and what follows it stand."""
_MARK = r"(?:<[^<>\s]+>|\[[^\[\]\s]+\]|◁[^◁▷\s]+▷)"
_LAST_MARK = re.compile(rf"({_MARK})\s*$")
_NO_TEXT = re.compile(r"['\"{}]")
_SPLIT = re.compile(rf"split\(\s*(['\"])({_MARK})\1\s*\)")
_TELLING = re.compile(
    r"think|thought|reason|reflect|mus(?:e|ing)|ponder|deliberat|contemplat|ruminat|cogitat|analy|scratch"
    r"|monolog",
    re.IGNORECASE,
)
"""What a token's name has if it is of a thought; only a pair of tokens of a model is asked for it."""


def declared_marks(tokenizer: Any) -> Declared:
    """Return how a model's thoughts begin and end, as its tokenizer and chat template have it.

    The template says so where it writes the reasoning of a message, cuts it from earlier messages, or
    begins it in the prompt; the tokenizer by tokens of its own that are a pair and named for thinking.
    Where there is no tokenizer (None) nothing is known.
    """
    if tokenizer is None:
        return []
    source = tokenizer.get_chat_template()
    found = [*_of_messages(tokenizer), *_of_prompt(tokenizer, source), *_cut(source), *_of_tokens(tokenizer)]
    return list(dict.fromkeys(found))


def open_thoughts(engine: Engine, requests: Sequence[Request], declared: Declared) -> pl.Series:
    """Return whose prompt ends within a thought: by the template, or by the request's own prefix.

    Of prompts that go as messages only the prefix is known, not what their server makes of them.
    """
    prefixes = pl.Series([one.prefix for one in requests], dtype=pl.String)
    begins = patterns(declared).begins
    is_open = pl.repeat(value=False, n=len(requests), eager=True)
    if engine.tokenizer is not None and re.search(begins, engine.tokenizer.get_chat_template()):
        prompts = engine.render([replace(one, prefix="") for one in requests])
        tails = engine.tokenizer.batch_decode(
            [prompt.content[-_TAIL:] for prompt in prompts], skip_special_tokens=False
        )
        is_open = pl.Series(tails, dtype=pl.String).str.contains(rf"(?:{begins})\s*$")
    return split_at_thinking(prefixes + "x", declared, is_open=is_open)["reply"] == ""


def told_apart(engine: Engine, requests: Sequence[Request], texts: Sequence[str]) -> pl.DataFrame:
    """Return the columns `thinking` and `reply` of what an engine wrote to requests.

    What is thought is told by marks in the text, the model's own among them, and where the prompt begins
    the thinking, by that.
    """
    declared = declared_marks(engine.tokenizer)
    is_open = open_thoughts(engine, requests, declared)
    return split_at_thinking(pl.Series(texts, dtype=pl.String), declared, is_open=is_open)


def _text_of(tokenizer: Any, *messages: dict[str, Any], prompt: bool = False) -> str:
    """Return what the template makes of messages after a question; nothing where it refuses them."""
    from jinja2 import TemplateError

    asked = [{"role": "user", "content": _ASKED}, *({"role": "assistant", **one} for one in messages)]
    try:
        text = written(tokenizer, asked, prompt=prompt)
    except (TemplateError, TypeError, ValueError, KeyError, AttributeError):  # templates are programs
        return ""
    return text.rpartition(_ASKED)[2]


def _of_messages(tokenizer: Any) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind the reasoning of a message."""
    fields = dict.fromkeys(("reasoning_content", "reasoning", "thinking"), _THOUGHT)
    parts = [{"type": "thinking", "thinking": _THOUGHT}, {"type": "text", "text": _SAID}]
    prompt = _text_of(tokenizer, prompt=True)
    for message in ({"content": _SAID, **fields}, {"content": parts}):
        before, _, rest = _text_of(tokenizer, message).partition(_THOUGHT)
        end, said, _ = rest.partition(_SAID)
        mark = _LAST_MARK.search(before)
        begin = mark and mark[1]
        if prompt and before != prompt:  # more than a mark, where a role or a channel is written
            begin = before.removeprefix(prompt).strip()
        if said and begin and end.strip() and not _NO_TEXT.search(begin + end):
            yield begin, end.strip()


def _of_prompt(tokenizer: Any, source: str) -> Iterator[tuple[str, str]]:
    """Yield the mark that ends a prompt, if it is not how every message of an assistant begins."""
    prompt = _text_of(tokenizer, prompt=True)
    before_said = _text_of(tokenizer, {"content": _SAID}).partition(_SAID)[0]
    mark, shared = _LAST_MARK.search(prompt), _shared_length(prompt, before_said)
    if mark is None or _names(mark[1]) & NO_THOUGHTS or "/" in mark[1]:
        return
    known = source + "".join(tokenizer.get_added_vocab())
    end = next((one for one in _ends_of(mark[1]) if one in known), None)
    closed = before_said[shared:].strip()
    if prompt[shared:].strip():
        is_plain = "|" not in mark[1] and "｜" not in mark[1]
        if end or is_plain:
            yield mark[1], end or _ends_of(mark[1])[0]
    elif closed and closed in _ends_of(mark[1]):
        yield mark[1], closed


def _cut(source: str) -> Iterator[tuple[str, str]]:
    """Yield the marks behind which a template cuts the messages of earlier turns."""
    for _, mark in _SPLIT.findall(source):
        begin = mark.replace("/", "", 1)
        if begin != mark and not _names(mark) & NO_THOUGHTS:
            yield begin, mark


def _of_tokens(tokenizer: Any) -> Iterator[tuple[str, str]]:
    """Yield pairs of a tokenizer's own tokens that are named for thinking."""
    tokens = tokenizer.get_added_vocab()
    for token in tokens:
        if _TELLING.search(token):
            yield from ((token, end) for end in _ends_of(token) if end in tokens)


def _ends_of(begin: str) -> list[str]:
    """Return how a mark may end what another begins, the most likely first."""
    named = [
        begin.replace(start, end, 1)
        for start, end in (("begin", "end"), ("start", "end"), ("START", "END"), ("BEGIN", "END"))
        if start in begin
    ]
    inside = re.match(r"(<[|｜]|[<\[◁])", begin)
    return [*named, *([f"{inside[0]}/{begin[inside.end() :]}"] if inside else [])]


def _shared_length(first: str, second: str) -> int:
    """Return how many characters two texts begin with in common."""
    differ = (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    return next(differ, min(len(first), len(second)))


def _names(mark: str) -> set[str]:
    return {re.sub(r"[<>\[\]◁▷|｜/]", "", mark).lower()}
