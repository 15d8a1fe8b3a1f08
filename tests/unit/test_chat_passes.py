"""Passes that read the common beginning of their rows once give what whole passes give."""

from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

from unspoken.training.chat_passes import labelled, logits_of_pass, logits_of_replies
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


@pytest.mark.parametrize("sliding", [False, True], ids=["llama", "mistral with a window"])
def test_replies_to_equal_prompts_have_the_logits_and_gradients_of_whole_rows(sliding: bool) -> None:
    prompts, replies = [[1, 2, 3], [5, 6], [1, 2, 3], [0, 5, 6]], [[9, 8], [9, 7], [4, 4], [9, 7]]
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model: Any = (
            MistralForCausalLM(MistralConfig(**SIZES, sliding_window=3))
            if sliding
            else LlamaForCausalLM(LlamaConfig(**SIZES))
        )
    rows = [prompt + reply for prompt, reply in zip(prompts, replies, strict=True)]
    padded = [[0] * (5 - len(row)) + row for row in rows]
    mask = [[0] * (5 - len(row)) + [1] * len(row) for row in rows]
    read: list[int] = []
    model.get_input_embeddings().register_forward_hook(lambda _, given, __: read.append(given[0].numel()))
    found = logits_of_replies(model, torch.tensor(padded), torch.tensor(mask), 2)
    if not sliding:
        assert sum(read) == 3 * 3 + 4 * 1  # three prompts, as the padded one is not the one with a first 0
    wanted = torch.tensor(replies).flatten()
    whole = torch.cat([model(torch.tensor([row])).logits[:, -3:-1] for row in rows])
    assert torch.allclose(found, whole, atol=1e-6)
    flat, also = found.flatten(0, 1), whole.flatten(0, 1)
    assert torch.allclose(gradients(model, flat, wanted), gradients(model, also, wanted), atol=1e-6)
