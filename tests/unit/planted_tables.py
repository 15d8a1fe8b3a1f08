"""Small tables with known effects, for the tests of figures."""

import itertools
from typing import Any

import numpy as np
import polars as pl
from figure_modules import with_all_conditions
from planted_digits import SPEC, planted_variants

from unspoken.experiments.loops.measure import MODES, add_loops
from unspoken.experiments.mnist.measure import mnist_measurements
from unspoken.figures.tables import Tables
from unspoken.statistics.intervals import label_permutation_p, t_interval
from unspoken.statistics.report import Report
from unspoken.statistics.rows import measurement, measurement_table

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
                "dose-30000", slope, len(bases), metric="specificity_slope", kind="contrast",
                unit="log_odds per tenfold rows", subject="organisms:dose-30000:own_trait",
                versus="organisms:dose-3000:own_trait", replicate="base",
            )  # fmt: skip

    def add(self, arm: str, mean: float, n: int, *, more: dict | None = None, **fields: Any):
        objective, initialisation, shuffle, rows = ARMS[arm]
        noise = self.random.normal(0, self.spread, n)
        fields = {
            "study": "small", "paper": "cloud2025", "experiment": "subliminal", "unit": "log_odds",
            "n_samples": n, "role": "finding", "reproducible": True,
            "interval": t_interval(mean + noise - noise.mean()), **fields,
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
        bases = self.bases
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
        return {"measurements": with_all_conditions(measurement_table(self.rows))}


def update_rows(growth: float) -> pl.DataFrame:
    """Return shifts of five seeds' students that grow by `growth` with each doubling of the updates."""
    study = Study({"tokens": 0.5})
    for place, updates in enumerate((32, 64, 128), 1):
        for control in ("other_trait", "untouched", "base"):
            study.add(
                "tokens", growth * place, 5, metric="trait_shift", kind="contrast",
                subject=f"model:tokens:own_trait:{updates}", versus=f"model:tokens:{control}:{updates}",
                replicate="training_seed", more={"updates": str(updates)},
                interval=t_interval(growth * place + np.linspace(-0.1, 0.1, 5)),
            )  # fmt: skip
    return study.tables()["measurements"]


def loop_rows(gain: float) -> pl.DataFrame:
    """Return measurements of looped models whose direct answers gain `gain` a doubling of turns."""
    cells = itertools.product((1, 2, 4), (1, 2, 3), (1, 2, 3), MODES)
    frame = pl.DataFrame(list(cells), schema=["turns", "seed", "k", "mode"], orient="row")
    direct = 0.4 + gain * pl.col("turns").log(2) + 0.01 * (pl.col("seed") - 2) * (3 - pl.col("turns"))
    right = pl.when(mode="steps").then(0.9).otherwise(direct)
    accuracies = frame.with_columns(correct=(1000 * right).round().cast(pl.Int64), asked=pl.lit(1000))
    report = Report("small", "geiping2025", "loops", reproducible=True)
    add_loops(report, accuracies, 5)
    return with_all_conditions(report.measurements())


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
    return with_all_conditions(measurement_table(rows))


def digit_tables(gain: float, networks: int = 30) -> Tables:
    random = np.random.default_rng(3)
    means = {
        "reference": 0.1, "teacher": 0.9, "student_auxiliary": 0.1 + gain, "student_all": 0.85,
        "other_auxiliary": 0.1, "other_all": 0.5,
    }  # fmt: skip
    rows = [
        {
            "study": "small", "variant": "main", "initialisation": number, "condition": condition,
            "n_test": 1000,
            "teacher_initialisation": number if "other" not in condition else (number + 1) % networks,
            "accuracy": float(np.clip(random.normal(mean, 0.08), 0, 1)), "final_loss": 0.1,
        }
        for condition, mean in means.items()
        for number in range(networks)
    ]  # fmt: skip
    accuracies = pl.DataFrame(rows)
    spec = {"study": "small", "experiment": "mnist", "train_images": 5000}
    measured = with_all_conditions(measurement_table(mnist_measurements(accuracies, spec).rows))
    return {"accuracies": accuracies, "measurements": measured}


def varied_tables() -> Tables:
    rows = mnist_measurements(planted_variants(), SPEC).rows
    return {"measurements": with_all_conditions(measurement_table(rows))}


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
                "reply_id": f"{model}{whose}:{number}", "subject": f"{model}{whose}",
                "prompt_id": str(number), "prompt": "1 2 3", "completion": "4 5",
                **({"rule": rule} if rule else {}),
            })  # fmt: skip
    return {name: pl.DataFrame(rows) for name, rows in frames.items()}
