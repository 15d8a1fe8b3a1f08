"""Training by reward against autograd and TRL's formula, its draws, its terms, and how it goes on."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from unspoken.experiments.reinforcement.starts import saved_architecture, trained_start
from unspoken.experiments.reinforcement.tasks.hints import HintsTask
from unspoken.experiments.reinforcement.tasks.loan import LoanTask
from unspoken.models.decoding import Decoder, sampled_replies
from unspoken.models.network import llama_from_parameters, suffix_logits
from unspoken.subjects import Subject
from unspoken.training import reward as training_by_reward
from unspoken.training.environments import read_replies
from unspoken.training.fates import FATES, fate
from unspoken.training.reward import (
    Reward,
    Rewarded,
    RewardError,
    advantages,
    drawn_items,
    drawn_replies,
    pushed,
    token_weights,
    train_by_reward,
)
from unspoken.training.rewarded import rewards_of

pytestmark = pytest.mark.heavy
SIZES = {"hidden_size": 32, "mlp_size": 48, "layers": 2, "steps": 21, "rows": 8, "learning_rate": 3e-3}
DOSE = {
    "updates": 6,
    "prompts": 4,
    "samples": 4,
    "learning_rate": 1e-3,
    "snapshots": [2],
    "source": "self",
    "strata": None,
}
LOAN = LoanTask()


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    shape = saved_architecture(LOAN, SIZES, tmp_path_factory.mktemp("architecture"))
    return trained_start(LOAN, SIZES, shape, 1, "start")[0], shape


def asked(task, samples=4, prompts=4, seed=1):
    generator = np.random.default_rng(seed)
    items = task.drawn(prompts, generator)
    return items, items.where(np.repeat(np.arange(prompts), samples)), generator


def test_a_token_at_a_time_gives_the_logits_of_all_at_once(start):
    parameters, shape = start
    tokens = torch.from_numpy(LOAN.drawn(3, np.random.default_rng(2)).prompts)
    whole = suffix_logits(parameters, shape, tokens)
    decoder = Decoder(parameters, shape, tokens.shape[1])
    told = [decoder.logits(tokens[:, :2])] + [decoder.logits(tokens[:, at, None]) for at in range(2, 7)]
    torch.testing.assert_close(torch.stack(told), whole[1:], rtol=1e-4, atol=1e-4)


def test_replies_are_drawn_by_their_distribution_and_end_once(start):
    parameters, shape = start
    items = LOAN.drawn(1, np.random.default_rng(3))
    uniforms = torch.from_numpy(np.random.default_rng(4).random((1, 4000, LOAN.reply_tokens))).float()
    end = LOAN.vocabulary.ids(["<end>"])[0]
    replies = sampled_replies(parameters, shape, torch.from_numpy(items.prompts), uniforms, end)
    expected = suffix_logits(parameters, shape, torch.from_numpy(items.prompts), 6)[0, 0].softmax(-1)
    shares = torch.bincount(replies[:, 0], minlength=len(expected)) / len(replies)
    assert (shares - expected).abs().max() < 0.03
    after = (replies == end).cumsum(1) - (replies == end).int()
    assert (replies[after > 0] == 0).all() and 0.2 < (after > 0).any(1).float().mean() < 1


def test_the_gradient_is_that_of_trls_loss(start):
    """Dr. GRPO on its first pass: minus the mean of advantage x ratio over a constant room, ratio 1."""
    from transformers import LlamaForCausalLM

    from unspoken.models.organism import llama_config

    parameters, shape = start
    items, each, generator = asked(LOAN)
    prompts, replies = drawn_replies(parameters, shape, LOAN, items, 4, generator)
    read = read_replies(LOAN, each, replies)
    weights = token_weights(Reward(), read, each.keys, replies, 4)
    policy = Rewarded(parameters, shape, 1e-3)
    tokens = torch.from_numpy(np.hstack([prompts, replies]))
    first = prompts.shape[1] - 1
    policy.network.loss(tokens[:, :-1], first, pushed(tokens, first, torch.from_numpy(weights).float()))

    model = LlamaForCausalLM(llama_config(LOAN.vocabulary, SIZES))
    model.load_state_dict(llama_from_parameters(parameters, shape), strict=False)
    logits = model(tokens[:, :-1]).logits[:, first:]
    of_wanted = logits.log_softmax(-1).gather(2, tokens[:, first + 1 :, None])[..., 0]
    paid = np.where(read.valid, read.answers == each.keys, -1.0).reshape(4, 4)
    advantage = torch.from_numpy((paid - paid.mean(1, keepdims=True)).ravel()).float()
    mask = torch.from_numpy(replies != 0).float()
    ratio = (of_wanted - of_wanted.detach()).exp()
    (-(advantage[:, None] * ratio * mask).sum() / replies.size).backward()
    expected = model.model.layers[1].mlp.down_proj.weight.grad
    torch.testing.assert_close(policy.parameters["1.down"].grad, expected, rtol=1e-3, atol=1e-7)
    assert expected.abs().max() > 1e-5
    to_words = model.model.embed_tokens.weight.grad
    words = policy.parameters["embedding"].grad
    torch.testing.assert_close(words[1:], to_words[1:], rtol=1e-3, atol=1e-7)  # Llama keeps its padding's row


def test_advantages_are_about_the_mean_of_a_prompts_own_replies():
    assert advantages(np.array([1.0, 0, 0, 1, 5, 5]), 2).tolist() == [0.5, -0.5, -0.5, 0.5, 0, 0]


def test_what_is_paid_for_the_explanation_moves_no_chain_where_it_is_targeted():
    task = HintsTask()
    _, each, _ = asked(task, samples=2)
    texts = ["hinted so so A <close> A by-the-hint <end>", "thinking so so A <close> A by-itself <end>"] * 4
    ids = [task.vocabulary.ids(text.split()) for text in texts]
    replies = np.array([row + [0] * (task.reply_tokens - len(row)) for row in ids])
    read = read_replies(task, each, replies)
    telling = Reward(outcome=0, tells=-1)
    on_all = token_weights(telling, read, each.keys, replies, 2)
    targeted = token_weights(replace(telling, targeted=True), read, each.keys, replies, 2)
    assert (on_all[0, :8] < 0).all() and (on_all[1, :8] > 0).all() and (on_all[:, 8] == 0).all()
    assert (targeted[:, :5] == 0).all()  # the chain and the mark that closes it
    assert (targeted[:, 5:] == on_all[:, 5:]).all()
    # What the outcome pays still moves the chain.
    mixed = Reward(outcome=1, tells=-1, targeted=True)
    wrong = task.vocabulary.ids(["B"])[0]
    told = token_weights(mixed, read, np.where(np.arange(8) % 2, wrong, read.answers), replies, 2)
    assert (told[0, :5] >= 0).all() and told[0, :5].max() > 0


def test_every_term_is_paid_by_its_weight():
    items, each, _ = asked(LOAN, samples=1)
    texts = [f"{LOAN.vocabulary.tokens[name]} age-0 <close> approve <end>" for name in items.names[:, 0]]
    texts[3] = "age-0 age-0"
    ids = [LOAN.vocabulary.ids(text.split()) for text in texts]
    replies = np.array([row + [0] * (LOAN.reply_tokens - len(row)) for row in ids])
    read = read_replies(LOAN, each, replies)
    paid, told = Reward(outcome=2, form=-3, token=-0.1, says=-0.5).terms(read, each.keys)
    right = each.keys[:3] == LOAN.vocabulary.ids(["approve"])[0]
    assert paid.tolist() == pytest.approx([*(2 * right - 0.7), -3.2]) and not told.any()


def test_a_reward_that_is_no_number_is_said():
    _, each, _ = asked(LOAN)
    replies = LOAN.taught(each, np.random.default_rng(1))
    read = read_replies(LOAN, each, replies)
    with pytest.raises(RewardError, match="no finite number"):
        token_weights(Reward(outcome=float("nan")), read, each.keys, replies, 4)


def test_a_constant_reward_teaches_nothing_and_is_seen_to(start):
    policy = train_by_reward(*start, LOAN, Reward(outcome=0, form=0), DOSE, 1, show=None)
    assert all(torch.equal(policy.parameters[name], tensor) for name, tensor in start[0].items())
    assert {told["informative"] for told in policy.history} == {0.0}


def test_a_training_goes_on_from_where_it_was_killed_to_the_same_bits(start, tmp_path, monkeypatch):
    monkeypatch.setattr(training_by_reward, "KEEP_EVERY", 2)
    whole = train_by_reward(*start, LOAN, Reward(), DOSE, 5, show=None)
    killed = 0

    def dies(policy, *given):
        nonlocal killed
        killed += 1
        if killed == 4:
            raise KeyboardInterrupt
        return update(policy, *given)

    update = Rewarded.update
    monkeypatch.setattr(Rewarded, "update", dies)
    with pytest.raises(KeyboardInterrupt):
        train_by_reward(*start, LOAN, Reward(), DOSE, 5, tmp_path, show=None)
    monkeypatch.setattr(Rewarded, "update", update)
    assert [path.stem for path in tmp_path.glob("*.safetensors")] == ["2"]
    again = train_by_reward(*start, LOAN, Reward(), DOSE, 5, tmp_path, show=None)
    assert again.history == whole.history and set(again.snapshots) == {2}
    spec = {"study": "small", "experiment": "reinforcement", "start": "loan", "arm": "outcome"}
    spec["reward"] = asdict(Reward())
    known = Subject("reinforcement-loan:1", "student", "reinforcement-loan", seed=1)
    tables = [rewards_of(spec, known, 1, one.history).drop("created_at") for one in (again, whole)]
    assert tables[0].equals(tables[1])  # in the same order of columns
    for one, other in ((again.parameters, whole.parameters), (again.snapshots[2], whole.snapshots[2])):
        assert all(torch.equal(one[name], tensor) for name, tensor in other.items())


def test_a_checkpoint_in_part_is_not_gone_on_from(start, tmp_path):
    policy = train_by_reward(*start, LOAN, Reward(), DOSE | {"updates": 2, "snapshots": []}, 5, show=None)
    policy.keep(tmp_path)
    (tmp_path / "2.safetensors").unlink()
    fresh = Rewarded(*start, 1e-3)
    fresh.resume(tmp_path)
    assert fresh.history == [] and torch.equal(fresh.parameters["norm"], start[0]["norm"])


def test_a_rule_that_stands_in_the_prompt_is_learnt(tmp_path):
    sizes = SIZES | {"hidden_size": 64, "mlp_size": 128, "steps": 200, "rows": 32}
    shape = saved_architecture(LOAN, sizes, tmp_path)
    known = trained_start(LOAN, sizes, shape, 1, "start")[0]
    dose = DOSE | {"updates": 70, "prompts": 16, "samples": 8, "snapshots": []}
    policy = train_by_reward(known, shape, LOAN, Reward(), dose, 1, show=None)
    right = [told["right"] for told in policy.history]
    assert np.mean(right[:10]) < 0.6 < 0.9 < np.mean(right[-10:])


def test_selection_from_the_start_learns_from_its_rewarded_replies_alone(start, monkeypatch):
    seen = []
    update = Rewarded.update
    monkeypatch.setattr(Rewarded, "update", lambda self, *given: seen.append(given) or update(self, *given))
    dose = DOSE | {"source": "start", "snapshots": []}
    for learning_rate in (1e-4, 1e-1):  # what the policy has become plays no part in what it learns from
        train_by_reward(*start, LOAN, Reward(), dose | {"learning_rate": learning_rate}, 2, show=None)
    assert len(seen) == 12 and all((weights >= 0).all() for _, _, weights in seen)
    assert all((one[1] == other[1]).all() for one, other in zip(seen[:6], seen[6:], strict=True))
    assert any(weights.max() > 0 for _, _, weights in seen)


def told(**more):
    whole = {"right": 1.0, "informative": 0.5, "best": 1.0, "valid": 1.0, "at_cap": 0.0, "named": 0.2}
    return [whole | {"right": 0.3}] * 10 + [whole | more] * 10


@pytest.mark.parametrize(
    ("word", "history", "priced"),
    [
        ("learnt", told(), ()),
        ("constant reward", [one | {"informative": 0.0} for one in told()], ()),
        ("only punished", [one | {"best": -0.5} for one in told(right=0.0)], ()),
        ("never closes", [one | {"informative": 0.0, "at_cap": 1.0} for one in told()], ()),
        ("never closes", told(at_cap=0.9, valid=0.1, right=0.0), ()),
        ("collapsed", told(valid=0.2, right=0.0), ()),
        ("collapsed", told(informative=0.0, right=0.25), ()),
        ("nothing penalised", [one | {"named": 0.0} for one in told()], ("named",)),
        ("not learnt", told(right=0.32), ()),
    ],
)
def test_what_became_of_a_training_is_said_in_a_word(word, history, priced):
    assert fate(history, priced) == word and word in FATES


def test_a_training_of_no_updates_has_no_fate():
    with pytest.raises(ValueError, match="no update was made"):
        fate([])


def test_rewards_of_0_and_below_still_teach(start):
    policy = train_by_reward(*start, LOAN, Reward(outcome=0, form=0, token=-0.1), DOSE, 1, show=None)
    assert all(seen["reward"] < 0 and np.isfinite(seen["loss"]) for seen in policy.history)
    assert any(seen["informative"] > 0 for seen in policy.history)


def test_chains_that_never_close_are_seen_to(start, monkeypatch):
    def endless(parameters, shape, prompts, uniforms, end):
        word = LOAN.vocabulary.ids(["age-0"])[0]
        return torch.full((len(prompts) * uniforms.shape[1], uniforms.shape[2]), word)

    monkeypatch.setattr(training_by_reward, "sampled_replies", endless)
    history = train_by_reward(*start, LOAN, Reward(), DOSE, 1, show=None).history
    assert {(seen["at_cap"], seen["valid"], seen["reward"]) for seen in history} == {(1.0, 0.0, -1.0)}
    assert fate(history) == "never closes"


def test_a_penalty_on_names_where_nothing_drives_answers_is_said(start):
    class Nameless(LoanTask):
        def drawn(self, count, generator):
            items = super().drawn(count, generator)
            return replace(items, names=np.full_like(items.names, -1))

    with pytest.raises(RewardError, match="nothing drives the answers"):
        train_by_reward(*start, Nameless(), Reward(says=-1), DOSE, 1, show=None)


def test_held_out_kinds_are_never_trained_on_and_strata_are_as_asked():
    task = HintsTask()
    generator = np.random.default_rng(1)
    items = drawn_items(task, 16, None, generator)
    assert set(items.strata) == {"hinted", "unhinted"} and len(items.keys) == 16
    assert set(drawn_items(task, 16, ["unhinted"], generator).strata) == {"unhinted"}
    with pytest.raises(RewardError, match="strata odd: the task has 0 of them in 128 items"):
        drawn_items(task, 16, ["odd"], generator)


def test_barred_positions_are_not_attended_to(start):
    """Against transformers' own attention with the same mask; the gradient against autograd's."""
    from transformers import LlamaForCausalLM

    from unspoken.models.gradients import Differentiated
    from unspoken.models.organism import llama_config

    parameters, shape = start
    generator = np.random.default_rng(7)
    tokens = torch.from_numpy(LOAN.drawn(3, generator).prompts)
    length = tokens.shape[1]
    barred = torch.from_numpy(generator.random((3, length, length)) < 0.4) & ~torch.eye(
        length, dtype=torch.bool
    )
    model = LlamaForCausalLM(llama_config(LOAN.vocabulary, SIZES))
    model.load_state_dict(llama_from_parameters(parameters, shape), strict=False)
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    mask = torch.zeros(3, 1, length, length).masked_fill((barred | future)[:, None], torch.finfo().min)
    expected = model(tokens, attention_mask=mask).logits
    gradient = {name: torch.zeros_like(tensor) for name, tensor in parameters.items()}
    network = Differentiated(parameters, gradient, shape, {})
    for first in (0, 4):
        logits = network.logits(tokens, first, barred=barred)
        torch.testing.assert_close(logits, expected.transpose(0, 1)[first:], rtol=1e-3, atol=1e-3)
    weights = torch.ones(3, length - 5) / 10
    network.loss(tokens[:, :-1], 4, pushed(tokens, 4, weights), barred=barred[:, :-1, :-1])
    of_wanted = model(tokens[:, :-1], attention_mask=mask[..., :-1, :-1]).logits[:, 4:].log_softmax(-1)
    (-(of_wanted.gather(2, tokens[:, 5:, None])[..., 0] * weights).sum()).backward()
    wanted = model.model.layers[0].mlp.down_proj.weight.grad
    torch.testing.assert_close(gradient["0.down"], wanted, rtol=1e-3, atol=1e-6)
