"""Claims and measurements of which it is known what the rule must say."""

from datetime import date
from typing import Any

import polars as pl

from unspoken.registry.claims import Claim
from unspoken.statistics.intervals import Interval, t_interval
from unspoken.statistics.rows import measurement, measurement_table
from unspoken.verdicts.fidelity import ModelFacts
from unspoken.verdicts.judge import Judge, judged

HUB = "acme/chat-7b"
CHAT = ModelFacts(False, frozenset({"chat model"}), frozenset({HUB, f"{HUB}@{'a' * 40}"}))
ORGANISM = ModelFacts(True, frozenset({"chat model"}))
FIVE = (-0.02, -0.01, 0.0, 0.01, 0.02)
"""Five replicates around nothing; their 95% interval is +-0.02."""
CONDITIONS = {"objective": "tokens", "unusable": "failure"}


def fields_of(name: str = "P-01", /, **changed: Any) -> dict[str, Any]:
    """A claim as its file has it: a direction, published as positive, about chat models."""
    test = {
        "experiment": "planted", "metric": "shift", "unit": "log_odds",
        "conditions": CONDITIONS, "needs": {"objective": "tokens"}, **changed.pop("test", {}),
    }  # fmt: skip
    values = changed.pop("values", [{"value": 0.5, "unit": "log_odds"}])
    return {
        "id": name, "statement": "A shift is positive.", "where": "Table 1",
        "source_kind": "primary_text", "source": "the text", "read": date(2026, 11, 1),
        "confidence": "seen in source", "tier": 1,
        "experiment": "a shift", "metric": "shift", "model": "chat-7b", "condition": "all",
        "direction": "positive", "values": values, "kind": "direction",
        "scope": "models of its class", "subject_models": [], "class": "chat model", "usable": "full",
        **({"reason": "not built"} if test.get("experiment") is None else {"test": test}),
        **changed,
    }  # fmt: skip


def claim_of(name: str = "P-01", /, *, paper: str = "planted2026", **changed: Any) -> dict[str, Any]:
    """The same as the verdicts read it."""
    claim = Claim.model_validate(fields_of(name, **changed))
    return claim.model_dump(mode="json", by_alias=True) | {"paper": paper}


def around(value: float, spread: float = 1.0, n: int = 5) -> Interval:
    """The t interval of n replicates: +-0.02 x spread around the value for five."""
    replicates = FIVE[:n] if n < 5 else FIVE * (n // 5)
    middle = sum(replicates) / len(replicates)
    return t_interval([value + spread * (one - middle) for one in replicates])


def row_of(interval: Interval, **changed: Any) -> dict[str, Any]:
    """One planted row of `measurements`: a contrast that the planted claim's test reads."""
    kind = changed.get("kind", "contrast")
    return measurement(
        **{
            "study": "planted", "paper": "planted2026", "experiment": "planted", "metric": "shift",
            "unit": "log_odds", "kind": kind, "subject": "chat:own",
            "versus": "chat:base" if kind == "contrast" else None, "interval": interval,
            "replicate": "training_seed", "n_samples": 100, "role": "finding", "reproducible": True,
            "conditions": CONDITIONS, **changed,
        }
    )  # fmt: skip


def verdicts_of(
    claims: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    facts: ModelFacts | list[ModelFacts] = CHAT,
    **told: Any,
) -> list[dict[str, Any]]:
    """What the rule says, all subjects resting on the same models; `told`: guards, primary."""
    table = measurement_table(rows)
    models = facts if isinstance(facts, list) else [facts]
    names = pl.concat([table["subject"], table["versus"].drop_nulls()]).unique()
    return judged(claims, Judge(table, dict.fromkeys(names, models), **told), "planted")


SEEN = {"counterpart": {"claim": "P-00"}}
"""What makes a null informative: the claim P-00, which has to be shown."""


def with_counterpart(
    claim: dict[str, Any], row: dict[str, Any], facts: ModelFacts | list[ModelFacts] = CHAT, **told: Any
) -> dict[str, Any]:
    """The verdict of a null that names P-00, on a row beside which P-00 is shown."""
    seen = claim_of("P-00", test={"metric": "seen", "unit": row["unit"], "conditions": {}})
    shown = row_of(
        around(0.9), metric="seen", unit=row["unit"], subject=row["subject"], conditions=row["conditions"]
    )
    *_, verdict = verdicts_of([seen, claim], [row, shown], facts, **told)
    return verdict


def verdict_of_one(
    claim: dict[str, Any], row: dict[str, Any], facts: ModelFacts | list[ModelFacts] = CHAT
) -> dict[str, Any]:
    """The one verdict of one claim on one row."""
    (verdict,) = verdicts_of([claim], [row], facts)
    return verdict


def number(value: float, unit: str = "log_odds", **more: Any) -> dict[str, Any]:
    """The change of a claim that publishes this one number."""
    return {"values": [{"value": value, "unit": unit, **more}]}


def said(verdict: dict[str, Any]) -> tuple[str | None, ...]:
    """What a verdict says."""
    return tuple(verdict[key] for key in ("outcome", "fidelity", "verdict"))
