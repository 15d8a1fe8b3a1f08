"""An engine that asks a server with an OpenAI-compatible interface: `vllm serve`, or a vendor's.

With `api: tokens` prompts go as token ids, rendered as for every other engine, to vLLM's completions;
with `api: chat` they go as messages, and the server renders them. The server draws: vLLM from a seed
that each row names, as in the job's own process, others as they like.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import openai

from unspoken.answers.hidden import HIDDEN
from unspoken.engines.base import Completion, EngineError, Opening, Prompt, Request, Sampling
from unspoken.engines.choices import Tokens, choice_steps, fitting_tokens, summed
from unspoken.engines.client import Server, posted
from unspoken.engines.draws import row_seeds
from unspoken.engines.faults import is_filtered
from unspoken.engines.rendering import adds_a_space, messages_of, rendered, texts_of
from unspoken.engines.templates import ends_of
from unspoken.engines.told import Answer, answer_in
from unspoken.models.manifest import checked_model
from unspoken.subjects import Subject

log = logging.getLogger("endpoint")
# A server applies the model's own generation_config to what a request leaves open.
PLAIN_SAMPLING = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
LISTED = ("root", "parent", "created", "meta", "canonical_slug")
"""What servers list of a model that changes when its files do, or where they come from."""
FILTERED = "the server's filter refuses or cuts some answers: their rows end with content_filter"
DECIDING = ("body", "headers", "leave_out", "fingerprint")
"""Settings that decide what is answered: where a study sets them, they are in the cache key."""


class EndpointEngine:
    """Generates with a model that a server holds."""

    name = "endpoint"
    revision = 2
    reproducible = False
    shard_rows = 64

    def __init__(self, model_dir: Path, settings: dict[str, Any]) -> None:
        """Ask the server for the model. Raises EngineError if it, its key or a tokenizer is missing."""
        self.server = Server(settings)
        self.served_as: str = settings["served_as"]
        self.takes_tokens = settings["api"] == "tokens"
        if not self.takes_tokens:
            self.revision = 4  # 3: reasoning that is told apart is in the text; 4: so is that it is hidden
        self._limit = settings.get("max_tokens_as") or (
            "max_tokens" if self.takes_tokens else "max_completion_tokens"
        )
        self._left_out = frozenset(settings.get("leave_out", ()))
        self._body: dict[str, Any] = settings.get("body", {})
        self.dtype = f"{self.served_as} at {self.server.url}"
        self.tokenizer: Any = None
        self.ends: list[int] = []
        if self.takes_tokens:
            self.tokenizer = _tokenizer_in(model_dir)
            self.ends = ends_of(self.tokenizer)
            if adds_a_space(self.tokenizer):
                self.revision = type(self).revision + 1  # before, choices were read without their prompt
        served, self.version = self.server.greeted()
        if served is None:
            log.warning("%s lists no models: the first prompt shows whether it has %s", self.server.url,
                        self.served_as)  # fmt: skip
            served = {self.served_as: {}}
        if self.served_as not in served:
            raise EngineError(
                f"{self.server.url} does not serve {self.served_as}, but {_listed(sorted(served))}:"
                " correct engine.served_as"
            )
        model = served[self.served_as]
        self._is_vllm = model.get("owned_by") == "vllm"
        self.told_of_itself: dict[str, Any] = {name: model[name] for name in LISTED if model.get(name)}
        if self._is_vllm:
            self.told_of_itself.pop("created", None)  # the time of asking
        self.key_parts = {name: settings[name] for name in DECIDING if settings.get(name)}
        if self.told_of_itself:
            self.key_parts["told"] = self.told_of_itself
        self.fingerprints: set[str] = set()
        self._warned: set[str] = set()
        limits = [settings["window"], model.get("max_model_len")]
        # Messages are not tokens yet: only the server can tell whether they fit.
        self.window: int | None = min((n for n in limits if n and self.takes_tokens), default=None)

    def use(self, subject: Subject) -> None:
        """Answer as this subject, whose system prompt comes with its requests.

        Raises EngineError for trained weights, which a server cannot be given.
        """
        if subject.weights is not None:
            raise EngineError(
                f"{subject.subject_id} has trained weights, which the server at {self.server.url} cannot be"
                " given: choose the engine vllm or transformers for its model"
            )

    def render(self, requests: Sequence[Request]) -> list[Prompt]:
        """Return requests as token ids or messages. Raises EngineError for a prefix before messages."""
        if self.takes_tokens:
            return rendered(self.tokenizer, requests)
        for request in requests:
            if request.prefix:
                raise EngineError(
                    f"the prompt {request.key} begins the answer, which messages cannot:"
                    " set engine.api to tokens"
                )
        return [Prompt(request.key, messages_of(request)) for request in requests]

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[list[Completion]]:
        """Yield completions as they are finished.

        When the server fails, EngineError is raised after all that was finished has been yielded.
        """
        if sampling.pattern is not None and not self.takes_tokens:
            raise EngineError("a pattern restricts tokens, not messages: set engine.api to tokens")
        self._check_left_out(sampling)
        ask = self._by_tokens if self.takes_tokens else self._by_messages
        seeds = row_seeds(sampling.seed, [one.key for one in prompts])
        yield from self.server.answers(
            (one.key, partial(ask, one, sampling, seed)) for one, seed in zip(prompts, seeds, strict=True)
        )

    def _check_left_out(self, sampling: Sampling) -> None:
        """Raise EngineError if a parameter is left out that the study needs."""
        if "temperature" in self._left_out and sampling.temperature != 1:
            raise EngineError(
                f"engine.leave_out has temperature, and the study asks for {sampling.temperature}: ask for 1,"
                " at which servers draw when none is sent, or send it"
            )
        if "stop" in self._left_out and sampling.stop:
            raise EngineError("engine.leave_out has stop, and what is asked is to end at a text: send it")

    def _request(self, **parameters: Any) -> dict[str, Any]:
        """Return a request's body: parameters with a value that are not left out, and the study's own."""
        sent = {name: value for name, value in parameters.items() if value is not None}
        return {name: value for name, value in sent.items() if name not in self._left_out} | self._body

    def choice_logprobs(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> list[list[float]]:
        """Return the summed log-probability of each choice's tokens after each prompt."""
        if not self.takes_tokens:
            raise EngineError("choices are read as tokens, not from messages: set engine.api to tokens")
        tokens = fitting_tokens(self, prompts, choices)
        steps = {told: choice_steps(told) for told in set(tokens)}
        read: list[dict[Tokens, float]] = [{} for _ in prompts]
        asked = (
            (prompt.key, partial(self._read, place, prompt.content, start, wanted))
            for place, prompt in enumerate(prompts)
            for start, wanted in steps[tokens[place]]
        )
        for done in self.server.answers(asked):
            for place, logprobs in done:
                read[place] |= logprobs
        return [summed(logprobs, told) for logprobs, told in zip(read, tokens, strict=True)]

    async def _by_tokens(self, prompt: Prompt, sampling: Sampling, seed: int, client: Any) -> Completion:
        """Return the completion of token ids, without the end of the turn."""
        pattern = None if sampling.pattern is None else {"regex": sampling.pattern}
        request = self._request(
            model=self.served_as,
            prompt=prompt.content,
            temperature=sampling.temperature,
            top_p=1.0,
            seed=seed,
            stop=list(sampling.stop) or None,
            logprobs=0 if sampling.logprobs else None,
            stop_token_ids=self.ends,
            skip_special_tokens=False,
            return_token_ids=True,
            structured_outputs=pattern,
            **{self._limit: sampling.max_tokens},
            **PLAIN_SAMPLING,
        )
        answer = self._answer_in(await posted(client, "/completions", request))
        ids = answer.token_ids()
        ended = bool(ids) and ids[-1] in self.ends
        ids = ids[:-1] if ended else ids
        # The server's own text may differ by a space before the first word.
        text = texts_of(self.tokenizer, [ids])[0]
        for end in sampling.stop:
            text = text.partition(end)[0]
        logprobs = answer.logprobs()[: len(ids)] if "logprobs" in request else None
        return Completion(prompt.key, text, len(ids), answer.finish_reason(), logprobs)

    async def _by_messages(self, prompt: Prompt, sampling: Sampling, seed: int, client: Any) -> Completion:
        """Return the answer to messages; its tokens are as many as the server counts.

        What the server's filter refuses is a completion without text that ends with `content_filter`.
        """
        request = self._request(
            model=self.served_as,
            messages=prompt.content,
            temperature=sampling.temperature,
            top_p=1.0,
            stop=list(sampling.stop) or None,
            logprobs=sampling.logprobs or None,
            **{self._limit: sampling.max_tokens},
            # Marks of thinking may be special tokens.
            **(PLAIN_SAMPLING | {"seed": seed, "skip_special_tokens": False} if self._is_vllm else {}),
        )
        try:
            answer = self._answer_in(await posted(client, "/chat/completions", request))
        except openai.APIStatusError as error:
            if not is_filtered(error):
                raise
            self._warn(FILTERED)
            return Completion(prompt.key, "", 0, "content_filter")
        text, finish = answer.text(sampling.stop)
        if finish == "content_filter":
            self._warn(FILTERED)
        if answer.hides_reasoning():
            self._warn(f"the server counts reasoning that it does not tell: thinking is {HIDDEN}")
        told = answer.logprobs() if "logprobs" in request and finish != "content_filter" else None
        return Completion(prompt.key, text, answer.n_tokens(sampling.max_tokens), finish, told)

    def _answer_in(self, told: object) -> Answer:
        """Return an answer, and note what its server says of itself."""
        answer = answer_in(told)
        told_of_itself = {one for one in (answer.system_fingerprint, answer.model) if one}
        self.fingerprints |= told_of_itself - {self.served_as}
        if answer.model not in (None, self.served_as):
            self._warn(f"{self.served_as} was asked, and the server says that {answer.model} answered")
        return answer

    def _warn(self, text: str) -> None:
        """Say something once."""
        if text not in self._warned:
            self._warned.add(text)
            log.warning("%s: %s", self.server.url, text)

    async def _read(
        self, place: int, prompt: list[int], start: Tokens, wanted: list[int], client: Any
    ) -> tuple[int, dict[Tokens, float]]:
        """Return log-probabilities of tokens after a prompt, at `place`, and the beginning of a choice."""
        request = {
            "model": self.served_as,
            "prompt": [*prompt, *start],
            "temperature": 0,
            "max_tokens": 1,
            "logprobs": 0,
            "logprob_token_ids": wanted,
            "return_tokens_as_token_ids": True,
            **PLAIN_SAMPLING,
            **self._body,
        }
        answer = self._answer_in(await posted(client, "/completions", request))
        told = answer.first_logprobs([f"token_id:{token}" for token in wanted])
        return place, {(*start, token): logprob for token, logprob in zip(wanted, told, strict=True)}


def _tokenizer_in(model_dir: Path) -> Any:
    """Return a model's tokenizer. Raises EngineError if it has none."""
    import transformers

    if not (model_dir / "tokenizer_config.json").is_file():
        raise EngineError(f"{model_dir} has no tokenizer, which engine.api: tokens needs; set it to chat")
    return transformers.AutoTokenizer.from_pretrained(model_dir, trust_remote_code=False)


def _listed(names: list[str], most: int = 10) -> str:
    """Return names for a message, not too many of them."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def opened(opening: Opening) -> EndpointEngine:
    """Return the engine of a model, after a word with its server."""
    return EndpointEngine(checked_model(opening.manifest), opening.settings)
