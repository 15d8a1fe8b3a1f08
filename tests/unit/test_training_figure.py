"""The figure of loss curves, of few models and of many."""

import polars as pl
import pytest

from unspoken.experiments.subliminal.figures.training import BINS, MOST_POINTS, curves, draw

STEPS = 50


def losses(models: int) -> pl.DataFrame:
    """Return the falling losses of so many students of one arm."""
    steps = pl.DataFrame({"step": range(1, STEPS + 1)})
    subjects = pl.DataFrame({"subject": [f"organism:tokens:owl-{number}" for number in range(models)]})
    return subjects.join(steps, how="cross").with_columns(
        epoch=pl.col("step") / STEPS, loss=1 / pl.col("step"), objective=pl.lit("tokens")
    )


@pytest.mark.parametrize(("models", "points"), [(2, BINS), (445, MOST_POINTS // 445)])
def test_curves_of_many_models_have_fewer_points_and_are_drawn(models: int, points: int) -> None:
    training = losses(models)
    binned = curves(training)
    assert binned.height == models * points <= MOST_POINTS
    assert binned["loss"].mean() == pytest.approx(training["loss"].mean(), rel=0.06)
    title = draw({"training": training}).to_dict()["title"]
    assert f"{models} models" in str(title)
