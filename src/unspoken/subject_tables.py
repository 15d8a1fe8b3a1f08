"""The tables `models` and `subjects` of a study, from what its stages wrote about them."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.files import canonical_json, read_json
from unspoken.models.manifest import is_synthetic
from unspoken.verdicts.fidelity import ModelFacts

SOURCES = {"hub": "repo", "parts": "repo", "package": "package", "local": "path"}
"""The field of a manifest that says where a model of a kind comes from."""
_MODELS: dict[str, Any] = {
    "model": pl.String, "kind": pl.String, "source": pl.String, "revision": pl.String,
    "synthetic": pl.Boolean, "classes": pl.List(pl.String), "manifest": pl.String,
}  # fmt: skip
_SUBJECTS: dict[str, Any] = {
    "subject_id": pl.String, "model": pl.String, "kind": pl.String, "source_model": pl.String,
    "trait": pl.String, "objective": pl.String, "arm": pl.String, "seed": pl.Int64, "rows": pl.Int64,
    "epochs": pl.Float64, "updates": pl.Int64, "shuffle": pl.String, "system": pl.String, "form": pl.String,
    "adapter": pl.String, "data_digest": pl.String, "weights_sha256": pl.String, "created_at": pl.String,
    "members": pl.List(pl.String),
}  # fmt: skip
"""All columns, in every study: also columns that no subject of it fills."""


def model_rows(manifests: list[Path], classes: dict[str, list[str]]) -> pl.DataFrame:
    """Return the base models, one a row; `classes` are the study's words for each.

    Raises ModelError for a manifest that does not say whether its model is synthetic.
    """
    rows = []
    for path in manifests:
        fields = read_json(path)
        rows.append(
            {
                "model": fields["name"],
                "kind": fields["kind"],
                "source": fields.get(SOURCES.get(fields["kind"], "")),
                "revision": fields["revision"],
                "synthetic": is_synthetic(path),
                "classes": classes[fields["name"]],
                "manifest": canonical_json(fields),
            }
        )
    return pl.DataFrame(rows, schema=_MODELS)


def subject_rows(listings: list[Path], groups: list[Path], models: pl.DataFrame) -> pl.DataFrame:
    """Return every subject: base models, the subjects of `listings`, and the groups that pool them."""
    listed: list[dict[str, Any]] = []
    for listing in listings:
        for row in read_json(listing):
            if row["kind"] == "base":
                continue
            fields = {name: row[name] for name in row if name not in ("weights", "fraction")}
            listed.append(fields | {"adapter": row["adapter"] and canonical_json(row["adapter"])})
    bases = models.select(subject_id="model", model="model").with_columns(kind=pl.lit("base"))
    pooled = [pl.read_parquet(path).with_columns(kind=pl.lit("group")) for path in groups]
    frames = [bases, pl.DataFrame(listed, infer_schema_length=None), *pooled]
    told = [pl.DataFrame(schema=_SUBJECTS), *(frame for frame in frames if frame.height)]
    known = pl.concat(told, how="diagonal_relaxed").cast(pl.Schema(_SUBJECTS))
    # A subject that two experiments ask is one subject.
    return known.unique("subject_id", keep="first", maintain_order=True).sort("subject_id")


def models_under(subjects: pl.DataFrame, models: pl.DataFrame) -> dict[str, list[ModelFacts]]:
    """Return the base models under each subject, of a group the base models of its members.

    A trained subject rests on its own base model and on its teacher's. A group without members
    (the networks of MNIST and of the theorem) rests on none.
    """
    facts = {
        row["model"]: ModelFacts(
            row["synthetic"],
            frozenset(row["classes"]),
            frozenset({row["source"], f"{row['source']}@{row['revision']}"} if row["source"] else ()),
        )
        for row in models.iter_rows(named=True)
    }
    columns = ("subject_id", "model", "source_model", "members")
    rows = {row["subject_id"]: row for row in subjects.select(columns).iter_rows(named=True)}

    def under(name: str) -> list[ModelFacts]:
        row = rows[name]
        if row["members"] is not None:
            return list(dict.fromkeys(fact for member in row["members"] for fact in under(member)))
        bases = dict.fromkeys(name for name in (row["model"], row["source_model"]) if name in facts)
        return [facts[base] for base in bases]

    return {name: under(name) for name in rows}
