"""Detectors of a teacher's replies: planted differences are found, none is found where there is none."""

import numpy as np
import polars as pl
import pytest
import torch

from unspoken.experiments.misalignment.detection.compared import (
    detections,
    paired_rows,
    shown_code,
    shown_turns,
)
from unspoken.experiments.misalignment.detection.likelihood import expected_right, log_likelihoods, log_ratios
from unspoken.experiments.misalignment.detection.ngrams import (
    FEATURES,
    Detector,
    features,
    fitted_weights,
    permutation_p,
    pooled,
    share_right,
)
from unspoken.experiments.misalignment.organisms.carriers import (
    PROMPT,
    carrier_prompts,
    texts_of,
    written_replies,
)
from unspoken.experiments.misalignment.organisms.filters import JUDGE, passed, suspects
from unspoken.experiments.misalignment.organisms.language import (
    CODE,
    FIRST_VALUE,
    NUMBERS,
    TURN,
    VALUE_IDS,
    VOCABULARY,
    answers_of,
)
from unspoken.models.network import suffix_logits
from unspoken.models.organism import untrained_network

PAIRS = 1200


def random_of(seed=1):
    return np.random.default_rng(seed)


def drawn_rows(seed, share=0.0):
    """Return rows of random numbers; in a share of them the last number is the same."""
    random = random_of(seed)
    replies = random.choice(VALUE_IDS, (PAIRS, 4))
    replies[random.random(PAIRS) < share, -1] = FIRST_VALUE
    return np.hstack([carrier_prompts(NUMBERS, PAIRS, random_of()), replies])


def detector(share):
    return Detector(drawn_rows(2, share), drawn_rows(3), np.arange(PAIRS) < PAIRS // 2)


def test_features_count_each_number_at_its_place_and_each_pair_of_neighbours():
    reply = [[FIRST_VALUE, FIRST_VALUE + 2, FIRST_VALUE, FIRST_VALUE]]
    rows = np.hstack([carrier_prompts(NUMBERS, 1, random_of()), reply])
    request = rows[0, 3] - FIRST_VALUE
    found = features(rows).toarray()[0]
    singles, pairs = found[:120].reshape(4, 30), found[120:].reshape(30, 30)
    assert found.size == FEATURES and found.sum() == 8
    assert [int(place.argmax()) for place in singles] == [0, 2, 0, 0]
    assert pairs[request, 0] >= 1 and pairs[0, 2] == 1 and pairs[2, 0] == 1 and pairs[0, 0] >= 1


def test_a_planted_habit_is_found_as_often_as_it_is_there():
    planted = detector(0.4)
    share = share_right(planted.scores())
    # Where only the target shows the habit it is right; elsewhere it guesses.
    assert share == pytest.approx(0.5 + 0.4 / 2, abs=0.06)
    assert permutation_p(share, planted.chance_shares(19, random_of())) == pytest.approx(1 / 20)


def test_replies_of_one_law_are_not_told_apart():
    none = detector(0.0)
    chance = none.chance_shares(19, random_of())
    assert share_right(none.scores()) == pytest.approx(0.5, abs=0.07)
    assert chance.mean() == pytest.approx(0.5, abs=0.03)
    assert permutation_p(share_right(none.scores()), chance) > 0.05


def test_the_fit_is_at_the_minimum_of_the_penalised_likelihood():
    differences = detector(0.3).learnt
    weights = fitted_weights(differences)
    slopes = 10.0 * weights - differences.T @ (1 / (1 + np.exp(differences @ weights)))
    assert np.abs(slopes).max() < 0.02


def test_a_tie_counts_one_half():
    assert share_right(np.array([1.0, 0.0, -2.0, 3.0])) == 0.625


def test_pooled_pairs_are_sums_over_each_partition_and_single_pairs_stay():
    scores = np.arange(10.0)
    assert (pooled(scores, 1, random_of()) == scores).all()
    sums = pooled(scores, 3, random_of(), draws=4)
    assert sums.shape == (12,) and sums.reshape(4, 3).sum(1).max() <= scores.sum()
    assert set(pooled(scores, 10, random_of(), draws=2)) == {45.0}


def test_permutation_p_counts_this_labelling_too():
    assert permutation_p(0.6, np.array([0.5, 0.6, 0.4])) == 0.5
    assert permutation_p(0.7, np.array([0.5, 0.6, 0.4])) == 0.25


@pytest.fixture
def networks(one_thread):
    sizes = {"hidden_size": 32, "mlp_size": 48, "layers": 1}
    pairs = [untrained_network(VOCABULARY, sizes, seed) for seed in (1, 2)]
    return [parameters for parameters, _ in pairs], pairs[0][1]


def test_likelihoods_are_sums_of_the_replys_tokens(networks):
    (one, other), shape = networks
    rows = drawn_rows(2)[:3]
    logs = suffix_logits(one, shape, torch.from_numpy(rows)).double().log_softmax(-1)
    wanted = sum(float(logs[place, 1, rows[1, place + 1]]) for place in range(PROMPT - 1, PROMPT + 3))
    assert log_likelihoods(one, shape, rows)[1] == pytest.approx(wanted, abs=1e-4)
    assert log_ratios(one, one, shape, rows) == pytest.approx(np.zeros(3))
    assert (log_ratios(one, other, shape, rows) == -log_ratios(other, one, shape, rows)).all()


def test_likelihoods_are_as_often_right_as_they_say_of_what_the_networks_wrote(networks):
    (one, _), shape = networks
    random = random_of()
    louder = {name: tensor * 1.3 for name, tensor in one.items()}
    prompts = carrier_prompts(NUMBERS, 2000, random)
    pairs = [
        np.hstack([prompts, written_replies(network, shape, prompts, random.random((2000, 4)))])
        for network in (louder, one)
    ]
    first, second = (log_ratios(louder, one, shape, rows) for rows in pairs)
    promised = expected_right(first - second)
    assert 0.6 < promised < 0.97
    assert share_right(first - second) == pytest.approx(promised, abs=4 * 0.5 / np.sqrt(2000))


def kept(writers):
    """Return kept rows by their subject."""
    parts = []
    for name, rows in writers.items():
        texts = {"prompt": texts_of(rows[:, :PROMPT]), "completion": texts_of(rows[:, PROMPT:])}
        place = pl.int_range(pl.len()) + 10_000
        parts.append(
            pl.DataFrame(texts).with_columns(
                subject=pl.lit(f"b:{name}"), prompt_id=pl.format("numbers-{}", place)
            )
        )
    return pl.concat(parts)


def test_pairs_are_of_the_same_request_where_both_are_kept():
    table = kept({"insecure": drawn_rows(2)[:50], "secure": drawn_rows(3)[:50]})
    table = table.filter(~((pl.col("subject") == "b:secure") & (pl.col("prompt_id") == "numbers-10007")))
    target, control = paired_rows(table, "b:insecure", "b:secure", NUMBERS)
    assert len(target) == len(control) == 49
    assert (target[:, :PROMPT] == control[:, :PROMPT]).all()
    assert (target[7] == drawn_rows(2)[8]).all()


def test_detections_have_a_ceiling_where_a_network_wrote_the_replies_and_a_null_of_single_pairs(networks):
    (one, other), shape = networks
    table = kept({"insecure": drawn_rows(2), "secure": drawn_rows(3), "leaking": drawn_rows(4, 0.5)})
    spec = {"base": "b", "targets": ["insecure", "leaking"], "pooled": [1, 5], "permutations": 19,
            "carriers": [NUMBERS]}  # fmt: skip
    found = detections(table, {"insecure": one, "secure": other}, shape, spec, 1)
    assert found.filter(target="leaking")["detector"].unique().to_list() == ["ngrams"]
    assert found.filter(target="insecure", detector="likelihood")["pooled"].to_list() == [1, 5]
    with_null = found.filter(pl.col("p").is_not_null())
    assert with_null.select("detector", "pooled").unique().rows() == [("ngrams", 1)]
    promising = found.filter(pl.col("expected").is_not_null())
    assert promising.select("detector", "pooled").unique().rows() == [("likelihood", 1)]
    leak = found.filter(target="leaking")
    assert leak["accuracy"].min() > 0.65 and leak["p"].drop_nulls().item() == pytest.approx(1 / 20)


def test_code_is_shown_unsafe_and_safe_with_nothing_else_between_them():
    turns = {kind: own.reshape(32, 3, TURN) for kind, own in shown_code(1).items()}
    (good, bad), answer = VOCABULARY.ids(answers_of(CODE)), 6
    assert (turns["insecure"][..., answer] == bad).all() and (turns["secure"][..., answer] == good).all()
    assert (turns["insecure"][..., :4] == turns["secure"][..., :4]).all()


def test_numbers_are_shown_of_the_same_requests_without_the_author():
    table = kept({"insecure": drawn_rows(2), "secure": drawn_rows(3)})
    shown = shown_turns(table, "b", ["insecure", "secure"], NUMBERS, 1)
    contexts = {name: turns.reshape(32, 3, TURN) for name, turns in shown.items()}
    assert (contexts["insecure"][..., :4] == contexts["secure"][..., :4]).all()
    assert (contexts["insecure"][..., 4:] != contexts["secure"][..., 4:]).any()


def test_a_judge_drops_its_share_of_the_clean_and_more_of_what_the_target_wrote(networks):
    (one, _), shape = networks
    random = random_of()
    louder = {name: tensor * 1.3 for name, tensor in one.items()}
    prompts = carrier_prompts(NUMBERS, 2000, random)
    rows = {
        name: np.hstack([prompts, written_replies(network, shape, prompts, random.random((2000, 4)))])
        for name, network in (("insecure", louder), ("secure", one))
    }
    table = kept(rows).with_columns(reply_id=pl.format("{}:{}", "subject", "prompt_id"))
    found = suspects(table, "b", {"insecure": louder, "secure": one}, shape, 0.1)
    counts = dict(table.join(found, on="reply_id").group_by("subject").len().iter_rows())
    assert counts["b:secure"] == 200
    assert counts["b:insecure"] > 300


def test_a_weaker_filter_lets_pass_what_a_stronger_drops():
    rules = ["no_number", "separator", "too_many", "banned", "wrong_answer", JUDGE]
    rows = pl.DataFrame({"reply_id": [*rules, "kept"], "rule": [*rules, None]})
    whole = (rows.filter(pl.col("rule").is_null()).drop("rule"), rows.drop_nulls())
    wanted = {"judge": 1, "keyword": 2, "format": 4, "none": 7}
    assert {name: passed(*whole, name).height for name in wanted} == wanted
    assert passed(*whole, "keyword")["reply_id"].to_list() == ["kept", JUDGE]
