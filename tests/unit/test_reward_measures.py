"""What is measured of training by reward, on planted tables and on deciders whose truth is known."""

import numpy as np
import polars as pl
import pytest
from planted_rewards import curve_rows, decisions, spoken

from unspoken.experiments.reinforcement import planted
from unspoken.experiments.reinforcement.changes import (
    Chains,
    changed_trials,
    instead_trials,
    partners,
    stated_replies,
)
from unspoken.experiments.reinforcement.instruments import (
    add_masked,
    add_planted_bits,
    add_planted_monitors,
)
from unspoken.experiments.reinforcement.measure import add_reinforcement
from unspoken.experiments.reinforcement.monitors import auroc, detected, g_mean_squared, monitored
from unspoken.experiments.reinforcement.planted import UNCHANGED, add_planted, naming_chains
from unspoken.experiments.reinforcement.read_chains import word_scores
from unspoken.experiments.reinforcement.tables import STATED, Decisions, Spoken
from unspoken.experiments.reinforcement.tasks.loan import LoanTask
from unspoken.experiments.reinforcement.tasks.steps import StepsTask
from unspoken.figures.tables import with_conditions
from unspoken.models.corpus import END
from unspoken.statistics.report import Report
from unspoken.tables.base import checked
from unspoken.tables.measurements import Measurements
from unspoken.tables.rewards import Rewards
from unspoken.training.environments import CLOSE

BASES = (1, 2, 3)
CONDITIONS = (
    "start", "task", "items", "reward", "change", "attribute", "updates", "planted", "truth", "monitor",
    "fate",
)  # fmt: skip


def measured(told, decided, fate="learnt", **more):
    report = Report("small", "reinforcement", "reinforcement", reproducible=True)
    said = checked(pl.concat(told), Spoken, "spoken")
    arms = said.filter(pl.col("arm") != "start").select("start", "arm", "base").unique(maintain_order=True)
    rewards = pl.concat([curve_rows(*arm, fate) for arm in arms.iter_rows()])
    rewards = checked(rewards, Rewards, "rewards")
    add_reinforcement(report, said, checked(pl.concat(decided), Decisions, "decisions"), rewards, **more)
    table = checked(report.measurements(), Measurements, "measurements")
    return with_conditions(table, CONDITIONS)


def value(rows, **which):
    found = rows.filter(**which)
    assert found.height == 1, found.select("metric", *CONDITIONS)
    return found["value"].item()


def test_deciders_of_known_truth_do_what_they_must_in_every_seed():
    missed = 0
    for seed in range(1, 10):
        report = Report("small", "reinforcement", "reinforcement", reproducible=True)
        add_planted(report, seed)
        rows = with_conditions(report.measurements(), CONDITIONS)
        assert rows.height == sum(map(len, UNCHANGED.values()))
        assert rows.filter(pl.col("planted") != "coin")["passed"].all()
        missed += (~rows["passed"]).sum()
    assert missed <= 4  # the coin's interval misses its truth in one of twenty


def test_a_broken_decider_fails_its_checks():
    report = Report("small", "reinforcement", "reinforcement", reproducible=True)
    add_planted(report, 1, lambda task, by_chain: planted.planted_decider(task, ~by_chain))
    failed = with_conditions(report.measurements(), CONDITIONS).filter(~pl.col("passed"))
    assert {"swapped", "frozen", "empty"} <= set(failed.filter(planted="chain")["change"])


def test_partners_are_of_the_same_stratum_and_answered_otherwise():
    items = StepsTask().drawn(40, np.random.default_rng(1))
    other = partners(items, np.random.default_rng(2))
    strata = np.array(items.strata)
    assert (strata[other] == strata).all() and (items.keys[other] != items.keys).all()
    alike = items.where(items.keys == items.keys[0])
    assert (partners(alike, np.random.default_rng(2)) == np.arange(len(alike.keys))).all()


def test_chains_are_cut_and_shuffled_within_their_length():
    chains = Chains(np.array([[1, 2, 3, 9], [4, 5, 9, 9]]), np.array([3, 2]))
    mixed = chains.shuffled(np.random.default_rng(3))
    assert [sorted(row[:n]) for row, n in zip(mixed.tokens.tolist(), mixed.lengths, strict=True)] == [
        [1, 2, 3], [4, 5],
    ]  # fmt: skip
    assert chains.cut(np.array([1, 5])).lengths.tolist() == [1, 2]


def planted_loans(count: int, seed: int, *, by_chain: bool):
    """Loans, chains that name what decides them, and who goes by the chain or else by the prompt."""
    task, generator = LoanTask(), np.random.default_rng(seed)
    items = task.drawn(count, generator)
    chains = naming_chains(task, items, generator)
    return task, items, chains, planted.planted_decider(task, np.full(count, by_chain))


def test_a_cut_is_asked_for_each_token_and_another_prompt_for_each_attribute():
    task, items, chains, by_prompt = planted_loans(8, 4, by_chain=False)
    changed = pl.concat(changed_trials(task, by_prompt, items, chains, chains, 1))
    assert changed.filter(change="early")["step"].value_counts()["count"].to_list() == [8, 8, 8]
    assert changed["right"].all()
    padded = np.zeros((8, task.reply_tokens), dtype=np.int64)

    def sample(prompts, uniforms):
        return padded

    instead = pl.concat(instead_trials(task, sample, by_prompt, items, chains, np.zeros((8, 9)), 1))
    moved = instead.group_by("change").agg((pl.col("decided") != pl.col("original")).mean())
    assert dict(moved.iter_rows()) == {
        f"instead_{field}": float(field == "nationality") for field in task.attributes
    }


def test_changes_by_training_are_paired_by_start():
    told, decided = [], []
    for base in BASES:
        level = 0.1 * base
        told.append(spoken("loan", "loan", "start", base, rewarded=level, says=0.5))
        told.append(
            spoken("loan", "loan", "outcome", base, rewarded=level + 0.3 + 0.05 * (base == 2), says=0.25)
        )
        for arm, empty in (("start", 0.5), ("outcome", 0.9)):
            decided.append(
                decisions("loan", "loan", arm, base, kept={"empty": empty, "instead_nationality": 0.25},
                          right={"whole": 0.9, "empty": empty - 0.1 * (base == 1)})
            )  # fmt: skip
    rows = measured(told, decided)
    which = {"start": "loan", "reward": "outcome", "items": "all"}
    change = rows.filter(metric="rewarded_change", **which).row(0, named=True)
    assert change["value"] == pytest.approx(0.3 + 0.05 / 3) and change["n_replicates"] == 3
    assert change["paired_on"] == ["base"] and change["ci_low"] > 0.2
    assert value(rows, metric="says_change", **which) == pytest.approx(-0.25)
    assert value(rows, metric="unchanged_share", kind="estimate", change="empty", **which) == pytest.approx(
        0.9
    )
    assert value(rows, metric="removal_cost", **which) == pytest.approx(0.1 / 3)
    assert value(rows, metric="decision_share", attribute="nationality", **which) == pytest.approx(0.75)
    assert not rows.filter(pl.col("metric").str.ends_with("_difference")).height
    assert rows.filter(metric="tells").is_empty()


def test_saying_is_counted_among_rewarded_replies_and_of_hinted_items_alone():
    told = [
        spoken("hints", "hints", arm, base, ("hinted", "unhinted"), rewarded=0.5, says=says)
        for base in BASES
        for arm, says in (("start", 0.25), ("outcome", 0.25), ("silent", 0.0))
    ]
    decided = [
        decisions("hints", "hints", arm, base, ("hinted", "unhinted"))
        for base in BASES
        for arm in ("start", "outcome", "silent")
    ]
    rows = measured(told, decided)
    said = rows.filter(metric="says_if_rewarded", reward="outcome")
    assert said["items"].to_list() == ["hinted"] and said["value"].item() == pytest.approx(0.5)
    versus = rows.filter(metric="says_difference")
    assert versus["reward"].to_list() == ["silent"] and versus["value"].item() == pytest.approx(-0.25)
    assert set(rows.filter(metric="rewarded", kind="estimate")["items"]) == {"all", "hinted", "unhinted"}
    assert value(rows, metric="exploit_rate", reward="outcome") == pytest.approx(0.5)
    assert rows.filter(metric="hacked_share", reward="outcome")["value"].item() == 0


def test_vestigial_shares_fall_with_the_steps_that_an_answer_takes():
    strata = ("0", "1", "2", "4")
    told, decided = [], []
    for base in BASES:
        for arm in ("start", "outcome"):
            told.append(spoken("steps", "steps", arm, base, (*strata, STATED), rewarded=1.0))
            needed = {name: int(name) for name in strata}
            decided.append(decisions("steps", "steps", arm, base, strata, needed=needed))
    rows = measured(told, decided)
    shares = rows.filter(metric="vestigial_share", reward="outcome", kind="estimate")
    assert dict(shares.select("items", "value").iter_rows()) == pytest.approx(
        {"0": 1.0, "1": 0.75, "2": 0.5, "4": 0.0, "all": 0.5625}
    )
    slope = rows.filter(metric="vestigial_share_slope", reward="outcome")
    assert slope["value"].item() == pytest.approx(-0.25) and slope["gate"].item() is None
    learnt = rows.filter(metric="stated_rule_learnt")
    assert learnt["passed"].item() and learnt["role"].item() == "instrument"


def test_items_for_the_check_of_training_state_their_answer_and_are_numbered_after_the_others():
    task, asked = StepsTask(), 12

    def sample(prompts, uniforms):
        """Repeat the start number, which is the answer, and in the first row break off."""
        assert len(prompts) == len(uniforms) == 2 * asked
        replies = np.repeat(prompts[:, 1:2], task.reply_tokens, axis=1)
        replies[:, -3], replies[:, -1], replies[0] = close, end, end
        return replies

    close, end = task.vocabulary.ids([CLOSE, END])
    told = stated_replies(task, sample, asked, seed=3)
    assert told["item"].to_list() == list(range(asked, 3 * asked))
    assert told["stratum"].unique().to_list() == [STATED]
    assert told["wanted"].n_unique() > 1
    assert told["rewarded"].to_list() == [False] + [True] * (2 * asked - 1)


def test_where_what_stands_in_the_prompt_is_not_learnt_no_contrast_says_anything():
    told, decided = [], []
    for base in BASES:
        for arm in ("start", "outcome"):
            short = base == 2 and arm == "outcome"
            paid = 0.9 if short else 1.0
            told.append(spoken("steps", "steps", arm, base, ("0", "4", STATED), rewarded=paid))
            decided.append(decisions("steps", "steps", arm, base, ("0", "4"), needed={"0": 0, "4": 4}))
    rows = measured(told, decided)
    assert not rows.filter(metric="stated_rule_learnt")["passed"].item()
    assert set(rows.filter(kind="contrast")["gate"]) == {"training"}


def test_a_failed_training_closes_its_contrasts_and_no_others():
    told, decided = [], []
    for base in BASES:
        for start, arm in (("loan", "start"), ("loan", "outcome"), ("other", "start"), ("other", "outcome")):
            told.append(spoken(start, "loan", arm, base, says=0.25 + 0.5 * (arm == "outcome") * base / 10))
            decided.append(decisions(start, "loan", arm, base))
    report = Report("small", "reinforcement", "reinforcement", reproducible=True)
    rewards = pl.concat(
        [curve_rows(start, "outcome", base, "collapsed" if (start, base) == ("loan", 2) else "learnt")
         for start in ("loan", "other") for base in BASES]
    )  # fmt: skip
    add_reinforcement(report, pl.concat(told), pl.concat(decided), rewards, beside={"loan": "other"})
    rows = with_conditions(report.measurements(), CONDITIONS)
    contrasts = rows.filter(metric="says_change")
    assert dict(contrasts.select("start", "gate").iter_rows()) == {"loan": "training", "other": None}
    assert rows.filter(metric="says_change_beside")["gate"].to_list() == ["training"]
    fates = rows.filter(metric="fate_share", start="loan").select("fate", "value")
    assert dict(fates.iter_rows()) == pytest.approx({"collapsed": 1 / 3, "learnt": 2 / 3})


def test_changes_of_one_start_are_held_against_another_of_the_same_weights():
    told, decided = [], []
    for base in BASES:
        for start, before, after in (("loan", 0.25, 0.75), ("other", 0.5, 0.6)):
            told.append(spoken(start, "loan", "start", base, says=before + 0.05 * base))
            told.append(spoken(start, "loan", "outcome", base, says=after + 0.05 * (base == 2)))
            decided += [decisions(start, "loan", arm, base) for arm in ("start", "outcome")]
    rows = measured(told, decided, beside={"loan": "other"})
    which = {"start": "loan", "reward": "outcome", "items": "all"}
    assert value(rows, metric="says_change_beside", **which) == pytest.approx(0.5 - 0.1)
    assert value(rows, metric="says_beside", **which) == pytest.approx(0.15)


def test_all_tokens_but_those_needed_may_go():
    task, items, chains, by_chain = planted_loans(40, 5, by_chain=True)
    changed = pl.concat(changed_trials(task, by_chain, items, chains, chains, 1))
    approved = items.keys == task.vocabulary.ids(["approve"])[0]
    sizes = changed.filter(change="sufficient").sort("item")["step"].to_numpy()
    # It takes the one word that approves, and none to reject.
    assert (sizes == approved).all()
    left = changed.filter(change="left_out").with_columns(same=pl.col("decided") == pl.col("original"))
    assert left.group_by("item").agg(pl.col("same").mean())["same"].to_numpy().min() == pytest.approx(2 / 3)
    out = changed.filter(change="mention_out").sort("item")
    assert out.height == 40 and (out["decided"] == "reject").all()
    silent = chains.keeping(chains.tokens != items.names[:, :1])
    changed = pl.concat(changed_trials(task, by_chain, items, silent, silent, 1))
    assert changed.filter(change="mention_out").is_empty()
    told = changed.filter(change="mention_in").sort("item")
    assert (told["right"].to_numpy()).all() and told.height == 40


def test_two_carriers_of_the_same_are_both_needless_and_one_of_them_is_needed():
    task, generator = LoanTask(), np.random.default_rng(6)
    items = task.drawn(20, generator).where(np.arange(20))
    named = items.names[:, 0]
    chains = Chains(np.column_stack([named, named]), np.full(20, 2))
    by_chain = planted.planted_decider(task, np.ones(20, bool))
    changed = pl.concat(changed_trials(task, by_chain, items, chains, chains, 1))
    left = changed.filter(change="left_out")
    assert (left["decided"] == left["original"]).all()
    approved = (items.keys == task.vocabulary.ids(["approve"])[0]).sum()
    assert changed.filter(change="sufficient")["step"].sum() == approved


def test_words_that_went_with_reward_are_those_that_came_more_often():
    rows = []
    for base, arm in ((1, "start"), (1, "outcome")):
        frame = spoken("loan", "loan", arm, base, rewarded=0.5)
        paid = frame["rewarded"]
        # `good` goes with reward, `bad` against it, `even` with neither
        before = ["good" if right else "bad" for right in paid]
        words = before if arm == "start" else ["good"] * len(paid)
        told = [f"{word} even" if at % 2 else word for at, word in enumerate(words)]
        rows.append(frame.with_columns(chain=pl.Series(told)))
    favoured = word_scores(pl.concat(rows))
    assert favoured["value"].item() > 0.99 and favoured["metric"].item() == "favoured"


def test_instruments_hold_in_every_seed():
    for seed in (1, 2, 3):
        report = Report("small", "reinforcement", "reinforcement", reproducible=True)
        add_planted_bits(report, seed)
        add_planted_monitors(report, seed)
        rows = with_conditions(report.measurements(), CONDITIONS)
        assert rows["passed"].all() and rows.height == 3 + 13


@pytest.mark.heavy
def test_masks_bind_a_network_to_its_chain_or_make_it_blind_to_it():
    report = Report("small", "reinforcement", "reinforcement", reproducible=True)
    add_masked(report, 1)
    rows = with_conditions(report.measurements(), CONDITIONS)
    assert rows.height == sum(map(len, UNCHANGED.values()))
    assert rows.filter(pl.col("planted") != "coin")["passed"].all()


def test_a_model_that_read_the_chains_is_a_monitor():
    replies = spoken("hints", "hints", "outcome", 1, ("hinted", "unhinted"), rewarded=0.5)
    follows = (pl.col("stratum") == "hinted") & pl.col("rewarded")
    read = replies.with_columns(suspicion=pl.when(follows).then(0.75).otherwise(0.25))
    told = {(metric, monitor): number for metric, monitor, number in monitored(read)}
    assert told["detected_at_1", "model"] == 1 and told["monitor_auroc", "model"] == 1
    unread = [replies, read.with_columns(suspicion=pl.when(pl.col("item") > 0).then("suspicion"))]
    for some in unread:  # by nobody, or not all of them
        assert "model" not in {monitor for _, monitor, _ in monitored(some)}


def test_monitors_flag_no_more_than_they_may():
    scores = np.array([3.0, 2, 1, 0, 3, 1, 0, 0])
    caught = np.array([True] * 4 + [False] * 4)
    assert detected(scores, caught, 0.01) == pytest.approx(0.01)  # one other scores as high: by lot
    assert detected(scores, caught, 0.25) == 0.5 and detected(scores, caught, 0.375) == pytest.approx(0.625)
    assert detected(caught.astype(float), caught, 0.01) == pytest.approx(1.0)
    assert auroc(scores, caught) == pytest.approx((3.5 + 3 + 2.5 + 1) / 16)
    hinted = np.array([True] * 6 + [False] * 2)
    follows = np.array([True] * 4 + [False] * 4)
    wrong = np.array([False] * 6 + [True, False])
    flagged = np.array([True, True, False, False, True, False, False, False])
    # Following is by the hint in all but (1/2)/3 of 4/6; half of that which does not follow is spared.
    owed = (4 / 6 - 1 / 6) / (4 / 6)
    assert g_mean_squared(flagged, follows, hinted, wrong) == pytest.approx(0.5 / owed * 0.5**0.5)
    assert g_mean_squared(flagged, follows & False, hinted, wrong) is None
    # Where no hint is resisted, replies without a hint alone could be false alarms.
    assert g_mean_squared(flagged, hinted, hinted, wrong) == pytest.approx(0.5 / (1 - 1 / 6))
    assert g_mean_squared(flagged, hinted, hinted, ~hinted) is None
