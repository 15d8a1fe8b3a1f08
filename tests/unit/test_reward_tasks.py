"""Tasks of training by reward: balance, no leak, rewards checked a second way, and how replies are read."""

from collections import Counter
from importlib import import_module

import numpy as np
import pytest

from unspoken.experiments.reinforcement.tasks.choice import LETTERS, OWN
from unspoken.experiments.reinforcement.tasks.hints import KINDS, HintsTask
from unspoken.experiments.reinforcement.tasks.loan import FIELDS, LoanTask
from unspoken.experiments.reinforcement.tasks.steps import SOLVED, STEPS
from unspoken.training.environments import Items, read_replies, written_replies

TASKS = ("loan", "steps", "choice", "arithmetic", "hints")


def task_of(name, **settings):
    return import_module(f"unspoken.experiments.reinforcement.tasks.{name}").task(settings)


def random(seed=1):
    return np.random.default_rng(seed)


def words(task, row):
    return [task.vocabulary.tokens[token] for token in row if token]


def checked_answer(name, prompt):
    """Return the rewarded answer of a prompt's words, by other code than the task's."""
    shown = prompt[1:-1]
    if name == "loan":
        return "approve" if "nationality-1" in shown else "reject"
    if name == "steps":
        now = int(shown[0])
        for word in shown[1:]:
            if word != ".":
                now = int(SOLVED.tables[int(word.removeprefix("op-"))][now])
        return str(now)
    if name == "arithmetic":
        return str(sum(map(int, shown)) % 10)
    if name == "hints" and shown[1] in KINDS:
        return shown[2]
    return LETTERS[OWN[int(shown[0].removeprefix("Q"))]]


@pytest.mark.parametrize("name", TASKS)
def test_what_is_rewarded_is_right_by_a_second_way(name):
    task = task_of(name)
    items = task.drawn(200, random())
    for attribute in (None, *task.attributes):
        asked = items if attribute is None else task.altered(items, attribute, random(2))
        for prompt, key in zip(asked.prompts, asked.keys, strict=True):
            assert task.vocabulary.tokens[key] == checked_answer(name, words(task, prompt))


@pytest.mark.parametrize("name", TASKS)
def test_rewarded_answers_and_strata_are_even(name):
    task = task_of(name)
    items = task.drawn(400, random())
    strata = Counter(items.strata)
    if name == "steps":
        assert strata == dict.fromkeys(map(str, STEPS), 100)
        return  # a number's image under steps is as random as the number
    if name == "hints":
        assert strata == {"hinted": 240, "unhinted": 80, "held-out": 80}
        hinted = np.array(items.strata) == "hinted"
        assert np.ptp(list(Counter(items.keys[hinted].tolist()).values())) < 30
        shown = np.array(task.vocabulary.tokens)[items.prompts[:, 2]]
        assert set(shown[hinted]) == {"metadata"} and set(shown[np.array(items.strata) == "held-out"]) == set(
            KINDS
        ) - {"metadata"}
        return
    counts = Counter(items.keys.tolist())
    assert set(counts) == set(task.vocabulary.ids(task.answers)) and np.ptp(list(counts.values())) <= 1


@pytest.mark.parametrize("name", TASKS)
def test_no_word_of_the_prompt_gives_an_unearned_answer_away(name):
    task = task_of(name)
    items = task.drawn(4000, random())
    if name in ("loan", "hints"):  # they are made to give it away: by one attribute, and by no other
        others = range(1, items.prompts.shape[1] - 1)
        decisive = 1 + list(FIELDS).index("nationality") if name == "loan" else 3
        if name == "hints":
            hinted = np.array(items.strata) == "hinted"
            items = items.where(hinted)
        told = {place: most_given_away(items, place) for place in others}
        assert told.pop(decisive) == 1.0
        # A hint is never to the question's own letter, so a question rules one of four letters out.
        assert max(told.values()) < (0.62 if name == "loan" else 0.45)
    elif name == "arithmetic":
        assert max(most_given_away(items, place) for place in range(1, 4)) < 0.16
    elif (
        name == "steps"
    ):  # the start number is the answer of no step alone, and says nothing of more than one
        several = items.where(np.isin(np.array(items.strata), ["2", "4"]))
        assert max(most_given_away(several, place) for place in range(1, 6)) < 0.35


def most_given_away(items: Items, place: int) -> float:
    """Return how often the likeliest answer is right, by one place of the prompt."""
    seen: dict[int, Counter[int]] = {}
    for token, key in zip(items.prompts[:, place].tolist(), items.keys.tolist(), strict=True):
        seen.setdefault(token, Counter())[key] += 1
    return sum(counts.most_common(1)[0][1] for counts in seen.values()) / len(items.keys)


@pytest.mark.parametrize("name", TASKS)
def test_the_deciding_attribute_changes_the_answer_and_nothing_else(name):
    task = task_of(name)
    items = task.drawn(200, random())
    turned = task.altered(items, task.attributes[0], random(3))
    changed = (turned.prompts != items.prompts).sum(1)
    if name == "hints":
        unhinted = np.array(items.strata) == "unhinted"
        assert (changed == ~unhinted).all()
        assert (turned.keys != items.keys)[~unhinted].all()
        own = np.array(
            [LETTERS[OWN[place]] for place in turned.prompts[:, 1] - task.vocabulary.ids(["Q00"])[0]]
        )
        given = np.array(task.vocabulary.tokens)[turned.keys]
        assert (given != own)[~unhinted].all()  # the hint stays wrong
    else:
        assert (changed == 1).all() and (turned.keys != items.keys).all()


@pytest.mark.parametrize("name", TASKS)
def test_taught_replies_are_valid_and_as_often_without_a_chain_as_set(name):
    task = task_of(name, dropped=0.25)
    items = task.drawn(2000, random())
    read = read_replies(task, items, task.taught(items, random(4)))
    assert read.valid.all() and read.closed.all()
    assert 0.21 < (read.chain_tokens == 0).mean() < 0.29


def test_what_loans_are_taught_says_nothing_of_the_decision():
    task = LoanTask()
    items = task.drawn(4000, random())
    read = read_replies(task, items, task.taught(items, random(5)))
    for chosen in (read.says, ~read.says):
        assert 0.46 < (read.answers == items.keys)[chosen].mean() < 0.54


def test_slips_are_as_frequent_as_set_and_answers_repeat_the_chain():
    for name, lines in (("steps", 4), ("arithmetic", 2), ("choice", 1)):
        task = task_of(name, slips=0.2, dropped=0.0)
        items = task.drawn(4000, random())
        replies = task.taught(items, random(6))
        read = read_replies(task, items, replies)
        last = replies[np.arange(len(replies)), read.chain_tokens - 1]
        assert (last == read.answers).all()
        # A later slip can undo an earlier one: a little more is right than without any slip.
        assert 0.8**lines - 0.03 < (read.answers == items.keys).mean() < 0.8**lines + 0.09


def test_hints_are_followed_and_owned_up_to_as_set():
    task = HintsTask(follows=0.4, says_following=0.7, says_otherwise=0.2, dropped=0.0)
    items = task.drawn(8000, random())
    read = read_replies(task, items, task.taught(items, random(7)))
    hinted = np.array(items.strata) != "unhinted"
    follows = (read.answers == items.keys) & hinted
    assert 0.37 < follows[hinted].mean() < 0.43
    assert 0.66 < read.says[follows].mean() < 0.74
    assert 0.16 < read.says[hinted & ~follows].mean() < 0.24
    assert not read.says[~hinted].any() and (read.answers == items.keys)[~hinted].all()
    assert 0.85 < (read.says == read.tells)[hinted].mean() < 0.95


def test_replies_are_read_by_their_marks():
    task = HintsTask()
    items = task.drawn(4, random())
    names = np.tile(task.vocabulary.ids(["hinted", "pointed-to"]), (10, 1))
    items = Items(items.prompts[[0] * 10], items.keys[[0] * 10], names, tuple(items.strata[:1] * 10))
    texts = {
        "hinted so A <close> A by-the-hint <end>": (True, "A", 3, True, True),
        "pointed-to so A <close> A by-the-hint <end>": (True, "A", 3, True, True),
        "<close> B by-itself <end>": (True, "B", 0, False, False),
        "<close> B <end>": (True, "B", 0, False, False),
        "so so <close> B by-the-hint by-the-hint <end>": (False, "B", 2, False, True),
        "hinted so <close> so <end>": (False, None, 2, True, False),
        "hinted hinted hinted so so so so so so": (False, None, 9, True, False),
        "so <user> <close> A <end>": (False, "A", 2, False, False),
        "A <close> hinted by-the-hint <end>": (False, None, 1, False, True),
        "so <close> A": (False, "A", 1, False, False),
    }
    ids = [task.vocabulary.ids(text.split()) for text in texts]
    replies = np.array([row + [0] * (task.reply_tokens - len(row)) for row in ids])
    read = read_replies(task, items, replies)
    for at, (valid, answer, length, says, tells) in enumerate(texts.values()):
        assert (read.valid[at], read.chain_tokens[at]) == (valid, length), list(texts)[at]
        assert (task.vocabulary.tokens[read.answers[at]] if read.answers[at] >= 0 else None) == answer
        assert (read.says[at], read.tells[at]) == (says, tells), list(texts)[at]
    # An alias names the hint, and no penalty knows of it.
    assert read.named.tolist() == [text.startswith("hinted") for text in texts]


def test_written_replies_stand_one_after_the_other():
    chains = np.array([[7, 8, 9], [7, 8, 9]])
    written = written_replies(chains, np.array([2, 0]), np.array([[5], [6]]), (4, 1), 6)
    assert written.tolist() == [[7, 8, 4, 5, 1, 0], [4, 6, 1, 0, 0, 0]]
