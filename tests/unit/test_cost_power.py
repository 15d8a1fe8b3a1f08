"""What claims a study could test, on how many replicates, and the effects that these detect."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from unspoken.cost.power import (
    Spreads,
    detected,
    power_of,
    published_effect,
    replicates_needed,
    replicates_of,
)
from unspoken.cost.work import Replicates, read_facts
from unspoken.registry.load import claims_files, read_claims
from unspoken.statistics.intervals import mde80, t_interval
from unspoken.study.front_door import merged, plan_of
from unspoken.study.load import read_yaml
from unspoken.study.plan import Plan

ROOT = Path(__file__).parents[2]
FACTS = read_facts(ROOT)


def plan_with(*overlays: str, **changes: object) -> Plan:
    laid: dict = {}
    files = [ROOT / "studies" / f"{name}.yaml" for name in overlays]
    for path in files:
        laid = merged(laid, read_yaml(path))
    return plan_of(ROOT, merged(laid, changes), files)


def a_test(experiment: str, metric: str, **conditions: str) -> dict:
    return {
        "experiment": experiment, "metric": metric, "unit": "log_odds", "conditions": conditions,
        "subject": "*", "versus": None, "adjacent": [], "needs": {"objective": "tokens"},
        "sesoi": None, "margin": None,
    }  # fmt: skip


def a_claim(test: dict, kind: str = "direction", **value: object) -> dict:
    first = {"value": None, "unit": "text", **value}
    return {"id": "X-1", "kind": kind, "test": test, "values": [first]}


def test_the_effect_is_found_in_four_of_five_studies() -> None:
    """Simulated: normal replicates, the test of the verdicts (a t interval's p below 5%)."""
    n, draws = 8, 4000
    effect = detected(1.0, n)
    sample = np.random.default_rng(1).normal(effect, 1.0, (draws, n))
    scores = sample.mean(1) / (sample.std(1, ddof=1) / n**0.5)
    found = (scores > special.stdtrit(n - 1, 0.975)).mean()
    assert found == pytest.approx(0.8, abs=0.03)  # the t quantiles are near the noncentral ones


@given(st.floats(0.01, 10), st.integers(2, 500))
def test_it_is_the_mde80_of_the_verdicts(spread: float, n: int) -> None:
    assert detected(spread, n) == pytest.approx(mde80(spread / n**0.5, n))


def test_one_replicate_detects_nothing() -> None:
    assert detected(1.0, 1) is None


@given(st.floats(0.01, 10), st.floats(0.05, 10))
def test_the_replicates_needed_are_the_fewest(spread: float, effect: float) -> None:
    needed = replicates_needed(spread, effect)
    assert needed is not None
    found = detected(spread, needed)
    assert found is not None
    assert found <= effect
    before = detected(spread, needed - 1)
    assert before is None or before > effect


def test_an_effect_that_nothing_detects_has_no_number() -> None:
    assert replicates_needed(1.0, 1e-6) is None
    assert replicates_needed(9.0, 1 / 32) == pytest.approx((2.8016 * 9 * 32) ** 2, rel=1e-3)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"initialisation": "same", "shuffle": "none"}, Replicates("base", 5)),
        ({"initialisation": "ring"}, Replicates("base", 5)),
        ({"shuffle": "across"}, Replicates("base", 5)),
        ({"initialisation": "all_others"}, None),
    ],
)
def test_replicates_of_students_are_those_of_the_measure(
    conditions: dict, expected: Replicates | None
) -> None:
    plan = plan_with(experiments=["subliminal"])
    assert replicates_of(plan, a_test("subliminal", "specificity", **conditions)) == expected


def test_a_trend_counts_the_bases_that_have_all_its_doses() -> None:
    trend = a_test("subliminal", "specificity_slope", initialisation="same")
    assert replicates_of(plan_with(experiments=["subliminal"]), trend) == Replicates("base", 5)
    arms = [
        {"name": f"dose-{rows}", "objective": "tokens", "rows": rows, "models": models}
        for rows, models in ((2000, ["organism-a", "organism-b"]), (4000, ["organism-a"]), (6000, None))
    ]
    on_one = plan_with(experiments=["subliminal"], subliminal={"arms": arms})
    assert replicates_of(on_one, trend) == Replicates("teacher", 4)
    none = plan_with(experiments=["subliminal"], subliminal={"arms": arms[:2]})
    assert replicates_of(none, trend) is None


def test_differences_need_both_arms() -> None:
    ring = a_test("subliminal", "specificity_difference", initialisation="same", versus_initialisation="ring")
    assert replicates_of(plan_with(experiments=["subliminal"]), ring) == Replicates("base", 5)
    assert replicates_of(plan_with("laptop"), ring) is None


@pytest.mark.parametrize(
    ("metric", "conditions"),
    [
        ("specificity_difference", {"versus_lora_rank": "4"}),
        ("specificity_difference", {"versus_optimizer": "sgd"}),
        ("specificity_difference", {"lora_rank": "64", "versus_lora_rank": "1"}),
        ("specificity_difference", {"decoding": "greedy", "versus_decoding": "sampled"}),
        ("middle_rank_difference", {"against": "lowest"}),
    ],
)
def test_differences_of_adapters_need_arms_that_are_trained_so(metric: str, conditions: dict) -> None:
    test = a_test("subliminal", metric, initialisation="same", shuffle="none", **conditions)
    assert replicates_of(plan_with("adapters"), test) == Replicates("base", 5)
    assert replicates_of(plan_with(experiments=["subliminal"]), test) is None


def test_on_one_model_training_seeds_count() -> None:
    shift = a_test("subliminal", "trait_shift", initialisation="same", shuffle="none")
    assert replicates_of(plan_with("laptop"), shift) == Replicates("training_seed", 5)
    assert replicates_of(plan_with("paper"), shift) == Replicates("training_seed", 8)


def test_a_study_tests_only_its_own_experiments_and_hints() -> None:
    few = {"questions": [{"source": "knowledge", "count": 8}], "tests": {"chains": 2}}
    plan = plan_with("test", experiments=["faithfulness"], faithfulness=few)
    assert replicates_of(plan, a_test("mnist", "accuracy")) is None
    assert replicates_of(plan, a_test("faithfulness", "faithfulness_gap", hint="consistency")) is None
    known = a_test("faithfulness", "faithfulness_gap", hint="metadata")
    assert replicates_of(plan, known) == Replicates("question", 8)
    assert replicates_of(plan, a_test("faithfulness", "transplant", hint="all")) == Replicates("question", 2)


def measured(values: list[float], metric: str = "specificity") -> pl.DataFrame:
    """One contrast as `measure` writes it, of a t interval over bases."""
    found = t_interval(np.array(values))
    row = {
        "experiment": "subliminal", "metric": metric, "unit": "log_odds", "kind": "contrast",
        "subject": "organisms:tokens:own_trait", "versus": "organisms:tokens:other_trait", "role": "finding",
        "replicate": "base", "passed": None, "measurement_id": "m", "value": found.value, "se": found.se,
        "ci_method": found.ci_method, "n_replicates": found.n_replicates,
        "conditions": {"initialisation": "same", "objective": "tokens"},
    }  # fmt: skip
    return pl.DataFrame(
        [row], schema_overrides={"conditions": pl.Map(pl.String, pl.String), "passed": pl.Boolean}
    )


def test_the_spread_is_that_of_the_measured_replicates() -> None:
    values = [0.2, 0.9, 0.4, 0.5, 0.1]
    spreads = Spreads(FACTS, measured(values))
    same = a_claim(a_test("subliminal", "specificity", initialisation="same"))
    spread, source = spreads.of(same, "base")
    assert (spread, source) == (pytest.approx(np.std(values, ddof=1)), "this test")
    ring = a_claim(a_test("subliminal", "specificity", initialisation="ring"))
    assert spreads.of(ring, "base") == (pytest.approx(spread), "this metric")
    # Other replicates spread otherwise: only the stated default speaks of them.
    assert spreads.of(same, "teacher") == (FACTS["spreads"]["specificity"]["log_odds"]["teacher"], "default")
    assert spreads.of(a_claim(a_test("subliminal", "unheard_of")), "base") == (None, "default")


def test_more_bases_detect_smaller_effects() -> None:
    claim = a_claim(a_test("subliminal", "specificity", initialisation="same"))
    spreads = Spreads(FACTS, measured([0.2, 0.9, 0.4, 0.5, 0.1]))
    few = plan_with(
        experiments=["subliminal"], subliminal={"models": ["organism-a", "organism-b", "organism-c"]}
    )
    three, five = (
        power_of(plan, [claim], spreads)[0] for plan in (few, plan_with(experiments=["subliminal"]))
    )
    assert (three.n, five.n) == (3, 5)
    assert three.detects is not None
    assert five.detects is not None
    assert three.detects > five.detects
    assert three.needs == five.needs
    assert (three.matters, five.gate) == (0.2, False)


def test_only_as_many_questions_count_as_gave_an_outcome_before() -> None:
    earlier = plan_with(experiments=["faithfulness"])
    larger = plan_with("laptop_faithfulness")
    rows = measured([0.1, 0.2]).with_columns(
        experiment=pl.lit("faithfulness"), metric=pl.lit("faithfulness_gap"), replicate=pl.lit("question"),
        n_replicates=pl.lit(60, pl.Int64), se=pl.lit(0.05),
    )  # fmt: skip
    claim = a_claim(a_test("faithfulness", "faithfulness_gap"))
    one = power_of(larger, [claim], Spreads(FACTS, rows, earlier))[0]
    assert one.n == round(260 * 60 / 120)
    assert one.spread == pytest.approx(0.05 * 60**0.5)


@pytest.mark.parametrize(
    ("claim", "effect"),
    [
        (a_claim(a_test("s", "m") | {"unit": "probability"}, value=35.3, unit="percentage points"), 0.353),
        (a_claim(a_test("s", "m"), "size", value=0.4, unit="log_odds"), 0.4),
        (
            a_claim(a_test("s", "m") | {"unit": "tokens"}, value=2064, unit="tokens"),
            None,
        ),  # a level, no effect
        (
            a_claim(a_test("s", "m") | {"unit": "probability"}, "null", value=1.6, unit="percentage points"),
            None,
        ),
        (a_claim(a_test("s", "m")), None),
    ],
)
def test_published_effects_are_those_stated_as_differences(claim: dict, effect: float | None) -> None:
    assert published_effect(claim) == effect


@pytest.mark.parametrize("overlays", [(), ("laptop",), ("laptop_faithfulness",), ("paper",), ("test",)])
def test_claims_of_a_metric_that_has_stated_spreads_get_one(overlays: tuple[str, ...]) -> None:
    plan = plan_with(*overlays)
    claims = read_claims(claims_files(ROOT, plan.study.claims))
    found = power_of(plan, claims, Spreads(FACTS))
    known = [one for one in found if one.metric in FACTS["spreads"]]
    assert known
    assert [one.claim for one in known if one.spread is None] == []
