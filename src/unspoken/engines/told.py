"""What a server's answer tells: its text with its reasoning, why it ended, its tokens."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unspoken.answers.hidden import HIDDEN
from unspoken.answers.marks import BEGINS, ENDS
from unspoken.engines.faults import NoAnswer
from unspoken.finish_reasons import finish_of

REASONING = ("reasoning_content", "reasoning", "thinking", "thinking_blocks", "reasoning_details")
"""Fields in which servers tell it, the first that says something counts."""
THINKING_BLOCKS = {"thinking", "reasoning", "redacted_thinking"}
TEXT_BLOCKS = {"text", "output_text", "refusal"}
HIDDEN_BLOCKS = {"redacted_thinking", "reasoning.encrypted", "reasoning.summary"}
"""Types of blocks of content; what is hidden of thinking stands as HIDDEN."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Message(_Part):
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None


class _Choice(_Part):
    finish_reason: str | None = None
    message: _Message | None = None
    """What is told of messages."""
    token_ids: list[int] | None = None
    """What vLLM tells of tokens."""
    logprobs: dict[str, Any] | None = None


class _Details(_Part):
    reasoning_tokens: int | None = None


class _Usage(_Part):
    completion_tokens: Annotated[int, Field(ge=0)]
    completion_tokens_details: _Details | None = None


class Answer(_Part):
    """All that a server says to one prompt. What it lacks and is asked for raises NoAnswer."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None
    model: str | None = None
    """Who answered; routers may ask another model than the one that was asked for."""
    system_fingerprint: str | None = None

    @property
    def first(self) -> _Choice:
        """Return the one choice that is asked for."""
        return self.choices[0]

    def _fault(self, why: str) -> NoAnswer:
        return NoAnswer(why, self.model_dump(exclude_unset=True))

    def finish_reason(self) -> str:
        """Return stop, length or content_filter, whatever the server calls it."""
        if finish := finish_of(self.first.finish_reason or ""):
            return finish
        raise self._fault(
            f"it broke off or does not say why it ended (finish_reason {self.first.finish_reason}); if the"
            " server was stopped, start it and run again, else change the prompt"
        )

    def text(self, stop: Sequence[str] = ()) -> tuple[str, str]:
        """Return the text of a message and why it ended: its reasoning, if told, then content, else refusal.

        Reasoning without an answer after it was cut: no mark ends it, and it ends with `length`. The
        content ends before any of the texts `stop`, which some servers let pass.
        """
        message, finish = self.first.message, self.finish_reason()
        if message is None:
            raise self._fault("choices.0 has no message")
        reasoning, content = map(_in_whole_characters, self._told_apart(message))
        if self.hides_reasoning() or self._has_hidden(message):
            reasoning = f"{HIDDEN}\n{reasoning}".strip()
        content = content or _in_whole_characters(message.refusal or "")
        for end in stop:
            content, found, _ = content.partition(end)
            finish = "stop" if found else finish
        if not content + reasoning and finish == "stop" and not stop and self._told_nothing():
            raise self._fault("it has no text, though it counts tokens of it")
        if not reasoning or ENDS in content:  # some servers tell it twice
            return content, finish
        if not content.strip():
            return BEGINS + reasoning, "length" if finish == "stop" else finish
        return f"{BEGINS}{reasoning}{ENDS}{content}", finish

    def _told_apart(self, message: _Message) -> tuple[str, str]:
        """Return the reasoning and the text of a message: content may be a list of blocks of both."""
        extra = message.model_extra or {}
        reasoning = next((read for name in REASONING if (read := _read(extra.get(name)))), "")
        if not isinstance(message.content, list):
            return reasoning, message.content or ""
        kinds = {block.get("type") for block in message.content}
        if strange := kinds - THINKING_BLOCKS - TEXT_BLOCKS:
            raise self._fault(f"choices.0.message.content has a block of the type {min(map(str, strange))}")
        thinking, text = (
            "".join(_read(block) for block in message.content if block.get("type") in wanted)
            for wanted in (THINKING_BLOCKS, TEXT_BLOCKS)
        )
        return thinking or reasoning, text

    def _has_hidden(self, message: _Message) -> bool:
        """Say if a part of the reasoning is encrypted, or only summed up."""
        details = (message.model_extra or {}).get("reasoning_details")
        parts = [*_listed(message.content), *_listed(details)]
        return any(isinstance(part, dict) and part.get("type") in HIDDEN_BLOCKS for part in parts)

    def n_tokens(self, most: int) -> int:
        """Return how many tokens the answer has, as the server counts them; `most` were asked for.

        With reasoning they may be more: some servers bound the text that follows it alone.
        """
        if self.usage is None:
            raise self._fault("it does not count its tokens (no usage.completion_tokens)")
        count = self.usage.completion_tokens
        if count == 0 and self.first.message and any(self._told_apart(self.first.message)):
            raise self._fault("it counts no tokens of its text (usage.completion_tokens 0)")
        if count - self._reasoning_tokens() > most and not self._has_reasoning():
            raise self._fault(
                f"{count} tokens came where at most {most} were asked for; if the server knows the limit by"
                " another name, set engine.max_tokens_as"
            )
        return count

    def _told_nothing(self) -> bool:
        """Say if tokens are counted, beside that of the end, that are of no reasoning."""
        return self.usage is not None and self.usage.completion_tokens - self._reasoning_tokens() > 1

    def hides_reasoning(self) -> bool:
        """Say if the server counts reasoning that it does not tell."""
        return self._reasoning_tokens() > 0 and not self._has_reasoning()

    def _has_reasoning(self) -> bool:
        return self.first.message is not None and bool(self._told_apart(self.first.message)[0])

    def _reasoning_tokens(self) -> int:
        details = self.usage.completion_tokens_details if self.usage else None
        return (details.reasoning_tokens if details else None) or 0

    def logprobs(self) -> list[float]:
        """Return the log-probability of each token, in nats."""
        told = self.first.logprobs
        tokens = (told or {}).get("token_logprobs")
        if tokens is None:
            tokens = [one.get("logprob") for one in (told or {}).get("content") or []]
        is_told = bool(tokens) or not self.usage or self.usage.completion_tokens <= 1
        if told is None or not is_told or not all(isinstance(one, int | float) for one in tokens):
            raise self._fault(
                "it tells no log-probabilities, which were asked for; do without them by"
                " engine.leave_out: [logprobs]"
            )
        return [float(one) for one in tokens]

    def first_logprobs(self, tokens: list[str]) -> list[float]:
        """Return the log-probability of each of some tokens, by name, at the first place of the answer."""
        places = (self.first.logprobs or {}).get("top_logprobs") or [{}]
        lacking = [name for name in tokens if name not in places[0]]
        if lacking:
            raise self._fault(
                f"it does not tell the log-probability of the tokens that it was asked about"
                f" (logprob_token_ids), such as {lacking[0]}; that needs vLLM, and a newer one than this"
            )
        return [float(places[0][name]) for name in tokens]

    def token_ids(self) -> list[int]:
        """Return the tokens of an answer to tokens."""
        if self.first.token_ids is None:
            raise self._fault("it tells no token ids, as vLLM does; set engine.api to chat")
        return self.first.token_ids


def answer_in(told: object) -> Answer:
    """Return the answer in a reply with status 200. Raises NoAnswer for a page, a stream or anything else."""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except ValueError:
            raise NoAnswer("it is no JSON", told) from None
    try:
        return Answer.model_validate(told)
    except ValidationError as errors:
        first = errors.errors()[0]
        place = ".".join(map(str, first["loc"])) or "all of it"
        raise NoAnswer(f"{place}: {first['msg']}", told) from None


def _in_whole_characters(text: str) -> str:
    """Return a text with the mark of a lost character for each half of one, which no file can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _listed(part: object) -> list[Any]:
    return part if isinstance(part, list) else []


def _read(part: object) -> str:
    """Return the text in a field or block, of which servers have many forms; "" where nothing is readable."""
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return "".join(map(_read, part))
    if isinstance(part, dict):
        names = ("text", "thinking", "reasoning", "summary", "content", "refusal")
        return next((read for name in names if (read := _read(part.get(name)))), "")
    return ""
