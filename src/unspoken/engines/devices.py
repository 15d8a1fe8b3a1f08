"""Local GPUs: each job takes devices of its own, as `snakemake --resources gpu=k` runs k jobs."""

import fcntl
import os
import subprocess
import tempfile
from pathlib import Path

from unspoken.engines.base import EngineError

_HELD: list[int] = []


def _visible_devices() -> list[str]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name for name in chosen.split(",") if name]
    try:
        asked = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return []


def claimed_devices(count: int) -> list[str]:
    """Hold `count` GPUs that no other job of this machine holds, until this process ends.

    CUDA_VISIBLE_DEVICES names them from then on. Where the scheduler already gave the job just as
    many, and where there is no GPU, nothing is held. Raises EngineError if too few are here or free.
    """
    devices = _visible_devices()
    if not devices or len(devices) == count:
        return devices
    held: list[str] = []
    for device in devices:
        if len(held) < count and _held(device):
            held.append(device)
    if len(held) < count:
        raise EngineError(
            f"the model needs {count} GPUs (tensor_parallel) and {len(held)} of {len(devices)} are free:"
            " let fewer jobs run at a time (--resources gpu=...) or lower tensor_parallel"
        )
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(held)
    return held


def _held(device: str) -> bool:
    """Lock a GPU until this process ends, or return False if another job has it."""
    name = device.replace("/", "-")  # a part of a GPU may be named with slashes
    lock = Path(tempfile.gettempdir()) / f"unspoken-{os.getuid()}-gpu-{name}.lock"
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    _HELD.append(descriptor)
    return True
