"""What several unit tests set up."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
HEAVY = {
    # models
    "budget", "cache", "chat_jobs", "chat_passes", "chat_resumed", "chat_training", "corpus", "engines",
    "followers", "hint_accuracy", "loops", "mnist", "mnist_variants", "network", "organism_training",
    "theorem", "training_examples", "wild_models", "wild_templates", "merged_weights",
    # Snakemake and other programs
    "config", "devices", "hostile", "support",
    # thousands of simulated studies, or bootstraps
    "calibration", "causal_coverage", "causal_curves", "chain_length", "coverage", "hint_coverage",
    "pooled_effect",
    "judge", "judge_changes", "judge_join", "judge_measures", "legibility", "shuffled",
    # pictures
    "figures", "hint_figures", "metric_figure", "uplift_figure",
}  # fmt: skip
"""Test modules that `make test-quick` leaves out; a module that trains, simulates or draws belongs here."""


def is_heavy(path: Path) -> bool:
    """Return whether a file is one of the heavy modules."""
    return path.parent == HERE and path.stem.removeprefix("test_") in HEAVY


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import the heavy modules where they are not wanted: torch alone takes seconds."""
    return True if config.option.markexpr == "not heavy" and is_heavy(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of heavy modules."""
    for item in items:
        if is_heavy(item.path):
            item.add_marker("heavy")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Give torch one thread in this module: results are to the bit, and tests run beside each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of ten tiny models of families in use."""
    from tiny_models import MODELS, write_model

    made = tmp_path_factory.mktemp("models")
    for name in MODELS:
        write_model(name, made)
    return made


@pytest.fixture(scope="session")
def tiny_engines(tiny_folder: Path) -> dict[str, Any]:
    """Return the transformers engine of each of them."""
    from tiny_models import MODELS

    from unspoken.engines.transformers import TransformersEngine

    return {name: TransformersEngine(tiny_folder / name) for name in MODELS}
