"""Asking a server for many things: how many at a time, what a fault loses, how often it is repeated."""

import asyncio
import http.server
import threading

import pytest

from unspoken.engines.base import EngineError
from unspoken.engines.client import Server

SETTINGS = {"url": "http://127.0.0.1:9/v1", "key": None, "concurrency": 3, "retries": 1, "timeout_s": 5}


class Asked:
    """Requests that take their time and note how many are under way."""

    def __init__(self, faulty=()):
        self.under_way = self.most = self.started = 0
        self.faulty = faulty
        self.cancelled = []

    def ask(self, number):
        async def asking(client):
            self.under_way += 1
            self.started += 1
            self.most = max(self.most, self.under_way)
            try:
                await asyncio.sleep(0.005 * (number + 1))
            except asyncio.CancelledError:
                self.cancelled.append(number)
                raise
            finally:
                self.under_way -= 1
            if number in self.faulty:
                raise EngineError(f"{number} failed")
            return number

        return asking

    def requests(self, count):
        return ((str(number), self.ask(number)) for number in range(count))


def test_all_is_answered_with_a_bounded_number_under_way():
    asked = Asked()
    answers = [one for batch in Server(SETTINGS).answers(asked.requests(20)) for one in batch]
    assert sorted(answers) == list(range(20))
    assert asked.most == SETTINGS["concurrency"]


def test_a_fault_loses_nothing_that_was_under_way():
    asked, answers = Asked(faulty={4}), []
    with pytest.raises(EngineError, match="4 failed"):
        for batch in Server(SETTINGS).answers(asked.requests(20)):
            answers += batch
    assert sorted(answers) == [number for number in range(asked.started) if number != 4]
    assert 5 <= asked.started < 5 + SETTINGS["concurrency"] + 1


def test_who_stops_listening_ends_what_is_under_way():
    asked = Asked()
    answers = Server(SETTINGS).answers(asked.requests(20))
    next(answers)
    answers.close()
    assert asked.under_way == 0
    assert asked.started < 20
    assert asked.cancelled


def test_a_failing_server_is_asked_again_and_then_given_up():
    tries = []

    class Failing(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            tries.append(self.path)
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *given):
            pass

    async def ask(client):
        return await client.completions.create(model="any", prompt=[1])

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        server = Server(SETTINGS | {"url": f"http://127.0.0.1:{site.server_port}/v1", "retries": 2})
        with pytest.raises(EngineError, match=r"failed on the prompt row-0: .*503.* run again"):
            list(server.answers([("row-0", ask)]))
        site.shutdown()
    assert tries == ["/v1/completions"] * 3
