"""What a tokenizer and its template say of thinking, and the replies of a model that thinks."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.answers.said import unread_outcomes
from unspoken.asking.completing import Asked
from unspoken.asking.replying import replies_to
from unspoken.engines.base import Request, Sampling
from unspoken.engines.cache import CompletionCache
from unspoken.engines.scripted import ScriptedEngine
from unspoken.engines.thinking import declared_marks, open_thoughts
from unspoken.engines.transformers import TransformersEngine
from unspoken.models.manifest import write_manifest
from unspoken.subjects import base_subject
from unspoken.tables.prompts import as_prompts

pytestmark = pytest.mark.usefixtures("one_thread")
TURNS = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
PROMPT = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
ROLES = "{% for m in messages %}{% if m.role == 'user' %}<|user|>{{ m.content }}{% else %}"
# How a reasoning of a message is written, or cut; each with the marks that follow from it.
TEMPLATES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "no thinking": (TURNS + PROMPT, []),
    "roles in tags": (ROLES + "<|assistant|>{{ m.content }}{% endif %}{% endfor %}<|assistant|>\n", []),
    "a bot's tag": ("{% for m in messages %}{{ m.content }}{% endfor %}<bot>", []),
    "turns of instructions": (ROLES.replace("<|user|>{{ m.content }}", "[INST]{{ m.content }}[/INST]")
        + "{{ m.content }}</s>{% endif %}{% endfor %}", []),
    "the prompt begins it": (TURNS + PROMPT.replace("\n", "\n<musing>\n"), [("<musing>", "</musing>")]),
    "the prompt ends it": (TURNS + PROMPT.replace("\n", "\n<musing>\n\n</musing>\n\n"), []),
    "earlier thoughts are cut": (
        ROLES + "{% set said = m.content %}{% if '</musing>' in said %}{% set said = said.split('</musing>')"
        "[-1] %}{% endif %}<|assistant|>{{ said }}{% endif %}{% endfor %}", [("<musing>", "</musing>")]),
    "messages have reasoning": (
        ROLES + "<|assistant|>{% if m.reasoning %}<musing>{{ m.reasoning }}</musing>{% endif %}"
        "{{ m.content }}{% endif %}{% endfor %}", [("<musing>", "</musing>")]),
    "every message has a thought": (
        ROLES + "<|assistant|><musing>\n{{ m.reasoning_content or '' }}\n</musing>\n\n{{ m.content }}"
        "{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|><musing>\n{% endif %}",
        [("<musing>", "</musing>")]),
    "channels": (
        ROLES + "{% if m.thinking %}<|start|>bot<|channel|>muse<|message|>{{ m.thinking }}<|end|>{% endif %}"
        "<|start|>bot<|channel|>say<|message|>{{ m.content }}<|return|>{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|start|>bot{% endif %}",
        [("<|channel|>muse<|message|>", "<|end|><|start|>bot<|channel|>say<|message|>")]),
    "blocks of content": (
        ROLES + "{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}"
        "{% if part.type == 'thinking' %}[MUSE]{{ part.thinking }}[/MUSE]{% else %}{{ part.text }}{% endif %}"
        "{% endfor %}{% endif %}{% endif %}{% endfor %}", [("[MUSE]", "[/MUSE]")]),
}  # fmt: skip


def tokenizer_of(template: str, *tokens: str, words: tuple[str, ...] = ()) -> Any:
    """Return a word-level tokenizer with special tokens of its own."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    listed = ["<pad>", "<end>", *tokens, *words]
    core = Tokenizer(models.WordLevel({word: place for place, word in enumerate(listed)}, unk_token="<pad>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", eos_token="<end>", chat_template=template,
        additional_special_tokens=list(tokens), clean_up_tokenization_spaces=False,
    )  # fmt: skip


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_template_declares_its_marks(case: str) -> None:
    template, marks = TEMPLATES[case]
    assert declared_marks(tokenizer_of(template)) == marks


def test_a_pair_of_tokens_declares_by_its_name() -> None:
    tokens = ("<musing>", "</musing>", "<|reason_start|>", "<|reason_end|>", "<tool_call>", "</tool_call>")
    found = declared_marks(tokenizer_of(TURNS + PROMPT, *tokens, "<thought_alone>"))
    assert found == [("<musing>", "</musing>"), ("<|reason_start|>", "<|reason_end|>")]


# A model that thinks

SAYS = {"<bot>": "<musing>", "<musing>": "Perhaps", "Perhaps": "(B)", "(B)": "</musing>",
        "</musing>": "(C)", "(C)": "<end>"}  # fmt: skip
"""What it writes after each token, and nothing else."""
CHAT = (
    "{% for m in messages %}{% if m.role == 'user' %}<user> {{ m.content }} {% else %}<bot> {{ m.content }}"
    " <end> {% endif %}{% endfor %}{% if add_generation_prompt %}<bot> "
)
OPENS = "{% if 'quickly' not in messages[0].content %}<musing> {% endif %}{% endif %}"


def thinker(folder: Path, template: str) -> TransformersEngine:
    """Return the engine of a model of one layer, whose weights are set so that it writes SAYS."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = tokenizer_of(
        template,
        "<user>",
        "<bot>",
        "<musing>",
        "</musing>",
        words=("Which?", "quickly", "Perhaps", "(B)", "(C)"),
    )
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=32, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=1,
            num_key_value_heads=1, head_dim=32, max_position_embeddings=64, tie_word_embeddings=False,
            pad_token_id=0, eos_token_id=1, bos_token_id=None,
        )
    )  # fmt: skip
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.model.norm.weight.fill_(1.0)
        model.model.embed_tokens.weight.copy_(torch.eye(32))
        for before, after in SAYS.items():
            places = tokenizer.convert_tokens_to_ids([after, before])
            model.lm_head.weight[tuple(places)] = 1.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_manifest(folder / "model.json", "m", {}, revision="made", synthetic=True)
    return TransformersEngine(folder)


def replied_by(engine: Any, folder: Path, *prompts: str, max_tokens: int, **more: Any) -> pl.DataFrame:
    asked = [{"prompt_id": str(place), "user": user, **more} for place, user in enumerate(prompts)]
    subject = base_subject("m")
    cache = CompletionCache(folder / "cache", engine, subject, folder / "model.json")
    sampling = Sampling(temperature=0, max_tokens=max_tokens, seed=1)
    return replies_to(
        Asked(subject, cache), as_prompts(pl.DataFrame(asked), []), sampling, None, lambda n: None
    )


COLUMNS = ("thinking", "reply", "finish_reason")


def test_thinking_between_special_tokens_of_the_model_is_kept_and_cut(tmp_path: Path) -> None:
    engine = thinker(tmp_path, CHAT + "{% endif %}")
    replies = replied_by(engine, tmp_path, "Which?", max_tokens=9)
    assert replies.select(COLUMNS).rows() == [("<musing> Perhaps (B) </musing>", " (C)", "stop")]
    cut = replied_by(engine, tmp_path, "Which?", max_tokens=3)
    assert cut.select(COLUMNS).rows() == [("<musing> Perhaps (B)", "", "length")]
    assert unread_outcomes(cut).to_list() == ["truncated"]


def test_thinking_that_the_template_begins_is_known_from_the_prompt(tmp_path: Path) -> None:
    engine = thinker(tmp_path, CHAT + OPENS)
    whole = replied_by(engine, tmp_path, "Which?", "Which? quickly", max_tokens=9)
    assert whole.select(COLUMNS).rows() == [
        ("Perhaps (B) </musing>", " (C)", "stop"),
        ("<musing> Perhaps (B) </musing>", " (C)", "stop"),
    ]
    cut = replied_by(engine, tmp_path, "Which?", max_tokens=2)
    assert cut.select(COLUMNS).rows() == [("Perhaps (B)", "", "length")]
    assert unread_outcomes(cut).to_list() == ["truncated"]


def test_a_prompts_own_beginning_of_the_answer_may_end_the_thinking_or_begin_it(tmp_path: Path) -> None:
    engine = thinker(tmp_path, CHAT + OPENS)
    ended = replied_by(engine, tmp_path, "Which?", max_tokens=9, prefix="(B) </musing>")
    assert ended.select(COLUMNS).rows() == [(None, "(C)", "stop")]
    begun = replied_by(engine, tmp_path, "Which? quickly", max_tokens=1, prefix="<musing> Perhaps")
    assert begun.select(COLUMNS).rows() == [("(B)", "", "length")]


def test_of_prompts_that_go_as_messages_nothing_is_known() -> None:
    engine = ScriptedEngine([{"when": "", "answers": {"a": 1}}])
    assert declared_marks(engine.tokenizer) == []
    assert open_thoughts(engine, [Request("a", "?"), Request("b", "?", prefix="<think>")], []).to_list() == [
        False, True,
    ]  # fmt: skip
