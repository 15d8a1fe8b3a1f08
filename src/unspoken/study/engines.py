"""The engines that may serve a model, and what an experiment needs of them."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, StringConstraints

from unspoken.study.base import Section


def _checked_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"got {text!r}; expected a regular expression ({error})") from error
    return text


Pattern = Annotated[str, AfterValidator(_checked_pattern)]


class Auto(Section):
    """vLLM where this machine can run it, else transformers."""

    kind: Literal["auto"]
    """The engine."""


class Transformers(Section):
    """transformers in float32, with rows that come back equal."""

    kind: Literal["transformers"]
    """The engine."""


class Vllm(Section):
    """vLLM on GPUs, or on the processor through its CPU build."""

    kind: Literal["vllm"]
    """The engine."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Type of weights and arithmetic; auto: bfloat16 on a GPU, float32 on a processor."""
    tensor_parallel: PositiveInt = 1
    """GPUs that share one copy of the model."""
    window: PositiveInt | None = None
    """The most tokens of a prompt and its completion; null for the model's own window."""
    cache_gib: PositiveInt = 2
    """Memory for the attention cache on a processor, in GiB; of a GPU's vLLM takes care."""


class Endpoint(Section):
    """A server with an OpenAI-compatible interface: `vllm serve`, or a vendor's."""

    kind: Literal["endpoint"]
    """The engine."""
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@?]+$")]
    """Address of the interface, such as http://localhost:8000/v1."""
    served_as: str
    """The model's name there."""
    key: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
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
