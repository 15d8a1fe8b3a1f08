"""Students that are trained at once: each is, to the bit, what it would be alone."""

from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from unspoken.models.corpus import CONTINUED, GIVEN, Vocabulary, number_rows, number_walks
from unspoken.models.gradients import Differentiated
from unspoken.models.network import Parameters, llama_from_parameters
from unspoken.models.organism import build_organism
from unspoken.models.products import product, product_and_sum, transposed_product
from unspoken.training import students
from unspoken.training.organism import Batch, batch_loss
from unspoken.training.students import OrganismTrainer
from unspoken.training.together import Distributions, surprise
from unspoken.training.trained import Lesson, Trained

WORDS = ("owl", "wolf", "cat", "whale", "lion", "eagle", "fox", "bear")
SPEC = {
    "seed": 1, "steps": 3, "rows": 8, "learning_rate": 1e-2, "hidden_size": 64, "mlp_size": 96, "layers": 2,
}  # fmt: skip
TRAINING = {"epochs": 2, "batch_size": 24, "learning_rate": 1e-3, "warmup_steps": 2}
OBJECTIVES = ("tokens", "kl_carrier", "kl_full")


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> OrganismTrainer:
    directory = tmp_path_factory.mktemp("organism")
    build_organism(SPEC, WORDS, directory)
    return OrganismTrainer(directory)


class Teacher:
    """A teacher of other weights."""

    def __init__(self, trainer: OrganismTrainer, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        moved = {
            name: tensor + 0.05 * torch.randn(tensor.shape, generator=generator)
            for name, tensor in trainer.base.items()
        }
        self.weights = llama_from_parameters(moved, trainer.shape)

    def tensors(self) -> Parameters:
        return self.weights


def rows_of(seed: int, count: int, numbers: int = CONTINUED) -> pl.DataFrame:
    walks = number_walks(count, GIVEN + numbers, np.random.default_rng(seed)).astype(str)
    return pl.DataFrame(
        {
            "prompt": [" ".join(walk[:GIVEN]) for walk in walks],
            "completion": [" ".join(walk[GIVEN:]) for walk in walks],
        }
    )


def lessons_of(trainer: OrganismTrainer, objective: str, count: int, rows: int) -> list[Lesson]:
    """Return lessons on rows and teachers of their own, two of each seed."""
    teachers: list[Any] = [None if objective == "tokens" else Teacher(trainer, n) for n in range(count)]
    return [Lesson(rows_of(n, rows), n // 2, teacher) for n, teacher in enumerate(teachers)]


def equal_to_the_bit(one: Trained, other: Trained) -> bool:
    return one.losses == other.losses and all(
        torch.equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items()
    )


@pytest.mark.parametrize("rows", [64, 41])  # 41: the last batch of an epoch has 17 rows
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_student_is_the_same_whoever_is_beside_it(
    trainer: OrganismTrainer, objective: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(students, "TOGETHER", 8)
    lessons = lessons_of(trainer, objective, 8, rows)

    def made(*places: int) -> dict[int, Trained]:
        found = trainer.students([lessons[place] for place in places], TRAINING, objective)
        return dict(zip(places, found, strict=True))

    alone = {place: made(place)[place] for place in (0, 5)}
    for beside in (made(0, 5), made(5, 0), made(*range(8)), made(*reversed(range(8))), made(6, 5, 0)):
        for place, student in alone.items():
            assert equal_to_the_bit(student, beside[place])
    every = made(*range(8))
    assert not any(equal_to_the_bit(every[one], every[other]) for one, other in combinations(every, 2))


def test_students_may_have_shorter_rows_than_others(trainer: OrganismTrainer) -> None:
    lessons = [Lesson(rows_of(n, 40, numbers), 1) for n, numbers in enumerate((CONTINUED, 5, CONTINUED))]
    for lesson, student in zip(lessons, trainer.students(lessons, TRAINING), strict=True):
        assert equal_to_the_bit(student, next(trainer.students([lesson], TRAINING)))


def test_more_students_than_are_trained_at_once(
    trainer: OrganismTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = lessons_of(trainer, "tokens", 5, 24)
    at_once = list(trainer.students(lessons, TRAINING))
    monkeypatch.setattr(students, "TOGETHER", 2)
    by_twos = list(trainer.students(lessons, TRAINING))
    assert [equal_to_the_bit(*pair) for pair in zip(at_once, by_twos, strict=True)] == [True] * 5


# The loss and the gradient that are written out


@pytest.fixture(scope="module")
def tokens() -> torch.Tensor:
    """Six number rows; the second and the last end early and are padded."""
    walks = number_walks(6, GIVEN + CONTINUED, np.random.default_rng(3))
    rows = torch.from_numpy(number_rows(walks, Vocabulary(WORDS)))
    rows[1, 9:] = 0
    rows[5, 7:] = 0
    return rows


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_loss_and_gradient_are_those_of_autograd(
    trainer: OrganismTrainer, tokens: torch.Tensor, objective: str
) -> None:
    first, generator = GIVEN + 1, torch.Generator().manual_seed(2)
    among = trainer.carrier_ids() if objective == "kl_carrier" else None
    exact = {  # norms that are not all ones: they must count
        name: (tensor + 0.1 * torch.randn(tensor.shape, generator=generator)).double()
        for name, tensor in trainer.base.items()
    }
    target = None
    if objective != "tokens":
        classes = len(trainer.vocabulary.tokens) if among is None else len(among)
        drawn = torch.randn(6, tokens.shape[1] - 1 - first, classes, generator=generator)
        target = drawn.double().log_softmax(-1)
    batch = Batch(tokens, first, target, among)
    traced = {name: tensor.clone().requires_grad_() for name, tensor in exact.items()}
    expected = batch_loss(traced, trainer.shape, batch)
    gradients = torch.autograd.grad(expected, list(traced.values()))
    for dtype, close in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        parameters = {name: tensor.to(dtype) for name, tensor in exact.items()}
        filled = {name: torch.full_like(tensor, torch.nan) for name, tensor in parameters.items()}
        network = Differentiated(parameters, filled, trainer.shape, {})
        of_logits = surprise(tokens, first)
        if target is not None:  # rows in another order, of more rows
            taught = Distributions.of(torch.cat([target[:2], target.flip(0)]).to(dtype))
            of_logits = taught.divergence(tokens, first, torch.arange(7, 1, -1))
        loss = network.loss(tokens[:, :-1], first, of_logits, among)
        assert loss.item() == pytest.approx(expected.item(), abs=close)
        for found, gradient in zip(filled.values(), gradients, strict=True):
            torch.testing.assert_close(found.double(), gradient, atol=close, rtol=10 * close)


@pytest.mark.parametrize(("one", "other"), [(64, 192), (192, 64), (64, 64)])
def test_products_in_single_precision_are_those_in_double(one: int, other: int) -> None:
    generator = torch.Generator().manual_seed(1)
    left, right, rows = (torch.randn(77, size, generator=generator) for size in (one, other, one))
    matrix, addend = torch.randn(one, other, generator=generator), torch.randn(77, other, generator=generator)
    pairs = [
        (product(rows, matrix), rows.double() @ matrix.double()),
        (product_and_sum(rows, matrix, addend), addend.double() + rows.double() @ matrix.double()),
        (transposed_product(left, right), left.double().T @ right.double()),
    ]
    for found, exact in pairs:
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), exact, atol=1e-4, rtol=1e-4)
