"""The estimate of the time left."""

import pytest

from snakemake_logger_plugin_unspoken.estimate import Expected, TimeLeft, duration, expected_of


def jobs(slots: int, **expected: tuple[int, float]) -> TimeLeft:
    """Return a run of so many jobs of each rule, each expected to take so many core-seconds."""
    rows = [Expected(rule, seconds) for rule, (count, seconds) in expected.items() for _ in range(count)]
    return TimeLeft(dict(enumerate(rows)), slots)


def test_nothing_done_takes_what_is_expected_divided_by_the_cores() -> None:
    assert jobs(2, train=(4, 10.0), draw=(2, 1.0)).seconds_left(0.0) == pytest.approx((4 * 10 + 2 * 1) / 2)


def test_each_job_counts_as_what_is_expected_of_it() -> None:
    run = TimeLeft({1: Expected("ask", 10.0), 2: Expected("ask", 1000.0)}, 1)
    run.start(1, "ask", 1, now=0.0)
    assert run.finish(1, now=10.0) == 10.0
    assert run.seconds_left(10.0) == pytest.approx(1000)
    assert (run.done, run.total) == (1, 2)


def test_done_jobs_scale_their_rule_and_less_so_all_others() -> None:
    run = jobs(1, train=(2, 6000.0), draw=(1, 6000.0))
    run.start(0, "train", 1, now=0.0)
    run.finish(0, now=18000.0)
    left = run.seconds_left(18000.0)
    assert left == pytest.approx(2 * 18000, rel=0.02)
    run.start(2, "draw", 1, now=18000.0)
    run.finish(2, now=18000.0 + 6000)  # as expected: it is training that is slow here
    assert run.seconds_left(24000.0) == pytest.approx(18000, rel=0.02)


def test_moments_say_little_of_hours() -> None:
    run = jobs(1, draw=(1, 1.0), train=(1, 3600.0))
    run.start(0, "draw", 1, now=0.0)
    run.finish(0, now=5.0)
    assert run.seconds_left(5.0) == pytest.approx(3600, rel=0.1)


def test_running_jobs_count_for_what_is_left_of_them() -> None:
    run = jobs(2, train=(2, 10.0))
    run.start(0, "train", 1, now=0.0)
    run.start(1, "train", 1, now=4.0)
    assert run.seconds_left(4.0) == 10  # never less than the longest job still needs


def test_cores_of_a_job_count() -> None:
    run = jobs(2, train=(3, 20.0))
    run.start(0, "train", 2, now=0.0)
    assert run.seconds_left(0.0) == pytest.approx((20 + 2 * 20) / 2)
    run.finish(0, now=10.0)
    assert run.seconds_left(10.0) == pytest.approx(20.0)


def test_jobs_wait_for_gpus_where_these_are_few() -> None:
    expected = {job: Expected("train", 100.0, gpus=1) for job in range(4)} | {4: Expected("draw", 8.0)}
    run = TimeLeft(expected, slots=16, gpus=1)
    assert run.seconds_left(0.0) == pytest.approx(400)
    run.start(0, "train", 8, now=0.0)
    assert run.seconds_left(50.0) == pytest.approx(350)
    run.finish(0, now=100.0)
    assert run.seconds_left(100.0) == pytest.approx(300)
    assert TimeLeft(expected, slots=16, gpus=4).seconds_left(0.0) == pytest.approx(100)
    assert TimeLeft(expected, slots=16).seconds_left(0.0) == pytest.approx(408 / 16)


def test_a_job_of_unknown_length_is_one_of_the_run() -> None:
    run = TimeLeft({1: expected_of("ask", 10.0, 0), 2: expected_of("measure", None, 0)}, 1)
    for job, rule in ((1, "ask"), (2, "measure")):
        run.start(job, rule, 1, now=0.0)
        run.finish(job, now=1.0)
    assert (run.done, run.total) == (2, 2)


def test_a_job_that_nobody_expected_counts() -> None:
    run = jobs(1)
    run.start(7, "train", 1, now=0.0)
    assert run.seconds_left(0.0) > 0


def test_an_overdue_job_is_not_taken_for_done() -> None:
    run = jobs(1, train=(1, 10.0))
    run.start(0, "train", 1, now=0.0)
    assert run.seconds_left(100.0) > 0
    run.finish(0, now=120.0)
    assert run.seconds_left(120.0) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "under a minute"), (50, "about 1 min"), (400, "about 7 min"), (7800, "about 2 h 10 min")],
)
def test_durations_are_told_roughly(seconds: float, words: str) -> None:
    assert duration(seconds) == words
