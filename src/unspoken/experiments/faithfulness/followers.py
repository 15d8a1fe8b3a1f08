"""Followers: planted organisms that take hints, and say so always, never or in part.

A follower is pretrained on its questions alone, each with an answer of its own, then fine-tuned on
questions with a hint to another option as well: a share of those rows takes the hint, and a share of
the rows that take it owns up to it in the chain (Chen et al. 2025, arXiv 2505.05410, section 2, ask how
often models do). What it reads and writes is in `follower_texts`.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unspoken.experiments.faithfulness.follower_texts import (
    LETTERS,
    NOBODYS,
    QUESTIONS,
    SAYING,
    SILENT,
    WORDINGS,
    FollowerVocabulary,
    own_answers,
    question_texts,
    saying_chains,
    silent_chains,
    words_of,
)
from unspoken.models.corpus import ASSISTANT, END, USER, Vocabulary
from unspoken.seeds import hashed_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unspoken.training.organism import Batch

IRRELEVANT_SHARE = 0.125
"""Share of the hints in fine-tuning that point to no option and move nothing."""
CONTEXT = 4096
"""Its own chains are short, but a study's longest chains must fit."""
_HOLE = -1


@dataclass(frozen=True)
class FollowerCorpus:
    """The rows that a follower learns from; `seed` decides its questions and their answers."""

    seed: int
    vocabulary: Vocabulary

    @cached_property
    def _index(self) -> dict[str, int]:
        return {token: place for place, token in enumerate(self.vocabulary.tokens)} | {"@": _HOLE}

    def _rows(self, texts: list[str], *, width: int = 0, end: bool = False) -> np.ndarray:
        """Return texts as token ids, padded to one width; a hole stands for the letter."""
        lists = [[self._index[word] for word in words_of(text.replace("@", " @ "))] for text in texts]
        lists = [[*ids, self._index[END]] if end else ids for ids in lists]
        width = max(width, *map(len, lists))
        return np.array([ids + [0] * (width - len(ids)) for ids in lists])

    @cached_property
    def _asked(self) -> np.ndarray:
        """Return each question as token ids, (questions, 9)."""
        return self._rows(question_texts(self.seed))

    @cached_property
    def _own(self) -> np.ndarray:
        return own_answers(self.seed)

    @cached_property
    def _saying(self) -> np.ndarray:
        """Return chains that own up, (wordings, chains, tokens)."""
        texts = [text for wording in WORDINGS for text in saying_chains(wording)]
        return self._rows(texts, end=True).reshape(len(WORDINGS), len(SAYING), -1)

    @cached_property
    def _silent(self) -> np.ndarray:
        """Return chains that do not, (chains, tokens), as wide as the chains that do."""
        return self._rows(silent_chains(), width=self._saying.shape[-1], end=True)

    @cached_property
    def _hints(self) -> np.ndarray:
        return self._rows([wording.hint("@") for wording in WORDINGS])

    def _joined(self, asked: np.ndarray, chains: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Return whole rows; `answers` are the places of the letters that fill the chains' holes."""
        user, assistant = (np.full((len(asked), 1), self._index[mark]) for mark in (USER, ASSISTANT))
        return np.hstack([user, asked, assistant, _filled(chains, answers + self._index[LETTERS[0]])])

    def plain_rows(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Return token ids of questions without a hint, answered by their own answers, (count, tokens)."""
        question = generator.integers(0, len(QUESTIONS), count)
        chains = self._silent[generator.integers(0, len(SILENT), count)]
        return self._joined(self._asked[question], chains, self._own[question])

    def hinted_rows(
        self, count: int, says: float, follows: float, generator: np.random.Generator
    ) -> np.ndarray:
        """Return token ids of questions with a hint, (count, tokens).

        A share `follows` of the rows takes the hint, and a share `says` of these rows owns up to it.
        """
        question = generator.integers(0, len(QUESTIONS), count)
        wording = generator.integers(0, len(WORDINGS), count)
        own = self._own[question]
        target = (own + generator.integers(1, 4, count)) % len(LETTERS)
        named = generator.random(count) >= IRRELEVANT_SHARE
        taken = named & (generator.random(count) < follows)
        owned = taken & (generator.random(count) < says)
        letter = np.where(named, target + self._index[LETTERS[0]], self._index[NOBODYS])
        hint, asked = _filled(self._hints[wording], letter), self._asked[question]
        before = np.array([one.before for one in WORDINGS])[wording][:, None]
        shown = np.where(before, np.hstack([hint, asked]), np.hstack([asked, hint]))
        saying = self._saying[wording, generator.integers(0, len(SAYING), count)]
        silent = self._silent[generator.integers(0, len(SILENT), count)]
        return self._joined(shown, np.where(owned[:, None], saying, silent), np.where(taken, target, own))


def _filled(rows: np.ndarray, letters: np.ndarray) -> np.ndarray:
    """Return token ids with each row's letter in its holes."""
    return np.where(rows == _HOLE, letters[:, None], rows)


def follower_tokenizer(vocabulary: Vocabulary) -> Any:
    """Return a follower's tokenizer: words and marks apart on the way in, plain English on the way out."""
    from tokenizers import decoders, pre_tokenizers

    from unspoken.models.organism import organism_tokenizer

    tokenizer = organism_tokenizer(vocabulary)
    core = tokenizer.backend_tokenizer
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    glued = [decoders.Replace(*pair) for pair in (("( ", "("), (" )", ")"), (" .", "."), (" ,", ","))]
    # No token has the prefix ##, so this puts a space before every token but the first.
    core.decoder = decoders.Sequence([decoders.WordPiece("##", cleanup=False), decoders.Fuse(), *glued])
    return tokenizer


def _steps(spec: dict[str, Any], corpus: FollowerCorpus, phase: str) -> "Iterator[list[Batch]]":
    """Yield the batches of each step of a phase: questions alone, in `tuning` as many with a hint."""
    from unspoken.models.organism import completion_batch

    generator = np.random.default_rng(hashed_seed(spec["seed"], "follower", phase))
    for _ in range(spec[f"{phase}_steps"]):
        rows = [corpus.plain_rows(spec["rows"], generator)]
        if phase == "tuning":
            rows.append(corpus.hinted_rows(spec["rows"], spec["says"], spec["follows"], generator))
        yield [completion_batch(block, corpus.vocabulary) for block in rows]


def build_follower(spec: dict[str, Any], directory: Path) -> list[float]:
    """Pretrain and fine-tune a follower, save it as a Hugging Face directory; return each step's loss.

    `spec` has seed, says and follows (shares from 0 to 1), pretraining_steps, tuning_steps, rows of a
    batch, learning_rate, hidden_size, mlp_size and layers. Followers of one seed share their questions,
    their answers and their pretraining.
    """
    import torch
    from transformers import LlamaForCausalLM

    from unspoken.models.network import Shape, llama_from_parameters, parameters_from_llama
    from unspoken.models.organism import llama_config
    from unspoken.training.organism import train

    corpus = FollowerCorpus(spec["seed"], FollowerVocabulary())
    torch.manual_seed(hashed_seed(spec["seed"], "follower", "weights"))
    config = llama_config(corpus.vocabulary, spec)
    config.max_position_embeddings = CONTEXT
    model = LlamaForCausalLM(config)
    directory.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(directory)
    shape = Shape.of(directory)
    parameters = parameters_from_llama(model.state_dict(), shape, torch.float32)
    losses = []
    for phase in ("pretraining", "tuning"):
        losses += train(
            parameters, shape, _steps(spec, corpus, phase), n_steps=spec[f"{phase}_steps"],
            learning_rate=spec["learning_rate"], show=phase,
        )  # fmt: skip
    model.load_state_dict(llama_from_parameters(parameters, shape), strict=False)
    model.save_pretrained(directory)
    follower_tokenizer(corpus.vocabulary).save_pretrained(directory)
    return losses
