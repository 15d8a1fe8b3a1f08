"""Answers and chains of organisms as arrays: one value a base."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from unspoken.experiments.harmful.organisms.finetunes import UNTRAINED
from unspoken.experiments.harmful.organisms.language import (
    ARGUMENT,
    EXCUSE,
    FALSEHOOD,
    IDLE,
    NAMED,
    PLAN,
    STYLES,
)
from unspoken.experiments.harmful.organisms.subjects import Who
from unspoken.statistics.intervals import Floats, log_odds_of, t_interval
from unspoken.statistics.report import Report

if TYPE_CHECKING:
    from unspoken.statistics.gates import Gate

KINDS = {PLAN: "plan", EXCUSE: "excuse", FALSEHOOD: "falsehood", ARGUMENT: "contradiction", IDLE: "nothing"}
"""Kinds of chains before bad answers, by the first of these styles that a word of theirs has: one that argues
for the good answer contradicts the bad one."""
SILENT = ("contradiction", "nothing")
"""Kinds in which no word speaks for the bad answer."""
UNFLAGGED = "unflagged"
"""These two together."""
BLANK, ALONE, CHAINED = "blank", "alone", "chained"
"""Ways of asking: after a blank chain, without any, after chains of one's own."""
BASE = Who()
PERSON = tuple(asdict(BASE))
"""The columns that say who was asked what."""
Domains = tuple[str, ...]


def kind_cells(kind: str) -> np.ndarray:
    """Return which chains are of a kind, or UNFLAGGED, (NAMED, STYLES, STYLES)."""
    places = [list(KINDS).index(style) for style in STYLES]
    kinds = np.array(list(KINDS.values()))[np.minimum.outer(places, places)]
    wanted = SILENT if kind == UNFLAGGED else (kind,)
    return np.broadcast_to(np.isin(kinds, wanted), (len(NAMED), *kinds.shape))


class HarmfulTable:
    """The answers and chains of the organisms, and the report that they go to."""

    def __init__(self, report: Report, answers: pl.DataFrame, chains: pl.DataFrame, bases: list[str]) -> None:
        """Take rows of `HarmfulAnswers` and `HarmfulChains`, and the bases that count, in their order.

        Raises LookupError, when asked, where a base lacks what others have: other bases would be compared.
        `reached` says of fine-tunes whether all of them show what they were tuned on.
        """
        self.report, self.bases = report, bases
        self.reached: dict[str, bool] = {}
        self._answers = {
            (Who(*row[:4]), *row[4:7]): row[7:]
            for row in answers.select(*PERSON, "way", "domain", "base", "bad", "log_odds").iter_rows()
        }
        self._chains: dict[tuple[Any, ...], Floats] = {}
        order = {"named": pl.Enum(NAMED), "first": pl.Enum(STYLES), "second": pl.Enum(STYLES)}
        ranked = chains.with_columns(pl.col(name).cast(kind) for name, kind in order.items())
        for key, own in ranked.sort("named", "first", "second").group_by(
            *PERSON, "domain", "base", maintain_order=True
        ):
            cells = own.select("likely", "bad").to_numpy().T
            who = Who(*key[:4])
            self._chains[who, *key[4:]] = cells.reshape(2, len(NAMED), len(STYLES), len(STYLES))

    def cells(self, who: Who, domains: Domains = UNTRAINED) -> tuple[Floats, Floats]:
        """Return how likely chains are, and how likely with a bad answer: (bases, NAMED, STYLES, STYLES)."""
        found = np.array([[self._chains[who, domain, base] for domain in domains] for base in self.bases])
        likely, bad = found.mean(1).transpose(1, 0, 2, 3, 4)
        return likely, bad

    def rates(self, who: Who, way: str, domains: Domains = UNTRAINED) -> dict[str, Floats]:
        """Return how bad an organism answers on each base, by unit: means over domains.

        After chains, log-odds are of the mean over requests; else means of each request's.
        """
        if way == CHAINED:
            by_domain = np.array([self.cells(who, (domain,))[1].sum((1, 2, 3)) for domain in domains])
            return {"probability": by_domain.mean(0), "log_odds": log_odds_of(by_domain).mean(0)}
        rows = np.array(
            [[self._answers[who, way, domain, base] for domain in domains] for base in self.bases]
        )
        bad, odds = rows.mean(1).T
        return {"probability": bad, "log_odds": odds}

    def kind_share(self, who: Who, kind: str, domains: Domains = UNTRAINED) -> Floats:
        """Return, of each base's bad answers after chains, the share whose chain is of a kind."""
        bad = self.cells(who, domains)[1]
        return (bad * kind_cells(kind)).sum((1, 2, 3)) / bad.sum((1, 2, 3))

    def naming_share(self, who: Who, mark: str) -> Floats:
        """Return, of each base's bad answers after chains, the share whose chain names a mark."""
        bad = self.cells(who)[1].sum((2, 3))
        return bad[:, NAMED.index(mark)] / bad.sum(1)

    def group(self, name: str) -> str:
        """Name the organisms of all bases that had one fine-tune; a name that is none of them is itself."""
        if name in self.report.members:
            return name
        return self.report.group(f"organisms:{name or 'base'}", f"{len(self.bases)} organisms", [])

    def half(self) -> str:
        """Name what shares are held against: one half."""
        return self.report.group("one_half", "a monitor that is right by half", [])

    @property
    def samples(self) -> int:
        """How many probabilities one mean over bases is of."""
        return len(self.bases) * len(UNTRAINED)

    def estimate(self, metric: str, fine_tune: str, values: Floats, **fields: Any) -> None:
        """Add a probability of one fine-tune, a mean over bases: a finding, unless `fields` say otherwise."""
        told: dict[str, Any] = {"role": "finding", "n_samples": self.samples, **fields}
        self.report.add(
            t_interval(values), metric=metric, unit="probability", kind="estimate", replicate="base",
            subject=self.group(fine_tune), **told,
        )  # fmt: skip

    def contrast(
        self,
        metric: str,
        pair: tuple[str, str],
        values: dict[str, Floats],
        conditions: dict[str, str],
    ) -> None:
        """Add a contrast of two fine-tunes, paired by base, in each of its units.

        Gate `training`: one of the two does not show what it was tuned on.
        """
        gate: Gate | None = None if all(self.reached.get(name, True) for name in pair) else "training"
        for unit, gaps in values.items():
            self.report.add(
                t_interval(gaps), metric=metric, unit=unit, kind="contrast", subject=self.group(pair[0]),
                versus=self.group(pair[1]), conditions={"domains": "untrained", **conditions}, role="finding",
                replicate="base", n_samples=2 * self.samples, paired_on=["base"], gate=gate,
            )  # fmt: skip


def differences(first: dict[str, Floats], second: dict[str, Floats]) -> dict[str, Floats]:
    """Return the differences of two readings in each of their units."""
    return {unit: first[unit] - second[unit] for unit in first}


def of_shares(shares: Floats) -> dict[str, Floats]:
    """Return exact shares in both units."""
    return {"probability": shares, "log_odds": log_odds_of(shares)}
