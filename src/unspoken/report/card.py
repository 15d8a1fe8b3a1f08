"""The study card: one page of Markdown for a paper's appendix."""

import re
from textwrap import shorten
from typing import Any

from unspoken.evidence import evidence
from unspoken.report.contents import Contents
from unspoken.report.texts import (
    claims_by_tests_text,
    contrast_text,
    counted,
    interval_text,
    side_text,
    spoken_text,
    tests_of,
    time_text,
    unit_text,
)
from unspoken.verdicts.tallies import COUNTS

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


def bullets(lines: list[str]) -> str:
    """Return a Markdown list."""
    return "\n".join(f"* {cell(line)}" for line in lines)


def deviations(contents: Contents) -> list[str]:
    """Return what keeps tests from the papers' conditions, and which checks failed, a line each."""
    analogues = [row for row in contents.verdicts if row["outcome"] is not None and row["because"]]
    reasons = {
        reason: len(tests_of(row for row in analogues if row["because"] == reason))
        for reason in dict.fromkeys(row["because"] for row in analogues)
    }
    most = sorted(reasons.items(), key=lambda one: -one[1])
    lines = [f"{counted(count, 'test')} on analogues: {reason}" for reason, count in most]
    lines += [
        f"{'undecided' if row['passed'] is None else 'failed'} {row['role'].replace('_', ' ')}:"
        f" {row['metric'].replace('_', ' ')} of {row['subject']} ({row['experiment']})"
        for row in contents.controls
        if not row["passed"]
    ]
    return lines or ["none: every test is original or close, and every check held"]


def disagreement_parts(contents: Contents) -> list[str]:
    """Return the part on tests of which claims expect different things, each once; nothing without any."""
    if not contents.disagreements:
        return []
    rows = [
        (
            f"{one['metric'].replace('_', ' ')}, {contrast_text(one['subject'], one['versus'])}",
            f"{interval_text(one['value'], one['ci_low'], one['ci_high'])} {unit_text(one['unit'])}",
            "; ".join(map(side_text, one["sides"])), spoken_text(one),
        )
        for one in contents.disagreements
    ]  # fmt: skip
    head = ("contrast", "measured", "claims, what they expect, and what came of it", "together")
    return ["## Where papers disagree", table(head, rows)]


def study_card(contents: Contents) -> str:
    """Return the card: study, models, verdicts, the claims that ran, deviations, versions."""
    study, ran = contents.study, contents.tested
    experiments = cell(", ".join(sorted(contents.sources)))
    versions = ", ".join(f"{name} {version}" for name, version in sorted(contents.packages.items()))
    counts = [(row["verdict"], row["claims"], row["tests"]) for row in contents.counts]
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
    held = sum(row["passed"] is True for row in contents.controls)
    made = f"{time_text(study['first'])} to {time_text(study['last'])} UTC"
    parts = [
        f"# Study card: {cell(study['study'])}",
        f"Seed {study['seed']}, digest `{study['digest']}`. Data made {made}. Experiments: {experiments}.",
        "## Models",
        table(("model", "kind", "source", "revision"), models),
        "## Claims by verdict",
        f"{counted(len(contents.claims), 'claim')}; {claims_by_tests_text(*contents.claims_by_tests)} ran. A"
        " test is a measured contrast, however many claims read it; a claim with several subjects counts at"
        " each of their verdicts. An analogue never reproduces or contradicts. The query:",
        f"```sql\n{COUNTS};\n```",
        table(("verdict", "claims", "tests"), counts),
        *disagreement_parts(contents),
        "## Claims that ran",
        "One row a claim: its test of the highest fidelity.",
        table(("claim", "statement", "fidelity", "outcome", "verdict", "registered"), rows),
        "## Deviations",
        bullets(deviations(contents)),
        *(part for heading, lines in contents.tallies for part in (f"## {heading}", bullets(lines))),
        f"Checks whose truth is known: {held} of {len(contents.controls)} held.",
        "## Versions",
        cell(versions or "unknown"),
    ]
    return "\n\n".join(parts) + "\n"
