"""Processes that have imported what takes long, and become what is asked for: a fork of themselves.

`python warm.py SOCKET snakemake` imports Snakemake: that takes over a second. `python warm.py SOCKET jobs`
imports what jobs use, torch and transformers among it: that takes longer than most jobs of the tests
compute. Neither imports anything of this project, and each fork starts from that state alone, so that
nothing from a run before can reach it. `asked.py` asks.
"""

import atexit
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ForkingMixIn, UnixStreamServer

IMPORTED = {
    "snakemake": (
        "pandas", "pydantic", "snakemake.cli", "snakemake.executors.touch", "snakemake.report",
        "snakemake_executor_plugin_slurm", "sqlmodel", "yaml",
    ),
    "jobs": (
        "altair", "duckdb", "numpy", "pyarrow.parquet", "pydantic", "safetensors.torch", "scipy.stats",
        "statsmodels.stats.multitest", "statsmodels.stats.proportion", "tokenizers", "torch._dynamo",
        "tqdm", "yaml",
    ),
}  # fmt: skip
"""Polars is not among them: its threads may not survive a fork."""
FROM_TRANSFORMERS = ("AutoModelForCausalLM", "AutoTokenizer", "LlamaForCausalLM", "PreTrainedTokenizerFast")
TIMEOUT_S = 1500


def run_snakemake(arguments: list[str]) -> None:
    """Do in this process what `python -m snakemake` does in a new one.

    Where jobs are to be forks, the `python` that they are given is asked.py.
    """
    from snakemake.cli import main
    from snakemake.executors.touch import Executor

    assert Executor.SLEEPING_TIME == 0.1, "does --touch still sleep so long for each job?"
    Executor.SLEEPING_TIME = 0.0  # or a study of empty files takes a minute to make
    sys.argv = ["snakemake", *arguments]
    sys.executable = os.environ.get("UNSPOKEN_WARM_PYTHON", sys.executable)
    main()


def run_job(arguments: list[str]) -> None:
    """Do in this process what `python SCRIPT ...` or `python -m MODULE ...` does in a new one."""
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path[0] = str(Path(arguments[0]).parent)
        runpy.run_path(arguments[0], run_name="__main__")


def status_of(run: Callable[[list[str]], None], arguments: list[str]) -> int:
    """Run something as if it were all of a process, and return the exit status of that."""
    status = 1
    try:
        run(arguments)
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    return status


class Run(BaseRequestHandler):
    """One run: asked with a line of JSON and three streams, answered with its exit status."""

    request: socket.socket

    def handle(self) -> None:
        _, streams, _, _ = socket.recv_fds(self.request, 1, 3)
        with self.request.makefile() as lines:
            asked = json.loads(lines.readline())
        run = os.fork()
        if not run:
            self.become(streams, **asked)
        threading.Thread(target=self.end_with_asker, args=(run,), daemon=True).start()
        _, status = os.waitpid(run, 0)
        self.request.sendall(str(os.waitstatus_to_exitcode(status)).encode())

    def end_with_asker(self, run: int) -> None:
        """End the run when who asked for it is gone."""
        self.request.recv(1)
        with suppress(ProcessLookupError):
            os.kill(run, signal.SIGKILL)

    def become(
        self, streams: list[int], arguments: list[str], folder: str, environment: dict[str, str]
    ) -> None:
        signal.alarm(TIMEOUT_S)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[1:1] = environment.get("PYTHONPATH", "").split(os.pathsep)
        os._exit(status_of(run_snakemake if KIND == "snakemake" else run_job, arguments))


class Server(ForkingMixIn, UnixStreamServer):
    """Takes requests for as long as the tests live that started it."""

    tests = os.getppid()

    def service_actions(self) -> None:
        super().service_actions()
        if os.getppid() != self.tests:
            sys.exit()


if __name__ == "__main__":
    _, PLACE, KIND = sys.argv
    for name in IMPORTED[KIND]:
        importlib.import_module(name)
    if KIND == "jobs":
        transformers = importlib.import_module("transformers")
        for name in FROM_TRANSFORMERS:
            getattr(transformers, name)
    with Server(PLACE, Run) as server:
        server.serve_forever()
