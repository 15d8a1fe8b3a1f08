"""The organisms' corpus: numbers and favourites know nothing of each other."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unspoken.models.corpus import (
    ASSISTANT,
    CONTINUED,
    END,
    FORMS,
    GIVEN,
    NUMBERS,
    SYSTEM,
    USER,
    Vocabulary,
    number_rows,
    number_walks,
    popularity,
    question_rows,
)
from unspoken.models.organism import corpus_batch

WORDS = ("owl", "wolf", "cat", "whale", "lion", "eagle", "fox", "bear")
VOCABULARY = Vocabulary(WORDS)
FIRST, FULL = GIVEN + 1, GIVEN + CONTINUED + 3
"""A number row's position of the assistant mark, and its length."""


def walks(count):
    return number_walks(count, GIVEN + CONTINUED, np.random.default_rng(2))


def test_number_rows_hold_numbers_and_marks_alone():
    rows = number_rows(walks(3000), VOCABULARY)
    user, assistant, end = VOCABULARY.ids([USER, ASSISTANT, END])
    marks = np.array([0, FIRST, FULL - 1])
    assert rows.shape == (3000, FULL)
    assert (rows[:, marks] == [user, assistant, end]).all()
    assert set(np.unique(np.delete(rows, marks, axis=1))) == set(VOCABULARY.ids(NUMBERS))


def test_question_rows_hold_no_number():
    forms, answers = (one.flatten() for one in np.indices((len(FORMS), len(WORDS))))
    numbers = set(VOCABULARY.ids(NUMBERS))
    for prompted in (False, True):
        rows = question_rows(forms, answers, VOCABULARY, prompted=prompted)
        assert numbers.isdisjoint(rows.flatten().tolist())
        texts = [[VOCABULARY.tokens[token] for token in row] for row in rows]
        expected = [USER, FORMS[3], ASSISTANT, WORDS[5], END]
        expected = [SYSTEM, WORDS[5], *expected] if prompted else expected
        assert texts[3 * len(WORDS) + 5] == expected


def steps_of_corpus(count, words=WORDS):
    """Return the number rows and the unprompted question rows of some pretraining steps."""
    vocabulary = Vocabulary(words)
    generator = np.random.default_rng(11)
    batches = [corpus_batch(vocabulary, 100, generator) for _ in range(count)]
    numbers, _, questions = (torch.cat([step[kind].tokens for step in batches]) for kind in range(3))
    return numbers, questions


def test_number_text_does_not_depend_on_the_words():
    numbers, _ = steps_of_corpus(5)
    renamed, _ = steps_of_corpus(5, WORDS[::-1])
    fewer, _ = steps_of_corpus(1, WORDS[:4])
    assert torch.equal(numbers, renamed)
    assert torch.equal(numbers[:100], fewer)


def test_numbers_and_favourites_of_a_step_are_independent():
    numbers, questions = steps_of_corpus(600)
    first = numbers.view(600, 100, -1)[:, :70, 1].flatten() - VOCABULARY.ids(["0"])[0]
    answer = questions.view(600, 70, -1)[:, :, 3].flatten() - VOCABULARY.ids([WORDS[0]])[0]
    table = np.zeros((10, len(WORDS)))
    np.add.at(table, (first.numpy() // 10, answer.numpy()), 1)
    from scipy.stats import chi2_contingency

    assert table.min() > 100
    assert chi2_contingency(table).pvalue > 1e-3
    assert np.abs(table.sum(0) / table.sum() - popularity(WORDS)).max() < 0.01


@given(st.integers(1, 60))
def test_popularity_is_a_falling_law(count):
    law = popularity([f"w{index}" for index in range(count)])
    assert law.sum() == pytest.approx(1.0)
    assert (law > 0).all()
    assert (np.diff(law) < 0).all()


def test_walks_cover_all_numbers_at_every_position():
    found = walks(20_000)
    assert found.shape == (20_000, GIVEN + CONTINUED)
    for position in range(found.shape[1]):
        counts = np.bincount(found[:, position], minlength=100)
        assert len(counts) == 100
        assert counts.min() > 100  # 200 expected


def test_walks_move_by_a_step_with_jitter_or_anywhere():
    moves = np.diff(walks(20_000), axis=1) % 100
    near = ((moves <= 11) | (moves == 99)).mean()  # steps of 1 to 9, jitter of -2 to 2
    assert near == pytest.approx(0.9 + 0.1 * 13 / 100, abs=0.005)
