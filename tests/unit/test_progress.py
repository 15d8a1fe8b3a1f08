"""The estimate of the time left."""

import pytest

from snakemake_logger_plugin_unspoken.estimate import TimeLeft, duration, expected_seconds


def test_nothing_done_takes_the_table_divided_by_the_cores() -> None:
    jobs = TimeLeft({"train": 4, "draw": 2}, 2, {"train": 10.0, "draw": 1.0})
    assert jobs.seconds_left(0.0) == pytest.approx((4 * 10 + 2 * 1) / 2)


def test_done_jobs_of_a_rule_replace_its_table_and_scale_the_others() -> None:
    jobs = TimeLeft({"train": 4, "draw": 2}, 1, {"train": 10.0, "draw": 1.0})
    jobs.start(1, "train", 1, now=0.0)
    assert jobs.finish(1, now=30.0) == ("train", 30.0)
    assert jobs.seconds_left(30.0) == pytest.approx(3 * 30 + 2 * 3)
    assert (jobs.done, jobs.total) == (1, 6)


def test_running_jobs_count_for_what_is_left_of_them() -> None:
    jobs = TimeLeft({"train": 2}, 2, {"train": 10.0})
    jobs.start(1, "train", 1, now=0.0)
    jobs.start(2, "train", 1, now=4.0)
    assert jobs.seconds_left(4.0) == pytest.approx((6 + 10) / 2, abs=2.01)
    assert jobs.seconds_left(4.0) >= 10  # never less than the longest job still needs


def test_cores_of_a_job_count() -> None:
    jobs = TimeLeft({"train": 3}, 2, {})
    jobs.start(1, "train", 2, now=0.0)
    jobs.finish(1, now=10.0)
    assert jobs.seconds_left(10.0) == pytest.approx(20.0)


def test_an_overdue_job_is_not_taken_for_done() -> None:
    jobs = TimeLeft({"train": 1}, 1, {"train": 10.0})
    jobs.start(1, "train", 1, now=0.0)
    assert jobs.seconds_left(100.0) > 0
    jobs.finish(1, now=120.0)
    assert jobs.seconds_left(120.0) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "under a minute"), (50, "about 1 min"), (400, "about 7 min"), (7800, "about 2 h 10 min")],
)
def test_durations_are_told_roughly(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_shipped_table_holds_seconds() -> None:
    assert all(seconds >= 0 for seconds in expected_seconds().values())
