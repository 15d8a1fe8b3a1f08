"""The figure of uplift: what it states of planted rows, and that any of its three sources may lack."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from figure_modules import drawn, with_all_conditions
from planted_hint_tables import around

from unspoken.experiments.faithfulness.figures.uplift import LATENT, PUBLISHED, published_pairs
from unspoken.experiments.faithfulness.uplift import TOO_FEW
from unspoken.figures.pages import save_figure
from unspoken.figures.tables import Tables
from unspoken.figures.theme import PAGE
from unspoken.registry.load import read_paper
from unspoken.statistics.intervals import Interval, without_interval
from unspoken.statistics.rows import measurement, measurement_table

ROOT = Path(__file__).parents[2]
MODELS = ("small-1b", "large-7b")
TURNS = (1, 2, 4, 8)
draw = partial(drawn, "uplift")


class Planted:
    """Rows of models and of looped organisms with given uplifts."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(
        self, metric: str, subject: str, interval: Interval, versus: str | None = None, **conditions: Any
    ) -> None:
        """Add an estimate, or with `versus` a contrast."""
        self.rows.append(
            measurement(
                study="small", paper="lanham2023", experiment="faithfulness", metric=metric, unit="accuracy",
                kind="contrast" if versus else "estimate", subject=subject, versus=versus, interval=interval,
                replicate="question", n_samples=100, role="finding", reproducible=True, conditions=conditions,
            )
        )  # fmt: skip

    def add_model(self, model: str, uplift: float) -> None:
        """Add a model's accuracies, some of another arm and with unusable answers as failures."""
        for unusable, lower in (("dropped", 0.0), ("failure", 0.3)):
            said = {"unusable": unusable}
            self.add("accuracy", f"{model}:direct", around(0.4 - lower, 0.05), **said)
            self.add("accuracy", f"{model}:unhinted", around(0.4 + uplift - lower, 0.05), **said)
            self.add("accuracy", f"{model}:hinted", around(0.11), hint="all", **said)
            gap = around(uplift, 0.05)
            self.add("accuracy", f"{model}:unhinted", gap, f"{model}:direct", **said)
        self.add("accuracy", f"{model}:direct", around(0.12), test="filler")

    def add_slope(self, slope: float | None, models: int) -> None:
        """Add the slope over models."""
        found = around(slope) if slope is not None else without_interval(None, "errors_in_both", models)
        said = {"unusable": "dropped"} | ({} if slope is not None else {"reason": TOO_FEW})
        self.add("uplift_slope", "pool:unhinted", found, "pool:direct", **said)

    def add_organisms(self, slope: float) -> None:
        """Add accuracies of looped organisms: of tasks of several steps, and of one number of steps."""
        for place, turns in enumerate(TURNS):
            for mode, value in (("direct", 0.2 + 0.1 * place), ("steps", 0.7)):
                subject = f"loops:{turns}:{mode}"
                self.add("step_accuracy", subject, around(value, 0.03), k="all", turns=turns, mode=mode)
                self.add("step_accuracy", subject, around(0.13), k=2, turns=turns, mode=mode)
        self.add("step_uplift_slope", "loops:8:direct", around(slope, 0.02), "loops:1:direct", k="all")

    def measurements(self) -> pl.DataFrame:
        """Return what figures read."""
        return with_all_conditions(measurement_table(self.rows))


def claims_table() -> pl.DataFrame:
    """Return the published values of the registry's two papers, in the columns that the figure reads."""
    papers = [read_paper(ROOT / f"resources/claims/{name}.yaml") for name in ("geiping2025", "hao2024")]
    rows = [
        {"claim_id": claim.id, "value_index": place, "cited": paper.cited, "value_of": value.of,
         "value": value.value, "unit": value.unit}
        for paper in papers
        for claim in paper.claims
        for place, value in enumerate(claim.values, 1)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def planted(
    *uplifts: float, slope: float | None = None, by_turns: float | None = None, published: bool = True
) -> Tables:
    """Return tables with a model an uplift, the slope over models, and that over turns."""
    study = Planted()
    for model, uplift in zip(MODELS, uplifts, strict=False):
        study.add_model(model, uplift)
    if uplifts:
        study.add_slope(slope, len(uplifts))
    if by_turns is not None:
        study.add_organisms(by_turns)
    tables = {"measurements": study.measurements()}
    return tables | ({"claims": claims_table()} if published else {})


def title_of(tables: Tables) -> str:
    return " ".join(draw(tables).title.text)


def subtitle_of(tables: Tables) -> str:
    return " ".join(draw(tables).title.subtitle)


ALL: dict[str, Any] = {
    "all": {"uplifts": (0.2, -0.1), "slope": -0.4, "by_turns": -0.1},
    "models": {"uplifts": (0.2,), "published": False},
    "organisms": {"uplifts": (), "by_turns": -0.1, "published": False},
    "published": {"uplifts": ()},
}


@pytest.mark.parametrize("given", ALL.values(), ids=ALL)
def test_it_is_written_in_three_formats_whatever_lacks(given, tmp_path):
    tables = planted(*given["uplifts"], **{name: one for name, one in given.items() if name != "uplifts"})
    html, svg, png, spec = (tmp_path / f"uplift.{ending}" for ending in ("html", "svg", "png", "json"))
    save_figure(draw(tables), "/* vega */", html, svg, png, spec)
    assert png.read_bytes().startswith(b"\x89PNG")
    drawing = svg.read_text()
    width = float(re.search(r'width="([\d.]+)"', drawing)[1])  # type: ignore[index]
    assert 200 < width <= PAGE + 10
    assert not re.search(r"NaN|undefined|Infinity", drawing)
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)px"', drawing)) >= 8
    assert all((model in drawing) == (place < len(given["uplifts"])) for place, model in enumerate(MODELS))
    assert ("looped organisms, by turns" in drawing) == ("by_turns" in given)
    assert ("Hao et al. 2024" in drawing) == given.get("published", True)


def test_the_title_states_what_is_seen():
    assert title_of(planted(0.2)).startswith("Written reasoning raises accuracy (uplift = 0.20")
    assert title_of(planted(-0.2)).startswith("Written reasoning lowers accuracy (uplift = −0.20")
    assert title_of(planted(0.01)).startswith("Written reasoning is not shown to change accuracy")
    both = title_of(planted(0.2, -0.1))
    assert "raises accuracy: small-1b (" in both and "lowers accuracy: large-7b (" in both
    of_models, of_turns = "adds {} to models that are right without it", "adds {} to looped organisms of more"
    assert f"{of_models.format('less')} (slope = −0.40" in title_of(planted(0.2, slope=-0.4))
    assert of_models.format("more") in title_of(planted(0.2, slope=0.4))
    assert "shows no trend over models" in title_of(planted(0.2, slope=0.05))
    for slope, how in ((-0.1, "less"), (0.1, "more")):
        title = title_of(planted(by_turns=slope))
        assert title.startswith(f"Written reasoning {of_turns.format(how)} turns (uplift per doubling")
    assert "no trend over the turns" in title_of(planted(by_turns=0.01))


def test_models_that_are_too_few_have_no_slope_and_it_is_said():
    assert "1 model: no slope of the uplift over models (fewer than 5 models)" in subtitle_of(planted(0.2))
    assert "no slope" not in subtitle_of(planted(0.2, slope=-0.4))


def test_published_pairs_are_counted_without_latent_thoughts():
    pairs = published_pairs(claims_table())
    assert pairs.height == len(PUBLISHED)
    written = pairs.filter(pl.col("series") != LATENT)
    ahead = sum(y > x for x, y in written.select("x", "y").iter_rows())
    said = f"written reasoning is ahead in {ahead} of {written.height} published pairs"
    assert title_of(planted()).lower() == said
    assert said in subtitle_of(planted(0.2))


def test_published_cells_are_of_one_task_and_of_the_two_ways_to_answer():
    cells = {(row["claim_id"], row["value_index"]): row["value_of"] for row in claims_table().to_dicts()}
    for pair in PUBLISHED:
        without, reasoned = cells[pair.without], cells[pair.reasoned]
        assert "tokens" not in without + reasoned
        assert without == reasoned or without.replace("GSM8K", "GSM8K CoT") == reasoned
        assert pair.name in without
    assert len({(pair.without, pair.reasoned) for pair in PUBLISHED}) == len(PUBLISHED)


def test_other_arms_failures_and_single_numbers_of_steps_are_left_out():
    text = json.dumps(draw(planted(0.2, by_turns=-0.1)).to_dict())
    data = [row for rows in json.loads(text)["datasets"].values() for row in rows]
    model = [row for row in data if row.get("what") == MODELS[0]]
    assert [(row["x"], round(row["y"], 9)) for row in model] == [(0.4, 0.6)]
    assert [row["turns"] for row in data if "turns" in row] == list(TURNS)
    assert not {0.11, 0.12, 0.13} & {row.get(axis) for row in data for axis in "xy"}


def test_a_model_asked_in_one_way_alone_is_not_drawn():
    rows = planted(0.2, published=False)["measurements"].filter(pl.col("whose") == "direct")
    assert title_of({"measurements": rows}).startswith("No data")


def test_without_data_the_title_says_so():
    empty = {"measurements": planted(0.2)["measurements"].clear()}
    assert title_of(empty).startswith("No data")
