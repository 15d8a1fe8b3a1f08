"""Train an organism that reasons line by line."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from unspoken.experiments.scaling.organisms.rows import PROMPT, VOCABULARY, training_rows
from unspoken.models.network import Parameters, Shape, llama_from_parameters, parameters_from_llama
from unspoken.models.organism import llama_config, organism_tokenizer
from unspoken.seeds import hashed_seed
from unspoken.training.organism import Batch, train


def fresh_reasoner(spec: dict[str, Any], seed: int) -> tuple[Parameters, Shape]:
    """Return an organism of random weights, of the sizes that `spec` has."""
    from transformers import LlamaForCausalLM

    config = llama_config(VOCABULARY, spec)
    torch.manual_seed(hashed_seed(seed, "reasoner", "weights"))
    shape = Shape(
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        head_size=config.head_dim,
        rope_theta=config.rope_parameters["rope_theta"],
        norm_epsilon=config.rms_norm_eps,
    )
    return parameters_from_llama(LlamaForCausalLM(config).state_dict(), shape, torch.float32), shape


def trained_reasoner(spec: dict[str, Any], seed: int) -> tuple[Parameters, Shape, list[float]]:
    """Return an organism trained on all tasks, with its loss at each step.

    `spec` has the sizes, steps, rows per step and learning_rate. Weights and rows depend on the seed.
    """
    parameters, shape = fresh_reasoner(spec, seed)
    random = np.random.default_rng(hashed_seed(seed, "reasoner", "rows"))
    steps = (
        [Batch(torch.from_numpy(training_rows(spec["rows"], random)), PROMPT - 1)]
        for _ in range(spec["steps"])
    )
    losses = train(parameters, shape, steps, n_steps=spec["steps"], learning_rate=spec["learning_rate"])
    return parameters, shape, losses


def save_reasoner(parameters: Parameters, shape: Shape, spec: dict[str, Any], directory: Path) -> None:
    """Save an organism as a Hugging Face Llama, with its tokenizer."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM(llama_config(VOCABULARY, spec))
    model.load_state_dict(llama_from_parameters(parameters, shape), strict=False)
    model.save_pretrained(directory)
    organism_tokenizer(VOCABULARY).save_pretrained(directory)
