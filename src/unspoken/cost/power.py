"""What effect each claim's test would detect, and how many replicates it would need for another."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.cost.work import Replicates
from unspoken.statistics.intervals import mde80
from unspoken.study.front_door import study_texts
from unspoken.study.plan import Plan
from unspoken.study.study import Study
from unspoken.verdicts.outcomes import FEWEST, FEWEST_QUESTIONS

if TYPE_CHECKING:
    import polars as pl

MOST = 1_000_000


@dataclass(frozen=True)
class Power:
    """A claim's test in a study: its replicates, their spread, and what these can show."""

    claim: str
    kind: str
    metric: str
    unit: str
    replicate: str
    n: int | None
    """Those that will give a usable outcome, by the share that did in the store; None where nobody counts."""
    spread: float | None
    """Standard deviation of one replicate, in the unit of the test."""
    source: str
    """Whose spread it is: `this test` or `this metric` of a store, or `default`."""
    detects: float | None
    """The effect that is found with 80% power at the two-sided 5% level."""
    matters: float
    """The smallest effect that would matter; of a null its margin."""
    needs: int | None
    """Replicates with which `matters` would be found."""
    published: float | None
    """The published effect, where the claim states one in the test's unit."""
    needs_published: int | None
    gate: bool
    """Whether so few replicates give no verdict."""


def detected(spread: float, n: int) -> float | None:
    """Return the effect that n replicates of this spread detect with 80% power; None for fewer than 2."""
    return mde80(spread / n**0.5, n)


def fewest(enough: Callable[[int], bool], most: int) -> int | None:
    """Return the fewest replicates, two or more, that are enough; None where the search passes `most`."""
    low, high = 1, 2
    while not enough(high):
        low, high = high, high * 2
        if low > most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def replicates_needed(spread: float, effect: float) -> int | None:
    """Return the fewest replicates that detect an effect; None beyond a million."""

    def enough(n: int) -> bool:
        found = detected(spread, n)
        return found is not None and found <= abs(effect)

    needed = fewest(enough, MOST)
    return None if needed is None or needed > MOST else needed


def published_effect(claim: Mapping[str, Any]) -> float | None:
    """Return a claim's published effect in the unit of its test, where it states one.

    Percentage points are differences, and of a size the value is the effect; other published
    numbers are levels of one arm, which say no effect. Nor does a null: its margin is what counts.
    """
    first, unit = claim["values"][0], claim["test"]["unit"]
    if not first["value"] or claim["kind"] == "null":
        return None
    if first["unit"] == "percentage points" and unit in ("probability", "accuracy"):
        return first["value"] / 100
    return first["value"] if claim["kind"] == "size" and first["unit"] == unit else None


def replicates_of(plan: Plan, test: Mapping[str, Any]) -> Replicates | None:
    """Return on how many replicates a study could carry out a claim's test; None where it could not.

    As `measure` counts them (verdicts, section 2). Questions are those asked; how many give a usable
    outcome only a run shows.
    """
    running = [room for room in plan.rooms if room.name == test["experiment"]]
    return running[0].replicates(test, plan.costs) if running else None


class Spreads:
    """Standard deviations of one replicate: of a store's rows, else the stated defaults."""

    def __init__(
        self,
        facts: Mapping[str, Any],
        measurements: "pl.DataFrame | None" = None,
        earlier: Plan | None = None,
    ) -> None:
        """Take the stated defaults, and the measurements and plan of an earlier study, if there is one."""
        self.facts, self.earlier, self.measurements = facts, earlier, measurements
        self.judge: Any = None
        if measurements is not None:
            from unspoken.verdicts.judge import Judge

            self.judge = Judge(measurements, {}, primary=earlier.primary if earlier else None)

    def rows(self, claim: Mapping[str, Any], replicate: str) -> list[Mapping[str, Any]]:
        """Return the store's rows that a claim's test reads, of one kind of replicate."""
        from unspoken.verdicts.judge import RegistryError

        if self.judge is None:
            return []
        try:
            found = [row for match in claim["test"]["adjacent"] or [claim["test"]]
                     for row in self.judge.rows_of(claim, match)]  # fmt: skip
        except RegistryError:
            return []
        return _with_spread(found, replicate)

    def of(
        self, claim: Mapping[str, Any], replicate: str, of_several: Callable[..., float] = statistics.median
    ) -> tuple[float | None, str]:
        """Return the spread for a claim's test, the median over rows that fit by default, and whose it is."""
        test = claim["test"]
        if found := self.rows(claim, replicate):
            return of_several(map(_spread, found)), "this test"
        if self.judge is not None:
            alike = self.judge.findings.filter(
                kind="contrast", experiment=test["experiment"], metric=test["metric"], unit=test["unit"]
            )
            if found := _with_spread(alike.iter_rows(named=True), replicate):
                return of_several(map(_spread, found)), "this metric"
        return self._stated(test["metric"], test["unit"], replicate)

    def of_control(self, experiment: str, metric: str, unit: str, replicate: str) -> tuple[float | None, str]:
        """Return the spread of a control and whose it is: the largest of its rows, as each has to hold."""
        if self.measurements is not None:
            rows = self.measurements.filter(experiment=experiment, metric=metric, unit=unit)
            if found := _with_spread(rows.iter_rows(named=True), replicate):
                return max(map(_spread, found)), "this test"
        return self._stated(metric, unit, replicate)

    def _stated(self, metric: str, unit: str, replicate: str) -> tuple[float | None, str]:
        stated = self.facts["spreads"].get(metric, {}).get(unit, {})
        return stated.get(replicate), "default"

    def usable(self, claim: Mapping[str, Any], counted: Replicates) -> int | None:
        """Return how many of the replicates will say something, by the share that did in the store."""
        found = self.rows(claim, counted.replicate)
        if counted.n is None or not found or self.earlier is None:
            return counted.n
        asked = replicates_of(self.earlier, claim["test"])
        if asked is None or asked.n is None or asked.replicate != counted.replicate:
            return counted.n
        share = statistics.median(row["n_replicates"] for row in found) / asked.n
        return max(1, round(counted.n * min(1.0, share)))


def spreads_of(stores: Sequence[Path], plan: Plan, facts: Mapping[str, Any]) -> Spreads:
    """Return the spreads of the first store whose study this version can read, or the stated ones."""
    import json

    import polars as pl
    from pydantic import ValidationError

    from unspoken.store import open_store

    for store in stores:
        with open_store(store) as connection:
            rows = pl.DataFrame(connection.table("measurements").to_arrow_table())
            config = json.loads(connection.execute("SELECT config FROM studies").fetchall()[0][0])
        try:
            study = Study.model_validate(config)
        except ValidationError:  # of another version
            continue
        return Spreads(facts, rows, Plan(study, study_texts(plan.root), plan.root))
    return Spreads(facts)


def _with_spread(rows: Iterable[Mapping[str, Any]], replicate: str) -> list[Mapping[str, Any]]:
    """Return the rows of one kind of replicate that have a standard error."""
    return [
        row for row in rows if row["replicate"] == replicate and row["se"] and (row["n_replicates"] or 0) > 1
    ]


def _spread(row: Mapping[str, Any]) -> float:
    """Return the standard deviation of one replicate of a measured row."""
    return row["se"] * row["n_replicates"] ** 0.5


def _power(claim: Mapping[str, Any], counted: Replicates, spreads: Spreads) -> Power:
    """Return what a claim's test could show on some replicates; on unknown ones, what would matter alone."""
    from unspoken.verdicts.thresholds import margin_of, sesoi_of

    spread, source = spreads.of(claim, counted.replicate)
    usable = spreads.usable(claim, counted)
    matters = margin_of(claim) if claim["kind"] == "null" else sesoi_of(claim)
    published = published_effect(claim)
    fewest = FEWEST_QUESTIONS if counted.replicate == "question" else FEWEST
    return Power(
        claim["id"], claim["kind"], claim["test"]["metric"], claim["test"]["unit"],
        counted.replicate, usable, spread, source,
        None if spread is None or usable is None else detected(spread, usable),
        matters, None if spread is None else replicates_needed(spread, matters),
        published,
        None if spread is None or published is None else replicates_needed(spread, published),
        usable is not None and usable < fewest,
    )  # fmt: skip


def claims_within_reach(plan: Plan, claims: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the claims that the study's models can speak to: a claim about one model only if it has that."""
    models = [plan.study.models[name] for name in plan.used_models]
    sources = {str(getattr(model, "repo", "")) for model in models}
    return [
        claim
        for claim in claims
        if claim.get("scope") != "this model"
        or sources & {name.split("@")[0] for name in claim["subject_models"]}
    ]


def power_of(plan: Plan, claims: Sequence[Mapping[str, Any]], spreads: Spreads) -> list[Power]:
    """Return what each claim's test could show in a study; claims that it cannot test are left out.

    A test whose room does not count replicates is not left out: they are unknown. `claims` are
    `registry.claims.Claim` as plain values.
    """
    tested = [claim for claim in claims_within_reach(plan, claims) if claim["test"]]
    counts = [(claim, replicates_of(plan, claim["test"])) for claim in tested]
    return [_power(claim, counted, spreads) for claim, counted in counts if counted is not None]
