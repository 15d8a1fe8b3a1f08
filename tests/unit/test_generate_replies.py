"""The job that lets subjects reply: what is asked, by whom, what is read beside, what is not made anew."""

import json
import os
import runpy
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.asking.answering import answering_subjects, kept_prompts, prompts_of_shard
from unspoken.asking.replying import AskingError, system_of
from unspoken.engines.base import Request, Sampling
from unspoken.engines.cache import CompletionCache
from unspoken.engines.scripted import ScriptedEngine
from unspoken.seeds import hashed_seed
from unspoken.subjects import Subject, base_subject, prompted_subject
from unspoken.tables.base import read_table, write_table
from unspoken.tables.prompts import Prompts, as_prompts
from unspoken.tables.readings import Readings
from unspoken.tables.replies import Replies

ROOT = Path(__file__).parents[2]
PREFIX = "The answer is ("
RULES = [
    {"when": r"The answer is \($", "answers": {"A": 1, "B": 3}},
    {"when": r"</think> So: $", "answers": {"it is B": 1}},
    {"when": "hard", "answers": {"one two three four five six</think> left out": 1}},
    {"when": "(?s)^Be brief.*numbers", "answers": {"7 8": 1}},
    {"when": "numbers", "answers": {"4 5 6": 1, "12, 3": 2}},
    {"when": "", "answers": {"Hm. The answer is (B).": 1, "<think>Well.</think>(A)": 1, "No.": 2}},
]
THOUGHTS = {
    "Hm. The answer is (B).": "Hm.\n",
    "<think>Well.</think>(A)": "<think>Well.</think>\n",
    "No.": "No.\n",
}
"""What stands before an answer that is read by force: all up to the statement, or the whole text."""
ENGINE = {"kind": "scripted", "rules": RULES}
ENDING = {"end": "</think>", "closing": "</think> ", "answer_prefix": "So: ", "answer_tokens": 4}
SPEC = {
    "study": "small", "seed": 3, "experiment": "any", "model": "m", "engine": ENGINE, "draw": "chains",
    "sampling": {"temperature": 0.8, "max_tokens": 20}, "logprobs": False, "shard": [1, 1], "keep": None,
    "answering": [{"name": "untouched", "system": None, "count": None}], "reads": None, "reasoning": None,
}  # fmt: skip
OPTIONS = {"kind": "options", "answer_prefix": PREFIX, "alone": ["unhinted"]}
WORDS = {"kind": "words", "words": ["A", "B"], "choice_format": "{word}", "rows": 3}


def prompts_of(*rows: dict[str, Any], count: int = 1, **shared: Any) -> pl.DataFrame:
    """Return prompts, each row so many times, with what they share."""
    told = [
        {"prompt_id": f"p{place}-{turn}", "user": "Which?", "options": ["ant", "bee"], **shared, **row}
        for turn in range(count)
        for place, row in enumerate(rows or ({},))
    ]
    frame = pl.DataFrame(told, infer_schema_length=None)
    return as_prompts(frame, [name for name in ("kind",) if name in frame.columns])


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the job on prompts; it gives replies, readings and who was asked."""
    manifest = tmp_path / "model.json"
    manifest.write_text(json.dumps({"files": {}, "kind": "scripted", "name": "m", "revision": "scripted"}))
    names = ("prompts", "replies", "readings")
    files = {name: tmp_path / f"{name}.parquet" for name in names} | {"asked": tmp_path / "asked.json"}

    def run(prompts: pl.DataFrame, **spec: Any) -> tuple[pl.DataFrame, pl.DataFrame, list[dict[str, Any]]]:
        write_table(prompts, files["prompts"], Prompts)
        paths = files | {"model": manifest, "cache": tmp_path / "cache"}
        named = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
        command = ["generate_replies.py", "--spec", json.dumps(SPEC | spec, sort_keys=True), *named]
        monkeypatch.setattr("sys.argv", [*command, "--subjects"])
        monkeypatch.setattr("os.environ", dict(os.environ) | {"UNSPOKEN_ROOT": str(ROOT)})
        runpy.run_path(str(ROOT / "scripts" / "generate_replies.py"), run_name="__main__")
        replies, readings = read_table(files["replies"], Replies), read_table(files["readings"], Readings)
        return replies, readings, json.loads(files["asked"].read_text())

    return run


def cache_of(folder: Path, subject: Subject) -> CompletionCache:
    engine = ScriptedEngine(RULES)
    engine.use(subject)
    return CompletionCache(folder / "cache", engine, subject, folder / "model.json")


# What was made before


@pytest.mark.parametrize("draw", ["chains", "generate"])
def test_completions_that_earlier_scripts_kept_are_not_made_anew(
    draw: str, generated: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prompts = prompts_of({"arm": "unhinted"}, {"arm": "hint", "user": "Which, as I say B?"}, count=20)
    subjects = [base_subject("m"), prompted_subject("m", "owl", "You adore owls.")]
    (tmp_path / "model.json").write_text(
        json.dumps({"files": {}, "kind": "scripted", "name": "m", "revision": "scripted"})
    )
    written = {}
    for subject in subjects:  # as chains and numbers were asked before, and probed
        cache = cache_of(tmp_path, subject)
        sampling = Sampling(0.8, 20, seed=hashed_seed(3, draw, subject.subject_id))
        asked = [
            Request(key, user, subject.system) for key, user in prompts.select("prompt_id", "user").rows()
        ]
        made = [one for batch in cache.completions(asked, sampling) for one in batch]
        after = [
            Request(one.key, request.user, subject.system, f"{THOUGHTS[one.text]}{PREFIX}")
            for one, request in zip(made, asked, strict=True)
        ]
        read = cache.choice_logprobs(after, ["A", "B"])
        written |= {
            (subject.subject_id, one.key): (one.text, row) for one, row in zip(made, read, strict=True)
        }
    shards = set((tmp_path / "cache").rglob("*.parquet"))

    answering = [{"name": "untouched", "system": None}, {"name": "owl", "system": "You adore owls."}]
    with caplog.at_level("INFO"):
        replies, readings, _ = generated(
            prompts,
            draw=draw,
            answering=[{**one, "count": None} for one in answering],
            reads=OPTIONS | {"alone": []},
        )
    assert caplog.text.count("0 completions made, 40 reused") == 2
    assert set((tmp_path / "cache").rglob("*.parquet")) == shards
    joined = replies.join(readings, on=["subject", "prompt_id"], maintain_order="left")
    found = joined.select(
        "subject", "prompt_id", pl.concat_str(pl.col("thinking").fill_null(""), "reply"), "logprobs"
    )
    assert {(one, key): (text, row) for one, key, text, row in found.rows()} == written


# What is asked, and by whom


def test_a_prompts_own_system_prompt_and_beginning_are_read(generated: Any) -> None:
    prompts = prompts_of({"system": "Be brief.", "user": "numbers"}, {"user": "Go on", "prefix": PREFIX})
    replies, readings, asked = generated(
        prompts, answering=[{"name": "p", "system": "Be kind.", "count": None}], reads=WORDS
    )
    assert replies["system"].to_list() == ["Be kind.\n\nBe brief.", "Be kind."]
    assert replies["reply"][1] in ("A", "B")
    begun = readings.filter(prompt_id="p1-0", position=0)["logprobs"].item()
    assert [round(pl.Series([one]).exp().item(), 6) for one in begun] == [0.25, 0.75]
    assert [(one["subject_id"], one["system"]) for one in asked] == [("m:prompted:p", "Be kind.")]


def test_thinking_stands_apart_and_a_greedy_reply_says_so(generated: Any) -> None:
    replies, _, _ = generated(prompts_of(count=40))
    marked = replies.filter(pl.col("thinking").is_not_null())
    assert set(marked.select("thinking", "reply").rows()) == {("<think>Well.</think>", "(A)")}
    assert 0 < marked.height < 40
    assert replies["reply_id"][0] == "m:p0-0:0"
    greedy, _, _ = generated(prompts_of(), sampling={"temperature": 0, "max_tokens": 20})
    assert greedy["reply_id"].item() == "m:p0-0:greedy"


def test_a_budget_is_two_calls_and_both_are_counted(generated: Any, caplog: pytest.LogCaptureFixture) -> None:
    prompts = prompts_of(
        {"user": "hard", "budget": 3},
        {"user": "hard", "budget": 9},
        {"budget": None},
        {"user": "hard", "budget": 0},
    )
    with caplog.at_level("INFO"):
        replies, readings, _ = generated(prompts, reasoning=ENDING, reads=OPTIONS | {"alone": []})
    columns = ("thinking", "reply", "thinking_tokens", "n_tokens", "max_tokens")
    rows = replies.select(columns).rows()
    assert rows[0] == ("one two three</think> ", "So: it is B", 3, 6, 7)
    assert rows[1] == ("one two three four five six</think> ", "So: it is B", 6, 9, 13)
    assert rows[3] == ("</think> ", "So: it is B", 0, 3, 4)
    assert rows[2][2:] == (None, replies["n_tokens"][2], 20)
    assert replies["prompt_id"].to_list() == prompts["prompt_id"].to_list()
    assert "6 completions made, 0 reused" in caplog.text
    assert readings.height == 4


def test_a_budget_that_nothing_ends_and_no_prompts_are_errors(generated: Any, tmp_path: Path) -> None:
    with pytest.raises(AskingError, match="the prompt p0-0 has a reasoning budget"):
        generated(prompts_of({"budget": 3}))
    with pytest.raises(AskingError, match="the prompt set is empty"):
        generated(prompts_of().clear())
    assert not (tmp_path / "replies.parquet").exists()


def test_trained_subjects_answer_before_prompted_ones_and_those_before_the_base() -> None:
    owl = Subject("m:teacher:owl", "teacher", "m", trait="owl")
    named = [("untouched", None, 5), ("owl", "You adore owls.", None), ("cat", "You adore cats.", 2)]
    answering = [dict(zip(("name", "system", "count"), one, strict=True)) for one in named]
    found = [(subject.subject_id, count) for subject, count in answering_subjects("m", answering, [owl])]
    assert found == [("m", 5), ("m:teacher:owl", None), ("m:prompted:cat", 2)]
    assert system_of(base_subject("m"), None) is None


def test_prompts_of_some_kinds_are_kept_with_those_of_none() -> None:
    prompts = prompts_of({"kind": None}, {"kind": "x"}, {"kind": "y"})
    assert kept_prompts(prompts, ["y"])["prompt_id"].to_list() == ["p0-0", "p2-0"]
    assert kept_prompts(prompts, None).height == 3


@pytest.mark.parametrize(("rows", "jobs"), [(10, 1), (10, 3), (7, 7)])
def test_jobs_share_every_prompt_once(rows: int, jobs: int) -> None:
    prompts = prompts_of(count=rows)
    parts = [prompts_of_shard(prompts, [number, jobs]) for number in range(1, jobs + 1)]
    assert pl.concat(parts).equals(prompts)


# What is read beside


def test_words_are_read_before_the_first_replies_and_behind_their_numbers(generated: Any) -> None:
    prompts = prompts_of({"user": "numbers"}, count=10)
    replies, readings, _ = generated(prompts, reads=WORDS, shard=[1, 2])
    assert replies["prompt_id"].to_list() == [f"p0-{turn}" for turn in range(5)]
    counts = dict(zip(replies["prompt_id"], replies["reply"].str.count_matches(r"\d+") + 1, strict=True))
    positions = readings.group_by("prompt_id", maintain_order=True).agg("position").rows()
    assert positions == [(key, list(range(counts[key]))) for key in ("p0-0", "p0-1")]  # half of 3, rounded up
    assert set(readings["reading"]) == {"at"}


def test_options_are_read_after_every_reply_and_alone_where_asked(generated: Any) -> None:
    prompts = prompts_of({"arm": "unhinted"}, {"arm": "hint", "options": ["a", "b", "c"]}, count=130)
    replies, readings, _ = generated(prompts, reads=OPTIONS)
    assert replies["prompt_id"].to_list() == prompts["prompt_id"].to_list()
    assert readings.filter(reading="after").height == 260
    alone = readings.filter(reading="alone").join(prompts, on="prompt_id")
    assert alone.height == 130 and set(alone["arm"]) == {"unhinted"}
    sizes = readings.join(prompts, on="prompt_id").select(
        pl.col("choices").list.len() == pl.col("options").list.len()
    )
    assert sizes.to_series().all()
