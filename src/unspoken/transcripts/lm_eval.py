"""Replies in `samples_*.jsonl` of EleutherAI's lm-evaluation-harness."""

import json
from collections.abc import Iterator
from typing import Any

from unspoken.answers.marks import BEGINS
from unspoken.row_files import Row, RowError, shown
from unspoken.transcripts.messages import turns_of

COLUMNS = frozenset({"doc_id", "doc", "arguments", "resps"})
"""What every row has."""


def _request(row: Row) -> tuple[str, Any]:
    """Return the prompt of a row's request, and its settings. Raises RowError for another shape."""
    arguments = row["arguments"]
    first = next(iter(arguments.values() if isinstance(arguments, dict) else arguments), None)
    pair = list(first.values()) if isinstance(first, dict) else first
    if not isinstance(pair, list) or not pair or not isinstance(pair[0], str):
        raise RowError(f"column 'arguments' is {shown(arguments)}; expected a prompt and its settings")
    return pair[0], pair[1] if len(pair) > 1 else None


def _options(doc: Row) -> list[str] | None:
    """Return the options of a document of the usual data sets; null where they stand elsewhere."""
    found = doc.get("choices", doc.get("options"))
    if isinstance(found, dict):
        found = found.get("text")
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return found
    return None


class LmEval:
    """Reads the rows of one file: a task with several filters has each document's replies once a filter."""

    def __init__(self) -> None:
        """Begin with no document read."""
        self._read: dict[object, tuple[object, object]] = {}

    def told_in(self, row: Row) -> Iterator[Row]:
        """Yield what a row tells of each of its replies. Raises RowError for one without a written reply."""
        prompt, settings = _request(row)
        replies = row["resps"]
        if isinstance(settings, str):
            raise RowError(
                "log-probabilities of given texts, and no written reply; expected a task of the type"
                " generate_until"
            )
        if not (isinstance(replies, list) and replies and isinstance(replies[0], list)):
            raise RowError(f"column 'resps' is {shown(replies)}; expected a list of lists of texts")
        if self._read_before(row):
            return
        asked = _asked(prompt)
        doc = row["doc"] if isinstance(row["doc"], dict) else {}
        question = doc.get("question")
        told = {
            **asked, "id": str(row["doc_id"]), "options": _options(doc),
            "question": question if isinstance(question, str) else None,
            "key": row.get("target"),
        }  # fmt: skip
        for at, text in enumerate(replies[0]):
            if not isinstance(text, str):
                raise RowError(f"column 'resps' has {shown(text)}; expected the text of a reply")
            yield {**told, "chain": text, **({"sample": at} if len(replies[0]) > 1 else {})}

    def _read_before(self, row: Row) -> bool:
        """Whether another filter's row had the same replies. Raises RowError where they differ."""
        told = row.get("filter"), row["resps"]
        earlier = self._read.setdefault(row["doc_id"], told)
        if earlier is told:
            return False
        if earlier[1] != row["resps"]:
            raise RowError(f"doc_id {shown(row['doc_id'])} is an earlier row's, with other replies")
        return True


def _asked(prompt: str) -> Row:
    """Return what was asked: of messages in JSON, as for endpoints, the prompt and the system prompt."""
    if prompt.lstrip().startswith("[{"):
        try:
            turns = turns_of(json.loads(prompt))
        except ValueError:
            return {"prompt": prompt}
        return {"prompt": turns.prompt, "system": turns.system}
    return {"prompt": prompt, "opened": prompt.rstrip().endswith(BEGINS)}
