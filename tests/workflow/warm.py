"""Snakemake's own command line, in a process that need not import it first: that takes over a second.

`python warm.py SOCKET` imports Snakemake, and nothing of this project. Then each run that is asked for is
a fork of this process: a Snakemake of its own, which nothing from before it can reach.
"""

import json
import os
import signal
import sys
import traceback
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer

# What Snakemake and the project's plan import when they are asked for jobs.
import pandas  # noqa: F401
import pydantic  # noqa: F401
import snakemake.report  # noqa: F401
import snakemake_executor_plugin_slurm  # noqa: F401
import sqlmodel  # noqa: F401
import yaml  # noqa: F401
from snakemake.cli import main

TIMEOUT_S = 600


class Run(StreamRequestHandler):
    """One run: its request is a line of JSON; the answer is all that it says, and its exit status."""

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline())
        run = os.fork()
        if not run:
            self.become_snakemake(**asked)
        _, status = os.waitpid(run, 0)
        self.wfile.write(f"\n{os.waitstatus_to_exitcode(status)}".encode())

    def become_snakemake(self, arguments: list[str], root: str, environment: dict[str, str]) -> None:
        """Do in this process what `python -m snakemake` does in a new one."""
        signal.alarm(TIMEOUT_S)
        for stream in (1, 2):
            os.dup2(self.connection.fileno(), stream)
        os.chdir(root)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[0], sys.argv = root, ["snakemake", *arguments]
        status = 1
        try:
            main()
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


class Server(ForkingMixIn, UnixStreamServer):
    """Takes requests for as long as the tests live that started it."""

    tests = os.getppid()

    def service_actions(self) -> None:
        super().service_actions()
        if os.getppid() != self.tests:
            sys.exit()


if __name__ == "__main__":
    with Server(sys.argv[1], Run) as server:
        server.serve_forever()
