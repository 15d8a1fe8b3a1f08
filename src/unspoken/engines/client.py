"""A server with an OpenAI-compatible interface: many requests at a time, a clear message for each fault."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import openai

from unspoken.engines.base import EngineError

T = TypeVar("T")
Asking = Callable[[Any], Awaitable[T]]
"""Asks one thing of a client."""
GREETING_S = 30
"""Seconds that the server has to say what it serves."""


class Server:
    """A server's address, the key to it and how patiently it is asked."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Find the key. Raises EngineError if its environment variable is not set."""
        self.url: str = settings["url"].rstrip("/")
        self._settings = settings
        self._key = _key_in(settings["key"])
        for library in ("httpx", "httpx2", "openai"):
            logging.getLogger(library).setLevel(logging.WARNING)  # else a line a request

    def greeted(self) -> tuple[dict[str, Any], str]:
        """Return the models that the server has, by name, and its version, if it tells that.

        Raises EngineError if nobody answers there, or not as an OpenAI-compatible interface does.
        """
        return next(self.answers([("", _greeting)]))[0]

    def answers(self, asked: Iterable[tuple[str, Asking[T]]]) -> Iterator[list[T]]:
        """Yield answers as they come; `asked` has for each the prompt's key and what asks for it.

        After a failure nothing more is asked, and what is under way is waited for and yielded: then the
        failure is raised, as an EngineError.
        """
        waiting, running, failure = iter(asked), set[asyncio.Task[T]](), None
        with asyncio.Runner() as runner:
            client = self._client()
            try:
                while True:
                    room = 0 if failure else self._settings["concurrency"] - len(running)
                    done, running = runner.run(self._turn(client, islice(waiting, room), running))
                    if not done:
                        break
                    failures = [error for task in done if (error := task.exception())]
                    failure = failure or next(iter(failures), None)
                    if len(done) > len(failures):
                        yield [task.result() for task in done if not task.exception()]
            finally:
                for task in running:
                    task.cancel()
                runner.run(client.close())
        if failure:
            raise failure

    async def _turn(
        self, client: Any, more: Iterable[tuple[str, Asking[T]]], running: set[asyncio.Task[T]]
    ) -> tuple[set[asyncio.Task[T]], set[asyncio.Task[T]]]:
        """Start more requests, wait until one ends, and return the ended requests and the others."""
        running |= {asyncio.create_task(self._answer(key, ask, client)) for key, ask in more}
        if not running:
            return set(), set()
        return await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)

    async def _answer(self, key: str, ask: Asking[T], client: Any) -> T:
        """Return one answer. Raises EngineError for what repeating does not mend."""
        try:
            return await ask(client)
        except openai.OpenAIError as error:
            raise EngineError(self._fault(error, key)) from None  # its text may hold the key

    def _client(self) -> openai.AsyncOpenAI:
        """Return a client for one event loop; it repeats what fails, with growing pauses."""
        return openai.AsyncOpenAI(
            base_url=self.url,
            # Never left to the client, which would send OPENAI_API_KEY to whatever server this is.
            api_key=self._key or "none",
            max_retries=self._settings["retries"],
            timeout=self._settings["timeout_s"],
        )

    def _fault(self, error: openai.OpenAIError, key: str) -> str:
        """Say what went wrong and what to do about it; `key` names the prompt, if a prompt was asked."""
        url, variable = self.url, self._settings["key"]
        prompt = f"the prompt {key}" if key else "the request for its models"
        if isinstance(error, openai.APITimeoutError):
            return f"{url} gave no answer to {prompt} in time: look at the server, or raise engine.timeout_s"
        if isinstance(error, openai.APIConnectionError):
            return f"nobody answers at {url}: start the server there, or correct engine.url, and run again"
        status = getattr(error, "status_code", None)
        if status in (401, 403) and variable:
            return f"{url} refuses the key in the environment variable {variable} ({status}): correct it"
        if status in (401, 403):
            return f"{url} wants a key ({status}): set engine.key to the environment variable that holds it"
        if status == 404 and not key:
            return f"{url} has no OpenAI-compatible interface (often at /v1): correct engine.url"
        if status == 429:
            return f"{url} takes no more requests (429): lower engine.concurrency, or raise engine.retries"
        said = self._said(error)
        if status in (400, 422):
            return f"{url} refuses {prompt}: {said} If it is too long, shorten it or lower max_tokens"
        return f"{url} failed on {prompt}: {said} Look at the server's log, and run again"

    def _said(self, error: openai.OpenAIError) -> str:
        """Return the server's own words, without the key."""
        body = getattr(error, "body", None)
        words = str(body["message"]) if isinstance(body, dict) and "message" in body else str(error)
        words = words.replace(self._key, "***") if self._key else words
        return words.rstrip(". ") + "."


async def _greeting(client: Any) -> tuple[dict[str, Any], str]:
    """Return the models that a server has, by name, and its version, if it tells that."""
    patient = client.with_options(timeout=GREETING_S, max_retries=1)
    root = str(client.base_url).rstrip("/")
    try:
        listing = await patient.get("/models", cast_to=object)
        served = {model["id"]: model for model in listing["data"]}
    except (TypeError, KeyError, ValueError):
        fault = f"{root} lists no models, as an OpenAI-compatible interface does: correct engine.url"
        raise EngineError(fault) from None
    try:
        about = await patient.get(f"{root.removesuffix('/v1')}/version", cast_to=object)
        version = str(about["version"])
    except (openai.OpenAIError, TypeError, KeyError, ValueError):  # a vendor's server has no such address
        version = "unknown"
    return served, version


def _key_in(variable: str | None) -> str | None:
    """Return the key in an environment variable. Raises EngineError if it is not set."""
    if variable is None:
        return None
    if not os.environ.get(variable):
        raise EngineError(f"the environment variable {variable} is not set: it is to hold the endpoint's key")
    return os.environ[variable]
