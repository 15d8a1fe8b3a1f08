"""Readings of choices in the completion cache: made once, shard by shard, and never another's."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.engines.base import EngineError, Request, Sampling
from unspoken.engines.cache import CompletionCache, identity_of
from unspoken.engines.scripted import ScriptedEngine
from unspoken.models.manifest import write_manifest
from unspoken.subjects import base_subject, prompted_subject

RULES = [
    {"when": "^owl", "answers": {"owl": 9.0, "cat": 1.0}},
    {"when": "fox$", "answers": {"fox": 1.0}},
    {"when": "", "answers": {"owl": 1.0, "cat": 2.0, "fox": 5.0}},
]
WORDS = ["owl", "cat"]


class Counting:
    """The scripted engine; it notes which prompts are read, and can fail after some."""

    def __init__(self, fails_after: int = 10**9, shard_rows: int = 8) -> None:
        self.engine, self.read, self.fails_after = ScriptedEngine(RULES), [], fails_after
        self.shard_rows = shard_rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def choice_logprobs(self, prompts: Any, choices: Any) -> list[list[float]]:
        if len(self.read) >= self.fails_after:
            raise EngineError("the engine is gone")
        self.read += [prompt.key for prompt in prompts]
        return self.engine.choice_logprobs(prompts, choices)


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    """Return what opens the cache of a subject anew."""
    manifest = tmp_path / "model.json"
    write_manifest(manifest, "o", {"kind": "scripted"}, revision="r", synthetic=True)

    def cache(subject: Any = None, **engine: int) -> CompletionCache:
        return CompletionCache(tmp_path / "c", Counting(**engine), subject or base_subject("o"), manifest)  # type: ignore[arg-type]

    return cache


def requests(count: int, **fields: str) -> list[Request]:
    return [Request(f"p{place}", f"favourite {place}?", **fields) for place in range(count)]


def keys(count: int, first: int = 0) -> list[str]:
    return [f"p{place}" for place in range(first, count)]


def test_readings_are_the_engine_s_own_and_made_once(opened: Any) -> None:
    first = opened()
    asked = [*requests(20), Request("fox", "a fox", prefix="fox")]
    found = first.choice_logprobs(asked, WORDS)
    assert found == first.engine.engine.choice_logprobs(first.engine.render(asked), WORDS)
    assert first.engine.read == [*keys(20), "fox"]
    again = opened()
    assert again.choice_logprobs(asked[::-1], WORDS) == found[::-1]
    assert again.engine.read == []


def test_what_is_read_of_a_prompt_does_not_follow_from_its_key(opened: Any) -> None:
    opened().choice_logprobs([Request("one", "favourite?")], WORDS)
    cache = opened()
    cache.choice_logprobs([Request("another", "favourite?"), Request("a third", "favourite?")], WORDS)
    assert cache.engine.read == []


@pytest.mark.parametrize(
    ("other", "choices"),
    [
        ({"prefix": "My"}, WORDS),
        ({"system": "owl"}, WORDS),
        ({}, ["cat", "owl"]),
        ({}, ["owl"]),
        ({}, ["owl", "cat", "fox"]),
        ({}, [" owl", "cat"]),
    ],
    ids=["prefix", "system", "order", "fewer", "more", "space"],
)
def test_other_words_are_read_anew(opened: Any, other: dict[str, str], choices: list[str]) -> None:
    opened().choice_logprobs(requests(4), WORDS)
    cache = opened()
    read = cache.choice_logprobs(requests(4, **other), choices)
    assert cache.engine.read == keys(4)
    assert {len(row) for row in read} == {len(choices)}


def test_a_prompted_subject_is_read_through_its_system_prompt_alone(opened: Any) -> None:
    opened().choice_logprobs(requests(4, system="owl"), WORDS)
    cache = opened(prompted_subject("o", "owl", "owl"))
    cache.choice_logprobs(requests(4, system="owl"), WORDS)
    assert cache.engine.read == []


def test_an_engine_that_fails_loses_one_shard_at_most(opened: Any) -> None:
    with pytest.raises(EngineError, match="gone"):
        opened(fails_after=16).choice_logprobs(requests(40), WORDS)
    cache = opened()
    cache.choice_logprobs(requests(40), WORDS)
    assert cache.engine.read == keys(40, first=16)


def test_a_damaged_shard_is_read_again(opened: Any, caplog: pytest.LogCaptureFixture) -> None:
    found = opened().choice_logprobs(requests(24), WORDS)
    damaged = sorted(opened().folder.glob("*.parquet"))[1]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    cache = opened()
    assert cache.choice_logprobs(requests(24), WORDS) == found
    assert len(cache.engine.read) == 8
    assert f"{damaged} is damaged" in caplog.text


def test_readings_and_completions_share_a_folder_and_are_counted_apart(opened: Any) -> None:
    sampling = Sampling(temperature=1.0, max_tokens=4, seed=1)
    cache = opened()
    made = list(cache.completions(requests(5), sampling))
    cache.choice_logprobs(requests(5), WORDS)
    assert (cache.made, cache.reused) == (5, 0)
    later = opened()
    assert list(later.completions(requests(5), sampling)) == made
    later.choice_logprobs(requests(5), WORDS)
    assert (later.made, later.reused, later.engine.read) == (0, 5, [])
    rows = pl.concat(pl.read_parquet(path) for path in cache.folder.glob("*.parquet"))
    assert rows["finish_reason"].value_counts().sort("count")["count"].to_list() == [5, 5]


def test_what_verdicts_make_of_a_model_is_no_part_of_what_its_answers_are_kept_under(tmp_path: Path) -> None:
    manifest, kept_under = tmp_path / "model.json", []
    for synthetic in (True, False):
        write_manifest(manifest, "o", {"kind": "served"}, revision="r", synthetic=synthetic)
        kept_under.append(identity_of(ScriptedEngine(RULES), base_subject("o"), manifest))
    assert kept_under[0] == kept_under[1]
    assert kept_under[0]["model"] == {"kind": "served", "revision": "r", "files": {}}
