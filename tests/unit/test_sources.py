"""A local model's files, seen when they change in place."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from unspoken.files import sha256_of_file
from unspoken.models.sources import source_digests
from unspoken.study import front_door
from unspoken.study.front_door import plan_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights 1")
    (folder / "own.py").write_text("no code is copied")
    return folder


def test_digests_are_those_of_the_files_that_are_copied(model: Path) -> None:
    names = ["config.json", "model.safetensors", "tokenizer.json"]
    assert source_digests(model) == {name: sha256_of_file(model / name) for name in names}


def test_a_file_that_keeps_its_size_and_its_time_is_seen(model: Path) -> None:
    weights = model / "model.safetensors"
    before, times = source_digests(model), (weights.stat().st_atime_ns, weights.stat().st_mtime_ns)
    weights.write_bytes(b"weights 2")
    os.utime(weights, ns=times)  # as `cp -p` and rsync keep it
    assert source_digests(model) != before
    assert source_digests(model)["model.safetensors"] == sha256_of_file(weights)


def test_a_file_of_an_earlier_day_in_its_place_is_seen(model: Path) -> None:
    before = source_digests(model)
    (model / "old").write_bytes(b"weights 0")
    os.utime(model / "old", (1, 1))
    (model / "old").replace(model / "model.safetensors")
    assert source_digests(model) != before


def test_a_file_is_read_once(model: Path, monkeypatch: Any) -> None:
    before = source_digests(model)
    monkeypatch.setattr("unspoken.models.sources.sha256_of_file", lambda path: pytest.fail(f"{path} is read"))
    assert source_digests(model) == before


def study_of(model: Path, study: str) -> dict[str, Any]:
    return {
        "study": study,
        "experiments": ["probing"],
        "models": {"mine": {"kind": "local", "path": str(model)}},
        "probing": {"models": ["mine"]},
    }


def test_18_what_fetch_model_depends_on_changes_with_the_folder(model: Path, monkeypatch: Any) -> None:
    """In the same study and in another one, which shares the model."""
    monkeypatch.setattr(front_door, "unaskable_model", lambda plan: None)  # its tokenizer is none
    parts = [plan_of(ROOT, study_of(model, name), []).part("fetch_model", model="mine") for name in "ab"]
    assert parts[0] == parts[1]
    (model / "model.safetensors").write_bytes(b"weights, trained on")
    after = plan_of(ROOT, study_of(model, "a"), []).part("fetch_model", model="mine")
    assert after != parts[0]
    assert after["model"]["source"]["model.safetensors"] == sha256_of_file(model / "model.safetensors")
    json.dumps(after)  # plain builtins, which Snakemake compares
    (model / "chat_template.jinja").write_text("{{ messages }}")
    assert plan_of(ROOT, study_of(model, "a"), []).part("fetch_model", model="mine") != after
