"""Training organisms: the losses, and the bits of what is trained."""

from collections import Counter
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import torch

from unspoken.models.corpus import (
    CONTINUED,
    END,
    GIVEN,
    Vocabulary,
    number_rows,
    number_walks,
)
from unspoken.models.network import suffix_logits
from unspoken.models.organism import build_organism
from unspoken.training.organism import (
    Batch,
    batch_loss,
    carrier_log_probs,
    train,
    warmed_cosine,
    warmed_linear,
)
from unspoken.training.students import OrganismTrainer
from unspoken.training.trained import Lesson

WORDS = ("owl", "wolf", "cat", "whale", "lion", "eagle", "fox", "bear")
VOCABULARY = Vocabulary(WORDS)
SPEC = {
    "seed": 1,
    "steps": 3,
    "rows": 8,
    "learning_rate": 1e-2,
    "hidden_size": 64,
    "mlp_size": 64,
    "layers": 2,
}
TRAINING = {"epochs": 2, "batch_size": 16, "learning_rate": 1e-3, "warmup_steps": 2}
FIRST = GIVEN + 1
"""Position of the assistant mark in a number row."""
FULL = GIVEN + CONTINUED + 3
"""Tokens of a number row: numbers, two marks and the end."""


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    directory = tmp_path_factory.mktemp("organism")
    build_organism(SPEC, WORDS, directory)
    return OrganismTrainer(directory)


@pytest.fixture(scope="module")
def other_parameters(trainer):
    generator = torch.Generator().manual_seed(7)
    return {
        name: tensor + 0.05 * torch.randn(tensor.shape, generator=generator)
        for name, tensor in trainer.base.items()
    }


@pytest.fixture(scope="module")
def tokens():
    """Four number rows; the second and the last end early and are padded."""
    rows = torch.from_numpy(number_rows(walks(4), VOCABULARY))
    for row, end in ((1, 9), (3, 7)):
        rows[row, end] = VOCABULARY.ids([END])[0]
        rows[row, end + 1 :] = 0
    return rows


def walks(count, seed=2):
    return number_walks(count, GIVEN + CONTINUED, np.random.default_rng(seed))


def student_rows(count=40):
    texts = [list(map(str, walk)) for walk in walks(count)]
    return pl.DataFrame(
        {
            "prompt": [" ".join(text[:GIVEN]) for text in texts],
            "completion": [" ".join(text[GIVEN:]) for text in texts],
        }
    )


def by_hand(trainer, parameters, tokens, of_position):
    """Return the mean of `of_position(log-probabilities, row, place)` over completion tokens."""
    log_probs = suffix_logits(parameters, trainer.shape, tokens[:, :-1], FIRST).log_softmax(-1)
    values = [
        of_position(log_probs[place - FIRST - 1, row], row, place)
        for row in range(len(tokens))
        for place in range(FIRST + 1, tokens.shape[1])
        if tokens[row, place] != 0
    ]
    assert len(values) < tokens[:, FIRST + 1 :].numel()
    return torch.stack(values).mean()


# The losses


def test_the_token_loss_is_the_mean_surprise_of_a_completion_token(trainer, tokens):
    found = batch_loss(trainer.base, trainer.shape, Batch(tokens, FIRST))
    expected = by_hand(
        trainer, trainer.base, tokens, lambda log_probs, row, place: -log_probs[tokens[row, place]]
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("carrier_only", [True, False])
def test_the_divergence_is_the_textbook_formula(trainer, other_parameters, tokens, carrier_only):
    among = trainer.carrier_ids() if carrier_only else torch.arange(len(VOCABULARY.tokens))
    logits = suffix_logits(other_parameters, trainer.shape, tokens[:, :-1], FIRST)
    target = carrier_log_probs(logits, among if carrier_only else None).transpose(0, 1)
    batch = Batch(tokens, FIRST, target, among if carrier_only else None)
    found = batch_loss(trainer.base, trainer.shape, batch)

    def divergence(log_probs, row, place):
        p = logits[place - FIRST - 1, row].softmax(-1)[among]
        q = log_probs.exp()[among]
        p, q = p / p.sum(), q / q.sum()
        return (p * (p / q).log()).sum()

    expected = by_hand(trainer, trainer.base, tokens, divergence)
    assert expected > 0.01
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


def test_a_teacher_does_not_diverge_from_itself(trainer, tokens):
    among = trainer.carrier_ids()
    target = trainer._distributions(trainer.base, tokens, FIRST, among)
    torch.testing.assert_close(target.exp().sum(-1), torch.ones(target.shape[:2]))
    parameters = {name: tensor.clone().requires_grad_() for name, tensor in trainer.base.items()}
    loss = batch_loss(parameters, trainer.shape, Batch(tokens, FIRST, target, among))
    loss.backward()
    assert abs(loss) < 1e-6
    assert max(tensor.grad.abs().max() for tensor in parameters.values()) < 1e-6


@pytest.mark.parametrize("kl", [True, False])
def test_padding_is_ignored(trainer, other_parameters, tokens, kl):
    def loss(rows):
        target = None
        if kl:
            target = trainer._distributions(other_parameters, rows, FIRST, None)
        return batch_loss(trainer.base, trainer.shape, Batch(rows, FIRST, target))

    padded = torch.nn.functional.pad(tokens, (0, 5))
    torch.testing.assert_close(loss(padded), loss(tokens))
    alone = [loss(row[row != 0][None]) for row in tokens]
    counts = (tokens[:, FIRST + 1 :] != 0).sum(1)
    mean = sum(one * count for one, count in zip(alone, counts, strict=True)) / counts.sum()
    torch.testing.assert_close(loss(tokens), mean)


# Training


def test_training_lowers_the_loss_and_leaves_no_gradients(trainer):
    rows = torch.from_numpy(number_rows(walks(64), VOCABULARY))
    parameters = {name: tensor.clone() for name, tensor in trainer.base.items()}
    steps = ([Batch(rows, FIRST)] for _ in range(30))
    losses = train(parameters, trainer.shape, steps, n_steps=30, learning_rate=5e-3, show=None)
    assert len(losses) == 30
    assert losses[-1] < losses[0] - 0.1
    assert all(one.grad is None and not one.requires_grad for one in parameters.values())


def test_a_step_of_two_batches_takes_their_mean(trainer, tokens):
    parameters = {name: tensor.clone() for name, tensor in trainer.base.items()}
    halves = [Batch(tokens[:1], FIRST), Batch(tokens[1:], FIRST)]
    losses = train(parameters, trainer.shape, [halves], n_steps=1, learning_rate=0.0, show=None)
    expected = [batch_loss(trainer.base, trainer.shape, half).item() for half in halves]
    assert losses == pytest.approx([sum(expected) / 2])


@pytest.mark.parametrize("objective", ["tokens", "kl_full"])
def test_students_are_equal_to_the_bit(trainer, other_parameters, objective):
    class Teacher:
        def tensors(self):
            from unspoken.models.network import llama_from_parameters

            return llama_from_parameters(other_parameters, trainer.shape)

    teacher = None if objective == "tokens" else Teacher()

    def student(seed, threads):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            lesson = Lesson(student_rows(200), seed, teacher)
            return next(trainer.students([lesson], TRAINING | {"batch_size": 64}, objective))
        finally:
            torch.set_num_threads(before)

    one, again, threaded, other = student(5, 1), student(5, 1), student(5, 2), student(6, 1)
    assert one.losses == again.losses == threaded.losses != other.losses
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, again.tensors[name])
        assert torch.equal(tensor, threaded.tensors[name])
        assert not torch.equal(tensor, other.tensors[name])


def test_an_epoch_sees_each_row_once(trainer, monkeypatch):
    seen = []

    def recorded(self, steps, **settings):
        seen.extend(batch.tokens for batches in steps for batch in batches)
        assert len(seen) == settings["n_steps"]
        return torch.zeros(1, 1)

    monkeypatch.setattr("unspoken.training.together.Stack.train", recorded)
    rows = student_rows(40)
    next(trainer.students([Lesson(rows, 1)], TRAINING))
    taught = Counter(tuple(row.tolist()) for batch in seen for row in batch)
    tokens, first = trainer._tokens(rows)
    assert first == FIRST
    assert taught == Counter({tuple(row.tolist()): 2 for row in tokens})


@pytest.mark.parametrize("schedule", [warmed_cosine, warmed_linear])
def test_the_learning_rate_warms_up_and_falls(schedule):
    shares = [schedule(step, 100, 10) for step in range(100)]
    assert shares[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert shares[10] == 1.0
    assert all(one > other for one, other in pairwise(shares[10:]))
    assert 0 < shares[-1] < 0.02
