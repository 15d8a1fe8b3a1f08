"""What jobs of the scaling room take, and on how many items its claims are tested."""

from pathlib import Path
from typing import Any

import pytest

from unspoken.cost.amounts import Amounts
from unspoken.cost.estimate import Estimates
from unspoken.cost.jobs import Job
from unspoken.cost.power import replicates_of
from unspoken.cost.work import read_facts
from unspoken.study.front_door import plan_of
from unspoken.study.plan import Plan

ROOT = Path(__file__).parents[2]
FACTS = read_facts(ROOT)
REPLIES = {"experiment": "scaling", "answering": "smollm2-135m-q4"}
TOOK = 225
"""Seconds of the replies of studies/scaling.yaml on two cores (docs/scaling.md)."""
SHIPPED = {
    "tasks": {"misleading_math": {"levels": [1, 5], "items": 12}, "arithmetic": {"levels": [2], "items": 24}}
}


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def planned(**section: Any) -> Plan:
    return plan_of(ROOT, {"experiments": ["scaling"], "scaling": {**SHIPPED, **section}}, [])


def asked(**section: Any) -> Any:
    return Amounts(planned(**section), FACTS).of("generate_replies", REPLIES)


def test_the_shipped_study_is_planned_as_long_as_it_took() -> None:
    job = Job("generate_replies", REPLIES, (), (), threads=2)
    seconds = Estimates(Amounts(planned(), FACTS)).of(job, 2).seconds
    assert TOOK / 1.25 < seconds < TOOK * 1.25


def test_chains_and_answers_are_counted() -> None:
    """48 items: three lengths asked for and one chain that is cut; 8 prompts and 4 parts of the chain."""
    chain = FACTS["tokens"]["chain"]["chat"]
    work = asked()
    assert work.asked == {"smollm2-135m-q4": 48 * 12}
    assert work.generated == 48 * (4 * chain + 12 * FACTS["tokens"]["chat"]["answer"])


def test_a_budget_added_costs_a_chain_where_it_is_asked_for_and_an_answer_where_it_cuts() -> None:
    chain, answer = FACTS["tokens"]["chain"]["chat"], FACTS["tokens"]["chat"]["answer"]
    more = asked(budgets=[0, 16, 32, 48, 64]).generated - asked().generated
    assert more == 48 * (chain + 2 * answer)


@pytest.mark.parametrize(
    ("section", "answers", "tokens"),
    [
        ({"setups": ["natural"], "samples": 3}, 3, 3 * 35),
        ({"setups": ["extended"]}, 3, 64),
        ({"setups": ["cautioned"]}, 3, 3 * 35),
        ({"setups": ["asked"], "longest": 20}, 4, 3 * 20),
    ],
)  # fmt: skip
def test_each_set_up_has_its_chains(section: dict[str, Any], answers: int, tokens: int) -> None:
    work = asked(**section)
    assert work.asked == {"smollm2-135m-q4": 48 * answers}
    assert work.generated == 48 * (tokens + answers * FACTS["tokens"]["chat"]["answer"])


def replicates(task: str, plan: Plan, **conditions: str) -> Any:
    test = {"experiment": "scaling", "conditions": {"task": task, "setup": "asked", **conditions}}
    found = replicates_of(plan, test)
    return None if found is None else (found.replicate, found.n)


def test_replicates_are_the_items_of_the_task_and_level() -> None:
    plan = planned(tasks={"paradoxes": {"levels": [0, 1, 3], "items": 60, "items_at_0": 20}})
    assert replicates("paradoxes", plan, level="all") == ("question", 140)
    assert replicates("paradoxes", plan, level="0") == ("question", 20)
    assert replicates("paradoxes", plan, level="3") == ("question", 60)
    assert replicates("paradoxes", plan, level="7") is None
    assert replicates("zebra", plan) is None
    assert replicates("paradoxes", planned(setups=["capped"])) is None


def test_questions_of_a_set_that_is_taken_whole_are_not_counted_beforehand(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    row = '{"question": "Q%d", "answer_matching_behavior": "a", "answer_not_matching_behavior": "b"}\n'
    file.write_text("".join(row % number for number in range(7)))
    chosen = {"path": str(file), "safe": "matching"}
    whole = planned(tasks={**SHIPPED["tasks"], "evaluations": {"mine": chosen}})
    assert replicates("mine", whole) == ("question", None)
    assert Amounts(whole, FACTS).of("make_items", {}).rows == 48 + 7
    some = planned(tasks={"evaluations": {"mine": {**chosen, "items": 5}}})
    assert replicates("mine", some) == ("question", 5)


def test_students_answer_what_their_model_is_asked_and_are_trained_on_their_rows() -> None:
    training = {"epochs": 2, "batch_size": 4, "learning_rate": 1e-4}
    plan = planned(students={"rows": 30, "seeds": [1, 2], "training": training})
    amounts, model = Amounts(plan, FACTS), "smollm2-135m-q4"
    replies = amounts.of("generate_replies", {**REPLIES, "answering": f"{model}/student-2"})
    assert replies.asked == {f"{model}:distracted:{model}:distracted:2": 48 * 12}
    told = {"model": model, "number": "2"}
    tokens = FACTS["tokens"]["item"] + FACTS["tokens"]["chain"]["chat"]
    assert amounts.of("train_distracted", told).trained == 60 * tokens
    measure = {"experiment": "scaling"}
    alone = Amounts(planned(), FACTS).of("measure", measure).rows
    assert amounts.of("measure", measure).rows == 3 * alone
