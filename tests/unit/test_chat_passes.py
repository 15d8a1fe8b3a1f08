"""Passes that read the common beginning of their rows once give what whole passes give."""

from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

from unspoken.training.chat_passes import labelled, logits_of_pass
from unspoken.training.labels import IGNORED

SIZES: dict[str, Any] = {
    "vocab_size": 40, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2,
}  # fmt: skip
ROWS = {
    # prompt and completion of each row; then the tokens that a pass of them reads
    "a common beginning": (
        [([1, 2, 3, 4], [9, 8]), ([1, 2, 3, 5, 6], [7]), ([1, 2, 3, 7], [4])],
        3 + 3 * 3,
    ),
    "alike until the first label": ([([1, 2, 3], [9, 8]), ([1, 2, 3], [9, 7])], 2 + 2 * 3),
    "nothing in common": ([([1, 2, 3], [9]), ([2, 2, 3], [9])], 2 * 4),
    "one row": ([([1, 2, 3], [9, 8])], 5),
}


def pass_of(rows: list[tuple[list[int], list[int]]]) -> dict[str, torch.Tensor]:
    """Return rows as a batch, padded on the right."""
    ids = [torch.tensor(prompt + completion) for prompt, completion in rows]
    labels = [torch.tensor([IGNORED] * len(prompt) + completion) for prompt, completion in rows]
    return {
        "input_ids": pad_sequence(ids, batch_first=True),
        "attention_mask": pad_sequence([torch.ones_like(row) for row in ids], batch_first=True),
        "labels": pad_sequence(labels, batch_first=True, padding_value=IGNORED),
    }


def gradients(model: Any, logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    loss = torch.nn.functional.cross_entropy(logits, wanted)
    return torch.cat([one.flatten() for one in torch.autograd.grad(loss, list(model.parameters()))])


@pytest.mark.parametrize("sliding", [False, True], ids=["llama", "mistral with a window"])
@pytest.mark.parametrize("name", ROWS)
def test_logits_and_gradients_are_those_of_a_whole_pass(name: str, sliding: bool) -> None:
    rows, tokens = ROWS[name]
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model: Any = (
            MistralForCausalLM(MistralConfig(**SIZES, sliding_window=3))
            if sliding
            else LlamaForCausalLM(LlamaConfig(**SIZES))
        )
    read: list[int] = []
    model.get_input_embeddings().register_forward_hook(lambda _, given, __: read.append(given[0].numel()))
    inputs, counted, wanted = labelled(pass_of(rows))
    found = logits_of_pass(model, inputs)[counted]
    if not sliding:  # whose cache forgets what training needs
        assert sum(read) == tokens
    expected = model(**inputs, use_cache=False).logits[counted]
    assert torch.allclose(found, expected, rtol=0, atol=1e-6)
    assert torch.allclose(
        gradients(model, found, wanted), gradients(model, expected, wanted), rtol=0, atol=1e-6
    )
