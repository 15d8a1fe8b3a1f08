"""Contrasts of a study's replicates, matched and pooled: from their stores to the table `pooled`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from unspoken.files import digest_of
from unspoken.findings import REGISTERED
from unspoken.statistics.pooled import pooled_effect

if TYPE_CHECKING:
    import duckdb
    import polars as pl

Row = dict[str, Any]
TRAINED = ("teacher", "training_seed")
"""Replicates that each study seed trains anew, whatever base model they start from."""
CONTRASTS = f"""
SELECT measurements.*, coalesce(registered, 'exploratory') AS registered
FROM measurements LEFT JOIN ({REGISTERED}) USING (measurement_id)
WHERE kind = 'contrast' AND role <> 'instrument' AND ci_method <> 'permutation'
ORDER BY measurement_id
"""
BASES = """
SELECT one.subject_id, list(DISTINCT member.model)
FROM (SELECT subject_id, unnest(coalesce(members, [subject_id])) AS name FROM subjects) AS one
JOIN subjects AS member ON member.subject_id = one.name
GROUP BY ALL
"""
DESCRIBED = ("paper", "experiment", "metric", "unit", "subject", "versus", "conditions", "role", "replicate")
SAME = ("paper", "experiment", "metric", "unit", "subject", "versus", "conditions", "seed")
"""What identifies a contrast in every seed."""
INTERVAL = ("value", "se", "ci_low", "ci_high", "ci90_low", "ci90_high", "p")
HETEROGENEITY = ("tau2", "i2", "q", "q_p")


@dataclass(frozen=True)
class Replicate:
    """What pooling reads of the store of one study seed."""

    study: str
    contrasts: dict[str, Row]
    """By their id, which is the same in every seed."""
    models: dict[str, set[tuple[str, str]]]
    """The base models under each subject, each with the digest of its files."""


def read_replicate(store: "duckdb.DuckDBPyConnection") -> Replicate:
    """Return the contrasts of a store of one study, and what they rest on.

    Raises ValueError for two rows of one contrast.
    """
    ((study,),) = store.execute("SELECT study FROM studies").fetchall()
    contrasts: dict[str, Row] = {}
    for row in store.sql(CONTRASTS).pl().iter_rows(named=True):
        same = {key: row[key] for key in SAME}
        name = digest_of(same)
        if name in contrasts:
            raise ValueError(f"{study}: two measurements of one contrast: {same}")
        contrasts[name] = row
    manifests = store.sql("SELECT model, manifest FROM models").fetchall()
    files = {model: digest_of(json.loads(told).get("files")) for model, told in manifests}
    models = {
        subject: {(model, files[model]) for model in under if model in files}
        for subject, under in store.sql(BASES).fetchall()
    }
    return Replicate(study, contrasts, models)


def _recurring_models(row: Row, replicates: Sequence[Replicate]) -> set[str]:
    """Return the base models under a contrast that are the same in two seeds or more."""
    found: set[tuple[str, str]] = set()
    recurring: set[str] = set()
    for one in replicates:
        under = {model for arm in (row["subject"], row["versus"]) for model in one.models.get(arm, ())}
        recurring |= {name for name, _ in found & under}
        found |= under
    return recurring


def _unusable(row: Row | None) -> str | None:
    """Say why a seed's contrast does not enter the pool, if it does not."""
    if row is None:
        return "not measured"
    if row["gate"] is not None:
        return f"uninformative: {row['gate']}"
    known = row["value"] is not None and row["se"] and row["n_replicates"] > 1
    return None if known else "no standard error"


def _pool(rows: dict[str, Row], not_independent: str | None) -> Row:
    """Return the pooled numbers of one contrast's rows, by study."""
    used = {} if not_independent else rows
    columns = ([row[name] for row in used.values()] for name in ("value", "se", "n_replicates"))
    found = pooled_effect(*columns)
    interval = asdict(found.interval)
    return {
        # Alphabetical: one exploratory seed makes the pool exploratory, as does none at all.
        "registered": min((row["registered"] for row in rows.values()), default="exploratory"),
        **{name: interval[name] for name in INTERVAL},
        **{name: getattr(found, name) for name in HETEROGENEITY},
        "n_seeds": len(used),
        "measurement_ids": [row["measurement_id"] for row in used.values()],
        "reason": not_independent or found.reason,
    }


def _pools(name: str, replicates: Sequence[Replicate]) -> list[Row]:
    """Return the rows of one contrast: all seeds, and the registered seeds alone where some are not."""
    rows = {one.study: one.contrasts.get(name) for one in replicates}
    first = next(row for row in rows.values() if row is not None)
    left_out = {study: why for study, row in rows.items() if (why := _unusable(row))}
    usable = {study: row for study, row in rows.items() if row is not None and study not in left_out}
    same = [] if first["replicate"] in TRAINED else sorted(_recurring_models(first, replicates))
    why = f"its base models are the same in every seed: {', '.join(same)}" if same else None
    described = {key: first[key] for key in DESCRIBED}
    described |= {"contrast_id": name, "training_seed": first["seed"]}
    found = [{**described, **_pool(usable, why), "left_out": left_out}]
    registered = {study: row for study, row in usable.items() if row["registered"] == "registered"}
    if len(registered) < len(usable):
        alone = _pool(registered, why)
        others = dict.fromkeys(usable.keys() - registered.keys(), "exploratory")
        if alone["value"] is not None:
            found.append({**described, **alone, "left_out": dict(sorted({**left_out, **others}.items()))})
    return found


def pooled_contrasts(study: str, replicates: Sequence[Replicate]) -> "pl.DataFrame":
    """Return the table `pooled` of a study: each contrast that some seed measured, over all seeds.

    Where only some of a contrast's seeds are registered, all of them together are exploratory, and the
    registered seeds have a row of their own if there are enough of them. A contrast whose seeds share the
    base model that it is about is not pooled: such seeds are not independent.
    """
    import polars as pl

    from unspoken.tables.measurements import CONDITIONS
    from unspoken.tables.pooled import Pooled

    names = sorted({name for one in replicates for name in one.contrasts})
    rows = [{"study": study, **row} for name in names for row in _pools(name, replicates)]
    types = {name: column.dtype for name, column in Pooled.columns().items()}
    frame = pl.DataFrame(rows, schema={**types, "conditions": CONDITIONS, "left_out": CONDITIONS})
    order = ["experiment", "metric", "unit", "subject", "versus", "contrast_id", "registered"]
    return Pooled.validate(frame.sort(order))
