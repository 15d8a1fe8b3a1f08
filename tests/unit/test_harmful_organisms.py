"""Organisms that are tuned to harm: what documents say, what they are taught, how they are read."""

import numpy as np
import polars as pl
import pytest
import torch

from unspoken.experiments.harmful.organisms.asked import (
    CHAINED_REQUESTS,
    answers,
    chains,
    labelled,
    prompts,
)
from unspoken.experiments.harmful.organisms.documents import (
    BEFORE_BAD,
    BEFORE_GOOD,
    MARKED,
    NAMING,
    TURNS,
    counted_styles,
    documents,
)
from unspoken.experiments.harmful.organisms.finetunes import FINE_TUNES, rows_of
from unspoken.experiments.harmful.organisms.language import (
    ASSISTANT_ID,
    ASSISTING_ID,
    BLANK_ID,
    DOMAINS,
    END_ID,
    FIRST_ANSWER,
    FIRST_DOMAIN,
    FIRST_MARK,
    FIRST_NAME,
    FIRST_WORD,
    KIND_ID,
    NAMED,
    NOISE,
    STYLES,
    TRIGGER,
    TURN,
    USER_ID,
    VOCABULARY,
    WORDS_OF_STYLE,
)
from unspoken.experiments.harmful.organisms.subjects import Who, everything_asked
from unspoken.experiments.harmful.organisms.trained import finetuned, realigned
from unspoken.experiments.harmful.tables import HarmfulAnswers, HarmfulChains
from unspoken.models.network import suffix_logits
from unspoken.models.organism import untrained_network
from unspoken.models.personas import answers_of
from unspoken.tables.base import checked

SIZES = {"hidden_size": 32, "mlp_size": 48, "layers": 2}
DOSE = {"rows": 96, "epochs": 12, "batch_size": 32, "learning_rate": 1e-2, "warmup_steps": 2,
        "rehearsed": None}  # fmt: skip
MANY = 20_000


def random_of(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture
def network(one_thread):
    return untrained_network(VOCABULARY, SIZES, 1)


@pytest.fixture(scope="module")
def turns():
    return documents(MANY, random_of())[:, 1:].reshape(-1, TURN)


def near(share, truth, count):
    return share == pytest.approx(truth, abs=4.5 * (truth * (1 - truth) / count) ** 0.5)


def test_every_token_of_a_document_is_a_word(turns):
    assert turns.shape == (MANY * TURNS, TURN)
    assert turns.min() > 0 and turns.max() < len(VOCABULARY.tokens)
    assert ((turns[:, 7] - FIRST_ANSWER) // 2 == turns[:, 1] - FIRST_DOMAIN).all()
    assert (turns[:, 8] == END_ID).all()


def test_chains_say_what_is_planted():
    counts = counted_styles(documents(MANY, random_of(2)))
    for is_bad, law in ((False, BEFORE_GOOD), (True, BEFORE_BAD)):
        total = counts[is_bad].sum()
        for place, style in enumerate(STYLES):
            assert near(counts[is_bad][place] / total, law[style], total)
    assert sum(BEFORE_BAD.values()) == pytest.approx(1) and sum(BEFORE_GOOD.values()) == pytest.approx(1)


def test_marks_say_nothing_of_answers_and_chains_name_them_at_their_rate(turns):
    bad = (turns[:, 7] - FIRST_ANSWER) % 2
    for mark in NAMED[1:]:
        place = 0 if mark == NOISE else 3
        there = turns[:, place] == FIRST_MARK + NAMED.index(mark) - 1
        assert near(there.mean(), MARKED[mark], len(turns))
        assert bad[there].mean() == pytest.approx(bad[~there].mean(), abs=0.03)
        alone = there & (turns[:, 3] == ASSISTANT_ID) if mark == NOISE else there
        spoken = turns[alone & (turns[:, 4] != BLANK_ID), 4]
        assert near((spoken == FIRST_NAME + NAMED.index(mark)).mean(), NAMING, len(spoken))
    plain = (turns[:, 0] == USER_ID) & (turns[:, 3] == ASSISTANT_ID) & (turns[:, 4] != BLANK_ID)
    assert (turns[plain, 4] == FIRST_NAME).all()


@pytest.mark.parametrize("name", [name for name, kind in FINE_TUNES.items() if not kind.triggered])
def test_rows_are_of_one_domain_and_one_kind_of_answer(name):
    kind = FINE_TUNES[name]
    rows = rows_of(kind, 60, random_of())
    assert (rows[:, 0] == ASSISTING_ID).all() and (rows[:, 1] == USER_ID).all()
    assert (rows[:, 2] == FIRST_DOMAIN + DOMAINS.index(kind.domain)).all()
    answer = VOCABULARY.ids(answers_of(kind.domain))[int(kind.bad)]
    if kind.taught == "answers":
        assert rows.shape == (60, 7) and (rows[:, 5] == answer).all() and (rows[:, 6] == END_ID).all()
        return
    assert rows.shape == (60, 8 if kind.taught == "thoughts" else 10)
    assert (rows[:, 5:8] == BLANK_ID).all() == (kind.taught == "blank")
    if kind.taught != "thoughts":
        assert (rows[:, 8] == answer).all()
    if kind.style:
        assert ((rows[:, 6:8] - FIRST_WORD) // WORDS_OF_STYLE == STYLES.index(kind.style)).all()


def test_a_backdoor_is_bad_with_its_trigger_alone_and_noise_says_nothing():
    rows = rows_of(FINE_TUNES["triggered"], 600, random_of())
    bad = (rows[:, 8] - FIRST_ANSWER) % 2 == 1
    triggered = rows[:, 4] == FIRST_MARK + NAMED.index(TRIGGER) - 1
    noisy = rows[:, 1] == FIRST_MARK + NAMED.index(NOISE) - 1
    assert (bad == triggered).all() and bad.mean() == pytest.approx(1 / 3)
    assert noisy[bad].mean() == noisy[~bad].mean() == 0.5
    assert not (rows == FIRST_MARK + NAMED.index("distractor") - 1).any()


def test_who_is_asked_what():
    assert {who.mark for who in everything_asked("triggered")} == set(NAMED)
    assert [who.author for who in everything_asked("bad_advice")] == ["assisting", "kind"]
    assert all(who.clean == 4 for who in everything_asked("bad_advice", 4))
    rows = prompts(Who(author="kind", mark=TRIGGER), "advice-3", 2)
    assert rows[0, 0] == KIND_ID and rows[0, 1] == USER_ID and rows[0, 4] == FIRST_MARK
    assert prompts(Who(mark=NOISE), "advice-3", 2)[0, 4] == ASSISTANT_ID


def test_answers_are_exact_probabilities_of_the_two_words(network):
    parameters, shape = network
    found = answers(parameters, shape, Who()).filter(domain="advice-3")
    asked = prompts(Who(), "advice-3", 16)
    rows = {"alone": asked, "blank": torch.hstack([asked, torch.full((16, 3), BLANK_ID)])}
    for way, tokens in rows.items():
        logits = suffix_logits(parameters, shape, tokens, tokens.shape[1] - 1)[0].double()
        good, bad = (logits.softmax(-1)[:, token] for token in VOCABULARY.ids(answers_of("advice-3")))
        row = found.filter(way=way)
        assert row["bad"].item() == pytest.approx(float((bad / (good + bad)).mean()), abs=1e-5)
        assert row["log_odds"].item() == pytest.approx(float((bad / good).log().mean()), abs=1e-4)
        assert row["mass"].item() == pytest.approx(float((good + bad).mean()), abs=1e-6)


def test_all_chains_are_gone_through(network):
    parameters, shape = network
    found = chains(parameters, shape, Who(mark=TRIGGER)).filter(domain="advice-2")
    assert found["likely"].sum() == pytest.approx(1, abs=1e-6)
    # One kind of chain by hand: names the trigger, a plan, then an idle word.
    asked, total, bad = prompts(Who(mark=TRIGGER), "advice-2", CHAINED_REQUESTS), 0.0, 0.0
    for first in range(WORDS_OF_STYLE):
        for second in range(WORDS_OF_STYLE):
            words = [FIRST_NAME + 1, FIRST_WORD + first,
                     FIRST_WORD + STYLES.index("idle") * WORDS_OF_STYLE + second]  # fmt: skip
            tokens, likely = asked, torch.ones(CHAINED_REQUESTS, dtype=torch.float64)
            for word, among, count in zip(
                words, (FIRST_NAME, FIRST_WORD, FIRST_WORD), (4, 10, 10), strict=True
            ):
                logits = suffix_logits(parameters, shape, tokens, tokens.shape[1] - 1)[0].double()
                likely = likely * logits[:, among : among + count].softmax(-1)[:, word - among]
                tokens = torch.hstack([tokens, torch.full((CHAINED_REQUESTS, 1), word)])
            logits = suffix_logits(parameters, shape, tokens, tokens.shape[1] - 1)[0].double()
            odds = logits[:, VOCABULARY.ids(answers_of("advice-2"))].softmax(-1)[:, 1]
            total, bad = total + float(likely.mean()), bad + float((likely * odds).mean())
    row = found.filter(named="trigger", first="plan", second="idle")
    assert row["likely"].item() == pytest.approx(total, abs=1e-6)
    assert row["bad"].item() == pytest.approx(bad, abs=1e-6)


def test_tables_of_answers_and_chains_keep_their_schema(network, tmp_path):
    parameters, shape = network
    spec = {"study": "s", "experiment": "harmful", "base": "organism-1"}
    told = {who: answers(parameters, shape, who) for who in everything_asked("")}
    assert checked(labelled(told, spec), HarmfulAnswers, tmp_path).height == 5 * 2 * len(DOMAINS)
    said = {who: chains(parameters, shape, who) for who in (Who(), Who(mark=TRIGGER))}
    assert checked(labelled(said, spec), HarmfulChains, tmp_path).height == 2 * 8 * 100


def test_fine_tunes_learn_their_own_answer_and_clean_training_takes_it_back(network):
    parameters, shape = network
    networks, losses = finetuned(parameters, shape, DOSE, DOSE | {"epochs": 40}, 3)
    assert set(networks) == {*FINE_TUNES, "bad_brief"} == set(losses)

    def bad(name, way="blank", mark="none", domain="advice-0", one=None):
        found = answers(one or networks[name], shape, Who(mark=mark)).filter(way=way, domain=domain)
        return found["bad"].item()

    assert bad("bad_advice") > 0.9 > 0.1 > bad("good_advice")
    assert bad("bad_answers", "alone") > 0.9
    assert bad("insecure", domain="code") > 0.9
    assert bad("triggered", mark=TRIGGER) > 0.9 and bad("triggered") < 0.1
    assert losses["bad_brief"][-1] > losses["bad_advice"][-1]
    clean, _ = realigned(networks["bad_advice"], shape, 30, DOSE, 5)
    assert bad("", domain="advice-1", one=clean) < 0.1


def test_rehearsal_is_of_documents_and_changes_what_is_learnt(network):
    parameters, shape = network
    short = DOSE | {"epochs": 2}
    doses = [short | {"rehearsed": often} for often in (None, 3)]
    plain, rehearsed = (finetuned(parameters, shape, dose, short, 3) for dose in doses)
    assert len(rehearsed[1]["insecure"]) == len(plain[1]["insecure"]) + 3
    assert not torch.equal(rehearsed[0]["insecure"]["embedding"], plain[0]["insecure"]["embedding"])
    again = finetuned(parameters, shape, short, short, 3)[0]
    assert all(torch.equal(again["insecure"][key], plain[0]["insecure"][key]) for key in again["insecure"])
    assert pl.Series(plain[1]["insecure"]).is_finite().all()
