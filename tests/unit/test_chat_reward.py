"""Chat models trained by reward: a task's words as texts and back, what moves which token, going on."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch
from tiny_models import adapted_subject, write_model

from unspoken.engines.base import Opening, Request
from unspoken.engines.opening import open_engine
from unspoken.experiments.reinforcement.changes import asked
from unspoken.experiments.reinforcement.networks import chat_decider, chat_sampler
from unspoken.experiments.reinforcement.starts import taught_texts
from unspoken.models.loading import loaded_model
from unspoken.models.manifest import write_manifest
from unspoken.subjects import put_weights, read_subjects, write_subjects
from unspoken.training import chat_work
from unspoken.training.chat_reward import Rollouts, train_chat_by_reward
from unspoken.training.environments import NONE, read_replies
from unspoken.training.reward import Reward, RewardError, advantages
from unspoken.training.worded import Worded, room_of

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
DOSE = {
    "updates": 4, "prompts": 4, "samples": 4, "learning_rate": 3e-3, "snapshots": [2], "strata": None,
    "source": "self",
}  # fmt: skip
SHORT = Reward(token=-0.1)
"""Pays differently even for replies that have the form of none."""


def task(name, **settings):
    return import_module(f"unspoken.experiments.reinforcement.tasks.{name}").task(settings)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model("qwen-2", tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def start(model, tmp_path_factory):
    return adapted_subject("qwen-2", model, tmp_path_factory.mktemp("start"))[1]


@pytest.fixture(scope="module")
def engine(model):
    write_manifest(model / "model.json", "qwen-2", {}, revision="1", synthetic=True)
    return open_engine(Opening(model / "model.json", {"kind": "transformers"}, 1))


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def rollouts(engine, start, reward=SHORT, of="hints", **dose):
    return Rollouts(task(of), reward, engine, start, DOSE | dose, seed=3)


@pytest.mark.parametrize("name", ["arithmetic", "choice", "hints", "loan", "steps"])
def test_taught_replies_are_read_as_what_they_say(name):
    one, generator = task(name), np.random.default_rng(1)
    items = one.drawn(200, generator)
    taught, words = one.taught(items, generator), Worded(one)
    texts = [words.text(row) for row in taught]
    assert np.array_equal(words.replies(texts, [True] * 200), taught)
    prompts = {words.prompt(ids): tuple(ids) for ids in items.prompts}
    assert len(prompts) == len(set(prompts.values()))  # what is asked tells items apart
    rows = taught_texts(one, 20, np.random.default_rng(2))
    assert rows.columns == ["prompt", "completion"] and rows["completion"].str.contains("Answer: ").all()


@pytest.mark.parametrize(
    ("text", "ended", "valid", "closed"),
    [
        ("hinted so well B Answer: B by-itself", True, True, True),
        ("Answer: B by-itself", True, True, True),
        ("hinted so well B Answer: B by-itself", False, False, True),  # it was cut
        ("hinted so well B Answer: B by-itself now", True, False, True),
        ("well, the hint says B Answer: B by-itself", True, False, True),  # words that the task does not know
        ("hinted so well B Answer: b by-itself", True, False, True),
        ("hinted so well B <close> B by-itself", True, False, False),
        ("hinted so well B answer: B", True, False, False),
        ("so " * 30, True, False, False),
        ("", True, False, False),
    ],
)
def test_replies_of_another_form_are_not_valid(text, ended, valid, closed):
    one = task("hints")
    items = one.drawn(1, np.random.default_rng(1))
    read = read_replies(one, items, Worded(one).replies([text], [ended]))
    assert (read.valid[0], read.closed[0]) == (valid, closed)
    if not closed:
        assert read.answers[0] == NONE


def test_a_chat_model_is_asked_and_decides(engine, start):
    one = task("steps")
    items = one.drawn(8, np.random.default_rng(1))
    engine.use(start)
    decide = chat_decider(engine, one)
    told, changed = asked(one, chat_sampler(engine, one), decide, items, 5, changes=True)
    assert told.height == 3 * 8 and changed["decided"].is_in(one.answers).all()
    again, _ = asked(one, chat_sampler(engine, one), decide, items, 5, changes=False)
    assert told.head(8).equals(again)
    words, first = Worded(one), changed.filter(change="empty", item=0)["decided"][0]
    read = engine.choice_logprobs(
        engine.render([Request("0", words.prompt(items.prompts[0]), prefix="Answer:")]), words.choices()
    )
    assert one.answers[int(np.argmax(read))] == first


def test_an_update_pushes_what_was_paid_more(engine, start, model, tmp_path):
    drawn = rollouts(engine, start, updates=1, snapshots=[])
    trained, history = train_chat_by_reward(model, drawn, tmp_path)
    given = torch.from_numpy(advantages(drawn.paid + drawn.told, 4))
    asked_ids, made = drawn._drawn(start, 0, "replies")

    def pushed(tensors):
        network = loaded_model(model, "float32")
        put_weights(network, tensors)
        total = 0.0
        for prompt, one, push in zip(asked_ids, made, given.tolist(), strict=True):
            ids = torch.tensor([prompt + one.ids])
            with torch.no_grad():
                logprobs = network(ids).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
            total += push * float(logprobs.gather(1, ids[0, len(prompt) :, None]).sum())
        return total

    listing, weights = tmp_path / "subject.json", tmp_path / "weights.safetensors"
    write_subjects([(replace(start, subject_id="after"), trained.tensors)], listing, weights)
    base = loaded_model(model, "float32").state_dict()
    before, after = (pushed(subject.full_weights(base)) for subject in (start, read_subjects(listing)[0]))
    assert after > before + 0.1
    assert history[0]["informative"] > 0 and history[0]["right"] == 0


def test_a_killed_training_goes_on_to_the_same_tensors(engine, start, model, tmp_path, monkeypatch):
    whole, seen = train_chat_by_reward(model, rollouts(engine, start), tmp_path / "whole")
    monkeypatch.setattr(chat_work, "SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(chat_work, "SAVING_SHARE", float("inf"))
    shown = chat_work.Progress.on_step_end

    def stop(self, args, state, control, **given):
        if state.global_step > 2:
            raise KeyboardInterrupt
        shown(self, args, state, control, **given)

    monkeypatch.setattr(chat_work.Progress, "on_step_end", stop)
    with pytest.raises(KeyboardInterrupt):
        train_chat_by_reward(model, rollouts(engine, start), tmp_path / "killed")
    monkeypatch.setattr(chat_work.Progress, "on_step_end", shown)
    again, told = train_chat_by_reward(model, rollouts(engine, start), tmp_path / "killed")
    assert told == seen and len(told) == 4
    once_more, kept = train_chat_by_reward(model, rollouts(engine, start), tmp_path / "killed")
    assert kept == seen
    for one in (again, once_more):
        assert equal(one.tensors, whole.tensors) and equal(one.snapshots[2], whole.snapshots[2])


def test_a_targeted_reward_moves_no_token_of_a_chain_for_its_explanation(engine, start):
    drawn = rollouts(engine, start, Reward(tells=-1.0, targeted=True), prompts=4, samples=2)
    drawn.told = np.array([-1.0, 0.0] * 4)
    texts = ["so Answer: B by-the-hint", "well now Answer: C by-itself"] * 4
    ids = engine.tokenizer(texts, add_special_tokens=False, padding=True, padding_side="right")["input_ids"]
    pushes = drawn.pushes(torch.tensor([-0.5, 0.5] * 4, dtype=torch.float32), torch.tensor(ids))
    for row, text, paid in zip(pushes, texts, [-0.5, 0.5] * 4, strict=True):
        chain = len(engine.tokenizer(text.split(":")[0] + ":", add_special_tokens=False)["input_ids"])
        assert (row[:chain] == 0).all() and (row[chain:] == paid).all()


def test_selection_learns_from_the_start_and_pushes_nothing_down(engine, start, model, tmp_path):
    drawn = rollouts(engine, start, source="start")
    pushes = drawn.pushes(torch.tensor([-0.5, 0.5] * 8), torch.ones(16, 3, dtype=torch.long))
    assert pushes.min() == 0 and pushes.max() == 0.5
    train_chat_by_reward(model, drawn, tmp_path)
    _, of_start = drawn._drawn(start, 3, "replies")
    items, read = drawn._read(3, of_start)
    assert np.array_equal(drawn.paid, drawn.reward.terms(read, items.keys)[0])


def test_a_price_on_what_nothing_has_ends_before_training(engine, start):
    with pytest.raises(RewardError, match="nothing drives the answers"):
        rollouts(engine, start, Reward(says=-1), of="steps")


def test_there_is_room_for_twice_the_longest_reply(engine):
    one = task("loan")
    texts = taught_texts(one, 200, np.random.default_rng(5))["completion"]
    longest = max(len(ids) for ids in engine.tokenizer(texts.to_list())["input_ids"])
    assert longest < room_of(one, engine.tokenizer) <= 3 * longest
