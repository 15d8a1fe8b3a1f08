"""A small server that replies as a test says, well or badly: it stands for no model."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Reply = tuple[int, Any, dict[str, str]]
"""Status, content (a text, or what becomes JSON) and headers."""
MODELS = {"data": [{"id": "m", "owned_by": "me"}]}


def answer(content: Any = "12, 34", finish: Any = "stop", tokens: int = 6, **message: Any) -> dict[str, Any]:
    """Return a good answer to messages."""
    told = {"role": "assistant", "content": content, **message}
    return {
        "choices": [{"index": 0, "message": told, "finish_reason": finish, "logprobs": None}],
        "usage": {"completion_tokens": tokens},
    }


def good(content: Any) -> Reply:
    return 200, content, {}


class Site:
    """A running server: its address, and all that was sent to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []


@contextmanager
def replying(reply: Callable[[dict[str, Any], int], Reply], models: Any = MODELS) -> Iterator[Site]:
    """Serve while the block runs; `reply` is called with a request's body and its number, from 1.

    `models` is what is listed, None for a server without a list; a function is called for each listing.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/v1/models" and models is not None:
                self.send(200, models() if callable(models) else models, {})
            else:
                self.send(404, {"error": {"message": "no"}}, {})

        def do_POST(self) -> None:
            site.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            site.headers.append(dict(self.headers))
            self.send(*reply(site.bodies[-1], len(site.bodies)))

        def send(self, status: int, content: Any, headers: dict[str, str]) -> None:
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            kind = "application/json" if not isinstance(content, str) else "text/html"
            self.send_response(status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(data))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = "close" in headers.values()

        def log_message(self, *given: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}/v1")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield site
        server.shutdown()
