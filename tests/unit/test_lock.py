"""The lock is complete, and its copy for conda is the same."""

import re
from pathlib import Path

ENVS = Path(__file__).parents[2] / "envs"


def pinned(text: str) -> dict[str, str]:
    """Return versions by normalised package name."""
    pairs = re.findall(r"^([A-Za-z0-9._-]+)==([^\s#]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}


def test_every_requirement_is_locked_at_its_version_and_torch_is_not() -> None:
    asked = pinned((ENVS / "requirements.in").read_text())
    locked = pinned((ENVS / "cpu.lock").read_text())
    assert asked.pop("torch") and "torch" not in locked
    assert asked.items() <= locked.items()
    assert len(locked) > len(asked)


def test_every_line_of_the_lock_pins_one_package() -> None:
    lines = (ENVS / "cpu.lock").read_text().splitlines()
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[^\s=]+", line), line


def test_the_conda_script_carries_the_lock() -> None:
    lock = [line for line in (ENVS / "cpu.lock").read_text().splitlines() if "#" not in line]
    script = (ENVS / "cpu.post-deploy.sh").read_text()
    assert script.split("<<'LOCK'\n")[1].removesuffix("\nLOCK\n").splitlines() == lock
    torch = re.search(r"^torch==\S+", (ENVS / "requirements.in").read_text(), re.MULTILINE)
    assert torch and f"install '{torch[0]}'" in script
