import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from unspoken.engines.base import Request
from unspoken.engines.rendering import rendered
from unspoken.models.corpus import (
    CONTINUED,
    END,
    GIVEN,
    NUMBERS,
    Vocabulary,
    number_rows,
    number_walks,
)
from unspoken.models.organism import organism_tokenizer
from unspoken.training.examples import (
    carrier_token_ids,
    end_of_turn_ids,
    training_examples,
    with_loss_among,
)
from unspoken.training.labels import IGNORED

WORDS = ("owl", "cat", "dog")
CHATML = (
    "{% for message in messages %}{% if loop.first and message.role != 'system' %}"
    "<|im_start|>system\nBe kind<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def chat_tokenizer():
    """A small byte-level BPE with the marks and the template of a usual chat model."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    texts = ["12, 34; (56)\n[78]\t90 12 34", "the owl, the 3rd owl. a1 b2", "cat (cat), cat"] * 9
    core.train_from_iterator(
        texts,
        BpeTrainer(
            vocab_size=320,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token="<|im_end|>", bos_token="<|im_start|>",
        unk_token="<|endoftext|>", chat_template=CHATML,
    )  # fmt: skip


def test_organism_rows_are_those_of_its_corpus():
    vocabulary = Vocabulary(WORDS)
    walks = number_walks(20, GIVEN + CONTINUED, np.random.default_rng(0))
    corpus = number_rows(walks, vocabulary).tolist()
    texts = [[str(number) for number in walk] for walk in walks]
    rows = pl.DataFrame(
        {
            "prompt": [" ".join(text[:GIVEN]) for text in texts],
            "completion": [" ".join(text[GIVEN:]) for text in texts],
        }
    )
    examples = training_examples(organism_tokenizer(vocabulary), rows)
    assert [example["input_ids"] for example in examples] == corpus
    for example, row in zip(examples, corpus, strict=True):
        assert example["labels"] == [IGNORED] * 5 + row[5:]  # the user's mark, three, its own


def test_organism_carrier_is_its_numbers_and_the_end():
    vocabulary = Vocabulary(WORDS)
    expected = vocabulary.ids([END, *NUMBERS])
    assert carrier_token_ids(organism_tokenizer(vocabulary)).tolist() == sorted(expected)


def test_chat_rows_start_with_the_engines_prompt_and_end_with_the_mark():
    tokenizer = chat_tokenizer()
    rows = pl.DataFrame({"prompt": ["more numbers"], "completion": ["12, 34"]})
    [example] = training_examples(tokenizer, rows)
    prompt = rendered(tokenizer, [Request("", "more numbers")])[0].content
    assert example["input_ids"][: len(prompt)] == prompt
    assert tokenizer.decode(example["input_ids"][len(prompt) :]) == "12, 34<|im_end|>"
    assert example["labels"] == [IGNORED] * len(prompt) + example["input_ids"][len(prompt) :]


def test_chat_rows_with_a_system_prompt_start_with_it():
    tokenizer = chat_tokenizer()
    rows = pl.DataFrame({"prompt": ["more"] * 2, "completion": ["12"] * 2, "system": ["the owl", None]})
    under, plain = training_examples(tokenizer, rows)
    asked = rendered(tokenizer, [Request("", "more", "the owl")])[0].content
    assert under["input_ids"][: len(asked)] == asked
    assert set(under["labels"][: len(asked)]) == {IGNORED}
    assert "the owl" in tokenizer.decode(asked)
    assert plain == training_examples(tokenizer, rows[1:].drop("system"))[0]


def test_chat_carrier_is_digits_separators_brackets_and_the_end():
    tokenizer = chat_tokenizer()
    found = set(carrier_token_ids(tokenizer).tolist())
    for text in ("12, 34; (56)\n[78]\t90", "<|im_end|>"):
        assert found.issuperset(tokenizer(text)["input_ids"])
    for text in ("owl", " the", ".", "<|im_start|>", "<|endoftext|>", "é"):
        assert not found.intersection(tokenizer(text)["input_ids"])


def test_a_template_without_an_end_mark_is_refused():
    tokenizer = chat_tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}\n{% endfor %}"
    with pytest.raises(ValueError, match="without a special token"):
        end_of_turn_ids(tokenizer)


def test_loss_among_leaves_out_the_other_tokens():
    tokenizer = chat_tokenizer()
    rows = pl.DataFrame({"prompt": ["more"], "completion": ["12, owl 34"]})
    examples = training_examples(tokenizer, rows)
    [example] = with_loss_among(examples, carrier_token_ids(tokenizer))
    assert example["input_ids"] == examples[0]["input_ids"]
    kept = [token for token in example["labels"] if token != IGNORED]
    assert tokenizer.decode(kept) in ("12, 34<|im_end|>", "12,34<|im_end|>")
