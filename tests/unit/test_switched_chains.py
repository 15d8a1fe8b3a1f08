"""Chains that switch script or language: which part is put in English, and what stands beside it."""

from typing import Any

import polars as pl
import pytest

from unspoken.answers.stated import with_answers
from unspoken.chains.switched import like_step, longest_span, switched_chains, unswitched

PROMPT = "Which of these animals lays its eggs in the water?\n(A) bat\n(B) trout"
GERMAN = "Die Forelle legt ihre Eier immer in das kalte Wasser."
PREFIX = "The answer is ("
TYPES = {
    "subject": pl.String, "prompt_id": pl.String, "question_id": pl.String, "arm": pl.String,
    "user": pl.String, "options": pl.List(pl.String), "n_options": pl.Int64, "chain": pl.String,
    "forced": pl.List(pl.Float64), "thinking": pl.String, "reply": pl.String, "finish_reason": pl.String,
    "stated": pl.String, "prompt": pl.String, "engine": pl.String,
}  # fmt: skip


def chain(text: str, name: str = "q1", arm: str = "unhinted", end: str = f"\n{PREFIX}B).") -> dict[str, Any]:
    text += end
    return {
        "subject": "m", "prompt_id": f"{name}:{arm}", "question_id": name, "arm": arm, "user": PROMPT,
        "options": ["bat", "trout"], "n_options": 2, "chain": text, "forced": [-1.0, -0.5],
        "thinking": None, "reply": text, "finish_reason": "stop", "stated": None,
        "prompt": PROMPT, "engine": "scripted",
    }  # fmt: skip


def found(*chains: dict[str, Any], count: int = 10, seed: int = 1) -> list[dict[str, Any]]:
    return switched_chains(with_answers(pl.DataFrame(chains, schema=TYPES)), count, seed)


def one(text: str) -> dict[str, Any]:
    (row,) = found(chain(text))
    return row


def spans(row: dict[str, Any]) -> list[str]:
    return [row["thought"][start:end] for start, end, _ in row["spans"]]


def test_chains_with_another_script_or_language_before_their_answer_are_found() -> None:
    rows = found(
        chain("Let us think about the eggs of the animals. I say trout.", "plain"),
        chain("We think about 鳟鱼 here.", "script"),
        chain(f"Let us think about the eggs.\n{GERMAN}\nSo trout.", "line", "hint"),
        chain("So trout.", "after", end=f"\n{PREFIX}B) 鳟鱼"),
        chain("We think about 鳟鱼 here.", "silent", end=""),
        chain("We think about 鳟鱼 here.", "other", "few_shot_first"),
        chain("", "empty"),
    )
    assert {row["question_id"]: spans(row) for row in rows} == {"script": ["鳟鱼"], "line": [GERMAN]}
    assert found(chain("Trout.")) == found() == []


def test_the_seed_draws_some_whatever_their_order() -> None:
    chains = [chain("We think about 鳟鱼 here.", f"q{at}") for at in range(20)]
    names = [row["question_id"] for row in found(*chains, count=5)]
    assert len(names) == 5
    assert [row["question_id"] for row in found(*chains[::-1], count=5)] == names
    assert [row["question_id"] for row in found(*chains, count=5, seed=2)] != names


def test_the_longest_span_is_put_in_english_and_the_rest_stays() -> None:
    row = one("It is a рыба. Now think of what the форель does. So it is икра.")
    start, end, which = longest_span(row)
    assert (row["thought"][start:end], which) == ("форель", "Cyrillic")
    whole, english = unswitched(row, "trout", None)
    assert whole["text"] == row["thought"] and (whole["test"], whole["how"]) == ("switched", None)
    assert english["text"] == "It is a рыба. Now think of what the trout does. So it is икра."
    assert (english["test"], english["how"], english["step"], english["steps"]) == (
        "translated",
        "model",
        2,
        3,
    )
    assert english["prompt_id"] == whole["prompt_id"] == "q1:unhinted"


def test_a_line_keeps_the_white_space_around_it() -> None:
    row = one(f"Let us think about the eggs.\n  {GERMAN}\nSo trout.")
    english = unswitched(row, "The trout lays its eggs in cold water.", None)[1]
    assert (
        english["text"] == "Let us think about the eggs.\n  The trout lays its eggs in cold water.\nSo trout."
    )


@pytest.mark.parametrize("reply", [None, GERMAN, "Die Forelle legt ihre Eier in das Wasser.", "鱼 in water"])
def test_what_is_switched_itself_is_no_translation(reply: str | None) -> None:
    row = one(f"Let us think about the eggs.\n{GERMAN}\nSo trout.")
    whole, english = unswitched(row, reply, None)
    assert english["how"] == "none" and english["text"] == whole["text"]


def test_beside_it_the_step_of_about_its_length_is_reworded() -> None:
    around = "Think about all that lays eggs in rivers.\n", f"{GERMAN}\nSo I say trout."
    text = f"Eggs. {'Very ' * 40}long it is. {around[0]}{around[1]}"
    row = one(text)
    assert row["steps"][like_step(row)] == "Think about all that lays eggs in rivers.\n"
    made = unswitched(row, "Trout do.", ("Look at what has its eggs in rivers.\n", "model"))
    assert [one["test"] for one in made] == ["switched", "translated", "reworded"]
    assert made[2]["text"] == text.replace(
        "Think about all that lays eggs in", "Look at what has its eggs in"
    )
    assert (made[2]["how"], made[2]["step"]) == ("model", 2)
    assert unswitched(row, None, ("Think.", "none"))[2]["how"] == "none"


def test_a_step_with_a_switched_span_is_no_control() -> None:
    assert like_step(one(f"Think about all that lays eggs in 河 rivers.\n{GERMAN}")) is None
    assert like_step(one("So 鱼.")) is None
