"""A trained subject as files that a serving engine loads: an adapter, or the whole model merged."""

import shutil
from pathlib import Path

from unspoken.subjects import Subject


def write_adapter(subject: Subject, folder: Path) -> None:
    """Write a LoRA subject as PEFT's files into a folder."""
    from peft import LoraConfig
    from safetensors.torch import save_file

    adapter = subject.adapter or {}
    LoraConfig(
        r=adapter["rank"],
        lora_alpha=adapter["alpha"],
        target_modules=adapter["targets"],
        task_type="CAUSAL_LM",
    ).save_pretrained(str(folder))
    save_file(subject.tensors(), folder / "adapter_model.safetensors")


def write_merged(subject: Subject, model_dir: Path, folder: Path) -> None:
    """Write a subject's base model with its trained weights into a folder that exists."""
    from safetensors.torch import load_file, save_file

    base = {
        name: tensor for path in model_dir.glob("*.safetensors") for name, tensor in load_file(path).items()
    }
    for path in model_dir.iterdir():
        if path.suffix in (".json", ".jinja", ".txt", ".model") and not path.name.endswith(".index.json"):
            shutil.copyfile(path, folder / path.name)
    merged = base | {
        name: tensor.to(base[name].dtype)
        for name, tensor in subject.full_weights(base).items()
        if name in base
    }
    save_file(merged, folder / "model.safetensors", metadata={"format": "pt"})
