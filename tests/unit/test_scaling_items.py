"""Items of the scaling room: right by a second solver, each once, and nothing to read off."""

import re
import time
from collections import Counter, deque
from math import comb
from typing import Any

import numpy as np
import polars as pl
import pytest

from unspoken.experiments.scaling.checks.answers import faults_of, solution
from unspoken.experiments.scaling.checks.counting import things_in
from unspoken.experiments.scaling.items import Items, made_items
from unspoken.experiments.scaling.tasks.drawing import TaskError
from unspoken.experiments.scaling.tasks.students import RANGES, WEIGHTS, made_students

COUNTS = {"counts": [2, 3, 4]}
SETTINGS: dict[str, dict[str, Any]] = {
    "misleading_math": {"levels": [0, 1, 3, 5], **COUNTS},
    "misleading_python": {"levels": [0, 1, 3, 5], **COUNTS},
    "paradoxes": {"levels": [0, 1, 3, 7], "counts": [1, 2, 3]},
    "grades": {"levels": [0, 8, 16], "table": None, "scale": [0, 10]},
    "arithmetic": {"levels": [1, 2, 4, 8]},
    "word_problems": {"levels": [1, 2, 4, 8]},
    "out_of_domain": {"levels": [0, 1, 2, 4], **COUNTS},
    "zebra": {"levels": [5, 6, 7, 8], "irrelevant": 3},
}
"""Of every generator, without how many items."""
PAPER = {
    "misleading_math": {"levels": [1, 2, 3, 4, 5], "counts": [2]},
    "misleading_python": {"levels": [1, 2, 3, 4, 5], "counts": [2]},
    "paradoxes": {"levels": [0, 1, 3, 5, 7], "counts": [1]},
}
"""As the paper has them: one answer for all."""
FAST = [name for name in SETTINGS if name != "zebra"]


def made(task: str, items: int, settings: dict[str, Any] | None = None, seed: int = 1) -> pl.DataFrame:
    settings = {**(settings or SETTINGS[task]), "items": items}
    return made_items({"study": "s", "seed": seed, "tasks": {task: settings}})


def without_distractors(item: dict[str, Any]) -> str:
    text = item["text"]
    for one in item["distractors"]:
        text = text.replace(one["text"], "", 1)
    return text


def assert_sound(items: pl.DataFrame) -> None:
    """Assert that items fit their table (each once), agree with the second solver, and show no answer.

    And that the answer stays where all that is marked as a distractor is taken away.
    """
    Items.validate(items)
    assert list(faults_of(items)) == []
    alone = [
        solution(item["task"], without_distractors(item)) in (None, item["answer"])
        for item in items.iter_rows(named=True)
    ]
    assert all(alone)


@pytest.mark.parametrize("task", list(SETTINGS))
def test_items_are_sound(task: str) -> None:
    items = made(task, 4 if task == "zebra" else 60)
    assert_sound(items)
    levels = SETTINGS[task]["levels"]
    assert items["level"].unique().sort().to_list() == levels
    graded_by_distractors = ("misleading_math", "misleading_python", "paradoxes", "out_of_domain")
    if task in graded_by_distractors:
        assert (items["distractors"].list.len() == items["level"]).all()


@pytest.mark.parametrize("task", list(PAPER))
def test_items_of_the_paper_have_its_one_answer_and_no_constant(task: str) -> None:
    items = made(task, 40, PAPER[task])
    assert_sound(items)
    assert items["answer"].unique().to_list() == [str(PAPER[task]["counts"][0])]
    assert items["constant"].null_count() == items.height


@pytest.mark.heavy
@pytest.mark.parametrize("task", FAST)
def test_ten_thousand_items_are_sound(task: str) -> None:
    levels = SETTINGS[task]["levels"]
    items = made(task, -(-10_000 // len(levels)))
    assert items.height >= 10_000
    assert_sound(items)
    assert items["text"].n_unique() == items.height


@pytest.mark.heavy
def test_two_hundred_zebra_puzzles_are_sound() -> None:
    start = time.perf_counter()
    items = made("zebra", 50)
    assert_sound(items)
    print(f"200 puzzles, made and solved: {time.perf_counter() - start:.1f} s")
    assert items.height == 200


def test_more_items_leave_the_first_as_they_are_and_another_seed_makes_others() -> None:
    for task in FAST:
        few, many, other = made(task, 5), made(task, 9), made(task, 5, seed=2)
        kept = many.filter(pl.col("item").is_in(few["item"].to_list()))
        assert kept["text"].to_list() == few["text"].to_list(), task
        assert not set(few["text"]) & set(other["text"]), task


def test_kinds_that_are_left_out_do_not_occur() -> None:
    kinds = ["weight", "price", "person"]
    items = made("misleading_math", 30, {"levels": [1, 3], "kinds": kinds, **COUNTS})
    found = items["distractors"].explode().struct.field("kind")
    assert set(found) == set(kinds)
    assert (
        items.filter(level=3)["distractors"].list.eval(pl.element().struct["kind"]).list.n_unique().min() == 3
    )


def test_every_kind_of_distractor_frame_and_answer_occurs_about_as_often_as_the_others() -> None:
    for task, n_kinds in (("misleading_math", 10), ("misleading_python", 10), ("paradoxes", 10)):
        items = made(task, 400, {"levels": [2], "counts": [2, 3, 4]})
        kinds = Counter(items["distractors"].explode().struct.field("kind"))
        assert len(kinds) == n_kinds
        assert min(kinds.values()) > 40
        assert items["answer"].value_counts()["count"].min() > 90
    assert items["frame"].n_unique() == 10


def test_the_items_at_level_0_may_be_fewer() -> None:
    items = made("paradoxes", 6, {"levels": [0, 1], "items_at_0": 4, "counts": [1]})
    assert items["level"].value_counts().sort("level")["count"].to_list() == [4, 6]


def test_more_items_than_exist_are_one_line() -> None:
    with pytest.raises(
        TaskError, match=r"^misleading_math, level 0: asked for 9000 items; it makes \d+ that"
    ):
        made("misleading_math", 9000, {"levels": [0], "counts": [1]})


def test_no_sentence_beside_the_first_gives_the_reader_another_thing() -> None:
    """The second solver reads the first sentence: no other adds a thing of its category."""
    items = made("misleading_math", 400, {"levels": [5], **COUNTS})
    held = {text: set(things_in(text)) for text in items["text"]}
    known = set().union(*held.values())
    for text, own in held.items():
        rest = text.partition(". ")[2]
        assert not (set(re.findall(r"[a-z]+", rest)) & known) - own, text


def test_what_a_constant_answer_gets() -> None:
    items = made("misleading_math", 60)
    counts = items["answer"].value_counts(sort=True)
    assert items["constant"].unique().to_list() == [counts["answer"][0]]
    grades = made("grades", 60)
    mean = grades["answer"].cast(pl.Float64).mean()
    assert grades["constant"].cast(pl.Float64).unique().to_list() == [pytest.approx(mean, abs=0.006)]


# What the known problems' own answers are, by other ways than the generator's


def _guests(percent: int, days: int) -> int:
    def shared(guests: int) -> float:
        unlike = 1
        for guest in range(guests):
            unlike *= days - guest
        return 1 - unlike / days**guests

    return next(guests for guests in range(1, days) if shared(guests) >= percent / 100)


def _last_soldier(soldiers: int, step: int) -> int:
    circle = deque(range(1, soldiers + 1))
    while len(circle) > 1:
        circle.rotate(1 - step)
        circle.popleft()
    return circle[0]


def _winners(doors: int, players: int) -> float:
    return players * (1 - 1 / doors)


def _where_caught(start: int, times: int) -> float:
    # The runner's way equals the start and what the tortoise goes meanwhile.
    return start / (1 - 1 / times)


def _dried(kilograms: int, percent: int) -> float:
    solids = kilograms / 100
    return solids / (1 - percent / 100)


def _ill_of_alarmed(ill: int, alarms: int) -> float:
    healthy = 100 - ill
    return 100 * ill / (ill + healthy * alarms / 100)


KNOWN = {
    "birthday": (r"at least (\d+)% likely, if every year has (\d+) days", _guests),
    "monty_hall": (r"Behind (\d+) doors .* shut; (\d+) players", _winners),
    "base_rate": (r"illness that (\d+)% of .* calls (\d+)% of", _ill_of_alarmed),
    "tortoise": (r"has (\d+) metres .* it is (\d+) times as slow", _where_caught),
    "potatoes": (r", (\d+) kilograms .* just (\d+)% of them", _dried),
    "lilies": (r"After (\d+) days", lambda days: days - 1),
    "chessboard": (r"up to square (\d+)", lambda squares: sum(2**one for one in range(squares))),
    "josephus": (r", (\d+) soldiers .* every (\d+)th", _last_soldier),
    "secretary": (r", (\d+) people ask", lambda people: people / 2.718281828),
    "hanoi": (r"move (\d+) golden", lambda discs: sum(comb(discs, one) for one in range(1, discs + 1))),
}


def test_frames_have_the_answer_of_their_known_problem() -> None:
    items = made("paradoxes", 300, {"levels": [0], "counts": [1, 2, 3]})
    for text, frame, answer in items.select("text", "frame", "frame_answer").iter_rows():
        form, known = KNOWN[frame]
        found = re.search(form, text)
        assert found, text
        assert int(answer) == pytest.approx(known(*map(int, found.groups())), abs=0.5 + 1e-9), text
    assert _guests(50, 365) == 23
    assert _last_soldier(41, 3) == 31


@pytest.mark.parametrize("seed", range(1, 10))
def test_made_students_keep_to_the_ranges_of_their_features(seed: int) -> None:
    students = made_students(500, seed, "grades")
    for name, (low, high) in RANGES.items():
        values = [student.features[name] for student in students]
        assert (min(values), max(values)) == (low, high)
    assert all(0 < float(student.grade) < 10 for student in students)


def test_features_of_made_students_are_not_correlated_and_their_weights_come_back() -> None:
    students = made_students(1000, 1, "grades")
    features = np.array([list(student.features.values()) for student in students])
    grades = np.array([float(student.grade) for student in students])
    apart = np.corrcoef(features, rowvar=False) - np.eye(len(RANGES))
    assert np.abs(apart).max() < 0.02
    design = np.column_stack([features, np.ones(len(students))])
    found = np.linalg.lstsq(design, grades, rcond=None)[0][:-1]
    assert found == pytest.approx([WEIGHTS.get(name, 0) for name in RANGES], abs=0.01)
