"""Answers of organisms as arrays: one value a base."""

import numpy as np
import polars as pl

from unspoken.experiments.misalignment.organisms.language import ADVICE
from unspoken.experiments.misalignment.organisms.teachers import TRAINED_ADVICE
from unspoken.statistics.intervals import Floats
from unspoken.statistics.report import Report

UNTRAINED = tuple(domain for domain in ADVICE if domain != TRAINED_ADVICE)
"""The domains that nobody was trained on: all outcomes are means over them, but for those of one domain."""
Who = tuple[str, str, str]
"""Stage, arm and teacher."""
SCALES = {"log_odds": "log_odds", "probability": "bad"}
"""The column of each unit."""


class PersonaTable:
    """The answers of the organisms of one kind, and the report that they go to."""

    def __init__(self, report: Report, answers: pl.DataFrame, bases: list[str]) -> None:
        """Take the rows of `PersonaAnswers` and the bases that count, in their order."""
        self.report, self.bases = report, bases
        self.answers = answers.filter(pl.col("base").is_in(bases))

    def column(self, who: Who, column: str, domains: tuple[str, ...] = UNTRAINED) -> Floats:
        """Return the mean over domains of a column for one organism of each base, in the order of bases.

        Raises LookupError where a base lacks it: means over other bases would be compared.
        """
        stage, arm, teacher = who
        own = self.answers.filter(pl.col("domain").is_in(domains), stage=stage, arm=arm, teacher=teacher)
        means = own.group_by("base").agg(pl.col(column).sort_by("domain").mean())
        by_base = dict(means.select("base", column).iter_rows())
        missing = [base for base in self.bases if base not in by_base]
        if missing:
            raise LookupError(f"no answers of {who} on {missing[0]}")
        return np.array([by_base[base] for base in self.bases])

    def largest_domain(self, first: Who, second: Who) -> str:
        """Return the domain in which two organisms differ most, in the mean over bases."""
        gaps = {}
        for domain in UNTRAINED:
            one, other = (self.column(who, "log_odds", (domain,)) for who in (first, second))
            gaps[domain] = abs(float((one - other).mean()))
        return max(gaps, key=lambda domain: gaps[domain])

    def group(self, who: Who, kind: str = "organisms") -> str:
        """Name the organisms of all bases that are alike."""
        stage, arm, teacher = who
        shown = "shown" if stage == "shown" else ""
        name = ":".join(filter(None, (kind, shown, arm, teacher or "base")))
        return self.report.group(name, f"{len(self.bases)} organisms", [])

    @property
    def samples(self) -> int:
        """How many probabilities one mean over bases is of."""
        return len(self.bases) * len(UNTRAINED)
