"""What each kind of engine can do, known without importing any: the check of a study asks it."""

from typing import Any

PREFIX = "prefix"
"""Continues the beginning of an assistant's turn."""
CHOICES = "choices"
"""Reads the exact log-probability of given choices."""
PATTERN = "pattern"
"""Restricts completions to a regular expression."""
STOP = "stop"
"""Ends completions at given texts."""
LOGPROBS = "logprobs"
"""Tells the log-probability of each drawn token."""
WEIGHTS = "weights"
"""Answers as a subject with trained weights."""

AUTO = ("transformers", "vllm")
"""What the engine `auto` may become."""
CAPABILITIES = {
    "transformers": frozenset({PREFIX, CHOICES, PATTERN, STOP, LOGPROBS, WEIGHTS}),
    "vllm": frozenset({PREFIX, CHOICES, PATTERN, STOP, LOGPROBS, WEIGHTS}),
    "endpoint": frozenset({PREFIX, CHOICES, PATTERN, STOP, LOGPROBS}),
    "endpoint_chat": frozenset({STOP, LOGPROBS}),
    "scripted": frozenset({PREFIX, CHOICES, STOP}),
}
"""By kind of engine; an endpoint that takes messages only can do less than an endpoint that takes tokens."""


def kinds_of(settings: dict[str, Any]) -> list[str]:
    """Return the names under which an engine's capabilities stand; for auto, of all it may become."""
    if settings["kind"] == "auto":
        return list(AUTO)
    if settings["kind"] == "endpoint" and settings["api"] == "chat":
        return ["endpoint_chat"]
    return [settings["kind"]]


def can(settings: dict[str, Any], capability: str) -> bool:
    """Say if an engine with these settings can do something, whatever it becomes."""
    return all(capability in CAPABILITIES[kind] for kind in kinds_of(settings))
