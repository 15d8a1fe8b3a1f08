"""What jobs take: stated, measured and scheduled."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspoken.cost.amounts import Amounts
from unspoken.cost.estimate import ANY, Estimate, Estimates
from unspoken.cost.jobs import Job
from unspoken.cost.measured import EVIDENCE, jobs_in, larger, slower
from unspoken.cost.schedule import scheduled
from unspoken.cost.shown import count, duration, size, table
from unspoken.cost.study_plan import reusable, rule_costs
from unspoken.cost.work import Work, read_facts
from unspoken.study.front_door import plan_of, plan_of_files

ROOT = Path(__file__).parents[2]
FACTS = read_facts(ROOT)
CHAINS = {"experiment": "faithfulness"}


def chain(name: str, seconds: float, after: str = "", cores: int = 1, gpus: int = 0) -> Estimate:
    job = Job("work", {"name": name}, (after,) if after else (), (name,), cores, gpus)
    return Estimate(job, Work(asked={"base": 100}, trained=1e6, stored=2e6), seconds, cores, 100, True, False)


def test_jobs_that_wait_for_each_other_take_their_sum() -> None:
    jobs = [chain("a", 5), chain("b", 7, after="a"), chain("c", 2, after="b")]
    assert scheduled(jobs, 8, 0, 1.0, 0.5).seconds == pytest.approx(1 + 5.5 + 7.5 + 2.5)


def test_jobs_side_by_side_share_the_cores() -> None:
    jobs = [chain(str(number), 10) for number in range(6)]
    made = scheduled(jobs, 2, 0, 0, 0)
    assert (made.seconds, made.memory_mb) == (30, 200)
    assert made.core_hours == pytest.approx(60 / 3600)


def test_a_gpu_takes_one_job_at_a_time_while_cores_go_on() -> None:
    jobs = [chain("a", 10, gpus=1), chain("b", 10, gpus=1), chain("c", 20)]
    assert scheduled(jobs, 4, 1, 0, 0).seconds == 20
    assert scheduled(jobs, 4, 2, 0, 0).seconds == 20
    assert scheduled(jobs[:2], 4, 2, 0, 0).seconds == 10


def test_the_longest_chain_goes_first() -> None:
    jobs = [chain("short", 4), chain("begin", 2), chain("end", 6, after="begin")]
    assert scheduled(jobs, 1, 0, 0, 0).seconds == 12
    assert scheduled(jobs, 2, 0, 0, 0).seconds == 8


def test_nothing_to_do_takes_no_time() -> None:
    assert scheduled([], 2, 1, 4, 1).seconds == 0


@given(
    st.lists(st.tuples(st.floats(0.1, 100), st.integers(1, 4), st.integers(0, 1)), min_size=1, max_size=12),
    st.integers(1, 6),
)
def test_a_schedule_lies_between_its_bounds(sizes: list[tuple[float, int, int]], cores: int) -> None:
    jobs = [
        chain(str(place), seconds, str(place - 3) if place > 2 else "", min(wide, cores), gpus)
        for place, (seconds, wide, gpus) in enumerate(sizes)
    ]
    took = scheduled(jobs, cores, 1, 0, 0).seconds
    assert took <= sum(one.seconds for one in jobs) * (1 + 1e-9)
    assert took >= sum(one.seconds * one.cores for one in jobs) / cores * (1 - 1e-9)
    assert took >= max(one.seconds for one in jobs)


def test_fewer_cores_than_a_job_wants_make_it_longer() -> None:
    estimates = Estimates(Amounts(plan_of(ROOT, {"experiments": ["probing"]}, []), FACTS))
    job = Job("probe_traits", {"experiment": "probing", "model": "smollm2-135m-q4"}, (), (), threads=2)
    wide, narrow = estimates.of(job, 2), estimates.of(job, 1)
    assert (wide.cores, narrow.cores) == (2, 1)
    start = FACTS["models"]["chat"]["start"]
    assert narrow.seconds - start == pytest.approx(2 * (wide.seconds - start))


def test_a_larger_model_takes_longer_in_proportion() -> None:
    plan = plan_of_files(ROOT, [ROOT / "studies" / "paper_shape.yaml"])
    estimates = Estimates(Amounts(plan, FACTS))
    start = FACTS["models"]["gpu"]["start"]
    seven, four = (
        estimates.stated("generate_replies", {"experiment": "faithfulness", "answering": name}, 1).seconds
        - start
        for name in ("qwen2.5-7b", "gemma-3-4b")
    )
    assert seven / four == pytest.approx(7 / 4)


def jobs_of_store(folder: Path, *rows: tuple[str, str, float, float, float]) -> pl.DataFrame:
    """Jobs as a store has them: rule, models, seconds, stated seconds, peak memory of 100 stated."""
    columns = ("rule", "models", "seconds", "stated_seconds", "max_rss_mb")
    jobs = pl.DataFrame(rows, columns, orient="row").with_columns(job=pl.lit("j"), stated_memory_mb=100.0)
    with duckdb.connect(str(folder / "s.duckdb")) as connection:
        connection.register("rows", jobs)
        connection.execute("CREATE TABLE jobs AS SELECT * FROM rows")
    return jobs_in(folder / "s.duckdb")


def test_speeds_are_those_of_the_jobs_by_rule(tmp_path: Path) -> None:
    jobs = jobs_of_store(
        tmp_path,
        ("train", "organism", 200, 100, 150),
        ("train", "organism", 400, 300, 120),
        ("probe_traits", "chat", 3, 100, 100),  # from the cache
        ("draw", "any", 4, 2, 9000),  # too short for its memory to be known
    )
    assert slower(jobs) == {("train", "organism"): 1.5, ("draw", "any"): 2.0}
    assert larger(jobs) == {("train", "organism"): 1.5}
    plan = plan_of(ROOT, {}, [])
    job = Job("draw_figure", {"figure": "dose"}, (), ("x",))
    plain, slow = (
        Estimates(Amounts(plan, FACTS), known).of(job, 1) for known in ({}, {("draw_figure", "any"): 2.0})
    )
    assert (slow.seconds, slow.measured, plain.measured) == (2 * plain.seconds, True, False)


def test_little_evidence_says_nothing_of_other_rules(tmp_path: Path) -> None:
    few = jobs_of_store(tmp_path, ("train", "organism", 9000, EVIDENCE - 1, 1))
    assert (ANY, ANY) not in slower(few)
    enough = few.with_columns(stated_seconds=pl.lit(4500.0))
    assert slower(enough)[ANY, ANY] == 2
    plan = plan_of_files(ROOT, [ROOT / "studies" / "paper_shape.yaml"])
    plain, slow = (Estimates(Amounts(plan, FACTS), known) for known in ({}, {(ANY, ANY): 2.0}))
    on_gpu = Job("generate_replies", CHAINS | {"answering": "qwen2.5-7b"}, (), ("x",), gpus=1)
    assert slow.of(on_gpu, 4).seconds == plain.of(on_gpu, 4).seconds
    report = Job("write_report", {}, (), ("x",))
    assert slow.of(report, 4).seconds == 2 * plain.of(report, 4).seconds


def test_a_store_of_an_earlier_version_says_nothing(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute("CREATE TABLE jobs AS SELECT 'train' AS rule, 3.0 AS seconds")
    assert jobs_in(tmp_path / "old.duckdb").is_empty()


def test_costs_are_summed_by_rule() -> None:
    jobs = [chain("a", 1800, cores=2), chain("b", 1800, cores=2, gpus=1)]
    (one,) = rule_costs(jobs, {("work", "b")})
    assert (one.jobs, one.to_run, one.memory_mb, one.stored_mb, one.completions) == (2, 1, 100, 4, 200)
    assert (one.core_hours, one.gpu_hours, one.trained) == (2, 0.5, 2e6)


def test_the_cache_gives_no_more_than_is_asked_or_held() -> None:
    jobs = [chain("a", 1), chain("b", 1)]
    assert reusable(jobs, {"base": 150, "cat": 9}) == 150
    assert reusable(jobs, {"base": 900}) == 200
    assert reusable(jobs, {}) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (1243, "21 min"), (2.5 * 3600, "2 h 30 min"), (12 * 86400, "12.0 days")],
)
def test_times_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_are_short() -> None:
    assert [count(0), count(9999), count(2_660_000)] == ["", "9,999", "2.66 M"]
    assert [size(0), size(2.9), size(570), size(4650)] == ["", "2.9 MB", "570 MB", "4.7 GB"]


def test_columns_are_aligned() -> None:
    lines = table([["rule", "jobs"], ["draw", "12"], ["a", "1"]]).splitlines()
    assert lines == ["rule  jobs", "----------", "draw    12", "a        1"]
