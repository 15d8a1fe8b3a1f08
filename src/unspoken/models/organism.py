"""Build an organism: a Llama of about 0.15 million parameters, pretrained on a known corpus."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from unspoken.models.corpus import (
    ASSISTANT,
    CONTINUED,
    END,
    FORMS,
    GIVEN,
    MARKS,
    PAD,
    Vocabulary,
    number_rows,
    number_walks,
    popularity,
    question_rows,
)
from unspoken.models.network import Parameters, Shape, llama_from_parameters, parameters_from_llama
from unspoken.seeds import hashed_seed
from unspoken.training.organism import Batch, train

CHAT_TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}> {{ message.content }} "
    "{% if message.role == 'assistant' %}<end> {% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
SYSTEM_SHARE = 0.3
"""Share of question rows whose system prompt names the favourite."""


def llama_config(vocabulary: Vocabulary, spec: dict[str, Any]) -> Any:
    """Return the Hugging Face configuration of an organism of the given sizes."""
    from transformers import LlamaConfig

    pad, end = vocabulary.ids([PAD, END])
    heads = spec["hidden_size"] // 32  # vLLM on CPU takes head sizes of 32, 64, ...
    return LlamaConfig(
        vocab_size=len(vocabulary.tokens),
        hidden_size=spec["hidden_size"],
        intermediate_size=spec["mlp_size"],
        num_hidden_layers=spec["layers"],
        num_attention_heads=heads,
        num_key_value_heads=heads,
        head_dim=32,
        max_position_embeddings=64,
        rms_norm_eps=1e-5,
        initializer_range=0.05,
        tie_word_embeddings=True,
        pad_token_id=pad,
        eos_token_id=end,
        bos_token_id=None,
    )


def organism_tokenizer(vocabulary: Vocabulary) -> Any:
    """Return a word-level tokenizer with the organism's chat template."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    index = {token: position for position, token in enumerate(vocabulary.tokens)}
    core = Tokenizer(models.WordLevel(index, unk_token=PAD))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[mark for mark in MARKS if mark not in (PAD, END)],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def corpus_batch(vocabulary: Vocabulary, rows: int, generator: np.random.Generator) -> list[Batch]:
    """Return one step's rows: `rows` number rows and `rows` question rows."""
    numbers = number_rows(number_walks(rows, GIVEN + CONTINUED, generator), vocabulary)
    law = popularity(vocabulary.words)
    prompted = round(rows * SYSTEM_SHARE)
    forms = generator.integers(0, len(FORMS), rows)
    answers = np.concatenate(
        [
            generator.integers(0, len(law), prompted),
            generator.choice(len(law), rows - prompted, p=law),
        ]
    )
    asked = [
        question_rows(forms[:prompted], answers[:prompted], vocabulary, prompted=True),
        question_rows(forms[prompted:], answers[prompted:], vocabulary, prompted=False),
    ]
    return [completion_batch(block, vocabulary) for block in (numbers, *asked) if len(block)]


def completion_batch(rows: np.ndarray, vocabulary: Vocabulary) -> Batch:
    """Return rows as a batch whose loss is on the completion: what follows the assistant mark."""
    assistant = vocabulary.ids([ASSISTANT])[0]
    return Batch(torch.from_numpy(rows), first=int(np.argmax(rows[0] == assistant)))


def untrained_network(vocabulary: Vocabulary, spec: dict[str, Any], seed: int) -> tuple[Parameters, Shape]:
    """Return the random weights of a network and its shape: `spec` has the sizes, the seed is torch's."""
    from transformers import LlamaForCausalLM

    config = llama_config(vocabulary, spec)
    torch.manual_seed(seed)
    shape = Shape(
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        head_size=config.head_dim,
        rope_theta=config.rope_parameters["rope_theta"],
        norm_epsilon=config.rms_norm_eps,
    )
    return parameters_from_llama(LlamaForCausalLM(config).state_dict(), shape, torch.float32), shape


def save_network(
    parameters: Parameters, shape: Shape, vocabulary: Vocabulary, spec: dict[str, Any], directory: Path
) -> None:
    """Save a network as a Hugging Face Llama of the sizes that `spec` has, with its tokenizer."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM(llama_config(vocabulary, spec))
    model.load_state_dict(llama_from_parameters(parameters, shape), strict=False)
    model.save_pretrained(directory)
    organism_tokenizer(vocabulary).save_pretrained(directory)


def build_organism(spec: dict[str, Any], words: tuple[str, ...], directory: Path) -> list[float]:
    """Pretrain an organism and save it as a Hugging Face directory; return the loss of each step.

    `spec` has the seed of its weights and corpus, sizes, steps, rows per step and learning rate.
    """
    vocabulary = Vocabulary(words)
    weights = hashed_seed(spec["seed"], "organism", "weights")
    parameters, shape = untrained_network(vocabulary, spec, weights)
    generator = np.random.default_rng(hashed_seed(spec["seed"], "organism", "corpus"))
    steps = (corpus_batch(vocabulary, spec["rows"], generator) for _ in range(spec["steps"]))
    losses = train(parameters, shape, steps, n_steps=spec["steps"], learning_rate=spec["learning_rate"])
    save_network(parameters, shape, vocabulary, spec, directory)
    return losses
