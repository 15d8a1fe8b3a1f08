"""The engines that may serve a model, and what an experiment needs of them."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    PositiveInt,
    StringConstraints,
)

from unspoken.study.base import Section


def _checked_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"got {text!r}; expected a regular expression ({error})") from error
    return text


Pattern = Annotated[str, AfterValidator(_checked_pattern)]


Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9\-]*$")]
SENT = frozenset(
    {
        "model", "messages", "prompt", "stream", "n", "best_of", "max_tokens", "max_completion_tokens",
        "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed", "stop", "stop_token_ids",
        "logprobs", "logprob_token_ids", "structured_outputs", "return_token_ids", "skip_special_tokens",
    }
)  # fmt: skip
"""Parameters that the engine itself sends or relies on: the study says them elsewhere, or nothing may."""
_SECRET_VALUE = re.compile(r"(?i)(sk-|bearer\s|key-)\S{8}")
_SECRET = re.compile(r"(?i)api[_-]?key|secret|passw|authori[sz]ation|bearer|access[_-]?token|credential")


def _own_parameters(body: dict[str, Any]) -> dict[str, Any]:
    """Return further parameters of requests. Raises ValueError for the engine's own, and for secrets."""
    for name in body:
        if name in SENT:
            raise ValueError(f"{name}: got a parameter that the engine sends itself; expected others here")
    if _holds_secret(body):
        raise ValueError(
            "got something that looks like a secret (not shown); expected none: it would stand in tables. Use"
            " key or headers, which name environment variables"
        )
    return body


def _holds_secret(given: Any) -> bool:
    if isinstance(given, dict):
        return any(
            (isinstance(inner, str) and (_SECRET.search(str(name)) or _SECRET_VALUE.match(inner)))
            or _holds_secret(inner)
            for name, inner in given.items()
        )
    return isinstance(given, list) and any(map(_holds_secret, given))


def _is_empty(given: Any) -> bool:
    return not given


class Auto(Section):
    """vLLM where this machine can run it, else transformers."""

    kind: Literal["auto"]
    """The engine."""
    dtype: Literal["auto", "float32"] | None = Field(default=None, exclude_if=_is_empty)
    """vLLM's `dtype`; transformers computes in float32, whatever stands here."""


class Transformers(Section):
    """transformers in float32, with rows that come back equal."""

    kind: Literal["transformers"]
    """The engine."""


class Vllm(Section):
    """vLLM on GPUs, or on the processor through its CPU build."""

    kind: Literal["vllm"]
    """The engine."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = Field(
        default=None, exclude_if=_is_empty
    )
    """Type of weights and arithmetic; null: bfloat16 on a GPU, float32 on a processor; auto: bfloat16 also
    on a processor that multiplies in it."""
    tensor_parallel: PositiveInt = 1
    """GPUs that share one copy of the model."""
    window: PositiveInt | None = None
    """The most tokens of a prompt and its completion; null for the model's own window."""
    cache_gib: PositiveInt = 2
    """Memory for the attention cache on a processor, in GiB; of a GPU's vLLM takes care."""


LeftOut = Literal["temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed", "stop", "logprobs"]
LONGEST_WORD = 200


class Endpoint(Section):
    """A server with an OpenAI-compatible interface: `vllm serve`, or a vendor's."""

    kind: Literal["endpoint"]
    """The engine."""
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@?]+$")]
    """Address of the interface, such as http://localhost:8000/v1."""
    served_as: str
    """The model's name there."""
    key: Variable | None = None
    """The environment variable that holds the key; null for a server that wants none."""
    api: Literal["tokens", "chat"] = "tokens"
    """`tokens`: prompts as token ids (vLLM); `chat`: messages, with which a server can do less."""
    concurrency: PositiveInt = 64
    """Requests under way at a time."""
    retries: PositiveInt = 6
    """Attempts after a failed attempt, with growing pauses."""
    timeout_s: PositiveInt = 600
    """Seconds that one request may take."""
    window: PositiveInt | None = None
    """The most tokens of a prompt and its completion, where the server has another limit."""
    # Where these are not given, nothing depends on them: no job's params and no cache key hold them.
    max_tokens_as: Literal["max_completion_tokens", "max_tokens"] | None = Field(
        default=None, exclude_if=_is_empty
    )
    """The name under which the server takes the limit of tokens; null for the usual: max_tokens with
    tokens, max_completion_tokens with chat."""
    leave_out: list[LeftOut] = Field([], exclude_if=_is_empty)
    """Parameters that the server does not take: temperature, top_p, top_k, min_p, repetition_penalty,
    seed, stop, logprobs."""
    body: Annotated[dict[str, JsonValue], AfterValidator(_own_parameters)] = Field({}, exclude_if=_is_empty)
    """Further parameters of every request, such as {reasoning_effort: low}; never a secret."""
    headers: dict[Header, Variable] = Field({}, exclude_if=_is_empty)
    """Further headers of every request: each names the environment variable that holds its value."""
    fingerprint: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_WORD)] | None = Field(
        None, exclude_if=_is_empty
    )
    """A word of your own for what the server holds now: another word, and nothing kept is used again."""


class ScriptedRule(Section):
    """What a scripted model answers to some prompts."""

    when: Pattern
    """A regular expression: the first rule whose expression matches the prompt decides."""
    answers: Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]
    """Answers with their weights."""


class Scripted(Section):
    """The random process that a scripted model describes."""

    kind: Literal["scripted"] = "scripted"
    """The engine."""


def _of_kind(given: Any) -> Any:
    return {"kind": given} if isinstance(given, str) else given


Engine = Annotated[Auto | Transformers | Vllm | Endpoint, Field(discriminator="kind")]
EngineChoice = Annotated[
    Engine,
    BeforeValidator(_of_kind, json_schema_input_type=Literal["auto", "transformers", "vllm"] | Engine),
]
"""An engine with its settings, or its kind alone."""
