"""Organisms with personas: pretrained, tuned several at once, kept, and read by their exact probabilities."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from unspoken.models.corpus import Vocabulary
from unspoken.models.gradients import Differentiated
from unspoken.models.network import Parameters, Shape, parameters_from_llama
from unspoken.models.organism import untrained_network
from unspoken.models.personas import Ints
from unspoken.seeds import hashed_seed
from unspoken.subjects import Subject
from unspoken.training.rows import summarised_losses
from unspoken.training.together import Rows, Stack, surprise

WARMUP = 40
CHUNK = 256
"""Rows of one pass that only reads."""
FIRST = 4
"""Place of the author's mark in a row with one turn: what follows is trained on."""
Documents = Callable[[int, np.random.Generator], Ints]
"""From how many documents, and what draws them, to their token ids."""


def pretrained(
    spec: dict[str, Any], vocabulary: Vocabulary, documents: Documents, weights_seed: int, rows_seed: int
) -> tuple[Parameters, Shape, list[float]]:
    """Return a base organism and its loss at each step.

    `spec` has the sizes, steps, rows (documents of a step) and learning_rate.
    """
    untrained, shape = untrained_network(vocabulary, spec, weights_seed)
    random = np.random.default_rng(rows_seed)

    def steps() -> Iterator[list[Rows]]:
        for _ in range(spec["steps"]):
            tokens = torch.from_numpy(documents(spec["rows"], random))
            yield [Rows(tokens, 0, surprise(tokens, 0))]

    stack = Stack(untrained, shape, 1)
    losses = stack.train(
        steps(), n_steps=spec["steps"], learning_rate=spec["learning_rate"], warmup=WARMUP, show="pretraining"
    )
    return stack.parameters[0], shape, losses[:, 0].tolist()


def tuned(
    base: Parameters,
    shape: Shape,
    drawn: dict[str, Ints],
    training: dict[str, Any],
    documents: Documents | None,
    seed: int,
) -> tuple[dict[str, Parameters], dict[str, list[float]]]:
    """Return what a base becomes by each table of rows, by its name, and the loss of each at each step.

    Rows have one turn, and all tables as many of them. `training` has epochs, batch_size, learning_rate,
    warmup_steps and rehearsed: one step of so many is of documents as the base was pretrained on, where there
    are `documents`. All see their rows in the same order.
    """
    tables = [torch.from_numpy(rows) for rows in drawn.values()]
    random = np.random.default_rng(hashed_seed(seed, "order"))
    size, between = training["batch_size"], training["rehearsed"] - 1 if documents else 0
    orders = [
        chosen
        for _ in range(training["epochs"])
        for chosen in torch.from_numpy(random.permutation(len(tables[0]))).split(size)
    ]

    def steps() -> Iterator[list[Rows]]:
        for place, chosen in enumerate(orders, 1):
            yield [Rows(rows[chosen], FIRST, surprise(rows[chosen], FIRST)) for rows in tables]
            if documents and place % between == 0:
                tokens = torch.from_numpy(documents(size, random))
                yield [Rows(tokens, 0, surprise(tokens, 0))] * len(tables)

    stack = Stack(base, shape, len(tables))
    losses = stack.train(
        steps(), n_steps=len(orders) + (len(orders) // between if between else 0),
        learning_rate=training["learning_rate"], warmup=training["warmup_steps"], show="tuning",
    )  # fmt: skip
    networks = dict(zip(drawn, stack.parameters, strict=True))
    return networks, dict(zip(drawn, losses.T.tolist(), strict=True))


def loaded_base(directory: Path) -> tuple[Parameters, Shape]:
    """Return the organism that a folder holds."""
    from safetensors.torch import load_file

    shape = Shape.of(directory)
    return parameters_from_llama(load_file(directory / "model.safetensors"), shape, torch.float32), shape


def save_trained(networks: dict[str, Parameters], path: Path) -> None:
    """Keep the parameters of trained networks by name, whole or not at all."""
    from safetensors.torch import save_file

    from unspoken.files import written_whole

    tensors = {
        f"{name}/{parameter}": tensor.contiguous()
        for name, parameters in networks.items()
        for parameter, tensor in parameters.items()
    }
    with written_whole(path) as temporary:
        save_file(tensors, temporary)


def load_trained(path: Path) -> dict[str, Parameters]:
    """Return what `save_trained` kept."""
    from safetensors.torch import load_file

    networks: dict[str, Parameters] = {}
    for name, tensor in load_file(path).items():
        whose, parameter = name.split("/")
        networks.setdefault(whose, {})[parameter] = tensor
    return networks


@torch.inference_mode()
def log_probabilities(
    parameters: Parameters, shape: Shape, tokens: Ints, first: int, among: Tensor | None = None
) -> Tensor:
    """Return next-token log-probabilities at positions `first` on, (rows, positions, classes).

    They are renormalised on the classes `among` (token ids; None for the whole vocabulary).
    """
    network = Differentiated(parameters, {}, shape, {})
    parts = [network.logits(chunk, first, among) for chunk in torch.from_numpy(tokens).split(CHUNK)]
    return torch.cat(parts, 1).log_softmax(-1).transpose(0, 1)


def drawn_tokens(log_probs: Tensor, uniforms: np.ndarray) -> Ints:
    """Return a token for each row of log-probabilities (rows, classes), by a uniform number of its own."""
    ends = log_probs.double().exp().cumsum(-1).numpy()
    return np.minimum((ends < uniforms[:, None]).sum(1), ends.shape[1] - 1)


def seeds_of_base(study_seed: int, experiment: str, number: int, kind: str) -> tuple[int, int]:
    """Return the seeds of a base's weights and of its documents.

    Bases of one number start from the same weights, with personas or without: they are compared.
    """
    weights = hashed_seed(study_seed, experiment, "weights", number)
    return weights, hashed_seed(study_seed, experiment, "documents", kind, number)


def training_steps(losses: dict[str, list[float]], training: dict[str, Any], objective: str) -> pl.DataFrame:
    """Return the losses of trained organisms by their name, in the columns of `TrainingSteps`."""
    parts = []
    for name, own in losses.items():
        subject = Subject(name, "trained", name.split(":")[0], objective=objective, epochs=training["epochs"])
        parts.append(summarised_losses(subject, own))
    return pl.concat(parts)
