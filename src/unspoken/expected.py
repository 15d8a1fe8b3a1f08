"""What pydantic finds wrong in files that people write, in this project's words: what is expected."""

import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, RootModel

PATTERNS = {
    r"^[a-z0-9][a-z0-9_.\-]*$": "a name: lower-case letters, digits, '-', '_' and '.', no slash, a letter "
    "or digit first",
    r"^[A-Za-z]+$": "one word, of letters only",
    r"^[0-9a-f]{40}$": "a commit: 40 hexadecimal digits",
    r"^[0-9a-f]{64}$": "a SHA-256: 64 hexadecimal digits, in lower case",
    r"^[A-Za-z0-9][A-Za-z0-9._\-]*$": "the name of a package",
    r"^\d[A-Za-z0-9.!+]*$": "a version, such as 1.2.0",
    r"^[\w\-.]+\.gguf$": "the name of a file that ends in .gguf",
    r"^[\w\-.]+/[\w\-.]+$": "owner/name",
    r"^https?://[^\s@?]+$": "an address that begins with http:// or https://, without user or password",
    r"^[A-Z][A-Z0-9_]*$": "the name of an environment variable, in capitals: never the key itself",
    r"^[A-Za-z][A-Za-z0-9\-]*$": "the name of a header: letters, digits and '-'",
    r"^[^{}]*\{word\}[^{}]*$": "a text with {word} in it, once",
    r"^[a-z]+$": "one word of lower-case letters only",
    r"\S": "a text that is not blank",
}
"""What a text must be like, by the pattern that it must match."""
EXPECTED = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "a text",
    "string_too_short": "a text that is not blank",
    "string_unicode": "a text without half a character (a lone surrogate)",
    "list_type": "a list",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "dict_type": "keys with values",
    "string_too_long": "at most {max_length} characters",
    "too_short": "a list of {min_length} or more",
    "too_long": "a list of at most {max_length}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "multiple_of": "a multiple of {multiple_of}",
    "literal_error": "{expected}",
    "union_tag_invalid": "a kind that exists: {expected_tags}",
}
"""Pydantic's types of errors, and what each expects, with what the error knows in braces."""


LONGEST = 300
"""Characters of a value in a message."""


def short(text: str) -> str:
    """Return a text that fits into a message: of a long text its beginning."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return _models_in(annotation.model_fields["root"].annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [one for argument in typing.get_args(annotation) for one in _models_in(argument)]


def known_keys(kind: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Return the keys of what stands at a location of pydantic's, where a union's branch is a part."""
    models = _models_in(kind)
    for part in location:
        branch = [
            one for one in models if part == one.__name__
            or part in typing.get_args(getattr(one.model_fields.get("kind"), "annotation", None))
        ]  # fmt: skip
        fields = [one.model_fields[part] for one in models if part in one.model_fields]
        inner = [found for field in fields for found in _models_in(field.annotation)]
        models = branch or inner or models
    named = ((field.alias or name) for one in models for name, field in one.model_fields.items())
    return list(dict.fromkeys(named))


def expected_by(error: Any) -> str:
    """Return what one of pydantic's errors expects: "a whole number".

    What PATTERNS and EXPECTED do not know is said as pydantic says it.
    """
    context = error.get("ctx", {})
    if error["type"] == "value_error":  # a validator's own words
        return str(context["error"])
    if error["type"] == "string_type" and isinstance(error["input"], bool):
        return "a text (yes, no, on and off need quotes)"
    if context.get("pattern") in PATTERNS:
        return PATTERNS[context["pattern"]]
    return EXPECTED.get(error["type"], error["msg"].replace("Input should be ", "")).format(**context)


def said_of(error: Any, kind: type[BaseModel]) -> str:
    """Return what is wrong at a key of a `kind` of file: what was given, and what is expected."""
    if error["type"] == "extra_forbidden":
        return f"unknown key; expected one of: {', '.join(known_keys(kind, error['loc'][:-1]))}"
    if error["type"] == "missing":
        return "nothing was given; this key is needed"
    expected = expected_by(error)
    if error["type"] == "value_error":
        return expected
    if error["type"] == "model_type":
        expected += f": {', '.join(known_keys(kind, error['loc']))}"
    return f"got {short(repr(error['input']))}; expected {expected}"
