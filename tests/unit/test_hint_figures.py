"""The figures of the faithfulness experiment: their files, their titles, what they leave out."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
import yaml
from figure_modules import drawn
from planted_hint_tables import MODELS, HintStudy

from unspoken.experiments.faithfulness.figures.hints import KINDS, PUBLISHED
from unspoken.figures.pages import save_figure
from unspoken.figures.tables import Tables
from unspoken.figures.theme import PAGE
from unspoken.tables.base import write_table
from unspoken.tables.measurements import Measurements

ROOT = Path(__file__).parents[2]
FIGURES = ["hints", "mentions", "chain_length", "early_answering", "judge_calibration", "planted_hints"]
OF_MODELS = FIGURES[:4]


def title_of(figure: str, tables: Tables) -> str:
    return " ".join(drawn(figure, tables).title.text)


def text_of(figure: str, tables: Tables) -> str:
    return json.dumps(drawn(figure, tables).to_dict(), ensure_ascii=False)


def test_the_planted_rows_are_measurements(tmp_path):
    write_table(HintStudy(MODELS).measurements(), tmp_path / "measurements.parquet", Measurements)


@pytest.mark.parametrize("models", [MODELS[:1], MODELS])
@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_written_in_three_formats(figure, models, tmp_path):
    html, svg, png, spec = (tmp_path / f"{figure}.{ending}" for ending in ("html", "svg", "png", "json"))
    save_figure(drawn(figure, HintStudy(models).tables()), "/* vega */", html, svg, png, spec)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "/* vega */" in html.read_text()
    drawing = svg.read_text()
    width = float(re.search(r'width="([\d.]+)"', drawing)[1])  # type: ignore[index]
    assert 200 < width <= PAGE + 10
    assert not re.search(r"NaN|undefined|Infinity", drawing)
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)px"', drawing)) >= 8
    if figure in OF_MODELS:
        assert all(model in drawing for model in models)


def test_titles_state_the_sign():
    found = HintStudy().tables()
    assert title_of("hints", found).startswith("Hints move answers more than asking again does (p − s = 0.30")
    assert title_of("hints", found).endswith("share = 0.20, 95% CI 0.10 to 0.30")
    assert title_of("mentions", found).startswith("Chains mention the hint more where it moved")
    assert "less faithful on hard questions (hard − easy = −0.20" in title_of("chain_length", found)
    assert "Unfaithful chains are longer" in title_of("chain_length", found)
    assert "whole chain states: share = 0.60, 95% CI 0.56 to 0.64; two" in title_of("early_answering", found)

    other = HintStudy(move=-0.3, gap=-0.2, harder=0.2, longer=-30.0, kept_answer=0.2).tables()
    assert title_of("hints", other).startswith("Hints move answers less")
    assert title_of("mentions", other).startswith("Chains mention the hint less")
    assert title_of("chain_length", other).startswith("Chains are more faithful on hard questions")
    assert "Unfaithful chains are shorter" in title_of("chain_length", other)
    assert "share = 0.20" in title_of("early_answering", other)


def test_titles_say_that_no_difference_was_shown():
    null = HintStudy(move=0.0, gap=0.0, harder=0.0, longer=None).tables()
    for figure in ("hints", "mentions", "chain_length"):
        assert title_of(figure, null).startswith("No difference"), figure
    assert "could not be computed" in title_of("chain_length", null)


def test_titles_name_each_of_several_models():
    for figure in OF_MODELS:
        title = title_of(figure, HintStudy(MODELS).tables())
        assert all(model in title for model in MODELS), figure


def test_lengths_that_could_not_be_compared_are_said_to_be_too_few(tmp_path):
    def count(longer: float | None) -> int:
        svg = tmp_path / "chain_length.svg"
        drawn("chain_length", HintStudy(longer=longer).tables()).save(str(svg))
        return svg.read_text().count(">too few<")

    assert count(30.0) == 0
    assert count(None) == 4  # the raw difference, and three ways with chains that were cut


def test_ceiling_and_floor_stand_where_they_were_measured(tmp_path):
    svg = tmp_path / "early_answering.svg"
    drawn("early_answering", HintStudy().tables()).save(str(svg))
    lines = re.findall(r': ([\d.]+)"[^>]*stroke="(#BBBBBB|#222222)"', svg.read_text())
    assert set(lines) == {("0.9", "#BBBBBB"), ("0.3", "#222222")}


def test_kinds_with_too_few_questions_are_hollow_and_said_so():
    text = text_of("hints", HintStudy().tables())
    assert "12, too few (needs 77)" in text
    assert "45, too few" not in text
    assert text.count('"few": true') == 4  # three scores and the count: switch rates are never hollow
    assert "(1 kind)" in " ".join(drawn("hints", HintStudy().tables()).title.subtitle)


def test_unusable_answers_as_failures_and_planted_personas_are_left_out():
    text = text_of("hints", HintStudy().tables())
    assert '"value": 0.9,' not in text
    for figure in OF_MODELS:
        assert "planted" not in text_of(figure, HintStudy().tables()), figure


@pytest.mark.parametrize("figure", FIGURES)
def test_without_data_the_title_says_so(figure):
    empty = {"measurements": HintStudy().tables()["measurements"].clear()}
    assert title_of(figure, empty).startswith("No data")


@pytest.mark.parametrize("kept", ["faithfulness", "switch_rate", "chain_tokens", "match"])
def test_a_study_with_one_metric_breaks_no_figure(kept, tmp_path):
    rows = HintStudy().tables()["measurements"].filter(metric=kept)
    for figure in FIGURES:
        svg = tmp_path / f"{figure}.svg"
        drawn(figure, {"measurements": rows}).save(str(svg))
        assert not re.search(r"NaN|undefined|Infinity", svg.read_text()), figure


def test_published_scores_are_those_of_the_registry():
    claims = yaml.safe_load((ROOT / "resources/claims/chen2025.yaml").read_text())["claims"]
    registered = {claim["id"]: claim for claim in claims}
    for model, (_, values) in PUBLISHED.items():
        for kind, (name, value) in values.items():
            assert kind in KINDS
            assert registered[name]["values"][0]["value"] == value
            assert registered[name]["model"].startswith(model)
            assert registered[name]["metric"] == "normalised CoT faithfulness"


def test_judges_that_were_only_challenged_are_drawn():
    rows = HintStudy().tables()["measurements"]
    challenged = {"measurements": rows.filter(metric="challenge_pass_rate")}
    assert title_of("judge_calibration", challenged) == (
        "Judges are right on most challenge chains in 12 of 12 cells"
    )
    assert title_of("judge_calibration", {"measurements": rows}).startswith(
        "Lexical judge, mentions the hint: sensitivity 0.75, specificity 0.75; lexical judge, relies"
    )


def test_corrected_scores_stand_beside_raw_ones():
    text = text_of("judge_calibration", HintStudy().tables())
    assert "as judged" in text
    assert "corrected for the judge's errors" in text
    raw = HintStudy().tables()["measurements"].filter(~pl.col("metric").str.ends_with("_corrected"))
    assert "as judged" not in text_of("judge_calibration", {"measurements": raw})


def test_planted_truths_that_are_missed_are_named():
    assert title_of("planted_hints", HintStudy().tables()) == (
        "The 95% interval holds the planted truth in 5 of 5 scores"
    )
    missed = title_of("planted_hints", HintStudy(off=-0.3).tables())
    assert missed.startswith(
        "The 95% interval holds the planted truth in 0 of 5 scores; it misses: half, faith"
    )
