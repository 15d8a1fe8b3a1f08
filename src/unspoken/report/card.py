"""The study card: one page of Markdown for a paper's appendix."""

import re
from collections import Counter
from textwrap import shorten
from typing import Any

from unspoken.evidence import evidence
from unspoken.report.contents import Contents
from unspoken.report.texts import counted, time_text

Row = dict[str, Any]
LONGEST = 100
"""Letters of a statement: the card is one page, the store and the report have the whole of it."""


def cell(text: Any) -> str:
    """Return text that Markdown and HTML show as it is, on one line of a table."""
    inert = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\|*`$~\[\]])|(?<!\w)(_)|(_)(?!\w)", r"\\\g<0>", inert)


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head), *(tuple(map(cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def deviations(contents: Contents) -> list[str]:
    """Return what keeps tests from the papers' conditions, and which checks failed, a line each."""
    reasons = Counter(
        row["because"] for row in contents.verdicts if row["outcome"] is not None and row["because"]
    )
    lines = [f"{counted(count, 'test')} on analogues: {reason}" for reason, count in reasons.most_common()]
    failed = [row for row in contents.controls if not row["passed"]]
    lines += [
        f"failed {row['role'].replace('_', ' ')}: {row['metric'].replace('_', ' ')} of {row['subject']}"
        f" ({row['experiment']})"
        for row in failed
    ]
    return lines or ["none: every test is original or close, and every check held"]


def study_card(contents: Contents) -> str:
    """Return the card: study, models, verdicts, the claims that ran, deviations, versions."""
    study, ran = contents.study, contents.tested
    experiments = cell(", ".join(sorted(contents.sources)))
    versions = ", ".join(f"{name} {version}" for name, version in sorted(contents.packages.items()))
    counts = Counter(claim["rollup"]["verdict"] for claim in contents.claims.values())
    models = [
        (one["model"], one["kind"], one["source"] or "made here", one["revision"]) for one in contents.models
    ]
    rows = [
        (
            claim["claim_id"], shorten(claim["statement"], LONGEST, placeholder="…"), row["fidelity"],
            row["outcome"], row["verdict"], evidence(row["registered"], 1),
        )
        for claim in ran for row in [claim["rollup"]]
    ]  # fmt: skip
    held = sum(row["passed"] for row in contents.controls)
    made = f"{time_text(study['first'])} to {time_text(study['last'])} UTC"
    parts = [
        f"# Study card: {cell(study['study'])}",
        f"Seed {study['seed']}, digest `{study['digest']}`. Data made {made}. Experiments: {experiments}.",
        "## Models",
        table(("model", "kind", "source", "revision"), models),
        "## Claims by verdict",
        f"{counted(len(contents.claims), 'claim')}, of which {len(ran)} ran. A claim counts once, by its"
        " test of the highest fidelity; an analogue never reproduces or contradicts.",
        table(("verdict", "claims"), sorted(counts.items())),
        "## Claims that ran",
        table(("claim", "statement", "fidelity", "outcome", "verdict", "registered"), rows),
        "## Deviations",
        "\n".join(f"* {cell(line)}" for line in deviations(contents)),
        f"Checks whose truth is known: {held} of {len(contents.controls)} held.",
        "## Versions",
        cell(versions or "unknown"),
    ]
    return "\n\n".join(parts) + "\n"
