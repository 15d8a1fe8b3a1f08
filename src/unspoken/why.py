"""Why each pending job would run: the reasons of a dry-run (standard input) in a few words, `make why`."""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

FIRST_KEYS = 4
LISTED = 8
"""Keys, and jobs, that are named before the others are only counted."""


def _json_texts(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects that stand in shell quotes in a text."""
    plain = text.replace("'\"'\"'", "'")
    found = []
    for match in re.finditer(r"'\{\"", plain):
        try:
            found.append(json.JSONDecoder().raw_decode(plain, match.start() + 1)[0])
        except ValueError:  # Snakemake shortened it
            continue
    return found


def changes(before: Any, now: Any, key: str = "") -> Iterator[str]:
    """Yield what differs between two values as `key: old -> new`, by dotted keys."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            if name not in before or name not in now:
                yield f"{key}{name} {'new' if name in now else 'gone'}"
            elif before[name] != now[name]:
                yield from changes(before[name], now[name], f"{key}{name}.")
        return
    name = key.rstrip(".")
    texts = [json.dumps(value, ensure_ascii=False) for value in (before, now)]
    if name.rpartition(".")[2] == "code":
        yield "its code changed" if name == "code" else f"the code of its {name.rpartition('.')[0]} changed"
    elif max(map(len, texts)) > 40 or any(re.fullmatch(r'"[0-9a-f]{16,64}"', text) for text in texts):
        yield f"{name} changed"
    else:
        yield f"{name} {texts[0]} -> {texts[1]}"


def _changed_settings(text: str) -> str:
    """Return which settings of a job changed, from Snakemake's `before: ... now: ...`."""
    before, _, now = text.partition(" now: ")
    old, new = _json_texts(before), _json_texts(now)
    if not old or not new:
        return "its settings changed"
    found = list(changes(old[0], new[0]))
    more = f" and {len(found) - FIRST_KEYS} more" if len(found) > FIRST_KEYS else ""
    return "; ".join(found[:FIRST_KEYS]) + more or "its settings changed"


def short_reason(reason: str) -> str:
    """Return Snakemake's reason in a few words: what is the job's own before what others bring it."""
    own = []
    if "Missing output files" in reason:
        own.append("its output is missing")
    if "Incomplete output files" in reason or "incomplete output" in reason.lower():
        own.append("its output is half-written")
    if "Params have changed" in reason:
        own.append(_changed_settings(reason))
    if "Set of input files has changed" in reason:
        own.append("it has other inputs")
    if "Code has changed" in reason:
        own.append("its rule changed")
    if "Forced execution" in reason:
        own.append("it was asked for by force")
    if "Updated input files" in reason:
        own.append("an input is newer than its output")
    if own:
        return "; ".join(own)
    if "Input files updated by another job" in reason:
        return "a job before it runs"
    return reason.split(":")[0]


def reasons(said: str) -> list[tuple[str, str]]:
    """Return (job's message, short reason) of each job that a dry-run names, in its order."""
    told = re.finditer(r"^Job \d+: (.*)\nReason: (.*)$", said, re.MULTILINE)
    return [(match[1], short_reason(match[2])) for match in told]


def why_text(found: list[tuple[str, str]]) -> str:
    """Return the reasons with their jobs, alike reasons together."""
    if not found:
        return "No job would run: everything is there and up to date."
    by_reason: dict[str, list[str]] = {}
    for job, reason in found:
        by_reason.setdefault(reason, []).append(job)
    lines = [f"{len(found)} job{'s' * (len(found) > 1)} would run."]
    for reason, jobs in by_reason.items():
        lines += ["", f"{reason} ({len(jobs)}):", *(f"  {job}" for job in jobs[:LISTED])]
        if len(jobs) > LISTED:
            lines.append(f"  ... and {len(jobs) - LISTED} more")
    return "\n".join(lines)


def main() -> None:
    """Print the reasons in the dry-run's text, or that text where it is none."""
    said = sys.stdin.read()
    planned = "This was a dry-run" in said or "Nothing to be done" in said
    print(why_text(reasons(said)) if planned else said)
    sys.exit(not planned)


if __name__ == "__main__":
    main()
