"""Replies in the schema of EvalEval's every_eval_ever: its instances, one a line."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from unspoken.row_files import Row, RowError, shown
from unspoken.transcripts.messages import turns_of
from unspoken.transcripts.said import Said, marked

WRITER = "unspoken"
"""Who wrote a row whose `metadata` has this project's words: `metadata.written_by` says so."""
COLUMNS = frozenset({"evaluation_id", "model_id", "sample_id", "input", "evaluation"})


def _replies(row: Row) -> tuple[str, str | None, list[Said]]:
    """Return the prompt, the system prompt and the replies. Raises RowError for none."""
    asked = row["input"]
    prompt = asked.get("formatted") or asked["raw"]
    if row.get("messages"):
        turns = turns_of(row["messages"])
        if turns.reply is None:
            raise RowError("the last message is not the assistant's; expected a reply")
        return turns.prompt or prompt, turns.system, [turns.reply]
    output: dict[str, Any] = row.get("output") or {}
    raw = output.get("raw")
    if not isinstance(raw, list) or not raw:
        raise RowError(f"output.raw is {shown(raw)}; expected a list of replies")
    traces = output.get("reasoning_trace") or []
    return prompt, None, [
        Said(text, marked(trace)) for text, trace in zip_longest(raw, traces[: len(raw)])
    ]  # fmt: skip


def _written_here(metadata: Row) -> Row:
    """Return what a row says that this project wrote, in its own words; nothing of another's row."""
    if metadata.get("written_by") != WRITER:
        return {}
    told: Row = {
        name: metadata[name] for name in ("arm", "kind", "target", "finish_reason") if name in metadata
    }
    counts: Row = {name: int(metadata[name]) for name in ("n_tokens", "thinking_tokens") if name in metadata}
    return {**told, **counts, "sample": metadata.get("sample_index")}


class EveryEvalEver:
    """Reads the rows of one file: a reply that counts in several results has a row for each."""

    def __init__(self) -> None:
        """Begin with no row read."""
        self._read: dict[object, tuple[object, object]] = {}

    def told_in(self, row: Row) -> Iterator[Row]:
        """Yield what a row tells of each of its replies."""
        prompt, system, replies = _replies(row)
        if self._read_before(row):
            return
        asked = row["input"]
        usage = row.get("token_usage") or {}
        for at, said in enumerate(replies):
            several = {"sample": at} if len(replies) > 1 else {}
            yield {
                "id": row["sample_id"], "prompt": prompt, "question": asked["raw"], "system": system,
                "options": asked.get("choices"), "chain": said.text, "thinking": said.thinking,
                "key": asked["reference"],
                "n_tokens": usage.get("output_tokens"), "thinking_tokens": usage.get("reasoning_tokens"),
                **several,
                **_written_here(row.get("metadata") or {}),
            }  # fmt: skip

    def _read_before(self, row: Row) -> bool:
        """Whether the same reply stood in a row of another result. Raises RowError where they differ.

        What this project writes has each reply once, and a result for each arm.
        """
        if (row.get("metadata") or {}).get("written_by") == WRITER:
            return False
        result = row.get("evaluation_result_id") or row.get("evaluation_name")
        told = result, row.get("output") or row.get("messages")
        key = row["model_id"], row["evaluation_id"], row["sample_id"]
        earlier = self._read.setdefault(key, told)
        if earlier is told or earlier[0] == result:
            return False
        if earlier[1] != told[1]:
            raise RowError(
                f"sample '{row['sample_id']}' has another output under the result '{result}' than under"
                f" '{earlier[0]}'; expected a file of one of them"
            )
        return True
