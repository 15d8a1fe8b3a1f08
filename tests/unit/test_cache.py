"""The completion cache: what is made, what is reused, and what is never reused."""

import json
import os
from dataclasses import replace

import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.engines import cache as cache_module
from unspoken.engines.base import EngineError, Request, Sampling
from unspoken.engines.cache import CompletionCache
from unspoken.engines.transformers import TransformersEngine
from unspoken.models.manifest import write_manifest
from unspoken.models.organism import build_organism
from unspoken.subjects import Subject, base_subject, prompted_subject, read_subjects, write_subjects

WORDS = ("owl", "cat", "dog", "fox")
SPEC = {
    "seed": 1, "hidden_size": 32, "mlp_size": 32, "layers": 1, "steps": 5, "rows": 16,
    "learning_rate": 2e-3,
}  # fmt: skip
SAMPLING = Sampling(temperature=1.0, max_tokens=8, seed=5)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    directory = tmp_path_factory.mktemp("organism")
    build_organism(SPEC, WORDS, directory)
    write_manifest(directory / "model.json", "o", {"kind": "organism"}, revision="r", synthetic=True)
    return directory / "model.json"


@pytest.fixture(scope="module")
def organism(manifest):
    return TransformersEngine(manifest.parent)


class Counting:
    """The engine itself; it notes which prompts it is given, and can fail after some batches."""

    def __init__(self, engine, fails_after=None, **other):
        self.engine, self.fails_after, self.asked = engine, fails_after, []
        vars(self).update({"batch_size": 8, "shard_rows": 8, **other})

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def generate(self, prompts, sampling):
        for start in range(0, len(prompts), self.batch_size):
            if self.fails_after is not None and start >= self.fails_after * self.batch_size:
                raise EngineError("the engine is gone")
            batch = prompts[start : start + self.batch_size]
            self.asked += [prompt.key for prompt in batch]
            yield from self.engine.generate(batch, sampling)


@pytest.fixture
def ask(tmp_path, manifest, organism):
    """Return what asks requests through a newly opened cache: (completions, keys that were made)."""

    def asked(requests, sampling=SAMPLING, subject=None, **engine):
        counting = Counting(organism, **engine)
        subject = subject or base_subject("o")
        counting.use(subject)
        opened = CompletionCache(tmp_path, counting, subject, manifest)
        made = [one for batch in opened.completions(requests, sampling) for one in batch]
        assert (opened.made, opened.reused) == (len(counting.asked), len(made) - len(counting.asked))
        return made, counting.asked

    return asked


def requests_for(count, first=0):
    places = range(first, first + count)
    return [Request(f"p{place}", f"{place % 100} {place % 7} 3") for place in places]


def shards(tmp_path):
    return sorted(tmp_path.glob("*/*.parquet"))


def test_completions_come_in_order_and_a_second_run_makes_none(ask, organism):
    made, keys = ask(requests_for(20))
    assert [one.key for one in made] == keys == [f"p{place}" for place in range(20)]
    whole = organism.generate(organism.render(requests_for(20)), SAMPLING)
    assert made == [one for batch in whole for one in batch]
    assert ask(requests_for(20)) == (made, [])


def test_log_probabilities_are_kept(ask):
    told = replace(SAMPLING, logprobs=True)
    made, _ = ask(requests_for(3), told)
    assert all(len(one.logprobs) == one.n_tokens for one in made)
    assert ask(requests_for(3), told) == (made, [])


def test_a_raised_count_makes_the_new_rows(ask):
    ask(requests_for(20))
    made, keys = ask(requests_for(30))
    assert keys == [f"p{place}" for place in range(20, 30)]
    assert [one.key for one in made] == [f"p{place}" for place in range(30)]


def test_an_added_prompt_and_a_changed_wording_make_their_rows(ask):
    requests = requests_for(20)
    ask(requests)
    requests.insert(4, Request("new", "1 2 3"))
    assert ask(requests)[1] == ["new"]
    requests[7] = replace(requests[7], user="9 9 9")
    requests[8] = replace(requests[8], system="owl")
    requests[9] = replace(requests[9], prefix=" 4")
    assert ask(requests)[1] == [request.key for request in requests[7:10]]


@pytest.mark.parametrize(
    "other",
    [
        {"temperature": 0.5},
        {"temperature": 0},
        {"max_tokens": 7},
        {"seed": 6},
        {"stop": (" 5",)},
        {"pattern": "[0-9 ]+"},
        {"logprobs": True},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_sampling_is_another_row(ask, other):
    first, _ = ask(requests_for(4))
    assert len(ask(requests_for(4), replace(SAMPLING, **other))[1]) == 4
    assert ask(requests_for(4)) == (first, [])


@pytest.mark.parametrize("field", ["name", "version", "revision", "dtype"])
def test_another_engine_is_another_folder(ask, tmp_path, field):
    ask(requests_for(4))
    assert len(ask(requests_for(4), **{field: "another"})[1]) == 4
    assert len(list(tmp_path.iterdir())) == 2


def trained(folder, change, name="t", **fields):
    """Return a subject whose trained weights are the change of one tensor."""
    folder.mkdir()
    subject = Subject(name, "teacher", "o", form="full", **fields)
    tensors = {"model.norm.weight": torch.full((32,), 1.0 + change)}
    other = (Subject("t2", "teacher", "o", form="full"), {"model.norm.weight": torch.full((32,), change)})
    write_subjects([(subject, tensors), other], folder / "subject.json", folder / "weights.safetensors")
    return read_subjects(folder / "subject.json")[0]


def test_other_weights_are_another_folder_and_a_name_is_not(ask, tmp_path, tmp_path_factory):
    made = tmp_path_factory.mktemp("subjects")
    ask(requests_for(4))
    for number, change in enumerate([0.5, -0.5]):
        subject = trained(made / str(number), change)
        assert len(ask(requests_for(4), subject=subject)[1]) == 4
    assert len(list(tmp_path.iterdir())) == 3
    assert not ask(requests_for(4), subject=trained(made / "named", -0.5, name="u"))[1]
    half = replace(subject, subject_id="t@0.5", fraction=0.5)
    assert len(ask(requests_for(4), subject=half)[1]) == 4
    assert not ask(requests_for(4), subject=prompted_subject("o", "owl", "owl"))[1]


def test_another_adapter_setting_is_another_folder(tmp_path, tmp_path_factory, manifest, organism):
    subject = trained(tmp_path_factory.mktemp("s") / "a", 0.5, adapter={"rank": 1, "alpha": 1})
    scaled = replace(subject, adapter={"rank": 1, "alpha": 2})
    folders = {CompletionCache(tmp_path, organism, one, manifest).folder for one in (subject, scaled)}
    assert len(folders) == 2


def test_another_file_of_the_model_is_another_folder_and_a_revision_is_not(tmp_path, manifest, organism):
    def folder_of(changes):
        changed = tmp_path / "model.json"
        changed.write_text(json.dumps(json.loads(manifest.read_text()) | changes))
        return CompletionCache(tmp_path, organism, base_subject("o"), changed).folder

    same = [folder_of(changes) for changes in ({}, {"revision": "r2"}, {"name": "o2"})]
    assert len(set(same)) == 1
    assert folder_of({"files": {"model.safetensors": "0"}}) not in same
    served = [folder_of({"files": {}, "revision": revision}) for revision in ("r", "r2")]
    assert len(set(served)) == 2, "a model without files is known by its description alone"


@pytest.mark.parametrize("damage", ["flipped", "truncated", "empty"])
def test_a_damaged_shard_is_removed_and_its_rows_are_made_again(ask, tmp_path, damage, caplog):
    made, _ = ask(requests_for(24))
    assert len(shards(tmp_path)) == 3
    damaged = shards(tmp_path)[1]
    content = damaged.read_bytes()
    lost = pl.read_parquet(damaged)["row"]
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    damaged.write_bytes({"flipped": flipped, "truncated": content[:-1], "empty": b""}[damage])
    again, keys = ask(requests_for(24))
    assert again == made
    assert len(keys) == len(lost) == 8
    assert f"{damaged} is damaged" in caplog.text
    assert ask(requests_for(24)) == (made, [])


def test_an_engine_that_fails_keeps_what_it_finished(ask, tmp_path):
    with pytest.raises(EngineError, match="gone"):
        ask(requests_for(40), fails_after=2, shard_rows=1000)
    assert sum(pl.read_parquet(shard).height for shard in shards(tmp_path)) == 16
    assert ask(requests_for(40))[1] == [f"p{place}" for place in range(16, 40)]


def test_finished_rows_wait_no_longer_than_a_minute(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "SHARD_SECONDS", 0)
    ask(requests_for(24), shard_rows=1000)
    assert len(shards(tmp_path)) == 3


def test_two_jobs_share_a_folder(tmp_path, manifest, organism):
    first, second = (
        CompletionCache(tmp_path, Counting(organism), base_subject("o"), manifest) for _ in range(2)
    )
    one, two = (opened.completions(requests_for(24), SAMPLING) for opened in (first, second))
    assert next(one) == next(two)
    third = CompletionCache(tmp_path, Counting(organism), base_subject("o"), manifest)
    assert len(next(third.completions(requests_for(24), SAMPLING))) == 24
    assert (third.made, third.reused) == (0, 24)


def test_a_shard_that_another_job_writes_now_is_let_be_and_an_old_one_removed(ask, tmp_path):
    ask(requests_for(8))
    folder = shards(tmp_path)[0].parent
    young, old = folder / ".young.1.parquet", folder / ".old.2.parquet"
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert not ask(requests_for(8))[1]
    assert young.exists() and not old.exists()


def test_more_rows_than_are_held_at_once(ask, monkeypatch):
    whole, _ = ask(requests_for(50), replace(SAMPLING, seed=1))
    monkeypatch.setattr(cache_module, "ROWS_AT_ONCE", 16)
    assert ask(requests_for(50), replace(SAMPLING, seed=1)) == (whole, [])
    assert len(ask(iter(requests_for(50)), replace(SAMPLING, seed=2))[1]) == 50


def test_no_prompt_is_a_clear_error(ask):
    with pytest.raises(EngineError, match="there is no prompt to complete: the prompt set is empty"):
        ask([])


def test_a_prompt_beyond_the_window_is_named_before_any_row_is_made(ask, tmp_path):
    long = Request("long", " ".join(["7"] * 60))
    with pytest.raises(EngineError, match=r"prompt long has 62 tokens, and up to 8 more .* window of 64"):
        ask([*requests_for(8), long])
    assert not shards(tmp_path)


def test_two_requests_with_one_key_are_refused(ask):
    with pytest.raises(ValueError, match="same key"):
        ask([Request("p", "1 2 3"), Request("p", "4 5 6")])


def test_about_says_what_a_folder_holds_and_no_secret(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    ask(requests_for(4))
    about = json.loads(next(tmp_path.glob("*/about.json")).read_text())
    assert set(about) == {
        "subject", "model", "weights", "form", "adapter", "fraction",
        "engine", "version", "revision", "dtype",
    }  # fmt: skip
    assert about["subject"] == "o" and about["engine"] == "transformers"
    assert "secret" not in json.dumps(about)


@pytest.fixture(scope="module")
def shared_root(tmp_path_factory):
    return tmp_path_factory.mktemp("shared")


@settings(max_examples=25, deadline=None)
@given(places=st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=25), seed=st.integers(0, 3))
def test_whatever_was_asked_before_rows_are_the_engine_s_own(shared_root, manifest, organism, places, seed):
    """Each example finds what the earlier ones left: any overlap, in any order."""
    requests = [requests_for(1, place)[0] for place in places]
    sampling = replace(SAMPLING, seed=seed)
    opened = CompletionCache(shared_root, organism, base_subject("o"), manifest)
    given_back = [one for batch in opened.completions(requests, sampling) for one in batch]
    fresh = [one for batch in organism.generate(organism.render(requests), sampling) for one in batch]
    assert given_back == fresh
    assert opened.made + opened.reused == len(places)
