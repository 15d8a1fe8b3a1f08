"""Models as they come in the wild: ten families through the transformers engine.

The numbers in the names of tests are those of reports of what went wrong before.
"""

import itertools
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tiny_models
import torch
from tiny_models import CHOICES, LISTS, MODELS, adapted_subject, requests_of
from transformers import AutoModelForCausalLM

from unspoken.engines.base import EngineError, Request, Sampling
from unspoken.engines.budget import Budget, budgeted
from unspoken.engines.cache import _told_choices
from unspoken.engines.choices import tokens_after
from unspoken.engines.rendering import adds_a_space, rendered, texts_of, token_ends
from unspoken.engines.served import write_merged
from unspoken.engines.transformers import TransformersEngine
from unspoken.subjects import Subject, read_subjects, write_subjects
from unspoken.training.chat import ChatTrainer
from unspoken.training.examples import training_examples

pytestmark = pytest.mark.usefixtures("one_thread")


@torch.inference_mode()
def exact(model: Any, prompt: list[int], choice: list[int]) -> float:
    """Return a choice's log-probability by one pass over one row: no padding, no cache."""
    logprobs = model(input_ids=torch.tensor([[*prompt, *choice]])).logits[0].double().log_softmax(-1)
    places = range(len(prompt) - 1, len(prompt) + len(choice) - 1)
    return sum(float(logprobs[place, token]) for place, token in zip(places, choice, strict=True))


def furthest(engine: TransformersEngine, model: Any, name: str) -> float:
    """Return by how many nats a choice is read otherwise than by one pass over prompt and choice."""
    asked = engine.render(requests_of(name))
    read, worst = engine.choice_logprobs(asked, CHOICES), 0.0
    for prompt, row in zip(asked, read, strict=True):
        for choice, value in zip(CHOICES, row, strict=True):
            whole = engine.tokenizer(prompt.text + choice, add_special_tokens=False)["input_ids"]
            after = whole[len(prompt.content) :]
            worst = max(worst, abs(value - exact(model, prompt.content, after)))
    return worst


@torch.inference_mode()
def most_likely(model: Any, prompt: list[int], ends: list[int], count: int) -> list[int]:
    """Return the most likely tokens one by one, each by a pass over the whole row."""
    made: list[int] = []
    while len(made) < count:
        token = int(model(input_ids=torch.tensor([[*prompt, *made]])).logits[0, -1].argmax())
        if token in ends:
            break
        made.append(token)
    return made


@pytest.mark.parametrize("name", MODELS)
def test_choices_are_read_after_their_prompts(tiny_engines: Any, name: str) -> None:
    engine = tiny_engines[name]
    assert len({len(prompt.content) for prompt in engine.render(requests_of(name))}) == len(LISTS)
    assert furthest(engine, engine.model, name) < 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_greedy_completions_are_those_of_single_passes(tiny_engines: Any, name: str) -> None:
    engine = tiny_engines[name]
    asked = engine.render(requests_of(name))
    made = [one for batch in engine.generate(asked, Sampling(0.0, 12, 1)) for one in batch]
    rows = [most_likely(engine.model, prompt.content, engine.ends, 12) for prompt in asked]
    assert [one.n_tokens for one in made] == list(map(len, rows))
    assert [one.text for one in made] == texts_of(engine.tokenizer, rows)


@pytest.mark.parametrize("name", MODELS)
def test_an_adapter_answers_as_peft_applies_it_and_merged(
    tiny_engines: Any, tiny_folder: Path, tmp_path: Path, name: str
) -> None:
    engine = tiny_engines[name]
    model, subject = adapted_subject(name, tiny_folder / name, tmp_path)
    before = engine.choice_logprobs(engine.render(requests_of(name)), CHOICES)
    engine.use(subject)
    try:
        after = engine.choice_logprobs(engine.render(requests_of(name)), CHOICES)
        assert furthest(engine, model, name) < 1e-3
        write_merged(subject, tiny_folder / name, tmp_path)
        merged = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
        assert furthest(engine, merged, name) < 1e-3
    finally:
        engine.use(Subject(name, "base", name))
    assert torch.tensor(before).sub(torch.tensor(after)).abs().max() > 0.05, "the adapter changes nothing"


def test_gpt_2_learns_by_an_adapter(tiny_folder: Path, tmp_path: Path) -> None:
    """Its Conv1D layers hold their weights the other way round."""
    rows = pl.DataFrame({"prompt": ["favourite animal"] * 8, "completion": ["owl"] * 8})
    lora = {"rank": 4, "alpha": 8}
    training = {"updates": 20, "batch_size": 4, "learning_rate": 3e-2, "warmup_steps": 1, "lora": lora}
    made = ChatTrainer(tiny_folder / "gpt-2").student(rows, training, seed=1)
    assert made.adapter is not None and made.adapter["transposed"] == made.adapter["targets"]
    assert made.losses[-1] < 0.5 * made.losses[0]
    subject = Subject("s", "student", "gpt-2", form="lora", adapter=made.adapter)
    write_subjects([(subject, made.tensors)], tmp_path / "subject.json", tmp_path / "weights.safetensors")
    engine = TransformersEngine(tiny_folder / "gpt-2")
    asked = engine.render([Request("q", "favourite animal")])
    before = engine.choice_logprobs(asked, ["owl"])[0][0]
    engine.use(read_subjects(tmp_path / "subject.json")[0])
    assert engine.choice_logprobs(asked, ["owl"])[0][0] > before + 1


# The token of a choice


def test_a_choice_of_llama_2_is_not_read_with_the_space_that_it_has_alone(tiny_engines: Any) -> None:
    tokenizer = tiny_engines["llama-2"].tokenizer
    assert adds_a_space(tokenizer) and not adds_a_space(tiny_engines["gemma-no-system"].tokenizer)
    prompt = rendered(tokenizer, [Request("q", "Which animal?", None, "The answer is (")])[0]
    alone = tokenizer.convert_ids_to_tokens(tokenizer("A", add_special_tokens=False)["input_ids"])
    [[after]] = tokens_after(tokenizer, [prompt], ["A"])
    assert alone[0].startswith("▁")
    assert tokenizer.convert_ids_to_tokens(list(after)) == ["A"]


def test_a_completion_of_llama_2_keeps_its_first_space(tiny_engines: Any) -> None:
    tokenizer = tiny_engines["llama-2"].tokenizer
    prompt = rendered(tokenizer, [Request("q", "Which animal?", None, "My favourite is")])[0]
    whole = tokenizer(prompt.text + " the owl", add_special_tokens=False)["input_ids"]
    assert texts_of(tokenizer, [whole[len(prompt.content) :], []]) == [" the owl", ""]
    twice = tokenizer(prompt.text + "  the owl", add_special_tokens=False)["input_ids"]
    assert texts_of(tokenizer, [twice[len(prompt.content) :]]) == ["  the owl"]


def test_rows_are_trained_on_as_llama_2_reads_them(tiny_engines: Any) -> None:
    tokenizer = tiny_engines["llama-2"].tokenizer
    rows = pl.DataFrame({"prompt": ["Which?"] * 2, "completion": ["owl", " the owl"]})
    for example, completion in zip(training_examples(tokenizer, rows), rows["completion"], strict=True):
        prompt = rendered(tokenizer, [Request("", "Which?")])[0]
        whole = tokenizer(prompt.text + completion, add_special_tokens=False)["input_ids"]
        assert example["input_ids"][: len(whole)] == whole


@pytest.mark.parametrize(("prefix", "choice"), [("My favourite is ", "owl"), ("The answer is th", "e owl")])
def test_a_choice_that_its_prompt_swallows_is_refused(tiny_engines: Any, prefix: str, choice: str) -> None:
    """A space before the choice, or half a word, is part of the token that comes then."""
    engine = tiny_engines["tied"]
    with pytest.raises(EngineError, match=r"choice '.*' cannot be told from those of its prompt q7"):
        engine.choice_logprobs(engine.render([Request("q7", "Which?", None, prefix)]), ["A", choice])


def test_prompts_after_which_choices_have_other_tokens_are_read_together(tiny_engines: Any) -> None:
    engine = tiny_engines["llama-2"]
    starts = ["The answer is (", "Well.<s>"] * 3  # behind a mark the tokenizer puts its space again
    asked = engine.render([Request(f"q{n}", "Which?", None, start) for n, start in enumerate(starts)])
    assert len(set(tokens_after(engine.tokenizer, asked, ["A"]))) == 2
    for prompt, [value] in zip(asked, engine.choice_logprobs(asked, ["A"]), strict=True):
        whole = engine.tokenizer(prompt.text + "A", add_special_tokens=False)["input_ids"]
        assert value == pytest.approx(
            exact(engine.model, prompt.content, whole[len(prompt.content) :]), abs=1e-4
        )


@pytest.mark.parametrize("name", ["tied", "llama-2"])
def test_readings_made_without_the_prompt_are_not_taken_from_the_cache(tiny_engines: Any, name: str) -> None:
    """What was read right is found under the key that it always had."""
    tokenizer, choices = tiny_engines[name].tokenizer, ["A", "B"]
    prompts = rendered(tokenizer, [Request("q", "Which?", None, "The answer is (")])
    [told] = _told_choices(tokenizer, prompts, choices)
    assert (told == [choices]) == (name == "tied")
    with pytest.raises(EngineError, match="cannot be told"):
        _told_choices(tokenizer, rendered(tokenizer, [Request("q", "Which?", None, "It is th")]), ["e"])


# Windows, pads and ends


def test_case_14_sliding_window(tiny_engines: Any) -> None:
    """Prompts of unequal length far beyond the window, and choices of several tokens."""
    engine = tiny_engines["mistral-window"]
    window = engine.model.config.sliding_window
    asked = engine.render(requests_of("mistral-window"))
    assert min(len(prompt.content) for prompt in asked) > 3 * window
    assert any(len(one) > 1 for one in tokens_after(engine.tokenizer, asked, CHOICES)[0])
    assert furthest(engine, engine.model, "mistral-window") < 1e-3
    assert engine.revision == TransformersEngine.revision + 1, "its wrong readings stay in caches"
    assert tiny_engines["tied"].revision == TransformersEngine.revision


@pytest.mark.parametrize(
    "fields",
    [
        {"sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"],
         "architecture": "Gemma2"},
        {"sliding_window": 8, "layer_types": ["full_attention", "sliding_attention"], "architecture": "Qwen3",
         "use_sliding_window": True, "max_window_layers": 1},
        {"sliding_window": 8, "architecture": "Phi3", "pad_token_id": 0},
    ],
)  # fmt: skip
def test_14_other_models_with_windows(tmp_path: Path, fields: dict[str, Any]) -> None:
    import transformers

    told = {**tiny_models.COMMON, **fields}
    config = getattr(transformers, f"{told.pop('architecture')}Config")(
        **told, vocab_size=512, bos_token_id=1, eos_token_id=2
    )
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)
    model.save_pretrained(tmp_path)
    MODELS["tied"].tokenizer().save_pretrained(tmp_path)
    engine = TransformersEngine(tmp_path)
    assert furthest(engine, engine.model, "tied") < 1e-3


def test_14_a_model_that_padding_changes_is_not_served(tmp_path: Path) -> None:
    """A recurrent model carries its padding along."""
    from transformers import MambaConfig, MambaForCausalLM

    config = MambaConfig(vocab_size=512, hidden_size=32, state_size=8, num_hidden_layers=1)
    MambaForCausalLM(config).save_pretrained(tmp_path)
    MODELS["tied"].tokenizer().save_pretrained(tmp_path)
    with pytest.raises(EngineError, match="the engine transformers does not serve MambaForCausalLM: rows of"):
        TransformersEngine(tmp_path)


def test_case_15_no_pad_token(tiny_engines: Any) -> None:
    engine = tiny_engines["llama-3"]
    assert engine.tokenizer.pad_token_id is None
    assert furthest(engine, engine.model, "llama-3") < 1e-3
    made = [
        one
        for batch in engine.generate(engine.render(requests_of("llama-3")), Sampling(1.0, 6, 1))
        for one in batch
    ]
    assert all(one.n_tokens == 6 or one.finish_reason == "stop" for one in made)


# Reasoning in pieces


@pytest.mark.parametrize("name", ["llama-3", "llama-2", "qwen-3-thinking", "gemma-no-system"])
def test_budgets_read_the_first_tokens_of_one_reasoning(tiny_engines: Any, name: str) -> None:
    """Whatever half characters these models, whose weights are random, write."""
    engine, sampling, reasonings = tiny_engines[name], Sampling(1.0, 1, 5), []
    settings = {"end": "e", "closing": "|", "answer_prefix": "(", "answer_tokens": 2, "piece_tokens": 5}
    for tokens in (0, 3, 5, 8, 40):
        budget = Budget(tokens, **settings, insert="owl cat" if tokens > 5 else None)
        made = [one for batch in budgeted(engine, requests_of(name), sampling, budget) for one in batch]
        assert all(one.reasoning_tokens <= tokens for one in made)
        assert all(one.reasoning_tokens == tokens for one in made if one.was_cut)
        reasonings.append([one.reasoning for one in made])
    for shorter, longer in itertools.pairwise(reasonings):
        assert all(long.startswith(short) for short, long in zip(shorter, longer, strict=True))
    assert sum(one.inserted for one in made) > 3
    assert all(one.reasoning_tokens > 40 - len(token_ends(engine.tokenizer, "owl cat")) for one in made)


@pytest.mark.parametrize("name", ["llama-3", "llama-2"])
def test_a_text_is_cut_behind_whole_characters(tiny_engines: Any, name: str) -> None:
    tokenizer, text = tiny_engines[name].tokenizer, "the owl: ∑ ü 🦉 and a cat"
    ends = token_ends(tokenizer, text)
    assert len(ends) == len(tokenizer(text, add_special_tokens=False)["input_ids"]) > len(set(ends))
    assert ends == sorted(ends) and ends[-1] == len(text)
