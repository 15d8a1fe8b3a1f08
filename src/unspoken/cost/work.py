"""What a job of the workflow has to do, in things that can be counted before it runs."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unspoken.row_files import opened
from unspoken.study.models import (
    FollowerModel,
    HubModel,
    LocalModel,
    Model,
    OrganismModel,
    PackagedModel,
    PartsModel,
)
from unspoken.yaml_files import read_keys

Facts = Mapping[str, Any]
KINDS = ("generated", "read", "choices", "trained", "images", "rows")
"""What throughputs are stated of: tokens drawn, prompt tokens read, choices read, tokens trained on,
images trained on, rows of tables read or written."""


@dataclass(frozen=True)
class Work:
    """Amounts of KINDS, and what is asked and kept."""

    generated: float = 0
    read: float = 0
    choices: float = 0
    trained: float = 0
    images: float = 0
    rows: float = 0
    asked: Mapping[str, int] = field(default_factory=dict)
    """Completions, by the subject under which the cache keeps them."""
    stored: float = 0
    """Bytes of what the job writes."""
    slower: float = 1
    """How many times longer a token takes to draw, as where a pattern restricts decoding."""


@dataclass(frozen=True)
class Replicates:
    """What is counted as independent, and how many of them a study has."""

    replicate: str
    n: int | None
    """None where nobody counts them."""


UNKNOWN = Replicates("replicate", None)
"""Of a test whose room does not say what it counts as independent."""


def read_facts(root: Path) -> dict[str, Any]:
    """Return what is stated of costs: the content of resources/throughputs.yaml."""
    return read_keys(root / "resources" / "throughputs.yaml")


def rows_of_file(path: Path) -> int:
    """Return the rows of a user's file, JSON lines or Parquet; 0 of one that cannot be read."""
    with suppress(OSError):
        if path.suffix != ".parquet":
            with opened(path) as file:
                return sum(1 for line in file if line.strip())
        import polars as pl

        with suppress(pl.exceptions.PolarsError):
            return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    return 0


def class_of(model: Model) -> str:
    """Return the class of models whose throughputs hold for one: by where it comes from."""
    if isinstance(model, OrganismModel | FollowerModel):
        return "organism"
    if isinstance(model, HubModel | LocalModel):
        return "gpu"
    return {"package": "chat", "parts": "chat", "served": "endpoint"}.get(model.kind, "scripted")


def parameters_of(name: str, model: Model, facts: Facts) -> float:
    """Return the number of a model's weights: as stated, of organisms from their sizes, else by its name."""
    if isinstance(model, OrganismModel | FollowerModel):
        wide, units = model.hidden_size, model.mlp_size
        return model.layers * (4 * wide**2 + 3 * wide * units) + facts["vocabulary"] * wide
    if isinstance(model, PartsModel):
        return model.weights
    said = {HubModel: "repo", LocalModel: "path", PackagedModel: "file"}.get(type(model))
    return parameters_of_name(getattr(model, said) if said else name, facts)


def parameters_of_name(name: str, facts: Facts) -> float:
    """Return how many weights a model's name states, such as 7e9 for `Qwen2.5-7B`; else the default."""
    found = re.findall(r"(?<![A-Za-z0-9.])(\d+(?:\.\d+)?)([bm])(?![A-Za-z0-9])", name.lower())
    if not found:
        return float(facts["parameters"])
    number, unit = found[-1]
    return float(number) * {"b": 1e9, "m": 1e6}[unit]
