"""What pydantic finds wrong in files that people write, in this project's words: what is expected."""

from typing import Any

PATTERNS = {
    r"^[a-z0-9][a-z0-9_.\-]*$": "a name: lower-case letters, digits, '-', '_' and '.', no slash, a letter "
    "or digit first",
    r"^[A-Za-z]+$": "one word, of letters only",
    r"^[0-9a-f]{40}$": "a commit: 40 hexadecimal digits",
    r"^[\w\-.]+/[\w\-.]+$": "owner/name",
    r"^https?://[^\s@?]+$": "an address that begins with http:// or https://, without user or password",
    r"^[A-Z][A-Z0-9_]*$": "the name of an environment variable, in capitals: never the key itself",
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
