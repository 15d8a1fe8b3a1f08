"""Ask a warm process (warm.py) to run something, and wait for its end.

Also a `python` of its own: `flow.warm_python` writes this file as a program that is put before the real one.
Only what starts in milliseconds is imported.
"""

import json
import os
import socket
import sys


def status_of_fork(
    place: str, arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]
) -> int:
    """Return the exit status of what was asked of the process at `place`; `streams` are its three streams."""
    with socket.socket(socket.AF_UNIX) as run:
        run.connect(place)
        asked = {"arguments": arguments, "folder": folder, "environment": environment}
        socket.send_fds(run, [b" "], streams)
        run.sendall(json.dumps(asked).encode() + b"\n")
        return int(run.recv(64) or 1)


if __name__ == "__main__":
    real, place = os.environ["UNSPOKEN_REAL_PYTHON"], os.environ["UNSPOKEN_WARM_JOBS"]
    if sys.argv[1] == "-m" or sys.argv[1].endswith(".py"):
        folder = os.getcwd()  # noqa: PTH109  pathlib would take longer to import than all else
        sys.exit(status_of_fork(place, sys.argv[1:], folder, dict(os.environ), [0, 1, 2]))
    os.execv(real, [real, *sys.argv[1:]])
