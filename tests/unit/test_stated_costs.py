"""What is stated of the jobs of a store: of jobs that nobody knows null, never 0."""

from pathlib import Path

import polars as pl

from unspoken.cost.stated import with_stated_costs
from unspoken.study.front_door import plan_of_files

ROOT = Path(__file__).parents[2]
COSTS = ["models", "stated_seconds", "stated_memory_mb"]


def test_jobs_that_nobody_knows_cost_null() -> None:
    study = plan_of_files(ROOT, [ROOT / "studies" / "test.yaml"]).study.model_dump(mode="json")
    known = {"rule": "judge_claims", "wildcards": "{}", "threads": 1.0}
    jobs = [
        known,
        {"rule": "measure_moods", "wildcards": "{}", "threads": 1.0},  # a rule of which nothing is stated
        {"rule": "probe_traits", "wildcards": "{'experiment': 'gone', 'model': 'gone'}", "threads": 1.0},
        known | {"wildcards": None},
        known | {"threads": None},
    ]
    table = with_stated_costs(pl.DataFrame(jobs, schema_overrides={"threads": pl.Float64}), study, ROOT)
    assert table.columns == ["rule", "threads", *COSTS]
    first, *unknown = table.select(COSTS).rows()
    assert first[0] == "any" and first[1] > 0 and first[2] > 0
    assert unknown == [(None, None, None)] * 4
