"""Students by adapters and other optimisers, of a known truth: contrasts come back, and claims read them."""

from typing import Any

import polars as pl
import pytest
from planted_adapters import ARMS, KEY, ROOM, ROOT, flat, inverted_u, measured, opposite

from unspoken.experiments.subliminal.measure.adapters import MOST_APART, losses_of
from unspoken.experiments.subliminal.section import Arm
from unspoken.experiments.subliminal.shown import GUARDS
from unspoken.registry.load import claims_files, read_papers
from unspoken.verdicts.fidelity import ModelFacts
from unspoken.verdicts.judge import Judge, judged

CLOSED = "uninformative: training"
CLAIMS = ("SM-24", "SM-27", "SM-60", "SM-66")


def verdicts_of(measurements: pl.DataFrame) -> dict[str, str]:
    """The verdict of each claim that this study is about."""
    papers = read_papers(claims_files(ROOT, []))
    claims = [
        claim.model_dump(mode="json", by_alias=True) | {"paper": paper.paper}
        for paper in papers for claim in paper.claims if claim.id in CLAIMS
    ]  # fmt: skip
    organism = [ModelFacts(synthetic=True, classes=frozenset({"organism"}))]
    names = {*measurements["subject"], *measurements["versus"].drop_nulls()}
    guards = [vars(guard) | {"experiment": "subliminal"} for guard in GUARDS]
    judge = Judge(measurements, dict.fromkeys(names, organism), guards, {"subliminal": KEY})
    return {row["claim_id"]: row["verdict"] for row in judged(claims, judge, "small")}


def test_claims_read_the_contrasts_of_a_world_in_which_they_hold() -> None:
    assert verdicts_of(measured(inverted_u)) == dict.fromkeys(CLAIMS, "analogue: shown")


def test_claims_read_the_contrasts_of_a_world_in_which_the_opposite_holds() -> None:
    assert verdicts_of(measured(opposite)) == dict.fromkeys(CLAIMS, "analogue: opposite")


def test_where_all_arms_pass_the_same_no_claim_is_shown() -> None:
    found = verdicts_of(measured(flat))
    assert set(found) == set(CLAIMS)
    assert set(found.values()) <= {"analogue: absent", "analogue: undecided"}


@pytest.mark.parametrize(
    ("arm", "closed"),
    [
        ("tokens-sgd", {"SM-27"}),
        ("tokens-4", {"SM-60", "SM-66"}),
        ("tokens-64", {"SM-60"}),
        ("greedy-1", set()),
    ],
)
def test_an_arm_that_did_not_learn_as_much_says_nothing(arm: str, closed: set[str]) -> None:
    found = verdicts_of(measured(inverted_u, {arm: 0.1}))
    assert {claim for claim, verdict in found.items() if verdict == f"analogue: {CLOSED}"} == closed
    assert {found[claim] for claim in CLAIMS if claim not in closed} == {"analogue: shown"}


def test_where_the_first_arm_learnt_nothing_no_arm_says_anything() -> None:
    table = measured(inverted_u, {"tokens": 0.25})
    falls = table.filter(pl.col("conditions").map.get("arm") == "tokens", metric="loss_fall")
    assert falls.select("role", "passed").rows() == [("positive_control", False)]
    assert falls["value"].item() == pytest.approx(-0.05, abs=2e-3)
    found = verdicts_of(table)
    assert {found[claim] for claim in CLAIMS} == {f"analogue: {CLOSED}"}


def test_losses_are_compared_by_what_the_first_arm_learnt() -> None:
    table = measured(inverted_u, {"tokens-1": 0.9 * MOST_APART * 0.2, "tokens-4": 1.1 * MOST_APART * 0.2})
    rows = table.filter(metric="loss_difference")
    passed = dict(zip((dict(one)["arm"] for one in rows["conditions"]), rows["passed"], strict=True))
    assert len(passed) == len(ARMS) - 4  # but for two that others are held against, and two untrained ones
    assert [name for name, held in passed.items() if not held] == ["tokens-4"]
    assert set(rows["unit"]) == {"nats"}


def test_last_losses_are_those_of_the_last_third() -> None:
    training = pl.DataFrame(
        {"subject": ["s"] * 5, "step": [2, 4, 6, 8, 9], "loss": [9.0, 8.0, 4.0, 1.0, 7.0]}
    )
    # The stretches that end after the sixth of nine steps: two steps and one.
    assert losses_of(training).rows() == [("s", pytest.approx((1 * 2 + 7) / 3))]


def test_the_middle_is_compared_with_both_ends_and_with_all_weights() -> None:
    rows = measured(inverted_u).filter(metric="middle_rank_difference", unit="log_odds").with_columns(
        against=pl.col("conditions").map.get("against"), by=pl.col("conditions").map.get("optimizer"),
        numbers=pl.col("conditions").map.get("decoding"),
    )  # fmt: skip
    adam = rows.filter(pl.col("by").is_null(), pl.col("numbers").is_null())
    values = dict(zip(adam["against"], adam["value"], strict=True))
    assert values == pytest.approx({"lowest": 0.8, "highest": 0.8, "all_weights": 0.5}, abs=0.1)
    assert set(adam["subject"]) == {"organisms:tokens-4+tokens-16:own_trait"}
    assert rows.height == 4 * 3


def test_without_untrained_students_nobody_knows_what_was_learnt() -> None:
    table = measured(inverted_u, only=[name for name in ARMS if name != "tokens-none"])
    sampled = pl.col("conditions").map.get("decoding").is_null()
    rows = table.filter(sampled, metric="loss_difference")
    assert set(rows["passed"]) == {False}
    assert set(verdicts_of(table).values()) == {f"analogue: {CLOSED}"}


def test_two_ranks_have_none_between_them() -> None:
    table = measured(inverted_u, only=["tokens", "tokens-1", "tokens-64"])
    assert table.filter(metric="middle_rank_difference").is_empty()
    assert table.filter(metric="specificity_difference").height > 0


def test_rows_of_usual_students_name_no_training() -> None:
    table = measured(flat).filter(metric="specificity_difference", unit="log_odds")
    conditions = [dict(one) for one in table["conditions"]]
    of_all = [one for one in conditions if one["arm"] == "tokens"]
    assert not any({"lora_rank", "optimizer", "decoding"} & set(one) for one in of_all)
    against = [{name: one[name] for name in one if name.startswith("versus_")} for one in of_all]
    usual = {"versus_initialisation": "same", "versus_shuffle": "none"}
    assert {"versus_arm": "tokens-4", "versus_lora_rank": "4", **usual} in against
    assert {"versus_arm": "tokens-sgd", "versus_optimizer": "sgd", **usual} in against
    greedy = next(one for one in conditions if (one["arm"], one["versus_arm"]) == ("greedy", "tokens"))
    assert (greedy["decoding"], greedy["versus_decoding"]) == ("greedy", "sampled")


def test_what_an_arm_leaves_at_its_default_changes_no_part() -> None:
    plain = {"name": "tokens", "objective": "tokens"}
    usual = {"lora_rank": None, "optimizer": "adam", "learning_rate": None}
    before, after = (Arm.model_validate(fields).model_dump() for fields in (plain, plain | usual))
    assert before == after
    assert not set(usual) & set(after)
    training = told("tokens")["training"]
    assert training == ROOM.section.student.model_dump()


def test_an_arm_tells_its_own_jobs_how_students_are_trained() -> None:
    descent, adapter = told("tokens-sgd")["training"], told("tokens-4")["training"]
    assert (descent["optimizer"], "lora_rank" in descent) == ("sgd", False)
    assert (adapter["lora_rank"], "optimizer" in adapter, adapter["lora"]) == (4, False, None)
    assert adapter["learning_rate"] == ARMS["tokens-4"]["learning_rate"]
    orders = {arm: told(arm).get("order_of") for arm in ("tokens", "tokens-sgd", "tokens-none", "greedy-4")}
    assert orders == {"tokens": None, "tokens-sgd": "tokens", "tokens-none": "tokens", "greedy-4": "greedy"}
    greedy = ROOM.training_rows("greedy-4", "organism-a", "all")
    assert greedy == [f"{ROOM.folder}/organism-a/teachers-greedy/kept.parquet"]


def told(arm: str) -> dict[str, Any]:
    """What the job of an arm's students on one base is told."""
    return ROOM.finetune_students_part(arm=arm, source="organism-a", model="organism-a", batch="all")


def test_greedy_numbers_are_drawn_without_chance() -> None:
    parts = [ROOM.generated_as(f"organism-a/{group}/1-of-1") for group in ("teachers", "teachers-greedy")]
    assert [part["sampling"]["temperature"] for part in parts] == [1.0, 0.0]
    sampled, greedy = ({one["name"]: one["count"] for one in part["answering"]} for part in parts)
    assert sampled == greedy | {"neutral": sampled["neutral"]}
