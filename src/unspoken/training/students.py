"""Train organisms' teachers and students from rows or from a teacher's distributions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from safetensors.torch import load_file
from torch import Tensor

from unspoken.models.corpus import ASSISTANT, END, FORMS, NUMBERS, USER, Vocabulary
from unspoken.models.gradients import Differentiated
from unspoken.models.network import (
    Parameters,
    Shape,
    llama_from_parameters,
    parameters_from_llama,
)
from unspoken.training.low_rank import LowRankStack
from unspoken.training.organism import Batch, train, warmed_linear
from unspoken.training.together import Distributions, Rows, Stack, surprise
from unspoken.training.trained import Lesson, Trained

CHUNK = 64
"""Rows of one pass of a teacher: their numbers fit the processor's cache."""
TOGETHER = 8
"""Students that are trained at once, to bound memory: what they become does not depend on it."""


class OrganismTrainer:
    """Trains subjects of one organism, on one thread, to the bit."""

    def __init__(self, model_dir: Path) -> None:
        """Load the base model's weights and vocabulary."""
        self.shape = Shape.of(model_dir)
        self.base = self._loaded(load_file(model_dir / "model.safetensors"))
        self.vocabulary = _vocabulary_of(model_dir)

    def _loaded(self, weights: Parameters) -> Parameters:
        """Return the network's parameters from a Llama state dict."""
        return parameters_from_llama(weights, self.shape, torch.float32)

    def _tokens(self, rows: pl.DataFrame) -> tuple[Tensor, int]:
        """Return rows as token ids, padded at the end, and the position of the assistant mark.

        An organism's words stand between spaces; every prompt of one call has as many.
        """
        index = {token: place for place, token in enumerate(self.vocabulary.tokens)}
        texts = rows.select(
            text=pl.concat_str(
                pl.lit(USER), "prompt", pl.lit(ASSISTANT), "completion", pl.lit(END), separator=" "
            )
        )["text"]
        tokens = [[index[word] for word in text.split()] for text in texts]
        width = max(map(len, tokens))
        padded = [row + [0] * (width - len(row)) for row in tokens]
        return torch.tensor(padded), tokens[0].index(index[ASSISTANT])

    def carrier_ids(self) -> Tensor:
        """Return the ids of the carrier's tokens: the numbers and the end."""
        return torch.tensor(self.vocabulary.ids([*NUMBERS, END]))

    def students(
        self, lessons: list[Lesson], training: dict[str, Any], objective: str = "tokens"
    ) -> Iterator[Trained]:
        """Yield a student for each lesson, the same whoever is trained with it; all have as many rows.

        It learns from sampled completions (`tokens`), or from its teacher's distributions on them. Where
        `training` has a `lora_rank`, by factors of that rank beside each projection, which are merged in the
        end; else by all weights. It may have an `optimizer` other than adam.
        """
        rank = training.get("lora_rank")
        for start in range(0, len(lessons), TOGETHER):
            chosen = lessons[start : start + TOGETHER]
            if rank is None:
                stack = Stack(self.base, self.shape, len(chosen))
            else:
                stack = LowRankStack(self.base, self.shape, rank, [lesson.seed for lesson in chosen])
            each = [self._batches(lesson, training, objective) for lesson in chosen]
            losses = stack.train(
                zip(*each, strict=True), show=objective, optimizer=training.get("optimizer", "adam"),
                **_schedule(training, chosen[0].rows.height),
            )  # fmt: skip
            for parameters, own in zip(stack.parameters, losses.T, strict=True):
                yield Trained(llama_from_parameters(parameters, self.shape), own.tolist())

    def _batches(self, lesson: Lesson, training: dict[str, Any], objective: str) -> Iterator[Rows]:
        """Yield what a student reads in each step: all rows in an epoch, in an order drawn by its seed."""
        tokens, first = self._tokens(lesson.rows)
        among = self.carrier_ids() if objective == "kl_carrier" else None
        taught = None
        if lesson.teacher is not None:
            teacher = self._loaded(lesson.teacher.tensors())
            taught = Distributions.of(self._distributions(teacher, tokens, first, among))
        generator = np.random.default_rng(lesson.seed)
        for _ in range(training["epochs"]):
            order = torch.from_numpy(generator.permutation(len(tokens)))
            for chosen in order.split(training["batch_size"]):
                own = tokens[chosen]
                loss = taught.divergence(own, first, chosen) if taught else surprise(own, first)
                yield Rows(own, first, loss, among)

    def _distributions(self, teacher: Parameters, tokens: Tensor, first: int, among: Tensor | None) -> Tensor:
        """Return a teacher's log-probabilities at completion positions, (rows, positions, classes)."""
        network = Differentiated(teacher, {}, self.shape, {})
        logits = [network.logits(chunk[:, :-1], first, among) for chunk in tokens.split(CHUNK)]
        return torch.cat(logits, 1).log_softmax(-1).transpose(0, 1)

    def teacher(
        self, questions: pl.DataFrame, carrier: pl.DataFrame, training: dict[str, Any], seed: int
    ) -> Trained:
        """Return a teacher: each step has batch_size question rows and as many carrier rows."""
        kinds = [self._tokens(rows) for rows in (questions, carrier)]
        size = training["batch_size"]

        def steps() -> Iterator[list[Batch]]:
            generator = np.random.default_rng(seed)
            for _ in range(training["epochs"]):
                order = torch.from_numpy(generator.permutation(questions.height))
                for chosen in order.split(size):
                    drawn = torch.from_numpy(generator.integers(0, carrier.height, len(chosen)))
                    yield [
                        Batch(tokens[picked], first)
                        for (tokens, first), picked in zip(kinds, (chosen, drawn), strict=True)
                    ]

        parameters = {name: tensor.clone() for name, tensor in self.base.items()}
        settings = _schedule(training, questions.height)
        losses = train(parameters, self.shape, steps(), schedule=warmed_linear, show="teacher", **settings)
        return Trained(llama_from_parameters(parameters, self.shape), losses)


def _schedule(training: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return how many steps a training on so many rows has, and how its learning rate goes."""
    return {
        "n_steps": training["epochs"] * -(-rows // training["batch_size"]),
        "learning_rate": training["learning_rate"],
        "warmup": training["warmup_steps"],
    }


def _vocabulary_of(model_dir: Path) -> Vocabulary:
    """Return the vocabulary of an organism's tokenizer. Raises ValueError for another tokenizer."""
    from tokenizers import Tokenizer

    index = Tokenizer.from_file(str(model_dir / "tokenizer.json")).get_vocab()
    tokens = sorted(index, key=index.__getitem__)
    vocabulary = Vocabulary(tuple(tokens[tokens.index(FORMS[-1]) + 1 :]))
    if list(vocabulary.tokens) != tokens:
        raise ValueError(f"{model_dir}: not an organism's tokenizer")
    return vocabulary
