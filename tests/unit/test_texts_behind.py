"""Every number leads to the texts that it counts, in every experiment; where nobody wrote, that is said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.report.samples import LONGEST, NOBODY, NONE_SUCH, TextFinder, known_name
from unspoken.store import open_store, write_store
from unspoken.yaml_files import read_keys

ROOT = Path(__file__).parents[2]
MADE = "2026-11-21T10:00:00+00:00"
ARMS = [("unhinted", None), ("sham", None), ("hint", "sycophancy"), ("hint", "metadata"),
        ("irrelevant", "metadata")]  # fmt: skip
MEMBERS = {
    "m": None, "n": None, "it's": None, "m:hinted": ["m"], "m:sham": ["m"], "m:unhinted": ["m"],
    "m:transplanted": ["m"], "m:translated": ["m"], "m:hard": ["m"], "m:metadata": ["m"],
    "both:hinted": ["m", "n"], "digits": [],
}  # fmt: skip


def trial(subject: str, arm: str, kind: str | None, question: int) -> dict[str, Any]:
    """A trial whose chain is named after what it is a trial of."""
    name = f"{subject} {arm} {kind} {question}"
    return {
        "study": "s", "experiment": "chains", "subject": subject, "prompt_id": f"q{question}:{arm}:{kind}",
        "arm": arm, "kind": kind, "stratum": None, "difficulty": "hard" if question else "easy",
        "switched": arm == "hint",
        "outcome": "answered" if question else "refused", "answer": "B" if question else None,
        "prompt": f"asked {name}", "chain": f"chain {name}",
    }  # fmt: skip


def frames() -> dict[str, pl.DataFrame]:
    trials = [
        trial(subject, arm, kind, question) for subject in ("m", "n", "it's")
        for arm, kind in ARMS for question in range(2)
    ]  # fmt: skip
    changed = [
        {"study": "s", "subject": "m", "prompt_id": f"q1:{arm}:{kind}", "test": test, "step": 1, "steps": 3,
         "text": f"{test} {kind}", "answer": "A", "original": "B"}
        for test, arm, kind in (
            ("early", "unhinted", None), ("translated", "unhinted", None),
            ("transplant", "hint", "sycophancy"), ("transplant", "hint", "metadata"),
        )
    ]  # fmt: skip
    replies = [
        {"study": "s", "experiment": experiment, "reply_id": f"{experiment}:{number}", "subject": "m",
         "system": "Love owls.", "prompt": "1, 2", "thinking": thinking, "reply": f"{number}, 7"}
        for experiment in ("numbers", "chains") for number, thinking in enumerate((None, "<think></think>"))
    ]  # fmt: skip
    answers = [
        {"study": "s", "experiment": "asked", "subject": "m", "prompt_id": f"a{number}", "kind": kind,
         "sample_index": 0, "prompt_set": "preferences", "held_out": held_out, "system": None,
         "prompt": "Which?", "answer": f"{kind} {held_out}", "logprob": -1.0 if kind == "choice" else None}
        for number, (kind, held_out) in enumerate(
            [("sampled", True), ("sampled", False), ("choice", True)]
        )
    ]  # fmt: skip
    subjects = {"study": "s", "subject_id": list(MEMBERS), "members": list(MEMBERS.values())}
    return {
        "trials": pl.DataFrame(trials, schema_overrides={"stratum": pl.String}),
        "interventions": pl.DataFrame(changed),
        "replies": pl.DataFrame(replies),
        "answers": pl.DataFrame(answers, schema_overrides={"system": pl.String}),
        "subjects": pl.DataFrame(subjects, schema_overrides={"members": pl.List(pl.String)}),
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = tmp_path_factory.mktemp("store") / "unspoken.duckdb"
    write_store(path, "s", {}, frames(), read_keys(ROOT / "resources" / "store.yaml"))
    with open_store(path) as connection:
        yield connection


def row(experiment: str, subject: str, metric: str = "share", **conditions: str) -> dict[str, Any]:
    return {"experiment": experiment, "subject": subject, "metric": metric, "conditions": conditions}


def texts(store: Any, measured: dict[str, Any]) -> set[str]:
    """The texts that are shown; the query beside them gives the same, where five are not too few."""
    found = TextFinder(store).texts_behind(measured)
    assert found.samples and not found.why_none
    shown = {sample["text"] for sample in found.samples}
    queried = {text for _, _, text in store.execute(found.query).fetchall()}
    assert shown == queried if len(queried) <= 5 else shown < queried
    return shown


def chains(arm: str, *kinds: str | None, of: str = "m") -> set[str]:
    return {f"chain {of} {arm} {kind} {question}" for kind in kinds for question in range(2)}


def test_numbers_of_chains_lead_to_their_trials(store: Any) -> None:
    assert texts(store, row("chains", "m:hinted", hint="sycophancy")) == chains("hint", "sycophancy")
    assert texts(store, row("chains", "m:hinted", hint="all")) == chains("hint", "sycophancy", "metadata")
    assert texts(store, row("chains", "m:sham", hint="sycophancy")) == chains("sham", None)
    assert texts(store, row("chains", "m:unhinted")) == chains("unhinted", None)


def test_a_hint_in_the_conditions_or_the_name_keeps_the_trials_of_other_hints_away(store: Any) -> None:
    metadata = chains("hint", "metadata") | chains("irrelevant", "metadata")
    assert texts(store, row("chains", "m", hint="metadata")) == metadata
    assert texts(store, row("chains", "m:metadata", hint="all")) == metadata


def test_outcomes_difficulties_and_switches_choose_trials(store: Any) -> None:
    assert texts(store, row("chains", "m:unhinted", outcome="refused")) == {"chain m unhinted None 0"}
    hard = texts(store, row("chains", "m:hard"))
    assert len(hard) == 5 and all(text.endswith("1") for text in hard)
    switched = texts(store, row("chains", "m:switched", hint="metadata"))  # no group in `subjects`
    assert switched == chains("hint", "metadata")


def test_every_member_of_a_group_has_its_chains(store: Any) -> None:
    found = TextFinder(store).texts_behind(row("chains", "both:hinted", hint="sycophancy"))
    assert [sample["subject"] for sample in found.samples] == ["m", "n", "m", "n"]


def test_a_sample_says_where_it_stands_and_what_came_of_it(store: Any) -> None:
    (sample,) = TextFinder(store).texts_behind(row("chains", "m:unhinted", outcome="answered")).samples
    assert sample == {
        "source": "trials", "subject": "m", "system": None, "prompt": "asked m unhinted None 1",
        "text": "chain m unhinted None 1", "note": "answered, answer B",
    }  # fmt: skip


def test_causal_tests_lead_to_the_chains_that_were_changed(store: Any) -> None:
    assert texts(store, row("chains", "m:unhinted", "match", test="early")) == {"early None"}
    assert texts(store, row("chains", "m:translated", "answer_logprob")) == {"translated None"}
    moved = row("chains", "m:transplanted", "transplant", hint="metadata", switched="no")
    assert texts(store, moved) == {"transplant metadata"}
    (sample,) = TextFinder(store).texts_behind(moved).samples
    assert sample["prompt"] == "asked m hint metadata 1"
    assert sample["note"] == "transplant, at 1, answer A, unchanged B"
    # Beside it stands what the same questions' sham trials say: those are no changed chains.
    assert texts(store, row("chains", "m:sham", "transplant", hint="metadata")) == chains("sham", None)


def test_numbers_and_answers_lead_to_their_texts(store: Any) -> None:
    assert texts(store, row("numbers", "m", "valid_share")) == {"0, 7", "<think></think>1, 7"}
    assert texts(store, row("asked", "m", questions="held_out")) == {"sampled True"}
    assert texts(store, row("asked", "m")) == {"sampled True", "sampled False"}
    exact = row("asked", "m", scorer="choice", questions="held_out")
    assert texts(store, exact) == {"choice True"}
    (sample,) = TextFinder(store).texts_behind(exact).samples
    assert sample["note"] == "probability 0.3679"


def test_a_quoted_name_is_a_name(store: Any) -> None:
    assert texts(store, row("chains", "it's", hint="metadata", outcome="refused")) == {
        "chain it's hint metadata 0",
        "chain it's irrelevant metadata 0",
    }


def test_where_nobody_wrote_the_report_says_so(store: Any) -> None:
    finder = TextFinder(store)
    silent = finder.texts_behind(row("digits", "digits"))
    assert (silent.samples, silent.query, silent.why_none) == ([], "", NOBODY)
    # Nothing of another hint, and no reply that the trials do not count, stands in for what is not there.
    for measured in (row("chains", "m:irrelevant", hint="sycophancy"), row("elsewhere", "m")):
        none = finder.texts_behind(measured)
        assert (none.samples, none.query, none.why_none) == ([], "", NONE_SUCH)


def test_of_a_long_text_the_beginning_is_shown(tmp_path: Path) -> None:
    path, long = tmp_path / "unspoken.duckdb", "Step. " * 2000
    tables = frames()
    tables["trials"] = tables["trials"].with_columns(chain=pl.lit(long))
    write_store(path, "s", {}, tables, read_keys(ROOT / "resources" / "store.yaml"))
    with open_store(path) as connection:
        found = TextFinder(connection).texts_behind(row("chains", "m:unhinted"))
        assert {sample["text"] for sample in found.samples} == {f"{long[:LONGEST]}…"}
        assert {text for _, _, text in connection.execute(found.query).fetchall()} == {long}


def test_names_of_groups_without_a_row_are_their_model_s() -> None:
    members = {"m": ["m"], "m:prompted:owl": ["m:prompted:owl"]}
    assert known_name("m:switched", members) == "m"
    assert known_name("m:prompted:owl:switched", members) == "m:prompted:owl"
    assert known_name("stranger:x", members) == "stranger:x"


def test_a_store_without_texts_has_no_text_behind_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "unspoken.duckdb"
    tables = {name: frame for name, frame in frames().items() if name in ("subjects", "interventions")}
    write_store(path, "s", {}, tables, read_keys(ROOT / "resources" / "store.yaml"))
    with open_store(path) as connection:
        finder = TextFinder(connection)
        assert finder.texts_behind(row("chains", "m:unhinted", test="early")).why_none == NONE_SUCH
