"""Ten tiny models as they come in the wild answer through vLLM as through transformers, in float32."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matrix_answers
import pytest
from tiny_models import MODELS, adapted_subject, write_model

from unspoken.engines.support import vllm_fault

NATS = 1e-3
"""How far log-probabilities of choices may lie apart."""
HEAD = (
    "| model | choices, nats apart at most | with an adapter | greedy completions equal | with an adapter |\n"
    "| --- | --- | --- | --- | --- |"
)


@pytest.fixture(scope="module", autouse=True)
def runs_here() -> None:
    if fault := vllm_fault():
        pytest.skip(f"vLLM cannot run here: {fault}")


@pytest.fixture(scope="module")
def table() -> Iterator[list[str]]:
    """Collect a row of each model, and print them in the end."""
    rows: list[str] = []
    yield rows
    print("\n\n" + "\n".join([HEAD, *rows]))


def both(name: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what vLLM answered and what the transformers engine answers."""
    from unspoken.engines.transformers import TransformersEngine
    from unspoken.models.manifest import write_manifest

    directory = write_model(name, folder)
    write_manifest(directory / "model.json", name, {"kind": "local"}, revision="local", synthetic=True)
    adapted_subject(name, directory, folder)
    command = [sys.executable, matrix_answers.__file__, name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    own = matrix_answers.answers_of(TransformersEngine(directory), name, folder)
    return json.loads((folder / "answers.json").read_text()), own


def furthest(one: dict[str, Any], other: dict[str, Any]) -> float:
    pairs = zip(one["choices"], other["choices"], strict=True)
    return max(abs(a - b) for row, same in pairs for a, b in zip(row, same, strict=True))


def equal_greedy(one: dict[str, Any], other: dict[str, Any]) -> list[bool]:
    """Return which greedy completions are equal."""
    return [a["text"] == b["text"] for a, b in zip(one["greedy"], other["greedy"], strict=True)]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_answers_alike_by_both_engines(name: str, tmp_path: Path, table: list[str]) -> None:
    vllm, own = both(name, tmp_path)
    if "refused" in vllm:
        table.append(f"| {name} | not served by vLLM here: {vllm['refused']} | | | |")
        pytest.skip(f"vLLM does not serve it here: {vllm['refused']}")
    apart = {which: furthest(vllm[which], own[which]) for which in own}
    equal = {which: equal_greedy(vllm[which], own[which]) for which in own}
    told = [f"{sum(equal[which])} of {len(equal[which])}" for which in ("base", "adapter")]
    table.append(f"| {name} | {apart['base']:.1e} | {apart['adapter']:.1e} | {' | '.join(told)} |")
    assert max(apart.values()) < NATS
    assert all(all(one) for one in equal.values()), "no completion of these is a tie in float32"
    assert furthest(vllm["base"], vllm["adapter"]) > 0.05, "the adapter changes nothing"
    assert furthest(vllm["base"], vllm["again"]) < 1e-6
