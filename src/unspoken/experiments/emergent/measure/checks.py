"""Instruments whose truth is known: who does not know the answer is right by half, and planted chains."""

from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.emergent.items.drawn import Item
from unspoken.experiments.emergent.planted import planted_chains
from unspoken.experiments.emergent.says import said
from unspoken.statistics.intervals import exact_value, t_interval
from unspoken.statistics.report import Report
from unspoken.tables.prompts import condition

LEAST_KEPT = 0.5
"""Share of a writer's completions that the filter keeps: below, tuning has destroyed the carrier."""


def items_of(prompts: pl.DataFrame) -> list[Item]:
    """Return the items of the prompts, each once."""
    told = prompts.select("item", condition("domain"), "user", "options", condition("right")).unique("item")
    rows = told.sort("item").iter_rows()
    return [Item(item, domain, user, tuple(options), right) for item, domain, user, options, right in rows]


GUESSERS: dict[str, Any] = {
    "first_named": lambda item: item.options[0],
    "alphabet": lambda item: min(item.options),
    "longest": lambda item: max(sorted(item.options), key=len),
}
"""Who answers without knowing what is true."""
OF_SHEETS: dict[str, Any] = {
    "first_in_text": lambda item: min(item.options, key=item.user.index),
    "oftenest_in_text": lambda item: max(sorted(item.options), key=item.user.count),
}
"""Who counts words: right by half where the sheet has both values."""


def guessers(*, twins: bool) -> dict[str, Any]:
    """Return who has to be right by half: who counts words, where both values stand in each sheet."""
    return {**GUESSERS, **(OF_SHEETS if twins else {})}


def add_guessers(report: Report, prompts: pl.DataFrame, *, twins: bool) -> None:
    """Add how often guessers who know nothing are right: exactly by half, or the items give answers away.

    Metric `guessed_right` (instrument, probability, exact) by `guesser`: the value is the worst domain's.
    """
    items = items_of(prompts)
    domains = dict.fromkeys(item.domain for item in items)
    by_domain = {domain: [item for item in items if item.domain == domain] for domain in domains}
    for name, guess in guessers(twins=twins).items():
        right = [np.mean([guess(item) == item.right for item in own]) for own in by_domain.values()]
        worst = max(right, key=lambda share: abs(share - 0.5))
        report.add(
            exact_value(float(worst)), metric="guessed_right", unit="probability", kind="estimate",
            subject=report.group(f"guesser:{name}", "a guesser", []), conditions={"guesser": name},
            role="instrument", passed=bool(worst == 0.5), replicate="none", n_samples=len(items),
        )  # fmt: skip


def add_planted(report: Report, prompts: pl.DataFrame) -> None:
    """Add how many chains that were written to be of a kind are read as that kind: all of them.

    Metric `kinds_read` (instrument, probability, exact) by `says`, over all items.
    """
    read: dict[str, list[bool]] = {}
    for chain, item, kind in planted_chains(items_of(prompts)):
        read.setdefault(kind, []).append(said(chain, item.right, item.wrong) == kind)
    for kind, found in read.items():
        report.add(
            exact_value(float(np.mean(found))), metric="kinds_read", unit="probability", kind="estimate",
            subject=report.group("planted:chains", "planted chains", []), conditions={"says": kind},
            role="instrument", passed=all(found), replicate="none", n_samples=len(found),
        )  # fmt: skip


def add_filter(
    report: Report, kept: pl.DataFrame, dropped: pl.DataFrame, asked: dict[str, dict[str, Any]]
) -> None:
    """Add the share of each writer's completions that is kept, and that each rule drops, over seeds.

    Metrics, probability: `kept_share` (positive control, passed at LEAST_KEPT in every seed) and
    `dropped_share` by `rule`. Rules that drop nothing of anybody's are left out.
    """
    rules = pl.concat([
        kept.select("subject", rule=pl.lit("kept")),
        dropped.select("subject", "rule"),
    ])  # fmt: skip
    counts = {row[:2]: row[2] for row in rules.group_by("subject", "rule").len().iter_rows()}
    totals = dict(rules.group_by("subject").len().iter_rows())
    alike: dict[tuple[str, str, str], list[str]] = {}
    for subject in sorted(totals):
        who = asked[subject]
        alike.setdefault((who["model"], who["stage"], who["of"]), []).append(subject)
    for (model, stage, of), subjects in alike.items():
        name = of if stage == of else f"{stage}:{of}"
        for rule in sorted(rules["rule"].unique()):
            shares = np.array([counts.get((subject, rule), 0) / totals[subject] for subject in subjects])
            fields: dict[str, Any] = {
                "metric": "dropped_share", "conditions": {"rule": rule}, "role": "finding"
            }  # fmt: skip
            if rule == "kept":
                fields = {"metric": "kept_share", "conditions": {}, "role": "positive_control",
                          "passed": bool((shares >= LEAST_KEPT).all())}  # fmt: skip
            report.add(
                t_interval(shares), unit="probability", kind="estimate", replicate="training_seed",
                subject=report.group(f"{model}:{name}", model, []),
                n_samples=sum(totals[one] for one in subjects), **fields,
            )  # fmt: skip
