"""Holm's adjustment: over the distinct contrasts of a paper in a study, however many claims read them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

Hypothesis = tuple[str, float]
"""A measurement, by its id, and the value that it is tested against: 0, or a bound's limit."""
Tested = tuple[str, Hypothesis, float | None]
"""A hypothesis with the paper of its measurement and its p, if it has one."""


def holm(p_values: list[float]) -> list[float]:
    """Return p values adjusted by Holm's method over their family."""
    from statsmodels.stats.multitest import multipletests

    return [float(one) for one in multipletests(p_values, method="holm")[1]] if p_values else []


@dataclass(frozen=True)
class Families:
    """The p of each tested hypothesis, adjusted over its family, and how many share the family, by paper."""

    p_adjusted: dict[Hypothesis, float] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


def adjusted_over(tested: Iterable[Tested]) -> Families:
    """Return the families of what is tested: a paper's are the contrasts that were measured of it.

    Each contrast counts once, whatever its subject and however many claims, of whichever paper, read it: its
    p says the same for all of them. One that has no p counts as 1.
    """
    found: dict[str, dict[Hypothesis, float]] = {}
    for paper, hypothesis, p in tested:
        found.setdefault(paper, {})[hypothesis] = 1.0 if p is None else p
    families = Families()
    for paper, members in found.items():
        families.sizes[paper] = len(members)
        families.p_adjusted.update(zip(members, holm(list(members.values())), strict=True))
    return families
