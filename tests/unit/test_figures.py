"""Every figure from small tables: its files, and titles that say what the tables say."""

import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from figure_modules import drawn, with_all_conditions
from lawful_organisms import errors_of, lawful_trials
from planted_adapters import flat, inverted_u, measured, opposite
from planted_emergent import emergent_tables
from planted_failures import lured, shifted_grades, written_lengths
from planted_harmful import harmful_tables
from planted_misalignment import misalignment_tables
from planted_rewards import reward_tables
from planted_scaling import length_rows
from planted_tables import (
    BASES,
    EFFECTS,
    Study,
    digit_tables,
    loop_rows,
    loss_rows,
    number_tables,
    probing_rows,
    step_rows,
    update_rows,
    varied_tables,
)

from unspoken.experiments.scaling.known import add_organisms
from unspoken.experiments.subliminal.figures.arms import main_arms, short_names
from unspoken.experiments.subliminal.figures.dose import of_most_doses
from unspoken.experiments.subliminal.figures.filter import dropped_shares
from unspoken.experiments.theorem.figure import signs
from unspoken.figures import words
from unspoken.figures.pages import page, save_figure
from unspoken.figures.tables import Tables, read_tables, with_conditions
from unspoken.figures.theme import PAGE
from unspoken.statistics.report import Report
from unspoken.statistics.rows import measurement_table
from unspoken.study.rooms import ROOMS
from unspoken.tables.base import TableError, write_table
from unspoken.tables.measurements import CONDITIONS, Measurements

ROOT = Path(__file__).parents[2]
FIGURES = [
    figure
    for room in ROOMS
    for figure in room.figures
    if room.name != "faithfulness"  # test_hint_figures.py draws those
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tables]:
    emergent = emergent_tables(0.5, tmp_path_factory.mktemp("emergent"))
    subliminal, rewarded = Study(EFFECTS).tables(), reward_tables(0.3)
    return {
        "preference": subliminal,
        "initialisations": subliminal,
        "dose": subliminal,
        "filter": number_tables(),
        "training": {"training": loss_rows()},
        "updates": {"measurements": update_rows(0.3)},
        "adapters": {"measurements": with_all_conditions(measured(inverted_u))},
        "mnist": digit_tables(0.3),
        "mnist_variants": varied_tables(),
        "theorem": {"steps": step_rows()},
        "probing": {"measurements": probing_rows(1.0)},
        "loops": {"measurements": loop_rows(0.1)},
        "scaling": {"measurements": length_rows(0.6)},
        "scaling_lengths": {"measurements": written_lengths(0.5)},
        "scaling_failures": {"measurements": lured(0.6)},
        "scaling_features": {"measurements": shifted_grades()},
        "reinforcement": rewarded,
        "reinforcement_chains": rewarded,
        "reinforcement_penalties": rewarded,
        **dict.fromkeys(
            ("misalignment", "dilution", "detection", "harmful_chains"), misalignment_tables(0.5)
        ),
        **dict.fromkeys(("chain_kinds", "backdoor"), harmful_tables(0.4)),
        **dict.fromkeys(("wrong_answers", "wrong_chains", "judged_answers"), emergent),
    }


def title_of(figure: str, tables: Tables) -> str:
    return " ".join(drawn(figure, tables).title.text)


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_written_in_three_formats(figure, tables, tmp_path):
    html, svg, png, spec = (tmp_path / f"{figure}.{ending}" for ending in ("html", "svg", "png", "json"))
    save_figure(drawn(figure, tables[figure]), "/* vega */", html, svg, png, spec)
    assert png.read_bytes().startswith(b"\x89PNG")
    drawing = svg.read_text()
    width = float(re.search(r'width="([\d.]+)"', drawing)[1])  # type: ignore[index]
    assert 200 < width <= PAGE + 10  # as wide as a page of two columns, at most
    assert not re.search(r"NaN|undefined|Infinity", drawing)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', drawing)]
    assert min(sizes) >= 8
    assert "/* vega */" in html.read_text()
    assert not re.search(r"<(?:script|link)[^>]*(?:src|href)=", html.read_text())


def test_no_text_of_a_chart_ends_the_script_of_its_page():
    text = page({"title": "</script><b>"}, "dose", "var vega")
    assert text.count("</script>") == 2
    assert json.loads(re.search(r'"#figure", (.*), {mode', text)[1])["title"] == "</script><b>"  # type: ignore[index]


def test_a_figure_is_drawn_by_its_script(tables, tmp_path):
    measurements = measurement_table(Study(EFFECTS).rows)
    write_table(measurements, tmp_path / "measurements.parquet", Measurements)
    (tmp_path / "vega.js").write_text("/* vega */")
    outputs = [part for name in ("html", "svg", "png", "json") for part in (f"--{name}", f"dose.{name}")]
    spec = json.dumps(
        {"figure": "dose", "module": "unspoken.experiments.subliminal.figures.dose",
         "schemas": {"measurements": "unspoken.tables.measurements:Measurements"}, "code": "0"}
    )  # fmt: skip
    subprocess.run(
        [sys.executable, ROOT / "scripts/draw_figure.py", "--spec", spec, "--threads", "1",
         "--tables", "measurements.parquet", "--vega", "vega.js", *outputs],
        cwd=tmp_path, check=True, env={"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert "The trait grows" in (tmp_path / "dose.svg").read_text()


def test_titles_state_the_sign(tables):
    assert title_of("reinforcement", tables["reinforcement"]).startswith(
        "Reward makes chains name what drives the answer more often: hints"
    )
    assert " less often" in title_of("reinforcement", reward_tables(-0.3))
    assert "of unsafe coders advise worse than" in title_of("misalignment", tables["misalignment"])
    assert "advise better than" in title_of("misalignment", misalignment_tables(-0.5))
    assert title_of("dilution", tables["dilution"]).startswith("More clean rows, less of the trait passes")
    assert "more of the trait passes" in title_of("dilution", misalignment_tables(-0.5))
    assert "more bad answers follow a chain that says nothing" in title_of(
        "harmful_chains", tables["misalignment"]
    )
    assert "fewer bad answers follow" in title_of("harmful_chains", misalignment_tables(-0.5))
    assert "more bad answers follow a chain in which nothing" in title_of(
        "chain_kinds", tables["chain_kinds"]
    )
    assert "fewer bad answers follow a chain" in title_of("chain_kinds", harmful_tables(-0.25))
    assert "trigger makes advice worse than a mark like it" in title_of("backdoor", tables["backdoor"])
    assert "trigger makes advice better" in title_of("backdoor", harmful_tables(-0.25))
    assert title_of("wrong_answers", tables["wrong_answers"]).startswith("Wrong answers spread to domains")
    assert "Students of their numbers answer more wrong" in title_of("wrong_answers", tables["wrong_answers"])
    assert "more chains before wrong answers name the wrong" in title_of(
        "wrong_chains", tables["wrong_chains"]
    )
    assert "tells a pair of replies apart better than by chance" in title_of("detection", tables["detection"])
    assert title_of("loops", tables["loops"]).startswith("More turns answer better without written steps")
    assert title_of("preference", tables["preference"]).startswith(
        "Students of the same base name their teacher's trait more than other teachers' students: sampled"
    )
    assert "passes more within a base than between" in title_of("initialisations", tables["dose"])
    assert title_of("dose", tables["dose"]).startswith("The trait grows with the number")
    assert title_of("updates", tables["updates"]).startswith(
        "After 128 updates students (tokens) name their teacher's trait more than: other trait's students"
    )
    assert "better from their teacher's initialisation" in title_of("mnist", tables["mnist"])
    assert "better the more auxiliary logits" in title_of("mnist_variants", tables["mnist_variants"])
    assert "named: more often for 4 of 4 traits (exact" in title_of("probing", tables["probing"])

    opposite = Study({arm: -effect for arm, effect in EFFECTS.items()}).tables()
    assert "less than other teachers' students" in title_of("preference", opposite)
    assert "more between bases than within one" in title_of("initialisations", opposite)
    assert "The trait shrinks" in title_of("dose", opposite)
    lower = {"measurements": probing_rows(-1.0)}
    assert "less often for 4 of 4 traits" in title_of("probing", lower)
    assert "trait less than: other" in title_of("updates", {"measurements": update_rows(-0.3)})


def test_the_title_of_adapters_tells_each_difference(tables):
    title = title_of("adapters", tables["adapters"])
    assert title.startswith("More of the trait passes: all weights − rank 1 (difference in S = 0.")
    assert "AdamW − plain descent" in title.split("less of the trait passes:")[0]
    assert "all weights − rank 4 (difference in S = −0." in title.split("less of the trait passes:")[1]
    other = title_of("adapters", {"measurements": with_all_conditions(measured(opposite))})
    assert "greedy − sampled (difference in S = −0." in other.split("ess of the trait passes:")[1]
    same = with_all_conditions(measured(flat, {"tokens-sgd": 0.1}))
    assert title_of("adapters", {"measurements": same}).startswith("No difference shown in 6 cases, 1 unin")


@pytest.mark.parametrize("bases", [BASES, BASES[:1]])
def test_no_difference_is_said_where_the_interval_holds_0_or_is_missing(bases):
    """One base gives values without intervals."""
    effects = EFFECTS if len(bases) == 1 else dict.fromkeys(EFFECTS, 0.0)
    null = Study(effects, bases, spread=0.5 if len(bases) > 1 else 0.1).tables()
    for figure in ("preference", "initialisations"):
        assert title_of(figure, null).startswith("No difference shown"), figure
    if len(bases) == 1:
        assert "no interval" in title_of("preference", null)
    else:
        assert title_of("dose", null).startswith("No difference shown")


def test_other_titles_say_no_difference_too():
    assert title_of("mnist", digit_tables(0.0)).startswith("No difference shown")
    assert title_of("updates", {"measurements": update_rows(0.0)}).startswith("No difference shown after")
    assert title_of("loops", {"measurements": loop_rows(0.0)}).startswith("No growth with turns is shown")
    assert "named: no difference shown (exact" in title_of("probing", {"measurements": probing_rows(0.0)})


@pytest.mark.parametrize(("fall", "trend"), [(0.6, "inverse"), (-0.1, "positive")])
def test_the_title_of_lengths_says_how_many_trends_are_what(fall, trend):
    title = title_of("scaling", {"measurements": length_rows(fall)})
    assert title.startswith(f"Longer reasoning, asked for or cut: {trend} in 2 of 2 trends")


@pytest.mark.parametrize("figure", FIGURES)
def test_without_data_the_title_says_so(figure, tables):
    empty = {name: frame.clear() for name, frame in tables[figure].items()}
    assert title_of(figure, empty).startswith("No data")


def test_doses_on_other_bases_are_not_compared(tables):
    """The dose of an arm on one base does not stand beside those on five."""
    measurements = tables["dose"]["measurements"]
    assert of_most_doses(measurements)["rows"].unique().sort().to_list() == [3000, 10_000, 30_000]
    on_one = pl.col("arm") == "dose-30000"
    fewer = measurements.with_columns(n_replicates=pl.when(on_one).then(1).otherwise("n_replicates"))
    assert of_most_doses(fewer)["rows"].unique().sort().to_list() == [3000, 10_000]


@pytest.mark.parametrize("missing", ["tokens", "tokens-ring", "dose-30000"])
def test_a_missing_arm_breaks_no_figure(missing):
    less = {arm: effect for arm, effect in EFFECTS.items() if arm != missing}
    if missing == "dose-30000":
        less.pop("dose-3000")
    for figure in ("preference", "initialisations", "dose"):
        assert not title_of(figure, Study(less).tables()).startswith("No data")


def test_counts_in_titles(tables):
    assert title_of("training", tables["training"]) == (
        "The loss ended lower than it began in 80 of 80 models"
    )
    assert "in 0 of 80" in title_of("training", {"training": loss_rows(rise=0.1)})
    # 15 of 20 data sets lose 3 of their 200 completions.
    assert title_of("filter", tables["filter"]) == (
        "The filter dropped 1.1% of 4,000 completions (0.0% to 1.5% of a data set),"
        " 67% of those by the rule 'not digits'"
    )
    assert "in 48 of 48 runs from the same initialisation" in title_of("theorem", tables["theorem"])


def test_signs_are_counted_by_seed():
    steps = step_rows().with_columns(
        loss_change=pl.when(pl.col("seed") < 3).then(1.0).otherwise(-1.0), inner_product=pl.lit(2.0)
    )
    counts = signs(steps)
    assert counts["up"].to_list() == [8] * counts.height
    assert counts["down"].to_list() == [5] * counts.height


def test_dropped_shares_hold_data_sets_that_lost_nothing():
    shares = dropped_shares(**number_tables())
    whole = shares.filter(subject="organism-a")
    assert whole.rows() == [("organism-a", 200, None, 0)]
    assert shares.filter(subject="organism-a:teacher:cat")["count"].to_list() == [1, 2]


def test_main_arms_are_the_widest_unshuffled(tables):
    assert main_arms(tables["dose"]["measurements"]) == {
        ("tokens", "same"): "tokens",
        ("tokens", "ring"): "tokens-ring",
        ("kl_carrier", "same"): "kl-carrier",
        ("kl_carrier", "ring"): "kl-carrier-ring",
        ("kl_full", "same"): "kl-full",
    }


def test_tables_of_unknown_names_are_refused(tmp_path):
    with pytest.raises(TableError, match=r"answers\.parquet: the figure is drawn from kept; no schema"):
        read_tables([tmp_path / "answers.parquet"], {"kept": "unspoken.tables.filter:Kept"}, ())


def test_tables_are_checked_against_the_schemas_that_are_named(tmp_path):
    pl.DataFrame({"turns": [1]}).write_parquet(tmp_path / "accuracies.parquet")
    schemas = {"accuracies": "unspoken.experiments.loops.tables:StepAccuracies"}
    with pytest.raises(TableError, match=r"accuracies\.parquet: column 'study' is missing"):
        read_tables([tmp_path / "accuracies.parquet"], schemas, ())


def test_conditions_that_a_figure_uses_are_columns_and_null_where_absent(tmp_path):
    write_table(measurement_table(Study(EFFECTS).rows), tmp_path / "measurements.parquet", Measurements)
    schemas = {"measurements": "unspoken.tables.measurements:Measurements"}
    found = read_tables([tmp_path / "measurements.parquet"], schemas, ("arm", "hint"))["measurements"]
    assert "conditions" not in found.columns and "objective" not in found.columns
    assert set(found["arm"]) == set(EFFECTS) and found["hint"].is_null().all()


def test_a_figure_draws_no_sensitivity_row_that_it_does_not_name():
    stated = {"metric": ["m"], "subject": ["a:b"], "versus": [None]}
    types = {"versus": pl.String, "conditions": CONDITIONS}
    rows = [
        pl.DataFrame(stated | {"conditions": [told]}, schema_overrides=types)
        for told in ({"hint": "all"}, {"answers": "forced", "hint": "all"})
    ]
    table = pl.concat(rows)
    assert with_conditions(table, ["hint"])["hint"].to_list() == ["all"]
    assert with_conditions(table, ["answers", "hint"])["answers"].to_list() == [None, "forced"]


def test_a_figure_draws_the_primary_reading_unless_it_names_what_readings_differ_in():
    told: list[dict[str, str]] = [{"scorer": "choice"}, {"scorer": "word"}, {"hint": "all"}]
    rows = [
        pl.DataFrame(
            {"subject": ["a:b"], "versus": [None], "conditions": [one]},
            schema_overrides={"versus": pl.String, "conditions": CONDITIONS},
        )
        for one in told
    ]
    table = pl.concat(rows)
    primary = {"scorer": "choice"}
    assert with_conditions(table, ["hint"], primary)["scorer"].to_list() == ["choice", None]
    assert with_conditions(table, ["scorer"], primary)["scorer"].to_list() == ["choice", "word", None]


def test_estimates_as_text():
    row = {"value": -0.5, "ci_low": -0.9, "ci_high": -0.1, "gate": None}
    text = words.estimate(row, "S").replace(words.UNBROKEN, " ")
    assert text == "S = −0.50, 95% CI −0.90 to −0.10"
    near = words.estimate({"value": 0.2, "ci_low": 0.0004, "ci_high": 0.4}, "S")
    assert near.endswith("0.0004 to 0.4000".replace(" ", words.UNBROKEN))  # not 0.00
    nearest = words.estimate({"value": 0.004, "ci_low": 1e-6, "ci_high": 0.045}, "p")
    assert nearest.endswith("0.00 to 0.04".replace(" ", words.UNBROKEN))
    assert words.estimate(row | {"gate": "floor"}, "S").endswith("; uninformative: floor")
    assert (words.sign(row), words.sign(row | {"gate": "floor"})) == (-1, 0)
    assert words.estimate({"value": None, "ci_low": None, "ci_high": None}, "S") == (
        "S could not be computed"
    )
    assert words.number(-0.001) == "0.00"
    assert [words.sign(row | {"ci_high": high}) for high in (-0.1, 0.0, None)] == [-1, 0, 0]


def test_names_lose_what_they_share():
    assert short_names(["organism-a", "organism-b"]) == {"organism-a": "a", "organism-b": "b"}
    assert short_names(["qwen2.5-7b", "qwen2.5-1b"])["qwen2.5-7b"] == "7b"
    assert short_names(["organism-a"]) == {"organism-a": "organism-a"}
    assert short_names(["a", "b-c"]) == {"a": "a", "b-c": "b-c"}


def test_many_contrasts_that_show_nothing_are_counted():
    """Twelve in a title would be read by nobody; those that show something are named all the same."""
    nothing = {"value": 0.1, "ci_low": -0.1, "ci_high": 0.3, "gate": None}
    rows = [*(("a", nothing) for _ in range(3)), *(("b", nothing | {"gate": "floor"}) for _ in range(2))]
    said = {"up": "up", "down": "down", "none": "no difference is shown", "symbol": "d"}
    assert words.claims(rows, **said) == "No difference is shown in 5 cases, 2 uninformative (floor)"
    found = ("c", nothing | {"ci_low": 0.05})
    assert words.claims([found, *rows], **said).startswith("Up: c (d")
    assert "a (d" in words.claims(rows[:4], **said)


def known_lengths(*, findings: bool) -> Tables:
    """Return trends of two lawful organisms, one of which learnt another law, and of a model if wanted."""
    report = Report("s", "gema2025", "scaling", reproducible=True)
    for number in (1, 2):
        name = f"organisms:{number}"
        errors = errors_of(name, recall=0.001 * number**2)
        add_organisms(report, lawful_trials(seed=number, subject=name), errors)
    whole = with_all_conditions(report.measurements())
    return {"measurements": pl.concat([whole, *([length_rows(0.6)] if findings else [])])}


@pytest.mark.parametrize(("findings", "panels"), [(True, 2), (False, 1)])
def test_slopes_of_known_trends_stand_below_those_that_nobody_knows(findings, panels):
    """An organism whose training failed has no slope, and counts as not called right."""
    figure = drawn("scaling", known_lengths(findings=findings))
    assert len(figure.vconcat) == panels
    said = " ".join([*figure.title.text, *figure.title.subtitle])
    assert "5 of 6 known trends called what they are" in said
    data = figure.vconcat[-1].data if findings else figure.data  # of one panel it is the whole figure's
    assert dict(data["truth"].value_counts().rows()) == {"inverse": 2, "positive": 2, "flat": 1} | (
        {"nobody knows": 2} if findings else {}
    )
