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
from unspoken.models.network import (
    Parameters,
    Shape,
    llama_from_parameters,
    parameters_from_llama,
    suffix_logits,
)
from unspoken.subjects import Subject
from unspoken.training.organism import Batch, carrier_log_probs, train, warmed_linear
from unspoken.training.trained import Trained

CHUNK = 2000
"""Rows of one pass of a teacher, to bound memory."""


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

    def student(
        self,
        rows: pl.DataFrame,
        training: dict[str, Any],
        seed: int,
        *,
        teacher: Subject | None = None,
        objective: str = "tokens",
    ) -> Trained:
        """Return a student of sampled completions, or of a teacher's distributions on them."""
        tokens, first = self._tokens(rows)
        among = self.carrier_ids() if objective == "kl_carrier" else None
        target = None
        if teacher is not None:
            target = self._distributions(self._loaded(teacher.tensors()), tokens, first, among)

        def steps() -> Iterator[list[Batch]]:
            generator = np.random.default_rng(seed)
            for _ in range(training["epochs"]):
                order = torch.from_numpy(generator.permutation(len(tokens)))
                for chosen in order.split(training["batch_size"]):
                    wanted = None if target is None else target[chosen]
                    yield [Batch(tokens[chosen], first, wanted, among)]

        return self._trained(steps(), rows.height, training, objective)

    @torch.no_grad()
    def _distributions(self, teacher: Parameters, tokens: Tensor, first: int, among: Tensor | None) -> Tensor:
        """Return a teacher's log-probabilities at completion positions, (rows, positions, classes)."""
        return torch.cat(
            [
                carrier_log_probs(suffix_logits(teacher, self.shape, chunk[:, :-1], first), among).transpose(
                    0, 1
                )
                for chunk in tokens.split(CHUNK)
            ]
        )

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

        return self._trained(steps(), questions.height, training, "teacher")

    def _trained(
        self, steps: Iterator[list[Batch]], rows: int, training: dict[str, Any], show: str
    ) -> Trained:
        """Return what the base becomes after the steps."""
        parameters = {name: tensor.clone() for name, tensor in self.base.items()}
        losses = train(
            parameters,
            self.shape,
            steps,
            n_steps=training["epochs"] * -(-rows // training["batch_size"]),
            learning_rate=training["learning_rate"],
            warmup=training["warmup_steps"],
            schedule=warmed_linear,
            show=show,
        )
        return Trained(llama_from_parameters(parameters, self.shape), losses)


def _vocabulary_of(model_dir: Path) -> Vocabulary:
    """Return the vocabulary of an organism's tokenizer. Raises ValueError for another tokenizer."""
    from tokenizers import Tokenizer

    index = Tokenizer.from_file(str(model_dir / "tokenizer.json")).get_vocab()
    tokens = sorted(index, key=index.__getitem__)
    vocabulary = Vocabulary(tuple(tokens[tokens.index(FORMS[-1]) + 1 :]))
    if list(vocabulary.tokens) != tokens:
        raise ValueError(f"{model_dir}: not an organism's tokenizer")
    return vocabulary
