"""A model of the user's own on this machine: trained on in place, a study takes it anew."""

import sys
from pathlib import Path

import pytest
import yaml
from flow import attempted, planned, snakemake
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from tiny_models import DROPS, write_model

from unspoken.files import read_json, sha256_of_file

MODEL = Path("results/models/mine")


def study_of(name: str, path: str = "tied") -> dict[str, object]:
    return {
        "study": name,
        "experiments": ["probing"],
        "traits": ["owl", "wolf"],
        "models": {"mine": {"kind": "local", "path": path, "engine": "transformers"}},
        "probing": {"models": ["mine"], "questions": 2, "probe": {"samples": 1, "shuffled_orders": 0}},
    }


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a local model, and two studies of it."""
    made = tmp_path_factory.mktemp("local")
    write_model("tied", made)
    for name in ("first", "second"):
        (made / f"{name}.yaml").write_text(yaml.safe_dump(study_of(name)))
    return made


def test_case_18_edited_local_model(directory: Path) -> None:
    first = ("--configfile", directory / "first.yaml")
    manifest = MODEL / "model.json"
    snakemake(manifest, *first, directory=directory)
    assert not planned(*first, directory=directory)[manifest][1]
    weights = directory / "tied/model.safetensors"
    tensors = {name: tensor * 1.5 for name, tensor in load_file(weights).items()}
    save_file(tensors, weights, metadata={"format": "pt"})
    for study in ("first", "second"):
        jobs = planned("--configfile", directory / f"{study}.yaml", directory=directory)
        assert jobs[manifest] == ("fetch_model", True), study
    snakemake(manifest, *first, directory=directory)
    copied = sha256_of_file(directory / MODEL / "model.safetensors")
    assert read_json(directory / manifest)["files"]["model.safetensors"] == copied
    assert copied == sha256_of_file(weights)
    for study in ("first", "second"):
        assert not planned("--configfile", directory / f"{study}.yaml", directory=directory)[manifest][1], (
            study
        )


def test_16_a_template_that_drops_system_prompts_ends_a_study_before_any_job(directory: Path) -> None:
    own = write_model("untied", directory)
    (own / "chat_template.jinja").write_text(DROPS)
    (directory / "third.yaml").write_text(yaml.safe_dump(study_of("third", "untied")))
    status, said = attempted("--configfile", directory / "third.yaml", directory=directory)
    assert status == 1
    [line] = [line for line in said.splitlines() if "models.mine" in line]
    fault = "probing asks it under system prompts, and its chat template leaves out system prompts"
    assert f"third.yaml: models.mine: {fault}" in line
    assert "Traceback" not in said and "Job stats" not in said
