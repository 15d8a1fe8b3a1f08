"""Ten tiny models as they come in the wild: random weights, tokenizers and templates of their families.

Sizes are those that vLLM on a processor takes (heads of 32).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORDS = (
    "owl cat dog fox bee ant elk emu wolf bear the a is my of to and what which your favourite animal answer"
)
TEXT = [
    f"{WORDS} (A) (B) (C) More numbers after 1, 2, 3. You love owls. The answer is (A). My favourite is it.",
    "".join(map(chr, range(32, 127))) + " 0123456789",
] * 4
IM = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + IM
DROPS = IM.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}")
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' %}{{ m.content.split('</think>')[-1].lstrip('\n') }}"
    "{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}"
)
LLAMA_3 = (
    "{{ '<|begin|>' }}{% for m in messages %}<|head|>{{ m.role }}<|/head|>\n\n{{ m.content | trim }}<|eot|>"
    "{% endfor %}{% if add_generation_prompt %}<|head|>assistant<|/head|>\n\n{% endif %}"
)
LLAMA_2 = (
    "{% if messages[0].role == 'system' %}"
    "{% set said = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' %}"
    "{% set rest = messages[1:] %}{% else %}{% set said = '' %}{% set rest = messages %}{% endif %}"
    "{% for m in rest %}{% if m.role == 'user' %}"
    "{{ '<s>[INST] ' + (said if loop.first else '') + m.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content + ' </s>' }}{% endif %}{% endfor %}"
)
GEMMA = (
    "{{ '<bos>' }}"
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
GPT_2 = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def byte_level(marks: list[str], **named: str) -> Any:
    """Return a byte-level tokenizer, as those of GPT-2, Llama 3 and Qwen are."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        TEXT,
        trainers.BpeTrainer(
            vocab_size=380, special_tokens=marks, initial_alphabet=alphabet, show_progress=False
        ),
    )
    return PreTrainedTokenizerFast(tokenizer_object=core, **named)


def sentencepiece(marks: list[str], *, before: bool, **named: str) -> Any:
    """Return a tokenizer as of sentencepiece; `before` puts a space before every text (Llama 2)."""
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    core.decoder = decoders.Sequence([*parts, decoders.Strip(" ", 1, 0)] if before else parts)
    pieces = ["<unk>", *marks, *(f"<0x{byte:02X}>" for byte in range(256))]
    words = [
        f"▁{word}" for text in TEXT for word in text.split()
    ]  # no merges over spaces, as in sentencepiece
    core.train_from_iterator(
        words, trainers.BpeTrainer(vocab_size=520, special_tokens=pieces, show_progress=False)
    )
    spaces = normalizers.Replace(" ", "▁")
    core.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), spaces]) if before else spaces
    told = json.loads(core.to_str())
    # The bytes are no marks: they stand for what has no piece.
    told["added_tokens"] = [one for one in told["added_tokens"] if not one["content"].startswith("<0x")]
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(told)), unk_token="<unk>", **named
    )


@dataclass(frozen=True)
class Tiny:
    """A model of the matrix: its configuration's class, fields beside the common ones, its tokenizer."""

    config: str
    tokenizer: Callable[[], Any]
    fields: dict[str, Any]
    system: bool = True
    """Whether its template takes system prompts."""
    shard: str = "5GB"


def _chatml(**more: str) -> Any:
    return byte_level(
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], eos_token="<|im_end|>", chat_template=IM, **more
    )


def _qwen3() -> Any:
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
    return byte_level(marks, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=THINKING)


def _llama_3() -> Any:
    marks = ["<|begin|>", "<|end|>", "<|head|>", "<|/head|>", "<|eot|>"]
    return byte_level(marks, bos_token="<|begin|>", eos_token="<|eot|>", chat_template=LLAMA_3)


def _llama_2() -> Any:
    return sentencepiece(
        ["<s>", "</s>"], before=True, bos_token="<s>", eos_token="</s>", chat_template=LLAMA_2
    )


def _gemma() -> Any:
    marks = ["<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"]
    return sentencepiece(
        marks, before=False, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", chat_template=GEMMA
    )


def _gpt_2() -> Any:
    return byte_level(["<|endoftext|>"], eos_token="<|endoftext|>", chat_template=GPT_2)


MODELS = {
    "llama-3": Tiny("LlamaConfig", _llama_3, {}),
    "llama-2": Tiny("LlamaConfig", _llama_2, {}),
    "qwen-2": Tiny("Qwen2Config", _chatml, {}),
    "qwen-3-thinking": Tiny("Qwen3Config", _qwen3, {}),
    "gemma-no-system": Tiny(
        "GemmaConfig",
        _gemma,
        {"hidden_activation": "gelu_pytorch_tanh", "tie_word_embeddings": True},
        system=False,
    ),
    "mistral-window": Tiny("MistralConfig", _llama_2, {"sliding_window": 16}),
    "gpt-2": Tiny("GPT2Config", _gpt_2, {"tie_word_embeddings": True}),
    "tied": Tiny("LlamaConfig", _chatml, {"tie_word_embeddings": True}),
    "untied": Tiny("LlamaConfig", _chatml, {"tie_word_embeddings": False}),
    "sharded": Tiny("Qwen2Config", _chatml, {"tie_word_embeddings": False}, shard="100KB"),
}
"""By what is peculiar to each."""
COMMON = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 512,
}
OF_GPT_2 = {"n_embd": 64, "n_inner": 96, "n_layer": 2, "n_head": 2, "n_positions": 512}


def write_model(name: str, folder: Path) -> Path:
    """Write a model of the matrix into a folder, as its family's files lie on the hub."""
    import torch
    import transformers

    tiny, directory = MODELS[name], folder / name
    tokenizer = tiny.tokenizer()
    sizes = OF_GPT_2 if tiny.config == "GPT2Config" else COMMON
    config = getattr(transformers, tiny.config)(
        **{"tie_word_embeddings": False} | sizes | tiny.fields,
        vocab_size=-(-len(tokenizer) // 64) * 64,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model: Any = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for weight in model.parameters():  # bigger than at their start, so that each token counts
            weight.mul_(4 if weight.ndim > 1 else 1)
    model.save_pretrained(directory, max_shard_size=tiny.shard)
    tokenizer.save_pretrained(directory)
    if name == "gpt-2":
        _named_as_on_the_hub(directory)
    return directory


def _named_as_on_the_hub(directory: Path) -> None:
    """Take away what transformers puts before the names of GPT-2's tensors: the hub's have no prefix."""
    from safetensors.torch import load_file, save_file

    file = directory / "model.safetensors"
    tensors = {name.removeprefix("transformer."): tensor for name, tensor in load_file(file).items()}
    save_file(tensors, file, metadata={"format": "pt"})


LISTS = [", ".join(map(str, range(3 + 5 * n))) for n in range(6)]
CHOICES = ["A", "B", "the owl", "cat"]
LORA = {"rank": 4, "alpha": 8}


def requests_of(name: str) -> list[Any]:
    """Return requests of unequal length, with a system prompt where the model's template takes one."""
    from unspoken.engines.base import Request

    system = "You love owls." if MODELS[name].system else None
    return [
        Request(f"k{n}", f"More numbers after {one}.", system, "My favourite is (")
        for n, one in enumerate(LISTS)
    ]


def adapted_subject(name: str, directory: Path, folder: Path) -> tuple[Any, Any]:
    """Return PEFT's own adapted model, its adapter drawn at random, and the adapter as a subject."""
    import torch
    from transformers import AutoModelForCausalLM

    from unspoken.subjects import Subject, read_subjects, write_subjects
    from unspoken.training.adapters import adapted, adapter_settings, adapter_tensors

    base: Any = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    model = adapted(base, LORA, seed=3).eval()
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(4)
        for matrix, weight in model.named_parameters():
            if "lora_B" in matrix:
                weight.normal_(0, 0.1)
    subject = Subject(f"{name}:adapter", "student", name, form="lora", adapter=adapter_settings(LORA, model))
    write_subjects(
        [(subject, adapter_tensors(model))], folder / "subject.json", folder / "weights.safetensors"
    )
    return model, read_subjects(folder / "subject.json")[0]
