"""Replies in rows of messages: OpenAI's and Anthropic's, with their responses, and ShareGPT's."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from unspoken.row_files import Row, RowError, shown
from unspoken.transcripts.said import Said, ended, said_in
from unspoken.transcripts.told import sample_in

LISTS = ("messages", "conversations", "conversation", "dialogue", "turns")
INSIDE = ("request", "body", "params")
"""Where a log of requests has them."""
RESPONSES = ("response", "completion", "output", "choices")
ROLES = {
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "model", "bot", "ai"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
}
NAMED = ("question", "options", "key", "id", "kind", "hinted", "arm")
"""Columns beside the messages that are taken by their names."""


class Turns(NamedTuple):
    """Messages up to the reply, apart."""

    system: str | None
    prompt: str
    reply: Said | None


def has_messages(row: Row) -> bool:
    """Whether a row has a list of messages, by itself or in its request."""
    return bool(_messages(row))


def _messages(row: Row) -> list[Row]:
    for place in (row, *(row[name] for name in INSIDE if isinstance(row.get(name), dict))):
        for name in LISTS:
            found = place.get(name)
            if isinstance(found, list) and found and all(isinstance(one, dict) for one in found):
                return found
    return []


def turns_of(messages: list[Row], system: object = None) -> Turns:
    """Return messages apart; the reply is the last, if it is the assistant's.

    What users and earlier replies say before it is the prompt. Raises RowError for another role.
    """
    systems, asked, reply = [], [], None
    if system:
        systems.append(said_in({"content": system}).text)
    for at, message in enumerate(messages, 1):
        role = ROLES.get(str(message.get("role", message.get("from"))).lower())
        if role is None or message.get("tool_calls"):
            name = shown(message.get("role", message.get("from")))
            raise RowError(f"message {at} is of {name}, or calls a tool; expected one question and one reply")
        if role == "system":
            systems.append(said_in(message).text)
        elif role == "assistant" and at == len(messages):
            reply = said_in(message)
        else:
            asked.append(said_in(message).text)
    return Turns("\n\n".join(systems) or None, "\n\n".join(asked), reply)


def _answers(row: Row) -> Iterator[tuple[Said, Row]]:
    """Yield each reply in a row's response, and what tells how it ended and what it took."""
    for name in RESPONSES:
        response = row.get(name)
        if isinstance(response, dict) and isinstance(response.get("body"), dict):
            response = response["body"]
        if isinstance(response, str):
            yield Said(response, None), row
        elif isinstance(response, list) and name == "choices":
            yield from _choices(response, row)
        elif isinstance(response, dict) and isinstance(response.get("choices"), list):
            yield from _choices(response["choices"], response)
        elif isinstance(response, dict) and isinstance(response.get("output"), list):
            yield said_in({"content": _flat(response["output"])}), response
        elif isinstance(response, dict) and "content" in response:
            yield said_in(response), response
        else:
            continue
        return


def _choices(choices: list[Row], response: Row) -> Iterator[tuple[Said, Row]]:
    for choice in choices:
        yield said_in(choice.get("message") or {"content": choice.get("text")}), {**response, **choice}


def _flat(items: list[Row]) -> list[Row]:
    """Return the blocks of a list of items, as OpenAI's responses have it."""
    found: list[Row] = []
    for item in items:
        found += item.get("content", []) if item.get("type") == "message" else [item]
    return found


def _end(found: Row) -> str | None:
    reason = found.get("finish_reason") or found.get("stop_reason")
    why = found.get("incomplete_details")
    return ended(reason or (why.get("reason") if isinstance(why, dict) else None))


def _tokens(found: Row) -> Row:
    usage: dict[str, Any] = found.get("usage") if isinstance(found.get("usage"), dict) else {}  # type: ignore[assignment]
    details = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    whole = usage.get("completion_tokens", usage.get("output_tokens"))
    return {"n_tokens": whole, "thinking_tokens": details.get("reasoning_tokens")}


def told_in(row: Row) -> Iterator[Row]:
    """Yield what a row of messages tells of each of its replies. Raises RowError where it has none."""
    turns = turns_of(_messages(row), row.get("system"))
    replies = [(turns.reply, row)] if turns.reply else list(_answers(row))
    if not replies:
        raise RowError("the last message is not the assistant's, and no response stands beside it")
    # What other tools call `target` is often the right answer.
    names = (*NAMED, "target") if row.get("hinted") is True and row.get("kind") else NAMED
    named = {name: row[name] for name in names if row.get(name) is not None}
    for at, (said, found) in enumerate(replies):
        one = len(replies) == 1
        yield {
            "prompt": turns.prompt, "system": turns.system, "chain": said.text, "thinking": said.thinking,
            "finish_reason": _end(found), **(_tokens(found) if one else {}), **named,
            "sample": sample_in(row) if one else at,
        }  # fmt: skip
