"""Training rows: the seeded subsample and the shuffles of its numbers."""

import re
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.models.corpus import CONTINUED, GIVEN, number_walks
from unspoken.training.rows import RowsError, rows_digest, shuffled_numbers, training_rows

SEPARATORS = st.sampled_from([" ", ", ", ",", "\n", "; "])
COMPLETIONS = st.lists(
    st.builds(
        lambda separator, numbers: separator.join(map(str, numbers)),
        SEPARATORS,
        st.lists(st.integers(0, 999), min_size=1, max_size=10),
    ),
    min_size=1,
    max_size=8,
)


def numbers_of(text):
    return Counter(re.findall(r"\d+", text))


@settings(deadline=None)
@given(COMPLETIONS, st.integers(0, 2**32), st.sampled_from(["within", "across"]))
def test_shuffles_keep_all_numbers_and_all_other_text(completions, seed, how):
    shuffled = shuffled_numbers(completions, how, np.random.default_rng(seed))
    assert sum(map(numbers_of, shuffled), Counter()) == sum(map(numbers_of, completions), Counter())
    for before, after in zip(completions, shuffled, strict=True):
        assert re.split(r"\d+", before) == re.split(r"\d+", after)
        if how == "within":
            assert numbers_of(before) == numbers_of(after)


def test_shuffles_do_shuffle():
    completions = [" ".join(map(str, range(start, start + 8))) for start in range(0, 400, 10)]
    within = shuffled_numbers(completions, "within", np.random.default_rng(0))
    across = shuffled_numbers(completions, "across", np.random.default_rng(0))
    assert sum(one == other for one, other in zip(within, completions, strict=True)) < 2
    pairs = zip(across, completions, strict=True)
    assert not any(numbers_of(one) == numbers_of(other) for one, other in pairs)


def kept(count, subject="organism-a:teacher:owl"):
    """Return as many kept completions of a teacher, no two alike."""
    walks = number_walks(count, GIVEN + CONTINUED, np.random.default_rng(2)).astype(str)
    return pl.DataFrame(
        {
            "subject": subject,
            "prompt_id": [f"{index:05d}" for index in range(count)],
            "prompt": [" ".join(walk[:GIVEN]) for walk in walks],
            "completion": [" ".join(walk[GIVEN:]) for walk in walks],
        }
    )


def test_training_rows_are_a_seeded_draw_of_one_teachers_rows():
    table = pl.concat([kept(50), kept(30, "other").with_columns(completion=pl.lit("1 2"))])
    name = "organism-a:teacher:owl"
    rows = training_rows(table, name, 20, 1, "none")
    assert rows.height == 20
    assert rows.join(kept(50), on=["prompt", "completion"], how="semi").height == 20
    assert rows.n_unique() == 20
    again = training_rows(table.sample(fraction=1.0, shuffle=True, seed=3), name, 20, 1, "none")
    assert rows_digest(rows) == rows_digest(again)
    assert rows_digest(rows) != rows_digest(training_rows(table, name, 20, 2, "none"))
    assert rows_digest(rows) != rows_digest(rows.reverse())


@pytest.mark.parametrize("how", ["within", "across"])
def test_shuffled_rows_are_the_same_rows_with_moved_numbers(how):
    name = "organism-a:teacher:owl"
    plain = training_rows(kept(50), name, 30, 1, "none")
    moved = training_rows(kept(50), name, 30, 1, how)
    assert plain["prompt"].equals(moved["prompt"])
    assert not plain["completion"].equals(moved["completion"])
    assert numbers_of(" ".join(plain["completion"])) == numbers_of(" ".join(moved["completion"]))
    assert moved.equals(training_rows(kept(50), name, 30, 1, how))


def test_too_few_rows_are_named():
    with pytest.raises(RowsError, match=r"owl: 50 .*51 rows are asked; raise numbers\.completions"):
        training_rows(kept(50), "organism-a:teacher:owl", 51, 1, "none")
