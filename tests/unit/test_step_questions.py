"""Tasks of k steps: keys are right by the text alone, steps are k, wrong options are where slips lead."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.questions import SourceError
from unspoken.questions.own_files import COMMON
from unspoken.questions.sources import questions_of
from unspoken.questions.step_questions import FAMILIES, step_questions
from unspoken.study.question_sets import StepQuestions
from unspoken.tables.base import checked
from unspoken.tables.questions import Questions

ROOT = Path(__file__).parents[2]
STEPS = range(5)
COUNTS = ("no train", "1 train", "2 trains", "3 trains", "4 trains")


@pytest.fixture(scope="module")
def made() -> pl.DataFrame:
    """Return 40 questions of each family and number of steps."""
    return step_questions(list(FAMILIES), list(STEPS), 40 * len(FAMILIES) * len(STEPS), seed=1)


def way(question: str) -> list[str]:
    """Return where a question leads, from its start on, read from its text alone."""
    if "train" in question:
        following = dict(re.findall(r"(\w+) to (\w+)", question))
        start, count = re.findall(r"is in (\w+) and takes (\w+ trains?)\b", question)[0]
        places = [start]
        for _ in range(COUNTS.index(count)):
            places.append(following[places[-1]])
        return places
    signs = {"put in": 1, "taken out": -1, "forward": 1, "back": -1}
    moves = re.findall(r"(\d+) (?:are )?(put in|taken out|forward|back)", question)
    start = int(re.findall(r"(?:There are|stands at) (\d+)", question)[0])
    hours = re.findall(r"has (\d+) hours, from 0 to (\d+), and after (\d+)", question)
    numbers = [start]
    for size, direction in moves:
        numbers.append(numbers[-1] + signs[direction] * int(size))
        if hours:
            assert int(hours[0][1]) == int(hours[0][2]) == int(hours[0][0]) - 1
            numbers[-1] %= int(hours[0][0])
    return list(map(str, numbers))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_option_alone_is_where_the_question_leads_in_k_steps(made: pl.DataFrame, family: str):
    for question, options, stratum in made.filter(topic=family).select(
        "question", "options", "stratum"
    ).iter_rows():  # fmt: skip
        places = way(question)
        assert stratum == f"steps-{len(places) - 1}"
        assert options[0] == places[-1]
        assert len(set(options)) == 4


def test_sums_stay_above_nothing_and_tables_never_lead_back(made: pl.DataFrame):
    sums, lookups = (made.filter(topic=family)["question"] for family in ("sums", "lookups"))
    assert all(int(number) > 0 for question in sums for number in way(question))
    assert all(len(set(way(question))) == len(way(question)) for question in lookups)


def test_wrong_options_are_where_a_slip_leads(made: pl.DataFrame):
    for question, options in made.filter(topic="lookups").select("question", "options").iter_rows():
        following = dict(re.findall(r"(\w+) to (\w+)", question))
        before = next(town for town, to in following.items() if to == options[0])
        assert {before, following[options[0]]} < set(options[1:]) <= set(following)
    for question, options in made.filter(topic="clocks").select("question", "options").iter_rows():
        hours = int(re.findall(r"has (\d+) hours", question)[0])
        assert all(0 <= int(option) < hours for option in options)
    assert all(int(option) > 0 for options in made.filter(topic="sums")["options"] for option in options)


def test_cells_are_even_and_questions_differ(made: pl.DataFrame):
    assert set(made.group_by("topic", "stratum").len()["len"]) == {40}
    assert made["question"].is_unique().all() and made["question_id"].is_unique().all()
    assert made.schema == pl.Schema({**COMMON, "stratum": pl.String})
    uneven = step_questions(["sums", "clocks"], [0, 2], 7, seed=1).group_by("topic", "stratum").len()
    assert sorted(uneven["len"]) == [1, 2, 2, 2]


def test_more_questions_begin_with_the_same_and_another_seed_asks_others(made: pl.DataFrame):
    few = step_questions(list(FAMILIES), list(STEPS), 3 * len(FAMILIES) * len(STEPS), seed=1)
    assert few.join(made, on=few.columns, how="semi", nulls_equal=True).height == few.height
    other = step_questions(list(FAMILIES), list(STEPS), made.height, seed=2)
    assert other.filter(pl.col("stratum") == "steps-3").join(made, on="question").is_empty()


def test_a_family_that_runs_dry_says_so():
    with pytest.raises(
        SourceError, match="clocks of 0 steps: asked for 100 questions; it makes 62 that diff"
    ):
        step_questions(["clocks"], [0], 100, seed=1)


def asked(*sets: dict[str, Any]) -> pl.DataFrame:
    return checked(questions_of({"sets": list(sets)}, ROOT, 1, "mine"), Questions, ROOT)


def as_told(**fields: Any) -> dict[str, Any]:
    """Return a set as the study tells it to the job."""
    return StepQuestions(source="tasks", **fields).model_dump(mode="json")


def strata_of(table: pl.DataFrame) -> dict[str | None, int]:
    return dict(Counter(table["stratum"].to_list()))


@pytest.mark.parametrize(
    ("stratum", "found"), [(None, {"steps-1": 4, "steps-3": 4}), ("needed", {"needed": 8})]
)
def test_a_set_may_name_the_stratum_of_its_questions(stratum: str | None, found: dict[str, int]):
    told = as_told(families=["sums"], steps=[1, 3], count=8, **({"stratum": stratum} if stratum else {}))
    assert strata_of(asked(told)) == found


def test_questions_of_other_sets_are_of_no_stratum_unless_it_is_named():
    table = asked(
        {"source": "knowledge", "count": 6, "stratum": "knowledge"}, {"source": "procedural", "count": 6}
    )
    assert strata_of(table) == {"knowledge": 6, None: 6}


def test_options_are_shuffled_with_their_keys():
    table = asked(as_told(count=150))
    right = table.select(
        pl.col("options").list.get(pl.col("key").str.to_integer(base=36, dtype=pl.UInt32) - 10)
    ).to_series()
    assert right.to_list() == [way(question)[-1] for question in table["question"]]
    assert min(Counter(table["key"]).values()) > 20


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"steps": [2, 2]}, "steps: got 2 twice; expected each once"),
        ({"families": ["sums", "sums"]}, "families: got 'sums' twice"),
        ({"steps": [5]}, "less than or equal to 4"),
        ({"steps": []}, "at least 1 item"),
        ({"families": ["proofs"]}, "'lookups', 'sums' or 'clocks'"),
    ],
)
def test_a_set_that_cannot_be_says_so(fields: dict[str, Sequence[Any]], said: str):
    with pytest.raises(ValueError, match=said):
        as_told(count=4, **fields)
