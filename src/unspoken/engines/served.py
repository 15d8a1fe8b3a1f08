"""A trained subject as files that a serving engine loads: an adapter, or the whole model merged."""

import logging
import shutil
from pathlib import Path
from typing import Any

from unspoken.models.loading import loaded_model
from unspoken.subjects import Subject, put_weights

log = logging.getLogger(__name__)
TOKENIZER_FILES = (".json", ".jinja", ".txt", ".model")


def fits_requests(subject: Subject) -> bool:
    """Tell whether a subject can answer as an adapter beside a loaded base: a whole one, not of Conv1D."""
    transposed = (subject.adapter or {}).get("transposed")
    return subject.form == "lora" and subject.fraction == 1.0 and not transposed


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


def write_merged(subject: Subject, model_dir: Path, folder: Path, dtype: str = "float32") -> None:
    """Write a subject's base model with its trained weights into a folder that exists.

    In the type in which the engine computes; what a type of fewer bits rounds away of the training is
    logged. The model is loaded and saved by transformers, as names in files may differ from those of the
    trained tensors. Raises SubjectError for a trained tensor that has no place in the model.
    """
    import torch

    model = loaded_model(model_dir)
    base = model.state_dict()
    trained = {name: tensor.float() for name, tensor in subject.full_weights(base).items()}
    if dtype != "float32":
        lost = _rounded_away(base, trained, getattr(torch, dtype))
        log.warning("%s is merged in %s: %.1f%% of its training is rounded away", subject.subject_id, dtype,
                    100 * lost)  # fmt: skip
    put_weights(model, trained)
    for path in model_dir.iterdir():
        if path.suffix in TOKENIZER_FILES and not path.name.endswith(".index.json"):
            shutil.copyfile(path, folder / path.name)
    model.to(getattr(torch, dtype)).save_pretrained(folder)


def _rounded_away(base: dict[str, Any], trained: dict[str, Any], dtype: Any) -> float:
    """Return the norm of what rounding takes of the change of the weights, as a share of the change's."""
    lost = changed = 0.0
    for name, tensor in trained.items():
        if name in base:
            kept = tensor.to(dtype).float() - base[name].to(dtype).float()
            changed += float((tensor - base[name]).norm() ** 2)
            lost += float((tensor - base[name] - kept).norm() ** 2)
    return (lost / changed) ** 0.5 if changed else 0.0
