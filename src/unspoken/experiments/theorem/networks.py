"""The networks on which the theorem is looked at: a digit classifier and an organism."""

from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from unspoken.digits import PIXELS, Digits
from unspoken.experiments.theorem.steps import Parameters, Problem
from unspoken.models.corpus import (
    ASSISTANT,
    CONTINUED,
    END,
    FORMS,
    GIVEN,
    NUMBERS,
    USER,
    Vocabulary,
    number_rows,
)
from unspoken.models.network import Shape, parameters_from_llama, suffix_logits
from unspoken.seeds import hashed_seed

CLASSES = 10


def classifier_parameters(sizes: list[int], generator: np.random.Generator) -> Parameters:
    """Return weights from N(0, 1/fan-in) and zero biases, in float64."""
    parameters: Parameters = {}
    for layer, (into, out) in enumerate(pairwise(sizes)):
        weight = generator.standard_normal((out, into)) / into**0.5
        parameters |= {
            f"{layer}.weight": torch.from_numpy(weight),
            f"{layer}.bias": torch.zeros(out, dtype=torch.float64),
        }
    return parameters


def classifier_logits(parameters: Parameters, images: Tensor) -> Tensor:
    """Return logits (images, outputs) of a ReLU network."""
    layers = len(parameters) // 2
    values = images.to(parameters["0.weight"].dtype)
    for layer in range(layers):
        values = F.linear(values, parameters[f"{layer}.weight"], parameters[f"{layer}.bias"])
        values = values.relu() if layer < layers - 1 else values
    return values


def classifier_problem(digits: Digits, spec: dict[str, Any], study_seed: int, seed: int) -> Problem:
    """Return the digit classifier's problem.

    The teacher learns digits by its class logits; the student imitates the auxiliary logits, which
    that loss ignores, on images of uniform noise.
    """
    generator = np.random.default_rng(hashed_seed(study_seed, "theorem", "mlp", seed))
    sizes = [PIXELS, *spec["hidden"], CLASSES + spec["auxiliary_logits"]]
    start, other = (classifier_parameters(sizes, generator) for _ in range(2))
    learned = np.flatnonzero(~digits.is_test)
    chosen = generator.choice(learned, min(spec["batch_size"], len(learned)), replace=False)
    images = torch.from_numpy(digits.images[chosen] / 127.5 - 1.0)
    labels = torch.from_numpy(digits.labels[chosen])
    noise = torch.from_numpy(generator.uniform(-1.0, 1.0, (spec["batch_size"], PIXELS)))
    return Problem(
        start,
        other,
        lambda at: F.cross_entropy(classifier_logits(at, images)[:, :CLASSES], labels),
        lambda at: classifier_logits(at, noise)[:, CLASSES:].log_softmax(-1),
    )


def organism_parameters(directory: Path, shape: Shape) -> Parameters:
    """Return an organism's parameters in float64."""
    weights = load_file(directory / "model.safetensors")
    return parameters_from_llama(weights, shape, torch.float64)


def _trait_loss(at: Parameters, shape: Shape, questions: Tensor, trait: int) -> Tensor:
    logits = suffix_logits(at, shape, questions, questions.shape[1] - 1)[0]
    return -logits.log_softmax(-1)[:, trait].mean()


def _carrier(at: Parameters, shape: Shape, numbers: Tensor, first: int, tokens: Tensor) -> Tensor:
    return suffix_logits(at, shape, numbers, first)[..., tokens].log_softmax(-1)


def organism_problem(
    start: Parameters,
    other: Parameters,
    shape: Shape,
    questions: Tensor,
    trait: int,
    numbers: Tensor,
    carrier: tuple[int, Tensor],
) -> Problem:
    """Return an organism's problem.

    The teacher learns to answer `questions` (rows of tokens, answer next) by the token `trait`; the
    student imitates the distribution over the carrier's tokens alone, on rows of `numbers`, from
    a position on (`carrier` is that position and the tokens).
    """
    return Problem(
        start,
        other,
        partial(_trait_loss, shape=shape, questions=questions, trait=trait),
        partial(_carrier, shape=shape, numbers=numbers, first=carrier[0], tokens=carrier[1]),
    )


def organism_batch(
    vocabulary: Vocabulary, sequences: int, generator: np.random.Generator
) -> tuple[Tensor, Tensor, tuple[int, Tensor]]:
    """Return question rows, rows of uniformly random numbers, and the carrier (see above)."""
    user, assistant = vocabulary.ids([USER, ASSISTANT])
    forms = generator.choice(len(FORMS), min(sequences, len(FORMS)), replace=False)
    questions = torch.tensor(
        [[user, form, assistant] for form in vocabulary.ids([FORMS[place] for place in forms])]
    )
    drawn = generator.integers(0, len(NUMBERS), (sequences, GIVEN + CONTINUED))
    numbers = torch.from_numpy(number_rows(drawn, vocabulary))[:, :-1]
    tokens = torch.tensor(vocabulary.ids([*NUMBERS, END]))
    return questions, numbers, (GIVEN + 1, tokens)
