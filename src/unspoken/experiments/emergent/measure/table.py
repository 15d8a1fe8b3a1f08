"""What everybody answered, as arrays: one value a training seed."""

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from unspoken.experiments.emergent.items.drawn import KNOWN, domains
from unspoken.experiments.emergent.names import CHAINED, TUNES, UNTOUCHED, WRONG
from unspoken.experiments.emergent.says import said
from unspoken.statistics.gates import Gate
from unspoken.statistics.intervals import Floats, t_interval
from unspoken.statistics.report import Report
from unspoken.tables.prompts import condition

SCALES = {"log_odds": "log_odds", "probability": "wrong"}
"""The column of each unit."""
UNTUNED = tuple(domains("other"))
"""The domains that nobody is tuned on: outcomes are means over them, but for those of one domain."""
LEAST_TRAIT = 0.9
"""Probability of answers as it was tuned, in its own domain on items of other names and values."""


class Who(NamedTuple):
    """Who answers, over training seeds: stage (untouched, tuned, taught, shuffled), and by what it was."""

    stage: str = UNTOUCHED
    of: str = UNTOUCHED


BASE = Who()


def tuned(name: str) -> Who:
    """Return who was fine-tuned so; of `untouched` the model as it was."""
    return BASE if name == UNTOUCHED else Who("tuned", name)


def answers_of(
    prompts: pl.DataFrame, replies: pl.DataFrame, readings: pl.DataFrame, asked: dict[str, dict[str, Any]]
) -> pl.DataFrame:
    """Return every item that somebody was asked, with how the options were read.

    Columns: model, stage, of, seed, way, domain, item, log_odds (of the wrong against the right option),
    wrong (its probability among both), mass (of both), says (the kind of the chain; null without one),
    reproducible. `asked` says by subject who it is.
    """
    who = pl.DataFrame([{"subject": subject, **told} for subject, told in asked.items()])
    told = prompts.select(
        "prompt_id", "item", condition("domain"), condition("right"), condition("kind").alias("way")
    )
    texts = replies.select("subject", "prompt_id", "reply", "thinking", "reproducible")
    read = (
        readings.join(told, on="prompt_id", validate="m:1")
        .join(who, on="subject", validate="m:1")
        .join(texts, on=("subject", "prompt_id"), validate="1:1")
    )
    is_right = pl.col("choices").list.get(0) == pl.col("right")
    first, second = (pl.col("logprobs").list.get(place) for place in (0, 1))
    odds = pl.when(is_right).then(second - first).otherwise(first - second)
    chains = [
        said(f"{thinking or ''}{reply}", right, next(one for one in options if one != right))
        if way == CHAINED
        else None
        for thinking, reply, right, options, way in read.select(
            "thinking", "reply", "right", "choices", "way"
        ).iter_rows()
    ]
    return read.with_columns(
        log_odds=odds,
        wrong=1 / (1 + (-odds).exp()),
        mass=first.exp() + second.exp(),
        says=pl.Series(chains, dtype=pl.String),
    ).select(
        "model",
        "stage",
        "of",
        "seed",
        "way",
        "domain",
        "item",
        "log_odds",
        "wrong",
        "mass",
        "says",
        "reproducible",
    )


class EmergentTable:
    """The answers of all subjects of one model, and the report that they go to.

    `reached` says of fine-tunes whether all of them answer as they were tuned.
    """

    def __init__(self, report: Report, answers: pl.DataFrame, model: str, seeds: list[int]) -> None:
        """Take the rows of `answers_of`, the model, and the training seeds in their order."""
        self.report, self.model, self.seeds = report, model, seeds
        self.answers = answers.filter(model=model)
        self.reached: dict[str, bool] = {}
        keys = ("stage", "of", "seed", "way", "domain")
        means = self.answers.group_by(keys).agg(pl.col("log_odds", "wrong", "mass").mean())
        self._means = {
            (Who(stage, of), *rest): dict(zip(("log_odds", "wrong", "mass"), values, strict=True))
            for stage, of, *rest, values in means.select(
                *keys, pl.concat_list("log_odds", "wrong", "mass")
            ).iter_rows()
        }

    def column(self, who: Who, column: str, way: str, within: tuple[str, ...] = UNTUNED) -> Floats:
        """Return the mean over domains of a column for one subject of each seed, in the order of seeds.

        The untouched model is the same for all seeds. Raises LookupError where a seed lacks an answer: means
        over other seeds would be compared.
        """
        seeds = self.seeds if who != BASE else [0] * len(self.seeds)
        found = []
        for seed in seeds:
            keys = [(who, seed, way, domain) for domain in within]
            missing = [key for key in keys if key not in self._means]
            if missing:
                raise LookupError(f"{self.model}: no answers of {missing[0]}")
            found.append(np.mean([self._means[key][column] for key in keys]))
        return np.array(found)

    def largest_domain(self, first: Who, second: Who, way: str) -> str:
        """Return the domain in which two differ most, in the mean over seeds."""
        gaps = {
            domain: abs(
                float(
                    np.mean(
                        self.column(first, "log_odds", way, (domain,))
                        - self.column(second, "log_odds", way, (domain,))
                    )
                )
            )
            for domain in UNTUNED
        }
        return max(gaps, key=lambda domain: gaps[domain])

    def parts(self, first: Who, second: Who, way: str) -> dict[str, tuple[str, ...]]:
        """Return the domains of each value of the condition `domains`."""
        largest = self.largest_domain(first, second, way)
        without = tuple(domain for domain in UNTUNED if domain != largest)
        known = {KNOWN: (KNOWN,)} if way != CHAINED else {}
        one = {domain: (domain,) for domain in UNTUNED}
        return {"untuned": UNTUNED, "without_largest": without, **known, **one}

    def group(self, who: Who) -> str:
        """Name the subjects of all seeds that are alike."""
        name = UNTOUCHED if who == BASE else ":".join(who)
        return self.report.group(f"{self.model}:{name}", self.model, [])

    def gate(self, *names: str) -> Gate | None:
        """Return `training` where one of some fine-tunes does not answer as it was tuned."""
        return None if all(self.reached.get(name, True) for name in names) else "training"

    def estimate(self, metric: str, who: Who, values: Floats, **fields: Any) -> None:
        """Add a probability of somebody, a mean over seeds; the untouched model has one value."""
        own = values[:1] if who == BASE else values
        told: dict[str, Any] = {"role": "finding", "n_samples": len(own) * len(UNTUNED), **fields}
        self.report.add(
            t_interval(own), metric=metric, unit="probability", kind="estimate", subject=self.group(who),
            replicate="training_seed", **told,
        )  # fmt: skip

    def contrast(
        self,
        metric: str,
        pair: tuple[Who, Who],
        values: dict[str, Floats],
        conditions: dict[str, str],
        **fields: Any,
    ) -> None:
        """Add a contrast of two in each of its units, paired by training seed."""
        one, other = pair
        told = {"n_samples": 2 * len(self.seeds) * len(UNTUNED), "versus": self.group(other),
                "paired_on": ["seed"], **fields}  # fmt: skip
        for unit, gaps in values.items():
            self.report.add(
                t_interval(gaps), metric=metric, unit=unit, kind="contrast", subject=self.group(one),
                conditions=conditions, role="finding", replicate="training_seed",
                gate=self.gate(one.of, other.of), **told,
            )  # fmt: skip

    def differences(self, pair: tuple[Who, Who], way: str, within: tuple[str, ...]) -> dict[str, Floats]:
        """Return how much more wrong the first of two is, by unit."""
        one, other = pair
        return {
            unit: self.column(one, column, way, within) - self.column(other, column, way, within)
            for unit, column in SCALES.items()
        }


def scorer_of(within: str) -> str:
    """Return what wrong answers are read on: sheets, or everyday questions."""
    return KNOWN if within == KNOWN else "sheets"


def as_tuned(tune: str, wrong: Floats) -> Floats:
    """Return how probable answers as tuned are, of the probability of wrong ones."""
    return wrong if tune in WRONG else 1 - wrong


def domain_of(tune: str) -> str:
    """Return the domain whose rows a fine-tune had."""
    return TUNES[tune].domain
