"""What a message says: its text and its thinking, in the shapes that makers of models give them."""

from typing import NamedTuple

from unspoken.answers.hidden import HIDDEN
from unspoken.answers.marks import BEGINS, ENDS
from unspoken.finish_reasons import WORDS, finish_of
from unspoken.row_files import Row, RowError, shown

TEXT_BLOCKS = {"text": "text", "output_text": "text", "input_text": "text", "refusal": "refusal"}
"""Type of a block -> where its text stands."""
THINKING_BLOCKS = ("thinking", "reasoning")
THINKING_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_trace")
"""Fields beside the content: of vLLM and DeepSeek, OpenRouter, Ollama, every_eval_ever."""
THINKING_LISTS = ("reasoning_details", "thinking_blocks")
"""Lists of blocks beside the content: of OpenRouter and LiteLLM."""
NOT_SAID = ("", "unknown", "null", "error")
"""Words of logs that do not say how a reply ended."""


class Said(NamedTuple):
    """A message's text, and its thinking between marks; null where it has none."""

    text: str
    thinking: str | None


def marked(thinking: str | None) -> str | None:
    """Return thinking between the marks that this project's tables have; null for none."""
    return f"{BEGINS}\n{thinking.strip()}\n{ENDS}" if thinking and thinking.strip() else None


def unmarked(thinking: str) -> str:
    """Return thinking without the marks around it."""
    return thinking.strip().removeprefix(BEGINS).removesuffix(ENDS).strip()


def ended(reason: str | None) -> str | None:
    """Return how a reply ended, in the words of the table of replies; null where a log does not say it.

    Raises RowError for a word that nobody knows, and for a call of a tool.
    """
    if reason is None or reason.lower() in NOT_SAID:
        return None
    if finish := finish_of(reason):
        return finish
    known = ", ".join(word for words in WORDS.values() for word in words)
    raise RowError(f"column 'finish_reason' is {shown(reason)}; expected one of: {known}")


def said_in(message: Row) -> Said:
    """Return what a message says. Raises RowError for content that is neither text nor thinking."""
    content = message.get("content", message.get("value"))
    texts: list[str] = []
    details = [message[name] for name in THINKING_LISTS if isinstance(message.get(name), list)]
    thoughts = [_thought(block) for blocks in details[:1] for block in blocks if isinstance(block, dict)]
    thoughts = (
        thoughts or [message[name] for name in THINKING_FIELDS if isinstance(message.get(name), str)][:1]
    )
    if content is None or isinstance(content, str):
        return Said(content or "", marked("\n".join(thoughts)))
    if not isinstance(content, list):
        raise RowError(f"a message's content is {shown(content)}; expected a text or a list of blocks")
    for block in content:
        kind, text = _block(block)
        (thoughts if kind == "thinking" else texts).append(text)
    return Said("".join(texts), marked("\n".join(thoughts)))


def _block(block: object) -> tuple[str, str]:
    """Return whether a block is text or thinking, and what it says; HIDDEN where that was taken out."""
    if isinstance(block, str):
        return "text", block
    told: Row = block if isinstance(block, dict) else {}
    kind = told.get("type")
    if kind in TEXT_BLOCKS:
        return "text", _text_of(told.get(TEXT_BLOCKS[kind]))
    if kind == "redacted_thinking":
        return "thinking", HIDDEN
    if kind in THINKING_BLOCKS:
        return "thinking", _thought(told)
    raise RowError(f"a block of a message is {shown(block)}; expected text or thinking: one written reply")


def _thought(block: Row) -> str:
    """Return the words of a block of thinking; HIDDEN where none can be read, or only a summary."""
    text = block.get("thinking") or block.get("reasoning") or block.get("text")
    if not block.get("redacted") and isinstance(text, str) and text.strip():
        return text
    parts = block.get("summary") or block.get("content") or []
    said = parts if isinstance(parts, str) else "\n".join(_text_of(one.get("text")) for one in parts)
    return f"{HIDDEN}\n{said}".strip()


def _text_of(text: object) -> str:
    return text if isinstance(text, str) else ""
