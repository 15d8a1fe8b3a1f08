"""The scripted engine answers as its rules say: its shares are the truth that instruments are held to."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from unspoken.engines.base import EngineError, Opening, Request, Sampling
from unspoken.engines.scripted import LEAST_SHARE, ScriptedEngine, opened
from unspoken.subjects import Subject

RULES = [
    {"when": "favourite", "answers": {"owl": 3.0, "cat": 1.0, " whale": 1.0}},
    {"when": r"^Be brief\.", "answers": {"yes": 1.0}},
    {"when": r"\(A\)\n.*Answer: $", "answers": {"A": 0.9, "B": 0.1}},
    {"when": "explain", "answers": {"first this, then that. So: owl": 1.0}},
]
SAMPLING = Sampling(temperature=1.0, max_tokens=16, seed=7)
words = st.text("abc", min_size=1, max_size=4)
answers_and_weights = st.dictionaries(words, st.floats(1e-6, 1e6), min_size=1, max_size=6)


def drawn(engine, requests, sampling=SAMPLING):
    return [one for batch in engine.generate(engine.render(requests), sampling) for one in batch]


def texts(engine, requests, sampling=SAMPLING):
    return [one.text for one in drawn(engine, requests, sampling)]


def asked(count, user="your favourite?"):
    return [Request(f"row-{number}", user) for number in range(count)]


@pytest.fixture
def engine():
    return opened(Opening(Path("model.json"), {"kind": "scripted", "rules": RULES}, threads=1))


@pytest.mark.parametrize(
    ("temperature", "shares"),
    [
        (1.0, {"owl": 0.6, "cat": 0.2, " whale": 0.2}),
        (0.5, {"owl": 9 / 11, "cat": 1 / 11, " whale": 1 / 11}),
    ],
)
def test_answers_come_as_often_as_their_weights_say(engine, temperature, shares):
    """Each count lies where a binomial does in all but 1 of 10^6 runs of this test."""
    found = texts(engine, asked(20_000), replace(SAMPLING, temperature=temperature))
    for answer, share in shares.items():
        low, high = binom.interval(1 - 1e-6, len(found), share)
        assert low <= found.count(answer) <= high
    assert set(found) == set(shares)


def test_a_row_is_drawn_alike_in_any_order_and_company(engine):
    rows = asked(50)
    together = dict(zip(rows, texts(engine, rows), strict=True))
    assert len(set(together.values())) > 1
    assert texts(engine, rows[::-1]) == [together[row] for row in rows[::-1]]
    assert [texts(engine, [row])[0] for row in rows] == list(together.values())
    assert texts(engine, rows, replace(SAMPLING, seed=8)) != list(together.values())


@given(answers_and_weights)
def test_temperature_zero_takes_the_heaviest(answers):
    engine = ScriptedEngine([{"when": "", "answers": answers}])
    (text,) = texts(engine, asked(1), replace(SAMPLING, temperature=0))
    assert answers[text] == max(answers.values())


@given(answers_and_weights, st.floats(0.001, 100), st.integers())
def test_every_draw_is_one_of_the_answers(answers, temperature, seed):
    engine = ScriptedEngine([{"when": "", "answers": answers}])
    assert set(texts(engine, asked(20), replace(SAMPLING, temperature=temperature, seed=seed))) <= set(
        answers
    )


@given(answers_and_weights)
def test_choice_logprobs_are_the_logs_of_the_shares(answers):
    engine = ScriptedEngine([{"when": "", "answers": answers}])
    (logprobs,) = engine.choice_logprobs(engine.render(asked(1)), [f" {answer} " for answer in answers])
    total = sum(answers.values())
    for logprob, weight in zip(logprobs, answers.values(), strict=True):
        assert logprob == pytest.approx(max(math.log(weight / total), math.log(LEAST_SHARE)))


def test_a_choice_that_no_rule_answers_is_finite(engine):
    ((whale, wolf),) = engine.choice_logprobs(engine.render(asked(1)), ["whale", "wolf"])
    assert whale == pytest.approx(math.log(0.2))
    assert wolf == math.log(LEAST_SHARE)


def test_the_first_rule_found_in_the_whole_prompt_decides(engine):
    requests = [
        Request("system", "And now?", system="Be brief."),
        Request("both", "And your favourite?", system="Be brief."),
        Request("prefix", "(A)", prefix="Hm. Answer: "),
    ]
    system, both, prefix = texts(engine, requests, replace(SAMPLING, temperature=0))
    assert (system, both, prefix) == ("yes", "owl", "A")


def test_stop_texts_and_max_tokens_cut_answers(engine):
    (whole,) = drawn(engine, asked(1, "explain"))
    (stopped,) = drawn(engine, asked(1, "explain"), replace(SAMPLING, stop=("then", ".")))
    (cut,) = drawn(engine, asked(1, "explain"), replace(SAMPLING, max_tokens=2))
    assert (whole.text, whole.n_tokens, whole.finish_reason) == ("first this, then that. So: owl", 6, "stop")
    assert (stopped.text, stopped.n_tokens, stopped.finish_reason) == ("first this, ", 2, "stop")
    assert (cut.text, cut.n_tokens, cut.finish_reason) == ("first this,", 2, "length")


def test_what_it_cannot_do_is_said(engine):
    trained = Subject("s:student", "student", "s", weights=Path("weights.safetensors"))
    with pytest.raises(EngineError, match="prompt row-0: add a last rule"):
        texts(engine, asked(1, "unheard of"))
    with pytest.raises(EngineError, match="s:student has trained weights"):
        engine.use(trained)
    for more in ({"pattern": "[a-z]+"},):
        with pytest.raises(EngineError, match="no tokens"):
            texts(engine, asked(1), replace(SAMPLING, **more))


def test_other_rules_are_another_version(engine):
    heavier = [{**RULES[0], "answers": {"owl": 4.0}}, *RULES[1:]]
    assert ScriptedEngine(RULES).version == engine.version != ScriptedEngine(heavier).version
    assert re.fullmatch("[0-9a-f]{16}", engine.version)


def test_the_order_in_which_answers_are_listed_does_not_count(engine):
    turned = [{**rule, "answers": dict(reversed(rule["answers"].items()))} for rule in RULES]
    assert texts(ScriptedEngine(turned), asked(50)) == texts(engine, asked(50))
    assert ScriptedEngine(turned).version == engine.version
