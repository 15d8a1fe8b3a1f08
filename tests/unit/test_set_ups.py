"""Set-ups of reasoning: budgets that share one reasoning, reasoning that is made to go on, several samples.

The scripted subject writes back what it read of its reasoning, so each answer shows what that was.
"""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.asking.answering import prompts_of_shard
from unspoken.asking.completing import asked_in_turn
from unspoken.asking.drawing import AskingError, check_drawing
from unspoken.asking.replying import replied
from unspoken.engines.base import EngineError, Sampling
from unspoken.engines.scripted import ScriptedEngine
from unspoken.subjects import base_subject
from unspoken.tables.base import checked
from unspoken.tables.prompts import as_prompts
from unspoken.tables.replies import Replies

RULES = [
    {"when": r"(?s)count \d+\n(.*)</think> So: $", "answers": {r"(\1)": 1}},
    {"when": r"(?s)choose \d+\n(.*)</think> So: $", "answers": {"ant": 1, "bee": 1}},
    {"when": r"(?s)story \d+\n(.*)\|So: $", "answers": {"yes": 1}},
    {"when": r"one two three$", "answers": {"four five</think> left out": 1}},
    {"when": r"five Wait$", "answers": {"six seven</think>": 1}},
    {"when": r"seven Wait$", "answers": {"eight nine ten eleven": 1}},
    {"when": r"nine ten$", "answers": {"eleven</think>": 1}},
    {"when": r"a b c$", "answers": {"d e f</think>": 1}},
    {"when": r"count \d+\n$", "answers": {"one two three four": 1}},
    {"when": r"choose \d+\n$", "answers": {"a b c d</think>": 1, "u v</think>": 1}},
    {"when": r"story \d+\n$", "answers": {"so it was the sea": 1}},
    {"when": r"it was the$", "answers": {"end of it": 1}},
]
REASONING = {
    "end": "</think>", "closing": "</think> ", "answer_prefix": "So: ", "answer_tokens": 20,
    "piece_tokens": 3,
}  # fmt: skip
EXTENDED = REASONING | {"insert": {"extended": "Wait"}}
SPEC = {"sampling": {"temperature": 1.0}, "reads": None}


def prompts_of(*rows: dict[str, Any], items: int = 1, user: str = "count") -> pl.DataFrame:
    """Return prompts of every item in each of some ways."""
    told = [
        {"prompt_id": f"{item}:{place}", "item": f"i{item}", "user": f"{user} {item}", "arm": "capped", **row}
        for item in range(items)
        for place, row in enumerate(rows)
    ]
    return as_prompts(pl.DataFrame(told, infer_schema_length=None), [])


def budgets(*tokens: int | None, **more: Any) -> list[dict[str, Any]]:
    return [{"budget": one, **more} for one in tokens]


@pytest.fixture
def drawn(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Any:
    """Return a function that draws prompts, by way of a cache: (replies, completions made)."""
    manifest = tmp_path / "model.json"
    manifest.write_text(json.dumps({"files": {}, "kind": "scripted", "name": "m", "revision": "scripted"}))

    def draw(
        prompts: pl.DataFrame, reasoning: dict[str, Any] | None = REASONING, at_once: int = 4096, **more: Any
    ) -> tuple[pl.DataFrame, int]:
        caplog.clear()
        made = []
        with caplog.at_level("INFO"):
            for asked in asked_in_turn(
                ScriptedEngine(RULES), [base_subject("m")], tmp_path / "cache", manifest
            ):
                sampling = Sampling(temperature=1.0, max_tokens=9, seed=4)
                made += [
                    replies for _, replies in replied(asked, prompts, sampling, reasoning, at_once, **more)
                ]
        replies = pl.concat(made).with_columns(study=pl.lit("s"), experiment=pl.lit("e"))
        told = caplog.text.partition(" completions made")[0].rsplit(" ", 1)[1]
        return checked(replies, Replies, tmp_path), int(told)

    return draw


COLUMNS = ("reply", "budget", "thinking_tokens", "was_cut", "inserted")


def test_every_budget_reads_the_beginning_of_one_reasoning(drawn: Any) -> None:
    replies, made = drawn(prompts_of(*budgets(0, 2, 4, 5, 9)))
    assert replies.select(COLUMNS).rows() == [
        ("So: ()", 0, 0, True, None),
        ("So: (one two)", 2, 2, True, None),
        ("So: (one two three four)", 4, 4, True, None),
        ("So: (one two three four five)", 5, 5, False, None),
        ("So: (one two three four five)", 9, 5, False, None),
    ]
    assert made == 2 + 4, "two pieces, and an answer to each of four beginnings"
    assert replies["thinking"][1] == "one two</think> "
    assert replies["max_tokens"].to_list() == [20, 22, 24, 25, 29]


@pytest.mark.parametrize("other", [1, 4, 6])
def test_another_budget_draws_its_rows_alone(drawn: Any, other: int) -> None:
    first, _ = drawn(prompts_of(*budgets(2, 5), items=40, user="choose"))
    more, made = drawn(prompts_of(*budgets(2, 5, other), items=40, user="choose"))
    same = ["prompt", "budget", "thinking", "reply", "n_tokens", "was_cut"]
    assert more.filter(pl.col("budget") != other).select(same).equals(first.select(same))
    longer = first.filter(budget=2, was_cut=True).height  # the others are at their end by two tokens
    assert 10 < longer < 30
    assert made == {1: 40, 4: longer, 6: longer}[other]


def test_prompts_that_read_otherwise_reason_otherwise(drawn: Any) -> None:
    alike = [{"arm": "a", "budget": 2}, {"arm": "b", "budget": 6}, {"arm": "c", "budget": 6, "system": "Hm."}]
    replies, _ = drawn(prompts_of(*alike, items=100, user="choose"))
    texts = replies["thinking"].str.strip_suffix("</think> ").to_list()
    rows = list(zip(texts[::3], texts[1::3], texts[2::3], strict=True))
    assert all(longer.startswith(short) for short, longer, _ in rows)
    assert 20 < sum(longer == other for _, longer, other in rows) < 80
    answers = replies["reply"].to_list()
    read_alike = [row for row, (short, longer, _) in enumerate(rows) if short == longer]
    assert len(read_alike) > 20
    assert all(answers[3 * row] == answers[3 * row + 1] for row in read_alike)


def test_prompts_far_from_each_other_share_a_reasoning_too(drawn: Any) -> None:
    """Those that memory does not hold at once, and those of several jobs."""
    prompts = prompts_of(*budgets(2, 4, 6), items=7, user="choose").sort("budget")
    whole, _ = drawn(prompts)
    apart, _ = drawn(prompts, at_once=2, samples={"capped": 2})
    assert apart.filter(sample_index=0).drop("created_at").equals(whole.drop("created_at"))
    shards = [prompts_of_shard(prompts, [number, 3]) for number in (1, 2, 3)]
    assert [shard.height for shard in shards] == [6, 6, 9]
    assert all(shard["item"].value_counts()["count"].eq(3).all() for shard in shards)


def test_reasoning_that_ends_goes_on_until_the_budget_is_used(drawn: Any) -> None:
    rows = [*budgets(4, 5, 6, 7, 9, 12, arm="extended"), *budgets(9, arm="capped")]
    replies, made = drawn(prompts_of(*rows), EXTENDED)
    assert replies.select(COLUMNS).rows() == [
        ("So: (one two three four)", 4, 4, True, 0),
        ("So: (one two three four five)", 5, 5, False, 0),
        ("So: (one two three four five)", 6, 5, False, 0),  # there was room for the inserted word alone
        ("So: (one two three four five Wait six)", 7, 7, True, 1),
        ("So: (one two three four five Wait six seven)", 9, 8, False, 1),
        ("So: (one two three four five Wait six seven Wait eight nine ten)", 12, 12, True, 2),
        ("So: (one two three four five)", 9, 5, False, None),
    ]
    assert made == 4 + 5, "four pieces, and an answer to each of five reasonings"


def test_an_answer_follows_a_share_of_one_reasoning(drawn: Any) -> None:
    shares = {"none": 0.0, "half": 0.5, "most": 0.8, "all": 1.0}
    rows = [{"arm": arm, "budget": 9} for arm in shares]
    replies, _ = drawn(prompts_of(*rows), REASONING | {"shares": shares})
    read = [row[0].removeprefix("So: ") for row in replies.select(COLUMNS).rows()]
    assert read == ["()", "(one two)", "(one two three four)", "(one two three four five)"]
    assert replies["was_cut"].to_list() == [True, True, True, False]
    assert replies["budget"].to_list() == [9] * 4


def test_an_end_that_two_pieces_share_is_found(drawn: Any) -> None:
    reasoning = REASONING | {"end": "the end", "piece_tokens": 4, "closing": "|"}
    replies, made = drawn(prompts_of(*budgets(3, 8), user="story"), reasoning)
    assert made == 2 + 2
    assert replies["thinking"].to_list() == ["so it was|", "so it was |"]
    assert replies.select("thinking_tokens", "was_cut").rows() == [(3, True), (5, False)]


def test_samples_of_a_prompt_are_drawn_apart_and_a_raised_count_adds_its_own(drawn: Any) -> None:
    rows = [*budgets(6, None, arm="natural"), *budgets(6)]
    prompts = prompts_of(*rows, items=50, user="choose")
    once, _ = drawn(prompts)
    thrice, _ = drawn(prompts, samples={"natural": 3})
    assert thrice.height == 50 * (3 + 3 + 1)
    assert thrice.filter(sample_index=0).drop("created_at").equals(once.drop("created_at"))
    assert thrice["reply_id"][2] == "m:0:0:2"
    of_prompt = thrice.filter(pl.col("budget") == 6).group_by("prompt_id", maintain_order=True)
    unlike = of_prompt.agg(pl.len(), pl.col("thinking").n_unique()).filter(len=3)["thinking"]
    assert len(unlike) == 50 and 25 < (unlike == 2).sum() < 48  # of three draws from two, 3/4 are unlike


@pytest.mark.parametrize(
    ("spec", "error", "said"),
    [
        ({"reasoning": None}, AskingError, "the prompt 0:0 has a reasoning budget, and nothing says"),
        ({"reasoning": REASONING | {"piece_tokens": 0}}, EngineError, "piece_tokens is 0"),
        ({"reasoning": REASONING | {"insert": {"capped": " "}}}, EngineError, "the text to insert is ' '"),
        ({"reasoning": REASONING | {"shares": {"capped": 1.5}}}, EngineError, "to read is 1.5: it lies"),
        ({"reasoning": EXTENDED}, AskingError, "insert names the arm 'extended', which no prompt has"),
        ({"reasoning": REASONING | {"insert": {"free": "So"}}}, AskingError, "'free', of which a prompt has"),
        ({"samples": {"capped": 0}}, AskingError, "samples says 0 for the arm 'capped'"),
        ({"samples": {"asked": 2}}, AskingError, "samples names the arm 'asked', which no prompt has"),
        ({"samples": {"free": 2}, "sampling": {"temperature": 0}}, AskingError, "2 samples .* are copies"),
        ({"samples": {"free": 2}, "reads": {"kind": "options"}}, AskingError, "beside one reply a prompt"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said_first(spec: dict[str, Any], error: type[Exception], said: str) -> None:
    prompts = prompts_of({"budget": 2}, {"arm": "free", "budget": None})
    check_drawing(prompts, SPEC | {"reasoning": REASONING, "samples": {"free": 2}})
    with pytest.raises(error, match=said):
        check_drawing(prompts, SPEC | {"reasoning": REASONING} | spec)
