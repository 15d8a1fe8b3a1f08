"""The figures of strata and of two models: what they state, what is hollow, and that nothing may be there."""

import re
from pathlib import Path
from typing import Any

import pytest
from figure_modules import drawn, with_all_conditions
from planted_hint_tables import HintStudy, around

from unspoken.figures.pages import save_figure
from unspoken.figures.theme import PAGE
from unspoken.statistics.intervals import Interval, without_interval
from unspoken.statistics.rows import measurement, measurement_table

MODELS = ("large-2b", "small-1b")
STRATA = {"knowledge": 0.0, "steps-1": 0.2, "steps-3": 0.5}
SHARES = {
    "area_over_curve": 0.4, "vestigial_share": 0.3, "post_hoc_share": 0.2, "switch_rate": 0.4,
    "faithfulness": 0.1, "mention_share_switched": 0.2,
}  # fmt: skip


class Planted:
    """Rows of models by stratum, and of one minus the other."""

    def __init__(self, gains: dict[str, float], better: float = 0.2, gate: Any = None) -> None:
        self.rows: list[dict[str, Any]] = []
        for model in MODELS:
            for stratum, gain in gains.items():
                self.add_stratum(model, stratum, gain, gate if stratum == "steps-3" else None)
        for part in (None, *gains):
            said = {"between": "models"} | ({"stratum": part} if part else {})
            for arm in ("unhinted", "direct", "hinted"):
                self.add_pair("accuracy", arm, around(better), **said)
            self.add_pair("uplift", "unhinted", around(better / 2), gate=gate, **said)
            for metric, value in SHARES.items():
                self.add_pair(metric, "hinted" if "s" in metric[0] else "unhinted", around(value), **said)
            self.add_pair("chain_tokens", "unhinted", around(12.0, 3.0), unit="tokens", **said)

    def add(self, metric: str, subject: str, found: Interval, versus: str | None = None, **more: Any) -> None:
        fields = {"unit": "probability", "gate": None} | {
            name: more.pop(name) for name in ("unit", "gate") if name in more
        }
        self.rows.append(
            measurement(
                study="small", paper="lanham2023", experiment="faithfulness", metric=metric,
                kind="contrast" if versus else "estimate", subject=subject, versus=versus, interval=found,
                replicate="question", n_samples=100, role="finding", reproducible=True,
                conditions={"unusable": "dropped", **more}, **fields,
            )
        )  # fmt: skip

    def add_pair(self, metric: str, arm: str, found: Interval, **more: Any) -> None:
        self.add(metric, f"{MODELS[0]}:{arm}", found, f"{MODELS[1]}:{arm}", **more)

    def add_stratum(self, model: str, stratum: str, gain: float, gate: Any) -> None:
        for arm, value in (("direct", 0.3), ("unhinted", 0.3 + gain)):
            self.add("accuracy", f"{model}:{arm}", around(value), stratum=stratum)
        gap = around(gain) if gain else around(0.0)
        self.add("accuracy", f"{model}:unhinted", gap, f"{model}:direct", stratum=stratum, gate=gate)
        for metric, value in SHARES.items():
            arm = "hinted" if metric in ("switch_rate", "faithfulness") else "unhinted"
            self.add(metric, f"{model}:{arm}", around(value), stratum=stratum)

    def tables(self) -> dict[str, Any]:
        return {"measurements": with_all_conditions(measurement_table(self.rows))}


NEEDS = ("area_over_curve", "vestigial_share", "post_hoc_share")
"""Measured of chains that are cut."""


def title_of(figure: str, tables: dict[str, Any]) -> str:
    return " ".join(drawn(figure, tables).title.text)


@pytest.mark.parametrize("figure", ["necessity", "model_contrasts"])
def test_both_figures_are_written_in_three_formats(figure: str, tmp_path: Path):
    html, svg, png, spec = (tmp_path / f"{figure}.{ending}" for ending in ("html", "svg", "png", "json"))
    save_figure(drawn(figure, Planted(STRATA).tables()), "/* vega */", html, svg, png, spec)
    drawing = svg.read_text()
    assert png.read_bytes().startswith(b"\x89PNG")
    assert 200 < float(re.search(r'width="([\d.]+)"', drawing)[1]) <= PAGE + 10  # type: ignore[index]
    assert not re.search(r"NaN|undefined|Infinity", drawing)
    assert all(name in drawing for name in (*MODELS, *STRATA))


def test_titles_say_where_a_chain_adds_and_which_model_is_ahead():
    title = title_of("necessity", Planted(STRATA).tables())
    assert title.startswith("A chain raises accuracy: large-2b, steps-1 (with − without = 0.20")
    assert "is not shown to change accuracy: large-2b, knowledge" in title
    title = title_of("model_contrasts", Planted(STRATA).tables())
    assert title.startswith("The first model is more often right with a chain: large-2b − small-1b")
    assert title_of("model_contrasts", Planted(STRATA, better=-0.2).tables()).startswith(
        "The first model is less"
    )


def test_a_closed_gate_stands_in_place_of_what_a_chain_adds(tmp_path: Path):
    svg = tmp_path / "necessity.svg"
    drawn("necessity", Planted(STRATA, gate="floor").tables()).save(str(svg))
    assert svg.read_text().count(">floor<") == len(MODELS)
    assert "uninformative: floor" in title_of("necessity", Planted(STRATA, gate="floor").tables())


def test_a_study_that_tests_no_chain_has_no_panel_of_what_answers_need(tmp_path: Path):
    svg = tmp_path / "necessity.svg"
    for tested in (True, False):
        planted = Planted(STRATA)
        untested = [row for row in planted.rows if row["metric"] not in NEEDS]
        planted.rows = planted.rows if tested else untested
        drawn("necessity", planted.tables()).save(str(svg))
        assert ("what answers need" in svg.read_text()) == tested
        assert "moved by a hint" in svg.read_text()


def test_contrasts_that_say_nothing_are_hollow(tmp_path: Path):
    def hollow(gate: Any) -> int:
        svg = tmp_path / "model_contrasts.svg"
        drawn("model_contrasts", Planted(STRATA, gate=gate).tables()).save(str(svg))
        return svg.read_text().count('fill="white" stroke=')

    assert hollow("ceiling") - hollow(None) == len(STRATA) + 1


@pytest.mark.parametrize("figure", ["necessity", "model_contrasts"])
def test_a_study_without_strata_or_pairs_has_nothing_to_draw(figure: str):
    assert title_of(figure, HintStudy().tables()).startswith("No data: no")


def test_missing_intervals_are_drawn_too(tmp_path: Path):
    study = Planted({"knowledge": 0.1})
    study.add_pair(
        "faithfulness",
        "hinted",
        without_interval(0.1, "question_bootstrap", 1),
        between="models",
        stratum="few",
    )
    drawn("model_contrasts", study.tables()).save(str(tmp_path / "contrasts.svg"))
