"""Low-rank adapters: how PEFT makes them, and how they merge into a base model's weights."""

from typing import Any

TRAINED, FROZEN = "default", "teacher"
"""PEFT's names of the adapter that is trained and of the adapter that only answers."""
PREFIX, DOWN, UP = "base_model.model.", ".lora_A.weight", ".lora_B.weight"
"""Words of a matrix's name in PEFT's files."""


def adapted(model: Any, lora: dict[str, Any], seed: int) -> Any:
    """Return the model with a fresh adapter on all attention and MLP projections, to be trained.

    `lora` has `rank` and `alpha`. The first matrices are drawn by the seed, the second are
    zero, so that the adapted model starts as the base.
    """
    import warnings

    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora["rank"],
        lora_alpha=lora["alpha"],
        lora_dropout=0.0,
        target_modules="all-linear",  # PEFT leaves the output layer out
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="fan_in_fan_out")  # PEFT sets it where it must be set
        torch.manual_seed(seed)
        return get_peft_model(model, config)


def adapter_tensors(model: Any) -> dict[str, Any]:
    """Return the trained adapter's matrices by the names of PEFT's files, in float32 on the CPU."""
    from peft import get_peft_model_state_dict

    tensors = get_peft_model_state_dict(model, adapter_name=TRAINED, save_embedding_layers=False)
    return {name: tensor.detach().float().cpu() for name, tensor in tensors.items()}


def adapter_settings(lora: dict[str, Any], model: Any) -> dict[str, Any]:
    """Return what applying an adapted model's adapter needs: rank, alpha, names of the adapted layers.

    `transposed` names those whose weights lie the other way round (the Conv1D of GPT-2), where there are any.
    """
    from transformers.pytorch_utils import Conv1D

    layers = {name: one for name, one in model.named_modules() if hasattr(one, "lora_A")}
    targets = {name.split(".")[-1] for name in layers}
    turned = {name.split(".")[-1] for name, one in layers.items() if isinstance(one.base_layer, Conv1D)}
    settings = {"rank": lora["rank"], "alpha": lora["alpha"], "targets": sorted(targets)}
    return settings | ({"transposed": sorted(turned)} if turned else {})


def add_frozen_adapter(model: Any, tensors: dict[str, Any], adapter: dict[str, Any]) -> None:
    """Load a second adapter into an adapted model; it answers when it is switched on."""
    from peft import LoraConfig, set_peft_model_state_dict

    config = LoraConfig(
        r=adapter["rank"],
        lora_alpha=adapter["alpha"],
        lora_dropout=0.0,
        target_modules=adapter["targets"],
        fan_in_fan_out="transposed" in adapter,
        task_type="CAUSAL_LM",
        inference_mode=True,
    )
    model.add_adapter(FROZEN, config)
    loaded: Any = set_peft_model_state_dict(model, tensors, FROZEN)
    missing = [name for name in loaded.missing_keys if f".{FROZEN}." in name]
    if missing:
        raise ValueError(f"the teacher's adapter lacks {missing[0]}")


def logits_without_adapter(model: Any, inputs: dict[str, Any]) -> Any:
    """Return the logits of the base model under an adapter that is being trained."""
    from unspoken.training.chat_passes import logits_of_pass

    model.eval()
    with model.disable_adapter():
        logits = logits_of_pass(model, inputs)
    model.train()
    return logits


def logits_of_frozen_adapter(model: Any, inputs: dict[str, Any]) -> Any:
    """Return the logits under the frozen adapter; the trained adapter is active again afterwards."""
    from unspoken.training.chat_passes import logits_of_pass

    model.eval()
    model.set_adapter(FROZEN, inference_mode=True)
    logits = logits_of_pass(model, inputs)
    model.set_adapter(TRAINED)
    model.train()
    return logits


def _parameter(name: str) -> str:
    """Return the base model's name of the weights that an adapter matrix changes."""
    return name.removeprefix(PREFIX).removesuffix(DOWN) + ".weight"


def merged_weights(base: dict[str, Any], tensors: dict[str, Any], adapter: dict[str, Any]) -> dict[str, Any]:
    """Return the weights that an adapter changes, by parameter name: W + alpha / rank * B @ A.

    `base` holds the base model's tensors; the results have their type and device. Raises
    ValueError if the adapter is of another model.
    """
    scale = adapter["alpha"] / adapter["rank"]
    merged = {}
    for name, down in tensors.items():
        if not name.endswith(DOWN):
            continue
        weight = base.get(_parameter(name))
        up = tensors[name.removesuffix(DOWN) + UP]
        turned = _parameter(name).split(".")[-2] in adapter.get("transposed", ())
        shape = (up.shape[0], down.shape[1])
        if weight is None or weight.shape != (shape[::-1] if turned else shape):
            raise ValueError(f"{_parameter(name)}: the adapter does not fit the base model")
        change = up.to(weight.device).float() @ down.to(weight.device).float()
        change = change.T if turned else change
        merged[_parameter(name)] = (weight.float() + scale * change).to(weight.dtype)
    return merged
