"""Replies in the logs of Inspect, `.eval` and `.json`, through its own reader."""

import logging
from collections.abc import Iterator
from pathlib import Path

from unspoken.row_files import Row, RowError
from unspoken.tables.base import TableError
from unspoken.transcripts.messages import turns_of
from unspoken.transcripts.said import ended

log = logging.getLogger("import_transcripts")
UNREAD = {"events", "attachments", "store", "timelines", "events_data"}
"""Most of a log, and nothing of a reply."""


def samples_in(file: Path) -> Iterator[tuple[int, Row]]:
    """Yield each sample of a log that was answered, with its number, as a row; `eval` says of what run.

    Samples that ended in an error are left out, and counted in this job's log. Raises TableError for a
    file that Inspect cannot read.
    """
    try:
        from inspect_ai.log import read_eval_log, read_eval_log_samples
    except ModuleNotFoundError as error:
        said = f"a log of Inspect is read by its own package, and {error.name} is not installed"
        raise TableError(f"{file}: {said}; run: pip install inspect_ai") from None
    try:
        head = read_eval_log(str(file), header_only=True)
        samples = read_eval_log_samples(str(file), all_samples_required=False, exclude_fields=UNREAD)
        run = head.eval.model_dump(mode="json", exclude={"dataset", "config"})
        if head.status != "success":
            log.warning("%s: the run ended as '%s': some samples may be missing", file, head.status)
        left = number = 0
        for number, sample in enumerate(samples, 1):
            row = {**sample.model_dump(mode="json", exclude=UNREAD), "eval": run}
            if row.get("error") or not row.get("output", {}).get("choices"):
                left += 1
            else:
                yield number, row
    except (OSError, ValueError, KeyError) as error:
        raise TableError(f"{file}: Inspect cannot read it: {str(error).splitlines()[0]}") from None
    if left:
        log.warning("%s: %d of %d samples left out: they have an error and no reply", file, left, number)


def told_in(row: Row) -> Iterator[Row]:
    """Yield what a sample tells of its reply. Raises RowError where it has not one reply."""
    choice = row["output"]["choices"][0]
    messages = row["messages"] or []
    last_asked = max((at for at, one in enumerate(messages) if one["role"] == "user"), default=-1)
    if len(messages) - 1 - last_asked != 1:
        raise RowError(
            f"sample '{row['id']}' has {len(messages) - 1 - last_asked} messages after the user's last;"
            " expected one reply"
        )
    turns = turns_of([*messages[:-1], choice["message"]])
    assert turns.reply is not None
    usage = row["output"].get("usage") or {}
    asked = row["input"]
    yield {
        "id": str(row["id"]), "sample": row["epoch"], "prompt": turns.prompt, "system": turns.system,
        "question": asked if isinstance(asked, str) else None, "options": row.get("choices"),
        "key": row["target"],
        "chain": turns.reply.text, "thinking": turns.reply.thinking,
        "finish_reason": ended(choice.get("stop_reason")), "n_tokens": usage.get("output_tokens"),
        "thinking_tokens": usage.get("reasoning_tokens"),
    }  # fmt: skip
