"""Titles and marks of the scaling room's figures, from tables whose findings a test writes down."""

import polars as pl
import pytest
from figure_modules import drawn
from planted_failures import lured, shifted_grades, written_lengths


def title_of(figure: str, measurements: pl.DataFrame) -> str:
    return " ".join(drawn(figure, {"measurements": measurements}).title.text)


@pytest.mark.parametrize(("power", "cases", "times"), [(1.0, 1, "2.00"), (0.0, 0, "1.00")])
def test_the_title_says_how_far_lengths_follow_what_is_asked(power, cases, times):
    assert title_of("scaling_lengths", written_lengths(power)) == (
        f"Asked for more tokens, models write more in {cases} of 1 case:"
        f" asked for twice as many, {times} times as many"
    )


def test_what_a_limit_ended_is_said_beside_the_lengths():
    figure = drawn("scaling_lengths", {"measurements": written_lengths(0.5)})
    assert "ended 0.00 to 1.00 of those" in " ".join(figure.title.subtitle)
    assert figure.data["allowed"].to_list() == [100, 200, 400, 800]  # at 0 nothing is written


@pytest.mark.parametrize(("share", "said"), [(0.6, "more often in 1"), (0.0, "no change shown in any")])
def test_failures_are_counted_above_their_base_rate(share, said):
    title = title_of("scaling_failures", lured(share))
    assert f"a distractor's number: {said} of 1 case;" in title


def test_each_failure_stands_beside_its_base_rate():
    data = drawn("scaling_failures", {"measurements": lured(0.6)}).data
    of_lures = data.filter(pl.col("panel") == "counts: a\ndistractor's\nnumber", length=800)
    shares = dict(of_lures.select("which", "value").iter_rows())
    assert shares == {"answers": pytest.approx(0.6), "anyway: base rate": 0.0}
    assert set(data.filter(pl.col("panel") == "counts: not to be\nread")["which"]) == {"answers"}


def test_features_stand_beside_those_of_the_true_grades():
    figure = drawn("scaling_features", {"measurements": shifted_grades()})
    # At 800 both features are unlike the truth's, and the change from 100 is sure for both.
    assert " ".join(figure.title.text).startswith(
        "Predicted grades follow features unlike true grades in 2 of 6 correlations"
    )
    assert " ".join(figure.title.text).endswith("changes 2 of 2")
    sleep = figure.data.filter(name="sleep").sort("budget")
    assert abs(sleep["true"]).max() < 0.1
    assert sleep["value"][-1] > 0.9 > abs(sleep["value"][0])
    assert figure.data.filter(name="hours")["true"].min() > 0.9
    grade = figure.data.filter(name="the true grade").sort("budget")["value"]
    assert grade[0] > 0.99 > 0.5 > grade[-1]


def test_predictions_that_follow_nothing_are_said_to_be_so():
    """A title without data says why: nothing was asked for grades, or all predictions are alike."""
    grades = shifted_grades()
    unread = grades.with_columns(value=pl.lit(None, pl.Float64))
    assert title_of("scaling_features", unread).startswith(
        "No data: predictions that can be read are too few"
    )
    assert title_of("scaling_features", grades.clear()).startswith("No data: no task that was asked")
