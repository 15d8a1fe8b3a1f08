"""A server with an OpenAI-compatible interface: many requests at a time, a clear message for each fault."""

import asyncio
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import openai

from unspoken.engines.base import EngineError
from unspoken.engines.faults import NoAnswer, fault_of, read_as_meant, said

T = TypeVar("T")
Asking = Callable[[Any], Awaitable[T]]
"""Asks one thing of a client."""
GREETING_S = 30
"""Seconds that the server has to say what it serves."""
BETWEEN_LISTINGS_S = 1.1
"""Pause after which a server that says the time of asking, in seconds, says another."""
OLD_S = 24 * 3600
"""A model made longer ago was not made at the time of asking."""


class Server:
    """A server's address, the key to it, further headers, and how patiently it is asked."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Find key and headers. Raises EngineError if an environment variable of theirs is not set."""
        self.url: str = settings["url"].rstrip("/")
        self._settings = settings
        variable = settings["key"]
        self._key = None if variable is None else _secret_in(variable, "the endpoint's key")
        self._headers: dict[str, str] = {
            name: _secret_in(variable, f"the header {name}")
            for name, variable in settings.get("headers", {}).items()
        }
        for library in ("httpx", "httpx2", "openai"):
            logging.getLogger(library).setLevel(logging.WARNING)  # else a line a request

    def greeted(self) -> tuple[dict[str, Any] | None, str]:
        """Return the models that the server has, by name, and its version, if it tells that.

        None for the models of a server that takes messages and has no list of its models.

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
            words, prompt = self._said(error), _named(key)
            fault = fault_of(error, self.url, prompt, self._settings["key"], words)
            raise EngineError(fault) from None  # the error's own text may hold the key
        except NoAnswer as error:
            raise EngineError(self._no_answer(error, key)) from None
        except json.JSONDecodeError as error:
            raise EngineError(self._no_answer(NoAnswer("it is no whole JSON", error.doc), key)) from None

    def _said(self, error: object) -> str:
        """Return the server's own words, without the key or another secret."""
        return said(error, [secret for secret in (self._key, *self._headers.values()) if secret])

    def _no_answer(self, error: NoAnswer, key: str) -> str:
        """Say what came in the place of an answer."""
        what = f"{self.url} replied to {_named(key)} with no usable answer"
        return f"{what}: {error}. It says: {self._said(error)}"

    def _client(self) -> openai.AsyncOpenAI:
        """Return a client for one event loop; it repeats what fails, with growing pauses."""
        hooks: dict[str, list[Any]] = {"response": [read_as_meant]}
        if self._key is None and self._headers and "authorization" not in map(str.lower, self._headers):
            hooks["request"] = [_without_authorization]
        return openai.AsyncOpenAI(
            base_url=self.url,
            # Never left to the client, which would send OPENAI_API_KEY to whatever server this is.
            api_key=self._key or "none",
            max_retries=self._settings["retries"],
            timeout=self._settings["timeout_s"],
            default_headers=self._headers,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks=hooks),
        )


async def _without_authorization(request: Any) -> None:
    """Take off the empty key: a server that takes its key in another header may refuse it."""
    del request.headers["Authorization"]


async def posted(client: Any, path: str, body: dict[str, Any]) -> object:
    """Return what a server replies to a request: parsed JSON, or a text where it calls it none."""
    return await client.post(path, cast_to=object, body=body)


async def _greeting(client: Any) -> tuple[dict[str, Any] | None, str]:
    """Return the models that a server has, by name, if it lists them, and its version, if it tells that."""
    patient = client.with_options(timeout=GREETING_S, max_retries=1)
    root = str(client.base_url).rstrip("/")
    served = await _listed_models(patient, root)
    if served and any(_may_be_now(model) for model in served.values()):
        await asyncio.sleep(BETWEEN_LISTINGS_S)
        again = await _listed_models(patient, root) or {}
        for name, model in served.items():
            if again.get(name, {}).get("created") != model.get("created"):
                del model["created"]  # the time of asking
    try:
        about = await patient.get(f"{root.removesuffix('/v1')}/version", cast_to=object)
        version = str(about["version"])
    except (openai.OpenAIError, TypeError, KeyError, ValueError):  # a vendor's server has no such address
        version = "unknown"
    return served, version


async def _listed_models(client: Any, root: str) -> dict[str, dict[str, Any]] | None:
    """Return what a server lists of its models, by name; None where it takes messages and has no list.

    Raises EngineError for another that lists none.
    """
    try:
        listing = await client.get("/models", cast_to=object)
    except openai.NotFoundError:
        if await _takes_messages(client):
            return None
        raise EngineError(
            f"{root} has no OpenAI-compatible interface (often at /v1): correct engine.url"
        ) from None
    except json.JSONDecodeError:
        listing = None
    try:
        models = listing if isinstance(listing, list) else listing["data"]
        return {model["id"]: dict(model) for model in models}
    except (TypeError, KeyError):
        fault = f"{root} lists no models, as an OpenAI-compatible interface does: correct engine.url"
    raise EngineError(fault)


async def _takes_messages(client: Any) -> bool:
    """Say if a server refuses messages that are none, and not the address to which they go."""
    try:
        await posted(client, "/chat/completions", {})
    except (openai.AuthenticationError, openai.PermissionDeniedError):
        raise  # the key is what is wrong
    except openai.APIStatusError as error:
        return error.status_code not in (404, 405)
    except json.JSONDecodeError:
        return False
    return False  # a page for every address


def _may_be_now(model: dict[str, Any]) -> bool:
    """Say if a model's time of making is the time of asking, as many servers give it, by what one time tells.

    vLLM always does.
    """
    created = model.get("created")
    return isinstance(created, int) and model.get("owned_by") != "vllm" and time.time() - created < OLD_S


def _named(key: str) -> str:
    """Return how a message names what was asked; `key` is the prompt's, if a prompt was asked."""
    return f"the prompt {key}" if key else "the request for its models"


def _secret_in(variable: str, what: str) -> str:
    """Return what an environment variable holds. Raises EngineError if it is not set, or cannot be sent."""
    held = os.environ.get(variable, "").strip()
    if not held:
        raise EngineError(f"the environment variable {variable} is not set: it is to hold {what}")
    if not (held.isascii() and held.isprintable()):
        raise EngineError(
            f"the environment variable {variable} is to hold {what}, and has characters that no header has"
        )
    return held
