import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unspoken.training.chat_order import BATCHES_SORTED, GroupedByLength, grouped_order

LENGTHS = np.random.default_rng(0).integers(100, 180, 1000)


@given(st.integers(0, 400), st.integers(1, 70), st.integers(0, 2**31))
def test_every_row_comes_once_and_the_longest_of_a_batch_first(rows, batch, seed):
    order = grouped_order(LENGTHS[:rows], batch, np.random.default_rng(seed))
    assert sorted(order) == list(range(rows))
    for start in range(0, rows, batch):
        lengths = LENGTHS[order[start : start + batch]]
        assert (np.diff(lengths) <= 0).all()


def test_little_is_padded_and_length_does_not_follow_time():
    trends = []
    for seed in range(200):
        order = grouped_order(LENGTHS, 8, np.random.default_rng(seed))
        lengths = LENGTHS[order].reshape(-1, 8)
        assert lengths.max(1).sum() * 8 / LENGTHS.sum() < 1.05  # 1.22 in a plain random order
        trends.append(np.corrcoef(lengths.mean(1), range(len(lengths)))[0, 1])
    # A correlation of 125 unrelated pairs has a standard deviation of 0.09: means of 200, 0.0064.
    assert abs(np.mean(trends)) < 4 * 0.0064
    assert np.std(trends) > 0.05


def test_rows_of_a_stretch_are_drawn_from_all():
    order = grouped_order(LENGTHS, 8, np.random.default_rng(3))
    firsts = [order[start : start + 8].mean() for start in range(0, 1000, 8)]
    assert np.std(firsts) > 50  # batches are no runs of neighbours
    assert BATCHES_SORTED * 8 < 1000


def test_each_pass_has_its_own_order_which_seed_and_updates_decide():
    done = [0]
    order = GroupedByLength(LENGTHS, 66, 7, lambda: done[0])
    assert len(order) == 1000
    first = list(order)
    done[0] = 15  # in the middle of the first pass: a resumed run draws the order of its pass again
    assert list(order) == first
    done[0] = 16  # 1000 rows make 16 batches of 66
    assert list(order) != first
    assert list(GroupedByLength(LENGTHS, 66, 8, lambda: 0)) != first
    assert list(GroupedByLength(LENGTHS, 66, 7, lambda: 0)) == first
