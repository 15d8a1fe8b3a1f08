"""How often a study's negative controls and nulls would hold: when sound, and when broken.

Both hold if a 90% interval lies inside their bound, and fail if a 95% interval lies wholly outside
(`statistics.gates.lies_within`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unspoken.cost.power import Spreads, fewest, replicates_of
from unspoken.cost.work import Replicates
from unspoken.study.declared import Guard
from unspoken.study.plan import Plan
from unspoken.study.room import Room

WANTED = 0.8
"""How often a sound control or null should hold."""
MOST = 100_000
SPREADS = 2000
"""Over how many equally likely spreads a rate is averaged."""


@dataclass(frozen=True)
class Holding:
    """A negative control or a null in a study: its bound, and how often it would hold and fail."""

    name: str
    """The control's metric, or the claim."""
    kind: str
    """`control` or `null`."""
    metric: str
    unit: str
    replicate: str
    n: int | None
    spread: float | None
    source: str
    """Whose spread it is, as `power.Power` has it."""
    bound: float
    """Half of the smallest effect that would matter, or the null's margin."""
    broken_by: float
    """The smallest effect that counts: that effect itself, or the margin."""
    holds_broken: float | None
    """How often it would hold though broken by that much."""
    fails_broken: float | None
    """How often it would fail then; else it is undecided."""
    holds_sound: float | None
    needs: int | None
    """Replicates with which it would hold in 80% of studies when sound."""


def rates(spread: float, n: int, bound: float, effect: float) -> tuple[float, float]:
    """Return how often an effect over n normal replicates of this spread counts as none, and how often not.

    Held: the 90% t interval lies inside +-`bound`; not: the 95% interval lies wholly outside. Exact but for
    the average over the sample's spread; (0, 0) for fewer than two replicates.
    """
    import numpy as np
    from scipy import special

    if n < 2:
        return 0.0, 0.0
    df, error = n - 1, spread / n**0.5
    tails = (np.arange(SPREADS) + 0.5) / SPREADS
    drawn = error * np.sqrt(special.chdtri(df, tails) / df)
    inner = bound - special.stdtrit(df, 0.95) * drawn
    outer = bound + special.stdtrit(df, 0.975) * drawn
    held = special.ndtr((inner - effect) / error) - special.ndtr((-inner - effect) / error)
    failed = special.ndtr((effect - outer) / error) + special.ndtr((-effect - outer) / error)
    return float(np.where(inner > 0, held, 0.0).mean()), float(failed.mean())


def replicates_to_hold(spread: float, bound: float) -> int | None:
    """Return the fewest replicates of this spread with which what is none is held so in 80% of studies."""
    return fewest(lambda n: rates(spread, n, bound, 0.0)[0] >= WANTED, MOST)


def _holding(
    names: tuple[str, str, str, str],
    counted: Replicates,
    n: int | None,
    spread: tuple[float | None, str],
    bound: float,
    broken_by: float,
) -> Holding:
    """Return what is known of a control or null: `names` are its name, kind, metric and unit."""
    size, source = spread
    held: tuple[float | None, float | None] = (None, None)
    sound = None
    if size is not None and n is not None:
        held, sound = rates(size, n, bound, broken_by), rates(size, n, bound, 0.0)[0]
    return Holding(
        *names, counted.replicate, n, size, source, bound, broken_by, *held, sound,
        None if size is None else replicates_to_hold(size, bound),
    )  # fmt: skip


def _of_control(room: Room, guard: Guard, plan: Plan, spreads: Spreads) -> Holding | None:
    """Return how often a room's negative control would hold; None where the study does not have it."""
    test = {
        "experiment": room.name, "metric": guard.control, "conditions": {}, "subject": guard.of,
        "versus": guard.versus, "needs": {"objective": None},
    }  # fmt: skip
    counted, unit = replicates_of(plan, test), guard.unit
    if counted is None or unit is None:
        return None
    spread = spreads.of_control(room.name, guard.control, unit, counted.replicate)
    bound = room.bounds[guard.control]
    return _holding(
        (guard.control, "control", guard.control, unit), counted, counted.n, spread, bound, 2 * bound
    )  # fmt: skip


def _of_null(claim: Mapping[str, Any], plan: Plan, spreads: Spreads) -> Holding | None:
    """Return how often a null would be shown; None where the study cannot test it."""
    from unspoken.verdicts.thresholds import margin_of

    test, counted = claim["test"], replicates_of(plan, claim["test"])
    if counted is None:
        return None
    margin = margin_of(claim)
    return _holding(
        (claim["id"], "null", test["metric"], test["unit"]), counted, spreads.usable(claim, counted),
        spreads.of(claim, counted.replicate, max), margin, margin,
    )  # fmt: skip


def holdings_of(plan: Plan, claims: Sequence[Mapping[str, Any]], spreads: Spreads) -> list[Holding]:
    """Return how often each negative control of a study, then each of its nulls, would hold."""
    guards = [(room, guard) for room in plan.rooms for guard in room.guards]
    found = [_of_control(room, guard, plan, spreads) for room, guard in guards]
    found += [_of_null(claim, plan, spreads) for claim in claims if claim["test"] and claim["kind"] == "null"]
    return [one for one in found if one is not None]
