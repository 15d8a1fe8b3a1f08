"""Every figure from small tables: its files, and titles that say what the tables say."""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from unspoken.figures import words
from unspoken.figures.filter import dropped_shares
from unspoken.figures.gallery import FIGURES, save_figure
from unspoken.figures.tables import Tables, main_arms, read_tables, short_names, with_conditions
from unspoken.figures.theme import PAGE
from unspoken.figures.theorem import signs
from unspoken.measure.intervals import label_permutation_p, t_interval
from unspoken.measure.mnist import mnist_measurements
from unspoken.measure.rows import measurement, measurement_table
from unspoken.tables.base import TableError, write_table
from unspoken.tables.measurements import Measurements

ROOT = Path(__file__).parents[2]
BASES = [f"organism-{letter}" for letter in "abcde"]
TRAITS = ["cat", "owl", "penguin", "wolf"]
READ = {"scorer": "choice", "questions": "held_out"}
ARMS = {
    "tokens": ("tokens", "same", "none", 10_000),
    "kl-carrier": ("kl_carrier", "same", "none", 10_000),
    "tokens-ring": ("tokens", "ring", "none", 10_000),
    "kl-carrier-ring": ("kl_carrier", "ring", "none", 10_000),
    "kl-full": ("kl_full", "same", "none", 10_000),
    "shuffle-within": ("tokens", "same", "within", 10_000),
    "shuffle-across": ("tokens", "same", "across", 10_000),
    "dose-3000": ("tokens", "same", "none", 3_000),
    "dose-30000": ("tokens", "same", "none", 30_000),
}
ON_ALL_BASES = ("tokens", "kl-carrier", "tokens-ring", "kl-carrier-ring")
EFFECTS = {
    "tokens": 0.5, "kl-carrier": 2.0, "tokens-ring": 0.03, "kl-carrier-ring": 0.02, "kl-full": 2.5,
    "shuffle-within": 0.3, "shuffle-across": 0.1, "dose-3000": 0.2, "dose-30000": 0.8,
}  # fmt: skip


class Study:
    """Small measurements of the subliminal experiment, around given effects."""

    def __init__(self, effects: dict[str, float], bases: list[str] = BASES, spread: float = 0.1):
        self.effects, self.bases, self.spread = effects, bases, spread
        self.random = np.random.default_rng(1)
        self.rows: list[dict[str, Any]] = []
        for arm in effects:
            self.add_arm(arm)
        for arm, versus in (("tokens", "tokens-ring"), ("kl-carrier", "kl-carrier-ring")):
            if {arm, versus} <= set(effects):
                gap = effects[arm] - effects[versus]
                self.add(
                    arm, gap, len(bases), metric="specificity_difference", kind="contrast",
                    subject=f"organisms:{arm}:own_trait", versus=f"organisms:{versus}:own_trait",
                    replicate="base", more={"versus_arm": versus},
                )  # fmt: skip
        if "dose-30000" in effects:
            slope = (effects["dose-30000"] - effects["dose-3000"]) / 1.0
            self.add(
                "dose-30000", slope, 4, metric="specificity_slope", kind="contrast",
                unit="log_odds per tenfold rows", subject="organisms:dose-30000:own_trait",
                versus="organisms:dose-3000:own_trait", replicate="teacher",
            )  # fmt: skip

    def add(self, arm: str, mean: float, n: int, *, more: dict | None = None, **fields: Any):
        objective, initialisation, shuffle, rows = ARMS[arm]
        fields = {
            "study": "small", "paper": "cloud2025", "experiment": "subliminal", "unit": "log_odds",
            "n_samples": n, "role": "finding", "reproducible": True,
            "interval": t_interval(mean + self.random.normal(0, self.spread, n)), **fields,
        }  # fmt: skip
        self.rows.append(
            measurement(
                **fields,
                conditions={
                    "arm": arm, "objective": objective, "initialisation": initialisation,
                    "shuffle": shuffle, "rows": rows, **READ, **(more or {}),
                },
            )
        )  # fmt: skip

    def add_arm(self, arm: str) -> None:
        bases = self.bases if arm in ON_ALL_BASES else self.bases[:1]
        own = {"subject": f"organisms:{arm}:own_trait", "versus": f"organisms:{arm}:other_trait"}
        contrast: dict[str, Any] = {"metric": "specificity", "kind": "contrast", **own}
        self.add(arm, self.effects[arm], len(bases), replicate="base", **contrast)
        table = self.random.normal(size=(2, 3, 3))
        self.add(arm, 0, 1, replicate="base", **contrast | {"interval": label_permutation_p(table)})
        for place, model in enumerate(bases):
            source = bases[place - 1] if ARMS[arm][1] == "ring" else model
            self.add(
                arm, self.effects[arm], len(TRAITS), metric="specificity_of_pair", kind="contrast",
                subject=f"{model}:{arm}:{source}:own_trait", replicate="teacher",
                versus=f"{model}:{arm}:{source}:other_trait",
                more={"source": source, "model": model},
            )  # fmt: skip
        means = {"teacher": 4.6, "own_trait": -2.5 + self.effects[arm]}
        means |= dict.fromkeys(["other_trait", "neutral", "untouched", "base"], -2.5)
        for whose, trait in itertools.product(means, TRAITS):
            for unit in ("log_odds", "probability"):
                mean = means[whose] if unit == "log_odds" else 1 / (1 + np.exp(-means[whose]))
                self.add(
                    arm, mean, len(bases), metric="trait_preference", kind="estimate", unit=unit,
                    subject=f"organisms:{arm}:{whose}", replicate="base", more={"trait": trait},
                )  # fmt: skip

    def tables(self) -> Tables:
        return {"measurements": with_conditions(measurement_table(self.rows))}


def probing_rows(shift: float) -> pl.DataFrame:
    random = np.random.default_rng(2)
    rows = []
    for scorer, trait in itertools.product(["choice", "substring", "word"], TRAITS):
        conditions = {"scorer": scorer, "trait": trait, "teacher": "prompted"}
        conditions |= {} if scorer == "choice" else {"unusable": "failure"}
        shared: dict[str, Any] = {
            "study": "small", "paper": "cloud2025", "experiment": "probing", "n_samples": 500,
            "role": "finding", "reproducible": True, "replicate": "question",
            "conditions": conditions,
        }  # fmt: skip
        named = {"model": 0.03, f"model:prompted:{trait}": 0.03 + max(shift, 0) / 5}
        for subject, rate in named.items():
            rows.append(measurement(
                **shared, metric="trait_preference", unit="probability", kind="estimate",
                subject=subject, interval=t_interval(random.normal(rate, 0.03, 50)),
            ))  # fmt: skip
        rows.append(measurement(
            **shared, metric="trait_shift", unit="log_odds", kind="contrast", versus="model",
            subject=f"model:prompted:{trait}", interval=t_interval([shift - 0.1, shift + 0.1] * 9),
        ))  # fmt: skip
    return with_conditions(measurement_table(rows))


def digit_tables(gain: float, networks: int = 30) -> Tables:
    random = np.random.default_rng(3)
    means = {
        "reference": 0.1, "teacher": 0.9, "student_auxiliary": 0.1 + gain, "student_all": 0.85,
        "other_auxiliary": 0.1, "other_all": 0.5,
    }  # fmt: skip
    rows = [
        {
            "study": "small", "initialisation": number, "condition": condition, "n_test": 1000,
            "teacher_initialisation": number if "other" not in condition else (number + 1) % networks,
            "accuracy": float(np.clip(random.normal(mean, 0.08), 0, 1)), "final_loss": 0.1,
        }
        for condition, mean in means.items()
        for number in range(networks)
    ]  # fmt: skip
    accuracies = pl.DataFrame(rows)
    measured = with_conditions(measurement_table(mnist_measurements(accuracies)))
    return {"accuracies": accuracies, "measurements": measured}


def step_rows() -> pl.DataFrame:
    random = np.random.default_rng(4)
    descents = [("sgd", "float64", 1), ("adam", "float64", 1), ("sgd", "float64", 5),
                ("sgd", "float32", 1)]  # fmt: skip
    sizes = [0.1, 0.01, 0.001, 0.0001]
    rows = []
    for network, start, descent, size, seed in itertools.product(
        ["mlp", "organism"], ["same", "other"], descents, sizes, range(8)
    ):
        push = 1.0 if start == "same" else float(random.normal())
        rows.append({
            "study": "small", "network": network, "initialisation": start, "optimizer": descent[0],
            "dtype": descent[1], "n_steps": descent[2], "step_size": size, "seed": seed,
            "inner_product": push * size, "cosine": 0.1, "loss_change": -push * size**2,
            "predicted_change": -push * size**2, "ratio": 1 + size * float(random.normal(-1, 0.3)),
        })  # fmt: skip
    return pl.DataFrame(rows)


def loss_rows(rise: float = 0.0) -> pl.DataFrame:
    subjects = [(f"{model}:teacher:{trait}", "tokens") for model in BASES[:2] for trait in TRAITS]
    subjects += [
        (f"{model}:{arm}:{model}:{trait}:1", ARMS[arm][0])
        for arm in ARMS for model in BASES[:2] for trait in TRAITS
    ]  # fmt: skip
    return pl.DataFrame([
        {"subject": subject, "step": step, "epoch": step / 10, "objective": objective,
         "loss": 1.7 + 0.1 * place % 0.3 + (rise or 1 / step)*(step if rise else 1)}
        for place, (subject, objective) in enumerate(subjects)
        for step in range(1, 31)
    ])  # fmt: skip


def number_tables() -> Tables:
    frames: dict[str, list[dict]] = {"kept": [], "dropped": []}
    for model, whose in itertools.product(BASES, ["", ":teacher:cat", ":teacher:owl", ":teacher:neutral"]):
        for number in range(200):
            rule = {0: "not_digits", 20: "not_digits", 50: "lone_number"}.get(number) if whose else None
            frames["dropped" if rule else "kept"].append({
                "completion_id": f"{model}{whose}:{number}", "subject": f"{model}{whose}",
                "prompt_id": str(number), "prompt": "1 2 3", "completion": "4 5",
                **({"rule": rule} if rule else {}),
            })  # fmt: skip
    return {name: pl.DataFrame(rows) for name, rows in frames.items()}


@pytest.fixture(scope="module")
def tables() -> dict[str, Tables]:
    subliminal = Study(EFFECTS).tables()
    return {
        "preference": subliminal,
        "initialisations": subliminal,
        "dose": subliminal,
        "filter": number_tables(),
        "training": {"training": loss_rows()},
        "mnist": digit_tables(0.3),
        "theorem": {"steps": step_rows()},
        "probing": {"measurements": probing_rows(1.0)},
    }


def title_of(figure: str, tables: Tables) -> str:
    return " ".join(FIGURES[figure](tables).title.text)  # type: ignore[union-attr]


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_written_in_three_formats(figure, tables, tmp_path):
    html, svg, png = (tmp_path / f"{figure}.{ending}" for ending in ("html", "svg", "png"))
    save_figure(FIGURES[figure](tables[figure]), html, svg, png)
    assert png.read_bytes().startswith(b"\x89PNG")
    drawing = svg.read_text()
    width = float(re.search(r'width="([\d.]+)"', drawing)[1])  # type: ignore[index]
    assert 200 < width <= PAGE + 10  # as wide as a page of two columns, at most
    assert not re.search(r"NaN|undefined|Infinity", drawing)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', drawing)]
    assert min(sizes) >= 8
    page = html.read_text()
    assert len(page) < 2_000_000
    assert not re.search(r'<(?:script|link)[^>]*(?:src|href)="https?:', page)


def test_a_figure_is_drawn_by_its_script(tables, tmp_path):
    measurements = measurement_table(Study(EFFECTS).rows)
    write_table(measurements, tmp_path / "measurements.parquet", Measurements)
    outputs = [part for name in ("html", "svg", "png") for part in (f"--{name}", f"dose.{name}")]
    spec = json.dumps({"figure": "dose", "study": "small", "code": "0"})
    subprocess.run(
        [sys.executable, ROOT / "scripts/draw_figure.py", "--spec", spec, "--threads", "1",
         "--tables", "measurements.parquet", *outputs],
        cwd=tmp_path, check=True, env={"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert "The trait grows" in (tmp_path / "dose.svg").read_text()


def test_titles_state_the_sign(tables):
    assert title_of("preference", tables["preference"]).startswith(
        "Students of the same base take on their teacher's trait: sampled numbers (S = 0."
    )
    assert "passes more within a base than between" in title_of("initialisations", tables["dose"])
    assert title_of("dose", tables["dose"]).startswith("The trait grows with the number")
    assert "better from their teacher's initialisation" in title_of("mnist", tables["mnist"])
    assert "named: more often for 4 of 4 traits (exact" in title_of("probing", tables["probing"])

    opposite = Study({arm: -effect for arm, effect in EFFECTS.items()}).tables()
    assert "move away from their teacher's trait" in title_of("preference", opposite)
    assert "more between bases than within one" in title_of("initialisations", opposite)
    assert "The trait shrinks" in title_of("dose", opposite)
    lower = {"measurements": probing_rows(-1.0)}
    assert "less often for 4 of 4 traits" in title_of("probing", lower)


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
    assert "named: no difference shown (exact" in title_of("probing", {"measurements": probing_rows(0.0)})


@pytest.mark.parametrize("figure", FIGURES)
def test_without_data_the_title_says_so(figure, tables):
    empty = {name: frame.clear() for name, frame in tables[figure].items()}
    assert title_of(figure, empty).startswith("No data")


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
    with pytest.raises(TableError, match=r"answers\.parquet: figures are drawn from"):
        read_tables([tmp_path / "answers.parquet"])


def test_estimates_as_text():
    row = {"value": -0.5, "ci_low": -0.9, "ci_high": -0.1, "gate": None}
    text = words.estimate(row, "S").replace(words.UNBROKEN, " ")
    assert text == "S = −0.50, 95% CI −0.90 to −0.10"
    near = words.estimate({"value": 0.2, "ci_low": 0.0004, "ci_high": 0.4}, "S")
    assert near.endswith("0.0004 to 0.4000".replace(" ", words.UNBROKEN))  # not 0.00
    assert words.estimate(row | {"gate": "floor"}, "S").endswith("; uninformative: floor")
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
