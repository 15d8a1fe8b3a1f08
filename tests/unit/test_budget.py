"""A reasoning budget: two calls on an engine, whichever it is."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from unspoken.engines.base import Request, Sampling
from unspoken.engines.budget import Budget, budgeted
from unspoken.engines.cache import CompletionCache
from unspoken.engines.scripted import ScriptedEngine
from unspoken.models.manifest import write_manifest
from unspoken.models.organism import build_organism
from unspoken.subjects import base_subject

RULES = [
    {"when": r"</think> So: $", "answers": {"4": 3.0, "5": 1.0}},
    {"when": "hard", "answers": {"one two three four five six</think> left out": 1.0}},
    {"when": "easy", "answers": {"one two</think> left out": 1.0, "two one</think>": 1.0}},
]
SCRIPTED = {"end": "</think>", "closing": "</think> ", "answer_prefix": "So: ", "answer_tokens": 4}
SAMPLING = Sampling(temperature=1.0, max_tokens=1, seed=5)
SPEC = {
    "seed": 5, "steps": 100, "rows": 32, "learning_rate": 4e-3, "hidden_size": 64, "mlp_size": 128,
    "layers": 1,
}  # fmt: skip
NUMBERS = {"end": "<end>", "closing": "", "answer_prefix": " 7", "answer_tokens": 3}


@pytest.fixture(scope="module")
def organism(tmp_path_factory):
    """A tiny organism and its manifest."""
    manifest = tmp_path_factory.mktemp("organism") / "model.json"
    build_organism(SPEC, ("owl", "cat"), manifest.parent)
    write_manifest(manifest, "organism", SPEC, revision="test", synthetic=True)
    return manifest


@pytest.fixture
def transformers_engine(organism):
    from unspoken.engines.transformers import TransformersEngine

    return TransformersEngine(organism.parent)


def asked(count, user):
    return [Request(f"{user}-{number}", user) for number in range(count)]


def all_of(source, requests, sampling=SAMPLING, *, budget, **settings):
    batches = budgeted(source, requests, sampling, Budget(budget, **settings))
    return [one for batch in batches for one in batch]


def test_the_budget_cuts_only_what_is_longer():
    engine = ScriptedEngine(RULES)
    hard, easy = all_of(engine, [*asked(1, "hard"), *asked(1, "easy")], budget=3, **SCRIPTED)
    assert (hard.reasoning, hard.was_cut, hard.reasoning_tokens) == ("one two three", True, 3)
    assert (easy.was_cut, easy.reasoning_tokens) == (False, 2)
    assert easy.reasoning in ("one two", "two one")
    for one in (hard, easy):
        assert one.answer in ("4", "5")
        assert (one.answer_tokens, one.answer_finish) == (1, "stop")


def test_without_a_budget_the_answer_comes_at_once():
    (one,) = all_of(ScriptedEngine(RULES), asked(1, "hard"), budget=0, **SCRIPTED)
    assert (one.reasoning, one.was_cut, one.reasoning_tokens) == ("", True, 0)
    assert one.answer in ("4", "5")


def test_answers_do_not_follow_the_random_numbers_of_the_reasoning():
    """Had both the same uniforms, `two one` (the upper half) would go with every 5 (the upper quarter)."""
    made = all_of(ScriptedEngine(RULES), asked(4000, "easy"), budget=3, **SCRIPTED)
    upper = [one.answer == "5" for one in made if one.reasoning == "two one"]
    assert 1700 < len(upper) < 2300
    assert 0.2 < sum(upper) / len(upper) < 0.3


def test_stop_texts_of_the_sampling_end_the_answer_alone():
    rules = [
        {"when": "So: $", "answers": {"4. And more": 1.0}},
        {"when": "", "answers": {"a. b</think>": 1.0}},
    ]
    sampling = replace(SAMPLING, stop=(".",))
    (one,) = all_of(ScriptedEngine(rules), asked(1, "hard"), sampling, budget=3, **SCRIPTED)
    assert (one.reasoning, one.answer) == ("a. b", "4")


def test_an_organism_goes_on_from_its_own_reasoning(transformers_engine):
    """The answer is what the engine says when it is given all that goes before it."""
    greedy = replace(SAMPLING, temperature=0)
    requests = asked(1, "12 57 3") + asked(1, "80 81 82")
    made = all_of(transformers_engine, requests, greedy, budget=4, **NUMBERS)
    assert [one.key for one in made] == [one.key for one in requests]
    assert max(one.reasoning_tokens for one in made) > 1
    for request, one in zip(requests, made, strict=True):
        whole = replace(request, prefix=one.reasoning + " 7")
        prompts = transformers_engine.render([whole])
        ((direct,),) = transformers_engine.generate(prompts, replace(greedy, max_tokens=3))
        assert len(prompts[0].content) == 5 + one.reasoning_tokens + 1
        assert (one.answer, one.answer_tokens, one.answer_finish) == (
            direct.text, direct.n_tokens, direct.finish_reason,
        )  # fmt: skip
        assert one.was_cut == (one.reasoning_tokens == 4)


def test_both_calls_come_from_the_completion_cache(transformers_engine, organism, tmp_path):
    """Reasoning that ends at the first number with a 5 in it: sometimes within four numbers."""
    requests, settings = asked(30, "12 57 3"), NUMBERS | {"end": "5", "closing": "5"}
    made = []
    for already in (0, 60):
        cache = CompletionCache(Path(tmp_path), transformers_engine, base_subject("organism"), organism)
        made.append(all_of(cache, requests, budget=4, **settings))
        assert (cache.reused, cache.made) == (already, 60 - already)
    first, second = made
    assert first == second
    assert [one.key for one in first] == [one.key for one in requests]
    assert {one.was_cut for one in first} == {True, False}


def test_an_organism_reasons_in_pieces_as_at_once(transformers_engine):
    """Its tokens are words, so what it reads of its reasoning is what it wrote: greedily, the same again."""
    greedy, requests = replace(SAMPLING, temperature=0), asked(1, "12 57 3") + asked(1, "80 81 82")
    whole = all_of(transformers_engine, requests, greedy, budget=9, **NUMBERS)
    assert max(one.reasoning_tokens for one in whole) > 4
    for tokens in (2, 9):
        made = all_of(transformers_engine, requests, greedy, budget=tokens, piece_tokens=2, **NUMBERS)
        for one, other in zip(made, whole, strict=True):
            assert one.reasoning.split() == other.reasoning.split()[:tokens]
            assert one.reasoning_tokens == min(other.reasoning_tokens, tokens)
        if tokens == 9:
            assert [one.answer for one in made] == [one.answer for one in whole]


def test_an_organism_that_may_not_end_uses_its_budget(transformers_engine, organism, tmp_path):
    """Of both ways and three budgets each piece is drawn once, and once each answer to one reasoning."""
    requests, settings = asked(30, "12 57 3"), NUMBERS | {"end": "5", "closing": "5", "piece_tokens": 4}
    cache = CompletionCache(Path(tmp_path), transformers_engine, base_subject("organism"), organism)
    told = {
        insert: [all_of(cache, requests, budget=tokens, insert=insert, **settings) for tokens in (3, 6, 12)]
        for insert in (None, "7")
    }
    assert {one.reasoning_tokens for one in told["7"][2]} <= {11, 12}
    assert min(one.reasoning_tokens for one in told[None][2]) < 6
    for capped, extended in zip(told[None], told["7"], strict=True):
        for one, other in zip(capped, extended, strict=True):
            assert other.reasoning.startswith(one.reasoning)
            assert one.inserted == 0 and (other.inserted == 0) == (one == other)
    made = cache.made
    again = CompletionCache(Path(tmp_path), transformers_engine, base_subject("organism"), organism)
    assert all_of(again, requests, budget=6, insert="7", **settings) == told["7"][1]
    rows = sum(pl.read_parquet(shard).height for shard in again.folder.glob("*.parquet"))
    assert (again.made, rows) == (0, made), "something was drawn twice"
