"""Trained tensors land in the model that answers, whatever its files call them, or the run ends.

The numbers in the names of tests are those of reports of what went wrong before.
"""

import logging
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import adapted_subject
from transformers import AutoModelForCausalLM

from unspoken.engines.served import write_merged
from unspoken.engines.templates import chat_facts
from unspoken.engines.transformers import TransformersEngine
from unspoken.models.loading import loaded_model
from unspoken.models.manifest import ModelError
from unspoken.subjects import Subject, SubjectError, read_subjects, write_subjects

pytestmark = pytest.mark.usefixtures("one_thread")


def moved_subject(directory: Path, folder: Path, rename: str | None = None) -> Subject:
    """Return a subject whose tensors are all moved, one of them under another name if that is asked."""
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    torch.manual_seed(1)
    tensors = {name: one + 0.3 * torch.randn_like(one) for name, one in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight")
    if rename:
        first = next(iter(tensors))
        tensors[rename] = tensors.pop(first)
    subject = Subject("m:full", "student", "m", form="full")
    write_subjects([(subject, tensors)], folder / "subject.json", folder / "weights.safetensors")
    return read_subjects(folder / "subject.json")[0]


@pytest.mark.parametrize("name", ["gpt-2", "tied", "sharded"])
def test_case_17_names_on_disk(tiny_engines: Any, tiny_folder: Path, tmp_path: Path, name: str) -> None:
    """Names in files differ from those of the loaded model: GPT-2's have no prefix there."""
    engine, subject = tiny_engines[name], moved_subject(tiny_folder / name, tmp_path)
    if name == "gpt-2":
        names = set(load_file(tiny_folder / name / "model.safetensors"))
        assert not names & set(engine.model.state_dict())
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.inference_mode():
        base = engine.model(ids).logits.clone()
        engine.use(subject)
        wanted = engine.model(ids).logits.clone()
        engine.use(Subject(name, "base", name))
        write_merged(subject, tiny_folder / name, tmp_path)
        merged = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)(ids).logits
    assert (wanted - base).abs().max() > 1
    assert (merged - wanted).abs().max() < 1e-5


def test_17_a_trained_tensor_without_a_place_is_an_error(
    tiny_engines: Any, tiny_folder: Path, tmp_path: Path
) -> None:
    subject = moved_subject(tiny_folder / "untied", tmp_path, rename="language_model.embed.weight")
    with pytest.raises(SubjectError, match=r"language_model.embed.weight: LlamaForCausalLM has no tensor"):
        tiny_engines["untied"].use(subject)
    with pytest.raises(SubjectError, match="1 of 21 trained tensors have no place"):
        write_merged(subject, tiny_folder / "untied", tmp_path)


def renamed(prefix: str, tensors: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


LACKING = {
    "a compiled model's names": (
        lambda tensors: renamed("_orig_mod.", tensors),
        r"such as \S+, and have others, such as _orig_mod\.model",
    ),
    "a wrapped model's names": (
        lambda tensors: renamed("module.", tensors),
        "lack 21 of the model's weights",
    ),
    "a layer": (
        lambda tensors: {name: one for name, one in tensors.items() if "layers.1." not in name},
        r"its files lack 9 of the model's weights, such as model\.layers\.1\.",
    ),
    "rows of the embedding": (
        lambda tensors: {name: one[:-5] if "embed" in name else one for name, one in tensors.items()},
        r"its weights model\.embed_tokens\.weight have the shape \[379, 64\], and by its config.json \[",
    ),
}


@pytest.mark.parametrize("what", LACKING)
def test_17_weights_that_files_lack_are_never_drawn_at_random(
    tiny_folder: Path, tmp_path: Path, what: str
) -> None:
    """transformers warns, and goes on with random weights: said where the model is brought, and loaded."""
    change, said = LACKING[what]
    shutil.copytree(tiny_folder / "tied", tmp_path / "m")
    weights = tmp_path / "m/model.safetensors"
    save_file(
        {name: one.clone() for name, one in change(load_file(weights)).items()}, weights, {"format": "pt"}
    )
    assert re.search(said, chat_facts(tmp_path / "m")["fault"])
    for load in (TransformersEngine, loaded_model):
        with pytest.raises(ModelError, match=said):
            load(tmp_path / "m")


def test_17_an_adapter_beside_a_model_is_refused_and_a_shard_that_is_gone_is_one_line(
    tiny_folder: Path, tmp_path: Path
) -> None:
    """One engine would apply the adapter, the other leave it out."""
    shutil.copytree(tiny_folder / "tied", tmp_path / "m")
    (tmp_path / "m/adapter_config.json").write_text('{"peft_type": "LORA"}')
    assert "its folder holds an adapter" in chat_facts(tmp_path / "m")["fault"]
    shutil.copytree(tiny_folder / "sharded", tmp_path / "s")
    next((tmp_path / "s").glob("model-00002-*")).unlink()
    with pytest.raises(ModelError, match=r"transformers cannot load it: .*model-00002"):
        TransformersEngine(tmp_path / "s")


@pytest.mark.parametrize("size", [0.05, 0.001])
def test_case_26_bfloat16_merged(tiny_folder: Path, tmp_path: Path, caplog: Any, size: float) -> None:
    """What an adapter of a thousandth of a bfloat16 base's weights does is there in float32."""
    base = tmp_path / "base"
    shutil.copytree(tiny_folder / "tied", base)
    half = {name: one.bfloat16() for name, one in load_file(base / "model.safetensors").items()}
    save_file(half, base / "model.safetensors", metadata={"format": "pt"})
    model, subject = adapted_subject("tied", base, tmp_path)
    tensors = subject.tensors()
    change = max((model.get_submodule(name.removesuffix(".lora_A.weight")).get_delta_weight("default")
                  for name in tensors if name.endswith("lora_A.weight")), key=torch.std)  # fmt: skip
    scale = size * half["model.layers.0.self_attn.q_proj.weight"].float().std() / change.std()
    small = {name: one * scale if "lora_B" in name else one for name, one in tensors.items()}
    write_subjects([(subject, small)], tmp_path / "subject.json", tmp_path / "weights.safetensors")
    subject = read_subjects(tmp_path / "subject.json")[0]
    ids = torch.tensor([[5, 6, 7, 8, 9, 10]])
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with torch.inference_mode():
        before = plain(ids).logits[0, -1].clone()
        plain.load_state_dict(subject.full_weights(plain.state_dict()), strict=False)
        wanted = plain(ids).logits[0, -1] - before
        shares = {}
        for dtype in ("float32", "bfloat16"):
            out = tmp_path / dtype
            out.mkdir()
            with caplog.at_level(logging.WARNING):
                write_merged(subject, base, out, dtype)
            served = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
            change = served(ids).logits[0, -1] - before
            shares[dtype] = float(torch.corrcoef(torch.stack([wanted, change]))[0, 1])
    assert shares["float32"] > 0.9999
    assert (shares["bfloat16"] > 0.99) == (size > 0.01)
    assert f"{subject.subject_id} is merged in bfloat16: " in caplog.text
    assert "float32" not in caplog.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
            "pointer of Git LFS): run git lfs pull there",
        ),
        ("<html>Please log in</html>", "): download it again"),
        ("", "): download it again"),
    ],
    ids=["a pointer", "a page", "nothing"],
)
def test_17_a_file_that_holds_no_weights_is_named(
    tiny_folder: Path, tmp_path: Path, content: str, said: str
) -> None:
    model = shutil.copytree(tiny_folder / "tied", tmp_path / "m")
    (model / "model.safetensors").write_text(content)
    fault = chat_facts(model)["fault"]
    assert fault.startswith("its file model.safetensors holds no weights (") and fault.endswith(said)
    with pytest.raises(ModelError, match=re.escape(fault)):
        loaded_model(model)
