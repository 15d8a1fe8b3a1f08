"""What a server's failure means: whether asking again may help, and its own words about it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import openai

from unspoken.expected import short
from unspoken.visible import visible

PASSING = re.compile(
    r"overload|temporar|unavailable|upstream|timed?[ _-]?out|try again|at capacity|server.?error|bad gateway",
    re.I,
)
"""Words of errors that pass: such an error in a reply with status 200 is treated as a 503."""
RATE = re.compile(r"rate.?limit|too many requests|(try again|retry|retry.?delay)\W{0,4}(in|after|\d)", re.I)
"""Words of a limit on requests in some time: waiting helps."""
SPENT = re.compile(r"quota|billing|credit|balance|payment|spend(ing)? limit", re.I)
"""Words of an account that has nothing left: waiting does not help, unless RATE's words stand there too."""
SURELY_SPENT = re.compile(r"insufficient.?(quota|balance|credit|fund)", re.I)
FILTERED = re.compile(
    r"content.?filter|content.?(management.?)?policy|responsible.?ai|data.?inspection|content exists risk"
    r"|usage polic|flagged|moderation|safety system",
    re.I,
)
"""Words with which vendors refuse one prompt for what it says."""
UNKNOWN = re.compile(
    r"support|permitted|allowed|unrecogni|unknown|unexpected|extra|cannot both|deprecat", re.I
)
"""Words with which a server refuses a parameter, not its value."""
PARAMETERS = (
    r"\b(max_(?:completion_)?tokens|temperature|top_p|top_k|min_p|repetition_penalty|seed|stop|logprobs)\b"
)
REFUSING = (400, 403, 422)


class NoAnswer(ValueError):
    """A reply with status 200 that holds no answer; `told` is what came in its place."""

    def __init__(self, why: str, told: object) -> None:
        """Take why it is none, and what came: parsed JSON, or a text."""
        super().__init__(why)
        self.told = told


def error_in(told: object) -> object | None:
    """Return the error that parsed JSON of a reply holds, in any of the forms seen; None for an answer."""
    if not isinstance(told, dict):
        return None
    choices = told.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    for where in (told, first):
        if where.get("error"):
            return where["error"]
    if choices or not any(told.get(name) for name in ("message", "detail", "errors", "base_resp")):
        return None
    return told


def status_of_error(error: object) -> int:
    """Return the HTTP status that an error in a reply with status 200 stands for; 400 if it names none."""
    codes = [error.get(name) for name in ("code", "status", "status_code")] if isinstance(error, dict) else []
    for code in codes:
        if str(code).isdigit() and 400 <= int(str(code)) < 600:
            return int(str(code))
    words = words_of(error)
    if SURELY_SPENT.search(words) or RATE.search(words):
        return 429
    return 503 if PASSING.search(words) else 400


def words_of(error: object) -> str:
    """Return what an error says in words, as far as it has a place for them; else all of it."""
    if isinstance(error, str):
        return " ".join(error.split())
    if isinstance(error, dict):
        message = error.get("message") or error.get("detail") or error.get("errors")
        metadata = error.get("metadata")
        raw = metadata.get("raw") if isinstance(metadata, dict) else None
        if message:
            return " ".join(words_of(part) for part in (message, raw) if part)
    return json.dumps(error, ensure_ascii=False, default=str)


def is_spent(status: int, body: str, headers: Mapping[str, str]) -> bool:
    """Say if a refusal is of an account that has nothing left, not of too many requests at a time."""
    if status == 402 or (status == 429 and SURELY_SPENT.search(body)):
        return True
    says_when = any(name in headers for name in ("retry-after", "retry-after-ms"))
    return status == 429 and bool(SPENT.search(body)) and not says_when and not RATE.search(body)


async def read_as_meant(response: Any) -> None:
    """Give a reply the status that its content speaks of, so that the client repeats what may pass.

    A hook of the HTTP client. An error in a reply with status 200 gets its own status; what an account
    without quota refuses is not asked again.
    """
    if response.request.method != "POST":
        return
    await response.aread()
    if response.status_code == 200:
        error = error_in(_parsed(response.text))
        response.status_code = 200 if error is None else status_of_error(error)
    if is_spent(response.status_code, response.text, response.headers):
        response.headers["x-should-retry"] = "false"


def _parsed(text: str) -> object:
    """Return what JSON says, or the text where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def is_filtered(error: openai.APIStatusError) -> bool:
    """Say if a refusal is of what one prompt says, by the vendor's filter of contents."""
    return error.status_code in REFUSING and bool(FILTERED.search(error.response.text))


def said(error: object, secrets: Iterable[str]) -> str:
    """Return a server's own words about a failure, shortened, on one line and without secrets."""
    if isinstance(error, NoAnswer):
        words = words_of(error.told)
    elif isinstance(error, openai.APIStatusError):
        told = _parsed(error.response.text)
        words = words_of(error_in(told) or told) or str(error)
    else:
        words = str(error)
    for secret in secrets:
        words = words.replace(secret, "***")
    return short(visible(words).replace("\n", " ")).rstrip(". ") + "."


def fault_of(error: openai.OpenAIError, url: str, prompt: str, key: str | None, words: str) -> str:
    """Say what went wrong and what to do about it.

    `prompt` names what was asked, `key` the environment variable of the key, if there is one; `words` are
    the server's.
    """
    if isinstance(error, openai.APITimeoutError):
        return f"{url} gave no answer to {prompt} in time: look at the server, or raise engine.timeout_s"
    if isinstance(error, openai.APIConnectionError):
        cause = f"{error.__cause__ or error}"
        if "without sending complete" in cause:
            return (
                f"{url} broke off its answer to {prompt} ({cause}): look at the server's log, and run again"
            )
        told = f" ({cause})" if re.search("certificate|ssl|tls|name", cause, re.I) else ""
        return f"nobody answers at {url}: start the server there, or correct engine.url, and run again{told}"
    if not isinstance(error, openai.APIStatusError):
        return f"{url} failed on {prompt}: {words}"
    status = error.status_code
    if is_spent(status, error.response.text, error.response.headers):
        return (
            f"{url} gives no more answers ({status}): {words} Look at the account's quota and billing; what"
            " was finished is kept, and the next run asks for the rest"
        )
    if status in (401, 403) and key:
        wrong = f"refuses the key in the environment variable {key} ({status})"
        return f"{url} {wrong}: correct it. It says: {words}"
    if status in (401, 403):
        wanted = "set engine.key to the environment variable that holds it"
        return f"{url} wants a key ({status}): {wanted}. It says: {words}"
    if status == 429:
        return (
            f"{url} takes no more requests (429): {words} Lower engine.concurrency, or raise engine.retries"
        )
    if status in (400, 422):
        return f"{url} refuses {prompt}: {words} {_way_out(words)}"
    if status == 404:
        return f"{url} answers {prompt} with {status}: {words} Correct engine.url or engine.served_as"
    return f"{url} failed on {prompt}: {words[:-1]} ({status}). Look at the server's log, and run again"


def _way_out(words: str) -> str:
    """Return what may help against a refusal: another name, a parameter less, or a shorter prompt."""
    names = re.findall(PARAMETERS, words) if UNKNOWN.search(words) else []
    if any(name.startswith("max_") for name in names):
        return "The name under which the limit of tokens is sent is set by engine.max_tokens_as"
    if names:  # of temperature and top_p together, top_p
        name = "top_p" if "top_p" in names else names[0]
        return f"A parameter that it does not take is left out by engine.leave_out, such as [{name}]"
    return "If it is too long, shorten it or lower max_tokens"
