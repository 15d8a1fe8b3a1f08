"""The contracts of prompts, replies, readings and judgements, and what reads and writes them."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written_replies import chain_tables

from unspoken.answers.said import said_in, unread_outcomes
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
        # Several thoughts.
        ("<think>a</think>b<think>c</think>", "<think>a</think>", "b<think>c</think>"),
        ("<think>a</think>b<think>c</think>d", "<think>a</think>", "b<think>c</think>d"),
        ("<think>a</think>\n<think>c</think>d", "<think>a</think>\n<think>c</think>", "d"),
        ("<think>a</think>\n<think>c", "<think>a</think>\n<think>c", ""),
        ("<think>a<think>b</think>c</think>d", "<think>a<think>b</think>c</think>", "d"),
        ("b<think>c</think>", None, "b<think>c</think>"),
        ("<think>a</think>", "<think>a</think>", ""),
        # Texts that only speak of the marks.
        ("The tag <think> is odd. (A)", None, "The tag <think> is odd. (A)"),
        ("I use <think> and </think> tags. (A)", None, "I use <think> and </think> tags. (A)"),
        ("Neither `<think>` nor `</think>`: (A)", None, "Neither `<think>` nor `</think>`: (A)"),
        ("<think>no `</think>` yet</think>b", "<think>no `</think>` yet</think>", "b"),
        ("Sure! <think>it never ends", "Sure! <think>it never ends", ""),
        ("Analysis: (A)", None, "Analysis: (A)"),
        ("x < y, a[0] > b & c", None, "x < y, a[0] > b & c"),
    ],
)
def test_a_text_is_cut_where_its_thinking_ends(text: str, thinking: str | None, reply: str) -> None:
    assert split_at_thinking(pl.Series([text])).rows() == [(thinking, reply)]


FAMILIES = {
    "tag": ("<thinking>", "</thinking>"),
    "attribute": ('<think time="3s">', "</think>"),
    "upper case": ("<THINK>", "</THINK>"),
    "name space": ("<seed:think>", "</seed:think>"),
    "reflection": ("<reflection>", "</reflection>"),
    "own words": ("<inner_monologue>", "</inner_monologue>"),
    "escaped": ("&lt;think&gt;", "&lt;/think&gt;"),
    "brackets": ("[THINK]", "[/THINK]"),
    "triangles": ("◁think▷", "◁/think▷"),
    "pipes": ("<|begin_of_thought|>", "<|end_of_thought|>"),
    "capitals": ("<|START_THINKING|>", "<|END_THINKING|>"),
    "edges behind": ("<|think_start|>", "<|think_end|>"),
    "edges without a gap": ("<|startofthink|>", "<|endofthink|>"),
    "edges in brackets": ("[BEGIN THINKING]", "[END THINKING]"),
    "channels": (
        "<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"
    ),
    "channels of JSON": (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>",
    ),
    "channels without marks": ("analysis", "assistantfinal"),
    "channel in one token": ("<|channel>thought\n", "<channel|>"),
    "unused tokens": ("<unused94>thought\n", "<unused95>"),
    "in words": ("Here is my thought process: ", "Here is my response:"),
    "fold of a page": ('<details type="reasoning" done="true">\n', "</details>"),
}  # fmt: skip
THOUGHT = "The professor says the answer is (B). But\n\na < b, so"


@pytest.mark.parametrize("family", FAMILIES)
def test_marks_of_many_families_end_thinking(family: str) -> None:
    begin, end = FAMILIES[family]
    texts = [f"{begin}{THOUGHT}{end}\n(C)", f"{begin}{THOUGHT}", f"\n{begin}{THOUGHT}{end}"]
    assert split_at_thinking(pl.Series(texts)).rows() == [
        (f"{begin}{THOUGHT}{end}", "\n(C)"), (texts[1], ""), (texts[2], ""),
    ]  # fmt: skip
    unbegun = split_at_thinking(pl.Series([f"{THOUGHT}{end}\n(C)"]))
    if family not in ("channels without marks", "in words"):
        assert unbegun.rows() == [(f"{THOUGHT}{end}", "\n(C)")]


def test_thinking_that_the_prompt_began_is_open_until_its_mark() -> None:
    texts = pl.Series([THOUGHT, f"{THOUGHT}</think>(C)", f"<think>{THOUGHT}</think>(C)", ""])
    assert split_at_thinking(texts, is_open=True).rows() == [
        (THOUGHT, ""), (f"{THOUGHT}</think>", "(C)"), (f"<think>{THOUGHT}</think>", "(C)"), ("", ""),
    ]  # fmt: skip
    told = split_at_thinking(texts[:2], is_open=pl.Series([False, True]))
    assert told.rows() == [(None, THOUGHT), (f"{THOUGHT}</think>", "(C)")]


def test_marks_that_a_model_declares_count_for_it_alone() -> None:
    text = f"<musing>{THOUGHT}</musing>(C)"
    assert split_at_thinking(pl.Series([text])).rows() == [(None, text)]
    own = split_at_thinking(pl.Series([text]), [("<musing>", "</musing>")])
    assert own.rows() == [(text.removesuffix("(C)"), "(C)")]


PIECES = [
    "<think>",
    "</think>",
    "[THINK]",
    "`",
    " and ",
    "analysis",
    "a",
    "é鱼",
    "\n",
    "\x02",
    "\x03",
    "</s>",
]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(PIECES)).map("".join), min_size=1),
    st.booleans(),
)
def test_thinking_and_reply_make_the_text(texts: list[str], is_open: bool) -> None:
    parts = split_at_thinking(pl.Series(texts), is_open=is_open)
    assert parts.select(whole_text()).to_series().to_list() == texts
    said = said_in(parts["reply"])
    assert said.str.len_chars().to_list() == parts["reply"].str.len_chars().to_list()


# What of a reply is said


def test_thoughts_in_a_reply_and_marks_around_it_are_not_said() -> None:
    replies = pl.Series(["(C)<think>B?</think>.", "<output>C</output>", "C<|im_end|>", "the <b>red</b> one"])
    said = said_in(replies)
    assert [one.replace("\n", "") for one in said] == ["(C).", "C", "C", "the <b>red</b> one"]
    assert said[0] == "(C)" + "\n" * len("<think>B?</think>") + "."


def outcomes(
    texts: list[str], prompt: str = "Which?", finish: str | None = "stop", engine: str = "vllm"
) -> list[str | None]:
    told = split_at_thinking(pl.Series(texts)).with_columns(
        subject=pl.lit("m"), prompt=pl.lit(prompt), engine=pl.lit(engine),
        finish_reason=pl.lit(finish, pl.String),
    )  # fmt: skip
    return unread_outcomes(told).to_list()


def test_thinking_that_never_ended_is_truncated() -> None:
    texts = [f"<think>{THOUGHT}", "<thinking>So (B)", f"[THINK]{THOUGHT}", f"analysis{THOUGHT}"]
    assert outcomes(texts) == ["truncated"] * 4
    assert outcomes(["<think>B</think>", "<think>B</think>\n", "(C)", ""]) == [None] * 4


UNKNOWN = [
    "<musing>B</musing>C", "<musing>The answer is (B). Let me", "Hm, B.\n</musing>\nC", "[MUSE]B[/MUSE]C",
    "Hm, B.[/MUSE]C", "◁muse▷B◁/muse▷C", "<|begin_of_musing|>B<|end_of_musing|>C", "B<|end_of_musing|>C",
    "<think>a</think><musing>B</musing>C", "<|muse|>B<|/muse|>C", "<|spare_token_1|>B<|spare_token_2|>C",
    "{muse}B{/muse}C", "((muse)) B ((/muse)) C", "【思考】B【/思考】C",
]  # fmt: skip
KNOWN = [
    "<answer>C</answer>", "<b>C</b>", "<p>C", "C</s>", "C<|END_OF_TURN_TOKEN|>",
    "<|start_header_id|>assistant<|end_header_id|>C", "<C>", "[1] C", "<https://a.example> C", "x < y > z",
    "<|im_start|>assistant\nC", "[INST]x[/INST] C", "f<T>(x) and <item>C</item>", "<output>C</output>",
    "<steps>a</steps>C", "{C} fits and/or B", "【解答】C", "[C] and/or B", "<|assistant|>C",
    "<|begin_of_text|>C",
]  # fmt: skip


def test_marks_that_nobody_knows_are_unparsed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert outcomes(UNKNOWN) == ["unparsed"] * len(UNKNOWN)
    assert "14 of 14 replies are unparsed for marks that nobody knows" in caplog.text
    assert "muse, musing" in caplog.text
    caplog.clear()
    assert outcomes(KNOWN) == [None] * len(KNOWN)
    assert not caplog.text


def test_marks_of_the_prompt_may_be_quoted() -> None:
    prompt = "Which?\n<item>\n  <origin>bank</origin>\n  <answer>B</answer>\n</item>"
    replies = ["<item>\n  <origin>bank</origin> says B. (C)", "The </item> ends. (C)"]
    assert outcomes(replies, prompt) == [None, None]
    assert outcomes(replies) == ["unparsed", "unparsed"]


def test_a_text_without_marks_is_a_cut_thought_where_others_end_what_nothing_began() -> None:
    ended, cut = "Hm.\n</think>\n\n(C)", "The professor says the answer is (B). Let me"
    assert outcomes([ended, cut, ended], finish=None, engine="file") == [None, "truncated", None]
    assert outcomes([ended, cut], finish="length", engine="endpoint") == [None, "truncated"]
    assert outcomes([ended, cut], finish="stop", engine="file") == [None, None]
    assert outcomes([ended, cut], finish=None, engine="vllm") == [None, None]  # it would know
    assert outcomes([ended, *[cut] * 10], finish=None, engine="file") == [None] * 11
    assert outcomes(["(C)", cut], finish=None, engine="file") == [None, None]


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
