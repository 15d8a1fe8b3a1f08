"""The figure of metrics: what its title counts, what its cells hold, and that nothing breaks it."""

import json
import re
from functools import partial
from typing import Any

import pytest
from figure_modules import drawn, with_all_conditions

from unspoken.experiments.faithfulness.figures.metric_agreement import METRICS
from unspoken.figures.pages import save_figure
from unspoken.figures.tables import Tables
from unspoken.figures.theme import PAGE
from unspoken.statistics.intervals import Interval, make_interval, without_interval
from unspoken.statistics.rows import measurement, measurement_table

NAMES = list(METRICS)
draw = partial(drawn, "metric_agreement")


def around(value: float | None, half: float | None) -> Interval:
    if value is None or half is None:
        return without_interval(value, "unit_bootstrap", 12)
    low, high = max(-1, value - half), min(1, value + half)
    return make_interval(value, half / 2, [low, high, low, high], None, "unit_bootstrap", 12)


def row(metric: str, interval: Interval, **conditions: str) -> dict[str, Any]:
    return measurement(
        study="small", paper="chen2025", experiment="faithfulness", metric=metric,
        unit="correlation" if metric == "rank_agreement" else "auroc", kind="estimate", subject="all",
        interval=interval, replicate="none", n_samples=9, n_missing=3, role="finding", reproducible=True,
        conditions=conditions,
    )  # fmt: skip


def tables(
    names: list[str], tau: tuple[float | None, float | None] = (0.5, 0.2),
    auroc: tuple[float | None, float | None] | None = (0.8, 0.1),
) -> Tables:  # fmt: skip
    """Return agreements of every pair of metrics and the AUROC of each, all of one value and interval."""
    pairs = [(one, two) for at, one in enumerate(sorted(names)) for two in sorted(names)[at + 1 :]]
    rows = [row("rank_agreement", around(*tau), score=one, versus_score=two) for one, two in pairs]
    rows += [row("auroc", around(*auroc), score=name) for name in names] if auroc else []
    return {"measurements": with_all_conditions(measurement_table(rows))}


def title_of(found: Tables) -> str:
    return " ".join(draw(found).to_dict()["title"]["text"])


def cells_of(found: Tables) -> list[dict[str, Any]]:
    made = draw(found).to_dict()
    return next(rows for rows in made["datasets"].values() if "row" in rows[0])


@pytest.mark.parametrize("count", [2, 4, 8])
def test_it_is_written_in_all_formats_and_fits_a_page(count, tmp_path):
    html, svg, png, spec = (tmp_path / f"figure.{ending}" for ending in ("html", "svg", "png", "json"))
    save_figure(draw(tables(NAMES[:count])), "/* vega */", html, svg, png, spec)
    assert png.read_bytes().startswith(b"\x89PNG")
    drawing = svg.read_text()
    assert float(re.search(r'width="([\d.]+)"', drawing)[1]) <= PAGE + 10  # type: ignore[index]
    assert not re.search(r"NaN|undefined|Infinity", drawing)
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)px"', drawing)) >= 8
    assert all(METRICS[name] in drawing for name in NAMES[:count])
    assert drawing.count(">0.30 to<") == count * (count - 1) / 2
    assert drawing.count(">0.80<") == count


def test_each_pair_stands_once_below_the_diagonal():
    order = list(METRICS.values())
    cells = cells_of(tables(NAMES))
    assert len({(cell["row"], cell["column"]) for cell in cells}) == 28
    assert all(order.index(cell["row"]) > order.index(cell["column"]) for cell in cells)


def test_titles_count_what_intervals_show():
    assert title_of(tables(NAMES[:3])) == (
        "Metrics rank units alike in 3 of 3 pairs; 0 of 3 metrics part the planted units without a mistake,"
        " 3 shown to be better than chance"
    )
    other = title_of(tables(NAMES[:3], (-0.5, 0.2), (1.0, 0.6)))
    assert "alike in 0 of 3 pairs, the other way round in 3; 3 of 3 metrics part the planted" in other
    assert other.endswith("0 shown to be better than chance")
    few = tables(NAMES[:2], (0.5, None), None)
    assert title_of(few) == "Metrics rank units alike in 0 of 1 pair"
    some = [row("auroc", around(0.9, 0.1), score="faithfulness"), row("auroc", around(0.4, 0.2), score="own")]
    named = {"measurements": with_all_conditions(measurement_table(some))}
    assert title_of(named) == (
        "0 of 2 metrics part the planted units without a mistake, 1 shown to be better than chance:"
        " faithfulness"
    )


def test_values_without_an_interval_and_missing_ones_are_said_so(tmp_path):
    picture = draw(tables(NAMES[:3], (None, None), (None, None)))
    picture.save(str(tmp_path / "figure.svg"))
    drawing = (tmp_path / "figure.svg").read_text()
    assert drawing.count(">no value<") == drawing.count(">–<") == 3
    [cell, *_] = cells_of(tables(NAMES[:2], (0.5, None)))
    assert (cell["text"], cell["low"], cell["high"]) == ("0.50", "", "")


def test_the_subtitle_says_over_how_many_units():
    text = " ".join(draw(tables(NAMES[:3])).to_dict()["title"]["subtitle"])
    assert "of the 9 of 12 units that have both metrics" in text
    assert "those of 12 planted units" in text


def test_a_study_without_metrics_says_so():
    empty = tables(NAMES[:2])["measurements"].clear()
    picture = draw({"measurements": empty})
    assert "metrics were not compared" in json.dumps(picture.to_dict())
