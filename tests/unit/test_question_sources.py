"""Questions of every source: that their keys are right, how they are drawn, how options are shuffled."""

import json
import math
import re
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from unspoken.questions import SourceError, procedural
from unspoken.questions.own_files import COMMON
from unspoken.questions.procedural import (
    FAMILIES,
    MONTHS,
    RELATIVES,
    WEEKDAYS,
    numbers_near,
    procedural_questions,
)
from unspoken.questions.sources import option_order, questions_of
from unspoken.tables.base import checked
from unspoken.tables.questions import Questions

ROOT = Path(__file__).parents[2]
KNOWLEDGE = {"source": "knowledge", "count": None}


def asked(*sets: dict[str, Any], seed: int = 1) -> pl.DataFrame:
    """Return a study's questions, checked against the schema."""
    return checked(questions_of({"sets": list(sets)}, ROOT, seed, "mine"), Questions, ROOT)


def own_set(folder: Path, count: int | None, labels: list[str | None], name: str = "q") -> dict[str, Any]:
    """Return a set of the user's, a question for each label of difficulty."""
    path = folder / f"{name}.jsonl"
    rows = [
        {
            "id": f"{name}{at}",
            "question": "?",
            "options": ["a", "b", "c", "d"],
            "answer": 0,
            "difficulty": label,
        }
        for at, label in enumerate(labels)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"source": "own", "path": str(path), "count": count}


# Procedural questions


@pytest.fixture(scope="module")
def made() -> pl.DataFrame:
    """Return 40 questions for each family and difficulty."""
    return procedural_questions(40, seed=1)


def relation(story: str, one: str, other: str) -> set[str]:
    """Return what a story says that `one` is to `other`, whatever the sex of a child."""
    spouses: dict[str, str] = {}
    parents: dict[str, set[str]] = {}
    for husband, wife, children in re.findall(
        r"(\w+) is married to (\w+)\.(?: They have (?:a child|children) called ([^.]*)\.)?", story
    ):
        spouses |= {husband: wife, wife: husband}
        for child in re.findall(r"\w+", children.replace(" and ", ", ")):
            parents.setdefault(child, set()).update({husband, wife})
    grandparents = set().union(*(parents.get(parent, set()) for parent in parents.get(other, set())))
    if one in parents.get(other, set()):
        return {"mother", "father"}
    if other in parents.get(one, set()):
        return {"daughter", "son"}
    if spouses.get(one) == other:
        return {"wife", "husband"}
    if one in grandparents:
        return {"grandmother", "grandfather"}
    return {"sister", "brother"} if parents.get(one) == parents.get(other) else {"none of these"}


def solved(family: str, question: str) -> set[str]:
    """Return the right answers of a procedural question, worked out from its text alone."""
    if family == "chain_sum":
        total, *terms = re.findall(r"[+-]? ?\d+", question)
        return {str(int(total) + sum(int(term.replace(" ", "")) for term in terms))}
    if family == "lcm":
        return {str(math.lcm(*map(int, re.findall(r"\d+", question))))}
    if family == "calendar_arithmetic":
        match = re.match(r"(\d+) (\w+) (\d+) is a (\w+)\. .* is it (\d+) days? (later|earlier)\?", question)
        assert match is not None
        day, month, year, weekday, days, way = match.groups()
        start = date(int(year), MONTHS.index(month) + 1, int(day))
        assert WEEKDAYS[start.weekday()] == weekday
        end = start + timedelta(days=int(days) * (1 if way == "later" else -1))
        return {WEEKDAYS[end.weekday()]}
    if family == "letter_counting":
        letter, text = re.findall(r'"(.*?)"', question)
        return {str(text.lower().count(letter))}
    if family == "spell_backward":
        return {re.findall(r'"(.*)"', question)[0][::-1]}
    story, one, other = re.findall(r"(.*) What is (\w+) to (\w+)\?", question)[0]
    return relation(story, one, other)


def test_every_family_has_as_many_questions_easy_and_hard(made: pl.DataFrame) -> None:
    counts = made.group_by("topic", "difficulty").len()
    assert counts.height == 2 * len(FAMILIES)
    assert set(counts["len"]) == {40}
    assert made.schema == pl.Schema(COMMON)
    assert made["question_id"].is_unique().all()
    assert made["question"].is_unique().all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_right_option_alone_solves_the_question(made: pl.DataFrame, family: str) -> None:
    for row in made.filter(topic=family).iter_rows(named=True):
        right = solved(family, row["question"])
        assert row["options"][row["answer"]] in right, row
        assert len(set(row["options"])) == 4, row
        same_sex = family != "family_relationships" or any(
            set(row["options"]) <= set(kind) for kind in RELATIVES
        )
        assert same_sex, row
        wrong = set(row["options"]) - {row["options"][row["answer"]]}
        assert not wrong & right, row


def test_the_place_of_the_right_number_among_the_options_tells_nothing() -> None:
    sums = procedural_questions(150, seed=3).filter(topic="chain_sum")
    ranks = [sorted(map(int, options)).index(int(options[0])) for options in sums["options"]]
    assert chisquare(np.bincount(ranks, minlength=4)).pvalue > 0.001


def test_more_procedural_questions_begin_with_the_same(made: pl.DataFrame) -> None:
    fewer = procedural_questions(3, seed=1)
    assert made.filter(pl.col("question_id").is_in(fewer["question_id"].to_list())).equals(fewer)
    other = procedural_questions(3, seed=2)
    assert other["question"].is_in(fewer["question"].to_list()).mean() < 0.2


def test_procedural_questions_do_not_depend_on_the_process(made: pl.DataFrame) -> None:
    program = (
        "from unspoken.questions.procedural import procedural_questions as made;"
        "print(made(40, 1).write_json())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONHASHSEED": "5"}, capture_output=True, check=True
    )
    assert pl.read_json(done.stdout, schema=COMMON).equals(made)


def test_a_family_that_runs_dry_says_so() -> None:
    with pytest.raises(SourceError, match=r"lcm, easy: asked for 400 questions; it makes 1\d\d that differ"):
        procedural_questions(400, seed=1)


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedural, "PACKAGE", "no_such_package")
    with pytest.raises(SourceError, match="reasoning-gym is not installed: run 'make results'"):
        procedural_questions(1, seed=1)


def test_the_generators_leave_no_modules_behind(made: pl.DataFrame) -> None:
    assert not [name for name in sys.modules if name.startswith("reasoning_gym")]


@given(st.integers(-5000, 5000), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_numbers_near_lie_below_and_above_the_right_one(right: int, steps: list[int]) -> None:
    below, above = numbers_near(right, steps)
    assert all(int(text) < right for text in below)
    assert all(int(text) > right for text in above)
    assert {str(right + step) for step in steps} <= set(above)
    assert all(int(text) >= 0 for text in numbers_near(abs(right), steps, 0)[0])


# Drawing and shuffling


def test_sets_stand_one_after_the_other_with_right_keys(tmp_path: Path) -> None:
    mine = {"source": "own", "path": str(ROOT / "docs/examples/questions.jsonl"), "count": 6}
    table = asked(KNOWLEDGE, {"source": "procedural", "count": 30}, mine)
    assert table["study"].unique().to_list() == ["mine"]
    assert table.height == 300 + 30 + 6
    right = dict(zip(table["question_id"], zip(table["options"], table["key"], strict=True), strict=True))
    knowledge = (ROOT / "resources/questions/knowledge.jsonl").read_text().splitlines()
    for row in map(json.loads, knowledge):
        options, key = right[row["id"]]
        assert options["ABCD".index(key)] == row["answer"]
        assert sorted(options) == sorted(row["options"])


def test_order_is_the_place_in_the_file() -> None:
    rows = [
        json.loads(line) for line in (ROOT / "resources/questions/knowledge.jsonl").read_text().splitlines()
    ]
    table = asked(KNOWLEDGE)
    for row, options, order in zip(rows, table["options"], table["order"], strict=True):
        assert options.to_list() == [row["options"][at] for at in order]


@given(st.integers(0, 2**60), st.text(min_size=1, max_size=20), st.integers(2, 26))
def test_an_order_is_a_permutation(seed: int, name: str, size: int) -> None:
    assert sorted(option_order(seed, name, size)) == list(range(size))


def test_keys_are_uniform_and_independent_of_everything_else(tmp_path: Path) -> None:
    table = pl.concat([asked(KNOWLEDGE, seed=seed) for seed in range(12)])
    assert chisquare(table["key"].value_counts()["count"]).pvalue > 0.001
    before = table.select(
        "key", "difficulty", "topic", last=pl.col("key").shift(), other=pl.col("order").list[0]
    )
    before = before.with_columns(place=pl.col("key").shift(300))  # the same question under the last seed
    for column in ("difficulty", "topic", "last", "place"):
        pairs = before.drop_nulls(column).pivot(column, index="key", values="key", aggregate_function="len")
        assert chi2_contingency(pairs.drop("key").fill_null(0).to_numpy()).pvalue > 0.001, column


def test_all_orders_of_the_options_are_as_likely() -> None:
    counts = Counter(tuple(option_order(1, f"question {number}", 4)) for number in range(4800))
    assert len(counts) == 24
    assert chisquare(list(counts.values())).pvalue > 0.001


@settings(deadline=None, max_examples=20)
@given(count=st.integers(0, 20), easy=st.integers(10, 15), hard=st.integers(10, 15), seed=st.integers(0, 99))
def test_half_of_a_labelled_set_is_easy(
    count: int, easy: int, hard: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = own_set(tmp_path_factory.mktemp("sets"), count, ["easy"] * easy + ["hard"] * hard)
    drawn = asked(one, seed=seed)["difficulty"].to_list()
    assert drawn == ["easy"] * math.ceil(count / 2) + ["hard"] * (count // 2)


def test_a_set_without_labels_is_drawn_as_a_whole(tmp_path: Path) -> None:
    for labels in ([None] * 10, ["easy"] * 5 + [None] * 5, ["hard"] * 10):
        assert asked(own_set(tmp_path, 10, labels)).height == 10


def test_a_larger_count_keeps_what_was_drawn_and_another_seed_does_not(tmp_path: Path) -> None:
    labels: list[str | None] = ["easy", "hard"] * 100
    few = asked(own_set(tmp_path, 50, labels))
    many = asked(own_set(tmp_path, 80, labels))
    assert many.filter(pl.col("question_id").is_in(few["question_id"].to_list())).equals(few)
    other = asked(own_set(tmp_path, 50, labels), seed=2)
    assert set(other["question_id"]) != set(few["question_id"])


def test_a_count_above_what_there_is_says_so(tmp_path: Path) -> None:
    one = own_set(tmp_path, 8, ["easy"] * 9 + ["hard"] * 3)
    with pytest.raises(SourceError, match=r"q.jsonl'.* count 8, which needs 4 hard questions; .* most 3 of"):
        asked(one)


def test_an_id_that_two_sets_share_says_so(tmp_path: Path) -> None:
    one, two = own_set(tmp_path, None, [None]), own_set(tmp_path, None, [None] * 2, "p")
    path = Path(two["path"])
    path.write_text(path.read_text().replace('"p1"', '"q0"'))
    with pytest.raises(SourceError, match=r"p.jsonl': its id 'q0' is also in the set '.*q.jsonl'"):
        asked(one, two)


def test_a_source_of_no_such_name_says_so() -> None:
    with pytest.raises(
        SourceError, match="got the source 'mmlu'; expected one of knowledge, procedural, tasks, own, hub"
    ):
        asked({"source": "mmlu", "count": 1})
