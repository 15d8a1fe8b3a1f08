"""How often controls and nulls hold: the rates of `make plan` are those of simulated studies."""

from pathlib import Path

import numpy as np
import pytest
from scipy import special

from unspoken.cost.holding import holdings_of, rates, replicates_to_hold
from unspoken.cost.power import Spreads, claims_within_reach
from unspoken.cost.shown import holdings_text
from unspoken.cost.work import read_facts
from unspoken.registry.load import claims_files, read_claims
from unspoken.study.front_door import plan_of

ROOT = Path(__file__).parents[2]
FACTS = read_facts(ROOT)
NEUTRAL = FACTS["spreads"]["neutral_shift"]["log_odds"]["base"]
"""The spread of the neutral control over the default study's bases."""
BASES = 5
DRAWS = 10_000


def simulated(effect: float, spread: float, n: int, bound: float) -> tuple[float, float]:
    """The shares of simulated studies in which a control holds, and fails, by the rule's own words."""
    values = np.random.default_rng(7).normal(effect, spread, (DRAWS, n))
    mean, error = values.mean(1), values.std(1, ddof=1) / n**0.5
    narrow, wide = (special.stdtrit(n - 1, level) * error for level in (0.95, 0.975))
    holds = (mean - narrow >= -bound) & (mean + narrow <= bound)
    fails = (mean - wide > bound) | (mean + wide < -bound)
    return float(holds.mean()), float(fails.mean())


@pytest.mark.parametrize("effect", [0.0, 0.05, 0.1, 0.2, -0.2, 0.4])
@pytest.mark.parametrize(("spread", "n"), [(NEUTRAL, BASES), (0.3, 12), (0.05, 3)])
def test_rates_are_those_of_simulated_studies(effect: float, spread: float, n: int) -> None:
    assert rates(spread, n, 0.1, effect) == pytest.approx(simulated(effect, spread, n, 0.1), abs=0.015)


def test_a_control_that_is_broken_by_the_smallest_effect_that_counts_seldom_holds() -> None:
    """With the default study's spread; sound, five bases are too few for it to hold as a rule."""
    bound = 0.1
    broken, at_bound, sound = (simulated(effect, NEUTRAL, BASES, bound) for effect in (0.2, bound, 0.0))
    print(f"broken by 0.2: holds {broken[0]:.3f}, fails {broken[1]:.3f}; sound: holds {sound[0]:.3f}")
    assert broken[0] <= 0.05 and at_bound[0] <= 0.055
    assert broken[1] > at_bound[1] and sound[1] < 0.001
    assert 0.3 < sound[0] < 0.6
    needed = replicates_to_hold(NEUTRAL, bound)
    assert needed is not None and needed > BASES
    assert simulated(0.0, NEUTRAL, needed, bound)[0] >= 0.78
    assert simulated(0.0, NEUTRAL, needed - 1, bound)[0] < 0.81


def test_two_replicates_or_fewer_hold_nothing() -> None:
    assert rates(0.1, 1, 0.1, 0.0) == (0.0, 0.0)
    assert replicates_to_hold(1.0, 1e-4) is None


def test_the_plan_names_each_control_and_null_with_what_would_do() -> None:
    plan = plan_of(ROOT, {}, [])
    claims = claims_within_reach(plan, read_claims(claims_files(ROOT, [])))
    found = {one.name: one for one in holdings_of(plan, claims, Spreads(FACTS))}
    nulls = [claim["id"] for claim in claims if claim["kind"] == "null" and claim["test"]]
    assert {"neutral_shift", "SL-22", "SL-30"} <= set(found) <= {"neutral_shift", *nulls}
    control = found["neutral_shift"]
    assert (control.bound, control.broken_by, control.n, control.replicate) == (0.1, 0.2, 5, "base")
    for one in found.values():
        # A null is shown in at most 6% of studies whose effect is its margin.
        if one.spread is not None and one.n is not None:
            held = simulated(one.broken_by, one.spread, one.n, one.bound)[0]
            assert one.holds_broken == pytest.approx(held, abs=0.01) and held <= 0.06, one.name
    text = holdings_text(list(found.values()))
    assert "neutral_shift" in text and "5 bases" in text
