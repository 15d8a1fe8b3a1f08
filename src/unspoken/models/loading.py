"""The weights of a model's folder, whole or not at all: what a checkpoint lacks would be drawn at random."""

from pathlib import Path
from typing import Any

from unspoken.models.manifest import ModelError

ADAPTER = "adapter_config.json"
_POINTER = b"version https://git-lfs"


def loaded_model(directory: Path, dtype: str = "float32") -> Any:
    """Return the model in a folder, its weights in a type of torch's.

    Raises ModelError for a folder that transformers cannot load, and for weights that are missing there or
    of another shape: the model would answer with random ones in their place.
    """
    if fault := adapter_fault(directory) or files_fault(directory):
        raise ModelError(f"{directory}: {fault}")
    try:
        model, told = _loaded(directory, dtype)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{directory}: transformers cannot load it: {_first_line(error)}") from error
    if fault := _lacking(told):
        raise ModelError(f"{directory}: {fault}")
    return model


def weights_fault(directory: Path) -> str | None:
    """Say which weights a folder lacks, and what helps, or return None. No weight is read.

    Nothing is said of a folder that transformers cannot load: another engine may know how.
    """
    if fault := adapter_fault(directory) or files_fault(directory):
        return fault
    try:
        _, told = _loaded(directory, "float32", device_map="meta")
    except (ImportError, OSError, RuntimeError, ValueError):
        return None
    return _lacking(told)


def adapter_fault(directory: Path) -> str | None:
    """Say that a folder holds an adapter, which some engines would apply and others leave out."""
    if not (directory / ADAPTER).is_file():
        return None
    return f"its folder holds an adapter ({ADAPTER}): merge it into the model, or take its files away"


def files_fault(directory: Path) -> str | None:
    """Say which file of weights is none, and what helps: pointers of Git LFS, pages, downloads cut short."""
    from safetensors import SafetensorError, safe_open

    for file in sorted(directory.glob("*.safetensors")):
        try:
            with safe_open(file, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            with file.open("rb") as start:
                is_pointer = start.read(len(_POINTER)) == _POINTER
            why = "it is a pointer of Git LFS" if is_pointer else str(error)
            helps = "run git lfs pull there" if is_pointer else "download it again"
            return f"its file {file.name} holds no weights ({why}): {helps}"
    return None


def _loaded(directory: Path, dtype: str, **more: Any) -> tuple[Any, dict[str, Any]]:
    """Return the model in a folder, and what transformers says of its weights."""
    import torch
    from transformers import AutoModelForCausalLM

    loaded: Any = AutoModelForCausalLM.from_pretrained(
        directory,
        dtype=getattr(torch, dtype),
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # they are in what is told
        **more,
    )
    return loaded


def _lacking(told: dict[str, Any]) -> str | None:
    """Say which weights did not land, by what transformers says of them, if any."""
    missing, strange = sorted(told["missing_keys"]), sorted(told["unexpected_keys"])
    if told["mismatched_keys"]:
        name, found, wanted = min(map(tuple, told["mismatched_keys"]))
        return (
            f"its weights {name} have the shape {list(found)}, and by its config.json {list(wanted)}:"
            " take the files of one model"
        )
    if not missing:
        return None
    instead = f", and have others, such as {strange[0]}" if strange else ""
    return (
        f"its files lack {len(missing)} of the model's weights, such as {missing[0]}{instead}: save the model"
        " again, with names as transformers has them (save_pretrained)"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
