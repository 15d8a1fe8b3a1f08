r"""A truth generator for instrument checks: it answers as a random process that the study describes.

It never stands in for a model. Rules say with which weights a prompt gets which answers, so what a
scorer or an estimate should find is known exactly. The first rule whose regular expression matches
the prompt decides; the prompt's text is system prompt, user turn and beginning of the answer, a line
each. An answer may take up what a group of the expression matched: \1.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from unspoken.engines.base import Completion, EngineError, Opening, Prompt, Request, Sampling
from unspoken.engines.draws import row_streams, uniforms
from unspoken.files import digest_of
from unspoken.subjects import Subject

LEAST_SHARE = 1e-12
"""What a choice that no rule answers is said to have: the tables hold no infinite log-probability."""


class ScriptedEngine:
    """Draws answers by their weights; a row's draw follows from its key and the seed alone."""

    name = "scripted"
    revision = 1
    dtype = "float64"
    reproducible = True
    shard_rows = 4096
    tokenizer = None
    window: int | None = None

    def __init__(self, rules: list[dict[str, Any]]) -> None:
        """Take rules, each {"when": a regular expression, "answers": {text: weight}}."""
        self.version = digest_of(rules)  # so that other rules have other completions in the cache
        self._rules = []
        for rule in rules:
            answers = sorted(rule["answers"].items())  # JSON keeps no order: draws must not follow from it
            weights = np.array([weight for _, weight in answers], float)
            self._rules.append((re.compile(rule["when"]), [text for text, _ in answers], weights))

    def use(self, subject: Subject) -> None:
        """Answer as this subject. Raises EngineError for trained weights: there is nothing to train."""
        if subject.weights is not None:
            raise EngineError(f"{subject.subject_id} has trained weights: a scripted process has none")

    def render(self, requests: Sequence[Request]) -> list[Prompt]:
        """Return requests as one text each."""
        return [Prompt(one.key, ["\n".join((one.system or "", one.user, one.prefix))]) for one in requests]

    def _answers_to(self, prompt: Prompt) -> tuple[list[str], np.ndarray]:
        """Return the answers to a prompt and their weights. Raises EngineError if no rule matches it."""
        for when, answers, weights in self._rules:
            if found := when.search(prompt.content[0]):
                return [found.expand(answer) if "\\" in answer else answer for answer in answers], weights
        raise EngineError(
            f"no rule of the scripted model matches the prompt {prompt.key}: add a last rule with"
            " `when: ''`, which matches every prompt"
        )

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[list[Completion]]:
        """Yield the completions of all prompts; tokens are words, as spaces divide them, without logprobs."""
        if sampling.pattern is not None:
            raise EngineError("a scripted process has no tokens: it takes no pattern")
        chances = uniforms(row_streams(sampling.seed, [prompt.key for prompt in prompts]), 0)
        made = []
        for prompt, chance in zip(prompts, chances, strict=True):
            answers, weights = self._answers_to(prompt)
            shares = _shares(weights, sampling.temperature).cumsum()
            place = int(np.searchsorted(shares, chance * shares[-1], side="right"))
            made.append(_completion(prompt.key, answers[place], sampling))
        yield made

    def choice_logprobs(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> list[list[float]]:
        """Return the log of each choice's share among the answers; spaces around it do not count."""
        return [
            [float(np.log(max(shares.get(choice.strip(), 0.0), LEAST_SHARE))) for choice in choices]
            for shares in map(self._shares_of, prompts)
        ]

    def _shares_of(self, prompt: Prompt) -> dict[str, float]:
        """Return the share of each answer to a prompt, without spaces around it."""
        answers, weights = self._answers_to(prompt)
        shares: dict[str, float] = {}
        for answer, share in zip(answers, _shares(weights, 1.0), strict=True):
            shares[answer.strip()] = shares.get(answer.strip(), 0.0) + float(share)
        return shares


def _shares(weights: np.ndarray, temperature: float) -> np.ndarray:
    """Return weights as shares, sharpened by the temperature; at 0 the first of the heaviest has all."""
    if temperature == 0:
        return np.eye(len(weights))[weights.argmax()]
    with np.errstate(under="ignore"):
        sharpened = np.exp(np.log(weights / weights.max()) / temperature)
    return sharpened / sharpened.sum()


def _completion(key: str, answer: str, sampling: Sampling) -> Completion:
    """Return an answer up to its first stop text, and no longer than max_tokens words."""
    for end in sampling.stop:
        answer = answer.partition(end)[0]
    words = list(re.finditer(r"\S+", answer))
    if len(words) > sampling.max_tokens:
        return Completion(key, answer[: words[sampling.max_tokens - 1].end()], sampling.max_tokens, "length")
    return Completion(key, answer, len(words), "stop")


def opened(opening: Opening) -> ScriptedEngine:
    """Return the engine of a scripted model, whose rules are among the settings."""
    return ScriptedEngine(opening.settings["rules"])
