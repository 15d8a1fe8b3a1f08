"""What is measured of lettered options in random orders, on answers of known truth."""

import numpy as np
import polars as pl
import pytest
from planted_letters import LETTER_PARTS, OPTION_PARTS, answers, centred

from unspoken.answers.shuffled import (
    letter_interval,
    letter_readings,
    share_explained,
    shuffled_cells,
    variance_shares,
)
from unspoken.prompts.shuffled import balanced_orders


def test_log_odds_owe_nothing_to_letters_however_strong() -> None:
    """The mean over orders is the option's own part against the others' mean, and exactly so."""
    cells = shuffled_cells(answers(LETTER_PARTS, OPTION_PARTS, 0, 1)).sort("word")
    assert cells["log_odds"].to_numpy() == pytest.approx(OPTION_PARTS * 8 / 7)
    assert cells["n_samples"].to_list() == [16] * 8
    assert cells.select(pl.col("probability").sum()).item() == pytest.approx(1)
    plain = shuffled_cells(answers(0 * LETTER_PARTS, OPTION_PARTS, 0, 1)).sort("word")
    shares = np.exp(OPTION_PARTS) / np.exp(OPTION_PARTS).sum()
    assert plain["probability"].to_numpy() == pytest.approx(shares)


def test_of_two_options_log_odds_are_those_of_the_probability() -> None:
    read = letter_readings(answers(np.array([0.7, -0.7]), np.array([0.1, -0.1]), 0.5, 3, orders=8))
    probability = read["probability"].to_numpy()
    assert read["log_odds"].to_numpy() == pytest.approx(np.log(probability / (1 - probability)))


@pytest.mark.parametrize("name", ["position_share", "option_share"])
def test_who_answers_by_one_thing_alone_has_all_its_variance_there(name: str) -> None:
    by_letter = name == "position_share"
    read = letter_readings(answers(LETTER_PARTS * by_letter, OPTION_PARTS * (not by_letter), 0, 1))
    shares = variance_shares(read)
    other = next(one for one in shares if one != name)
    assert shares[name].value == pytest.approx(1)
    assert shares[other].value == pytest.approx(0, abs=1e-9)
    assert shares[name].ci_low is None  # no noise: no spread to say how sure that is


def test_the_order_of_the_rows_moves_no_bit() -> None:
    table = answers(LETTER_PARTS, OPTION_PARTS, 1, 5)
    for seed in range(5):
        mixed = table.sample(fraction=1, shuffle=True, seed=seed)
        assert shuffled_cells(mixed).equals(shuffled_cells(table))
        assert variance_shares(letter_readings(mixed)) == variance_shares(letter_readings(table))


def test_a_letter_without_probability_gives_no_share() -> None:
    table = answers(LETTER_PARTS, OPTION_PARTS, 1, 5).with_columns(
        logprob=pl.when(pl.col("sample_index") == 7).then(float("-inf")).otherwise("logprob")
    )
    assert all(share.value is None for share in variance_shares(letter_readings(table)).values())


# Coverage: 1,000 draws at each of five truths or more


@pytest.mark.parametrize(
    ("letters", "options", "noise"),
    [(0, 1, 1), (1, 0, 1), (4, 1, 0.3), (1, 4, 0.3), (0, 0, 1), (4, 4, 2)],
)
@pytest.mark.parametrize(("count", "orders"), [(8, 16), (5, 10)])
def test_intervals_of_an_option_cover_its_part(
    letters: float, options: float, noise: float, count: int, orders: int
) -> None:
    draw = np.random.default_rng([count, round(10 * letters), round(10 * options)])
    of_letter, of_option = (centred(part * draw.normal(size=count)) for part in (letters, options))
    truth = of_option[0] * count / (count - 1)
    held, found = [], []
    for seed in range(1000):
        placed = balanced_orders(count, orders, seed % 50)
        logits = of_letter + of_option[placed] + noise * draw.normal(size=placed.shape)
        log_odds = (logits - logits.mean(1, keepdims=True)) * count / (count - 1)
        at = np.argmax(placed == 0, axis=1)
        interval = letter_interval(log_odds[np.arange(len(placed)), at], at)
        assert interval.ci_low is not None and interval.ci_high is not None
        held.append(interval.ci_low <= truth <= interval.ci_high)
        found.append(interval)
    assert 0.91 <= np.mean(held) <= 0.985
    width = np.mean([one.ci_high - one.ci_low for one in found])
    assert abs(np.mean([one.value for one in found]) - truth) < width / 10


def test_no_interval_without_a_spread_at_the_same_letter() -> None:
    letters = np.repeat(np.arange(4), 2)
    assert letter_interval(letters * 1.5, letters).ci_low is None
    assert letter_interval(letters * 1.5, letters).value == pytest.approx(2.25)
    assert letter_interval([1.0, 2.0, 3.0], [0, 1, 2]).ci_low is None
    assert letter_interval([], []).value is None
    assert letter_interval([1.0, np.nan, 2.0, 3.0], [0, 0, 1, 1]).value is None


def test_letters_move_no_interval_of_an_option() -> None:
    draw = np.random.default_rng(1)
    letters = np.tile(np.arange(8), 2)
    values = draw.normal(size=16)
    bare, shifted = (letter_interval(values + shift, letters) for shift in (0, LETTER_PARTS[letters] * 9))
    assert (shifted.value, shifted.se) == (pytest.approx(bare.value), pytest.approx(bare.se))


@pytest.mark.parametrize(
    ("own", "other", "noise"),
    [(0, 1, 1), (0, 0, 1), (0.3, 1, 1), (1, 1, 1), (1, 0.2, 0.3), (3, 0.3, 0.5), (0.3, 3, 0.5), (2, 0, 0.2)],
)
@pytest.mark.parametrize(("count", "orders"), [(8, 16), (5, 10)])
def test_intervals_of_a_share_cover_it(
    own: float, other: float, noise: float, count: int, orders: int
) -> None:
    """Sums of squares are drawn as balanced orders with normal noise give them."""
    draw = np.random.default_rng([count, orders, round(10 * own), round(10 * other)])
    free, draws = count - 1, 1000
    parts = {"own": own, "other": other}
    squares = {
        name: noise**2 * (draw.normal(np.sqrt(orders * count) * part / noise, 1, draws) ** 2
                          + draw.chisquare(free - 1, draws))
        for name, part in parts.items()
    }  # fmt: skip
    rest = noise**2 * draw.chisquare((orders - 2) * free, draws)
    truth = own**2 / (own**2 + other**2 + noise**2 * free / count)
    found = [
        share_explained(*map(float, sums), letters=count, orders=orders)
        for sums in zip(squares["own"], squares["other"], rest, strict=True)
    ]
    ends = np.array([(one.ci_low, one.ci90_low, one.value, one.ci90_high, one.ci_high) for one in found])
    assert (np.diff(ends, axis=1) >= 0).all()
    assert (ends[:, -1] <= 1).all()
    covered = np.mean((ends[:, 0] <= truth) & (truth <= ends[:, -1]))
    assert 0.91 <= covered <= (0.985 if own else 1)
    assert abs(ends[:, 2].mean() - truth) < (ends[:, -1] - ends[:, 0]).mean() / 10


def test_shares_of_whole_tables_are_the_planted_ones() -> None:
    """From answers to shares: the mean over 100 subjects is the truth within its own error."""
    noise = 0.5
    shares = [
        variance_shares(letter_readings(answers(LETTER_PARTS, OPTION_PARTS, noise, seed)))
        for seed in range(100)
    ]
    whole = (LETTER_PARTS**2).sum() + (OPTION_PARTS**2).sum() + 7 * noise**2
    for name, part in (("position_share", LETTER_PARTS), ("option_share", OPTION_PARTS)):
        values = [share[name].value for share in shares]
        error = np.std(values, ddof=1) / 10
        assert abs(np.mean(values) - (part**2).sum() / whole) < 4 * error < 0.05


def test_too_little_noise_or_too_few_orders_give_no_interval() -> None:
    assert share_explained(5.0, 1.0, 3.0, letters=2, orders=4).ci_low is None
    assert share_explained(5.0, 1.0, 3.0, letters=2, orders=2).value is None
    assert share_explained(5.0, 1.0, 1e-9, letters=8, orders=16).ci_low is None
    assert share_explained(0.0, 0.0, 0.0, letters=8, orders=16).value is None
