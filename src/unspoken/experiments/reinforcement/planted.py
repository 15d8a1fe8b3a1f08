"""Deciders whose truth is known by construction, through the code that asks networks: instruments.

One decider goes by its chain alone, one by its prompt alone, one by either with even odds: once as rules, and
once as networks that attention masks bind to their chain or make blind to it (`masked`). What their decisions
do under each change of a chain follows from that.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from unspoken.experiments.reinforcement.changes import Chains, Decider, changed_trials
from unspoken.experiments.reinforcement.tasks.loan import APPROVE, FIELDS, REJECT, LoanTask
from unspoken.seeds import hashed_seed
from unspoken.statistics.intervals import clopper_pearson_interval
from unspoken.statistics.report import Report
from unspoken.training.environments import Bools, Ints, Items

Maker = Callable[[LoanTask, Bools], Decider]
"""From a task, and for each item whether it is decided by its chain, to a decider."""
ITEMS = 400
UNCHANGED = {
    "chain": {"resampled": 1.0, "empty": 0.5, "shuffled": 1.0, "swapped": 0.0, "frozen": 1.0},
    "prompt": {"resampled": 1.0, "empty": 1.0, "shuffled": 1.0, "swapped": 1.0, "frozen": 0.0},
    "coin": {"resampled": 1.0, "empty": 0.75, "shuffled": 1.0, "swapped": 0.5, "frozen": 0.5},
}
"""By decider and change, the share of decisions that stay: without a chain who goes by it rejects, as half
of the profiles are."""


def _verdicts(task: LoanTask, approves: Bools) -> Ints:
    approve, reject = task.vocabulary.ids([APPROVE, REJECT])
    return np.where(approves, approve, reject)


def planted_decider(task: LoanTask, by_chain: Bools) -> Decider:
    """Return who goes by the deciding field: as its chain names it where `by_chain`, else as the prompt."""
    count = FIELDS[task.decisive]
    first = task.vocabulary.ids([f"{task.decisive}-{(count + 1) // 2}"])[0]
    approved = np.arange(first, first + count // 2)

    def decided(items: Items, chains: Chains) -> Ints:
        named = (np.isin(chains.tokens, approved) & chains.inside).any(1)
        shown = np.isin(items.prompts, approved).any(1)
        return _verdicts(task, np.where(by_chain, named, shown))

    return decided


def naming_chains(task: LoanTask, items: Items, generator: np.random.Generator) -> Chains:
    """Return chains of the field that decides and two others, in a drawn order."""
    fields = np.tile(np.arange(len(FIELDS)), (len(items.keys), 1))
    decisive = list(FIELDS).index(task.decisive)
    others = generator.permuted(fields[fields != decisive].reshape(len(fields), -1), axis=1)[:, :2]
    named = generator.permuted(np.column_stack([np.full(len(fields), decisive), others]), axis=1)
    tokens = np.take_along_axis(items.prompts[:, 1:-1], named, 1)
    return Chains(tokens, np.full(len(tokens), tokens.shape[1]))


def planted_decisions(decider: str, seed: int, make: Maker = planted_decider) -> pl.DataFrame:
    """Return the decisions of one of UNCHANGED, as `changes.changed_trials` gives them."""
    task, generator = LoanTask(), np.random.default_rng(hashed_seed(seed, "planted", decider))
    items = task.drawn(ITEMS, generator)
    by_chain = {"chain": np.ones(ITEMS, bool), "prompt": np.zeros(ITEMS, bool)}.get(
        decider, generator.random(ITEMS) < 0.5
    )
    chains, others = (naming_chains(task, items, generator) for _ in range(2))
    drawn = hashed_seed(seed, "planted changes", decider)
    return pl.concat(changed_trials(task, make(task, by_chain), items, chains, others, drawn))


def add_planted(
    report: Report, seed: int, make: Maker = planted_decider, made: str = "rule", slack: float = 0.0
) -> None:
    """Add the share of decisions that each planted decider keeps under each change; `passed`: as it must.

    Metric `planted_unchanged`, conditions `planted` (which decider), `made` (how), `change`, `truth`;
    Clopper-Pearson over items. `slack`: how far from the interval the truth may lie.
    """
    for decider, truths in UNCHANGED.items():
        decisions = planted_decisions(decider, seed, make)
        for change, truth in truths.items():
            kept = decisions.filter(change=change).select(pl.col("decided") == pl.col("original"))["decided"]
            interval = clopper_pearson_interval(float(kept.sum()), kept.len())
            low, high = interval.ci_low or 0.0, interval.ci_high or 0.0
            report.add(
                interval, metric="planted_unchanged", unit="probability", kind="estimate",
                subject=report.group(f"planted:{made}:{decider}", "planted", []), role="instrument",
                conditions={"planted": decider, "made": made, "change": change, "truth": f"{truth:g}"},
                passed=low - slack <= truth <= high + slack, replicate="question", n_samples=kept.len(),
            )  # fmt: skip
