"""The contracts of prompts, replies, readings and judgements, and what reads and writes them."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written_replies import chain_tables

from unspoken.answers.thinking import split_at_thinking, whole_text
from unspoken.chains.joined import ChainsError, joined_chains
from unspoken.tables.base import TableError, checked, read_table, write_table
from unspoken.tables.judgements import Judgements
from unspoken.tables.prompts import CONDITIONS, Prompts, as_prompts, condition
from unspoken.tables.readings import Readings

NOWHERE = Path("here.parquet")
TOLD = {
    "prompt_id": ["a", "b"],
    "user": ["1?", "2?"],
    "kind": ["x", None],
    "form": [1, 2],
    "own": [True, False],
}
NAMES = ("kind", "form", "own")


# Conditions


def test_conditions_come_back_as_they_were_and_stay_a_map_in_the_store(tmp_path: Path) -> None:
    told = pl.DataFrame(TOLD)
    file = tmp_path / "prompts.parquet"
    write_table(as_prompts(told, NAMES), file, Prompts)
    read = read_table(file, Prompts)
    types = {"kind": pl.String, "form": pl.Int64, "own": pl.Boolean}
    assert read.select(condition(name, dtype) for name, dtype in types.items()).equals(told.select(NAMES))
    assert read.select(condition("never")).to_series().is_null().all()
    rows = duckdb.sql(f"SELECT typeof(conditions), conditions['form'] FROM '{file}'").fetchall()
    assert rows == [("MAP(VARCHAR, VARCHAR)", "1"), ("MAP(VARCHAR, VARCHAR)", "2")]


def test_a_room_without_conditions_has_empty_maps_and_no_rows_are_a_table_too() -> None:
    bare = as_prompts(pl.DataFrame({"prompt_id": ["a"], "user": ["?"]}), [])
    assert checked(bare, Prompts, NOWHERE)["conditions"].to_list() == [{}]
    assert checked(as_prompts(pl.DataFrame(TOLD).clear(), NAMES), Prompts, NOWHERE).is_empty()


@pytest.mark.parametrize("conditions", [{"b": "1", "a": "2"}, None])
def test_a_map_out_of_order_and_no_map_are_refused(conditions: Any) -> None:
    prompts = as_prompts(pl.DataFrame({"prompt_id": ["a"], "user": ["?"]}), [])
    wrong = prompts.with_columns(conditions=pl.Series([conditions], dtype=CONDITIONS))
    with pytest.raises(TableError, match="conditions_are_a_map_with_sorted_keys"):
        checked(wrong, Prompts, NOWHERE)


# Thinking


@pytest.mark.parametrize(
    ("text", "thinking", "reply"),
    [
        ("No marks (A)", None, "No marks (A)"),
        ("", None, ""),
        ("<think>a</think>b", "<think>a</think>", "b"),
        ("the prompt had the mark</think>b", "the prompt had the mark</think>", "b"),
        ("<think>it never ends (A)", "<think>it never ends (A)", ""),
        ("(A) <think>again", "(A) <think>again", ""),
        ("<think>a</think>b</think>c", "<think>a</think>b</think>", "c"),
        ("<think>a</think>b<think>c", "<think>a</think>", "b<think>c"),
    ],
)
def test_a_text_is_cut_behind_its_last_mark(text: str, thinking: str | None, reply: str) -> None:
    assert split_at_thinking(pl.Series([text])).rows() == [(thinking, reply)]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["<think>", "</think>", "a", "é鱼", "\n"])).map("".join), min_size=1)
)
def test_thinking_and_reply_make_the_text(texts: list[str]) -> None:
    assert split_at_thinking(pl.Series(texts)).select(whole_text()).to_series().to_list() == texts


# Joined


def chain(prompt_id: str = "q:hint", **more: Any) -> dict[str, Any]:
    return {
        "prompt_id": prompt_id, "item": "q", "arm": "hint", "user": "Which?", "options": ["ant", "bee"],
        "kind": "metadata", "target": "B", "hint": "(B)", "subject": "m", "text": "Hm. (B)", **more,
    }  # fmt: skip


def test_chains_are_in_the_order_of_replies_with_what_was_asked_and_read() -> None:
    rows = [
        chain("q:hint", text="<think>Hm.</think>(B)", after=[-2.0, -1.0]),
        chain("q:unhinted", arm="unhinted", kind=None, target=None, hint=None, alone=[-1.0, -2.0]),
    ]
    prompts, replies, readings = chain_tables(rows)
    joined = joined_chains(prompts, replies.reverse(), readings)
    columns = ("prompt_id", "kind", "n_options", "hint", "chain", "reply", "forced", "direct")
    assert joined.select(columns).rows() == [
        ("q:unhinted", None, 2, "", "Hm. (B)", "Hm. (B)", None, [-1.0, -2.0]),
        ("q:hint", "metadata", 2, "(B)", "<think>Hm.</think>(B)", "(B)", [-2.0, -1.0], None),
    ]
    unread = joined_chains(prompts, replies)
    assert unread.select(pl.col("forced", "direct").is_null().all()).row(0) == (True, True)


def test_tables_that_do_not_belong_together_are_named() -> None:
    prompts, replies, readings = chain_tables([chain(after=[-1.0, -2.0, -3.0])])
    with pytest.raises(ChainsError, match="the reading 'after' of m:q:hint:0 is not of every option"):
        joined_chains(prompts, replies, readings)
    with pytest.raises(ChainsError, match="the reply m:q:hint:0 is to no prompt"):
        joined_chains(prompts.clear(), replies)


# Readings and judgements


def test_a_reading_has_a_value_of_every_choice() -> None:
    row = {"subject": "m", "prompt_id": "p", "reading": "at", "position": 3, "choices": [["owl", "cat"]]}
    types = {"position": pl.Int64}
    whole, short = (
        pl.DataFrame({**row, "logprobs": [one]}, schema_overrides=types) for one in ([-1.0, -2.0], [-1.0])
    )
    checked(whole, Readings, NOWHERE)
    with pytest.raises(TableError, match="every_choice_is_read"):
        checked(short, Readings, NOWHERE)


@pytest.mark.parametrize(("score", "reason"), [(None, None), (0.5, "it is in the language de")])
def test_a_judgement_has_a_score_or_the_reason_why_not(score: float | None, reason: str | None) -> None:
    row = {
        "study": "s", "experiment": "e", "subject": "m", "prompt_id": "p", "sample_index": 0, "judge": "j",
        "question": "mentions", "score": score, "reason": reason,
    }  # fmt: skip
    types = {"score": pl.Float64, "reason": pl.String}
    with pytest.raises(TableError, match="a_score_or_a_reason"):
        checked(pl.DataFrame([row], schema_overrides=types), Judgements, NOWHERE)
