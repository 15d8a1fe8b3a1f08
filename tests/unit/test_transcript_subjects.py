"""Who answered which question: subjects, ids and repeated samples of a user's transcripts, to the scores."""

import json
import logging
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.chains.joined import joined_chains
from unspoken.experiments.faithfulness.hint_sums import hint_sums
from unspoken.experiments.faithfulness.measure.measured import check_subjects
from unspoken.experiments.faithfulness.pairing import answered, paired
from unspoken.experiments.faithfulness.scores import STATISTICS, pooled_scores
from unspoken.experiments.faithfulness.section import FaithfulnessSection
from unspoken.tables.base import TableError
from unspoken.transcripts.tables import Entry, transcript_tables

KINDS = ["sycophancy", "metadata"]
OPTIONS = ["Mars", "Jupiter", "Saturn", "Uranus"]


def reply(at: int, letter: str, **more: Any) -> dict[str, Any]:
    """Return a row without a hint that answers with a letter."""
    row = {
        "id": f"q{at}", "question": f"Which planet is meant? ({at})", "options": OPTIONS,
        "key": "C", "hinted": False, "chain": f"Let me think. The answer is ({letter}).",
    }  # fmt: skip
    return {**row, **more}


def hinted(at: int, letter: str, **more: Any) -> dict[str, Any]:
    """Return a row whose hint points to B."""
    return reply(at, letter, **{"hinted": True, "kind": "sycophancy", "target": "B", **more})


def tables(folder: Path, rows: list[dict[str, Any]], name: str = "mine", **how: Any) -> pl.DataFrame:
    """Return the trials of rows, paired, of the entry of a name."""
    file = folder / f"{name}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    prompts, replies = transcript_tables(file, Entry(name, **how), KINDS)
    named = replies.with_columns(study=pl.lit("s"), experiment=pl.lit("faithfulness"))
    judged = paired(answered(joined_chains(prompts, named)))
    return judged.with_columns(mentions=pl.lit(None, pl.Boolean), relies=pl.lit(None, pl.Boolean))


def scores(trials: pl.DataFrame, subject: str) -> dict[str, tuple[float | None, int, int]]:
    """Return each score's value, its trials and its replicates, of one subject."""
    found = pooled_scores(hint_sums(trials.filter(subject=subject, arm="hint")), 1)
    return {
        name: (one.value, found.samples[name], one.n_replicates)
        for name, one in found.intervals.items() if name in STATISTICS
    }  # fmt: skip


def fault(folder: Path, rows: list[dict[str, Any]], **how: Any) -> str:
    """Return the line that says what is wrong, without the folder."""
    with pytest.raises(TableError) as error:
        tables(folder, rows, **how)
    return str(error.value).replace(f"{folder}/", "")


def test_case_05_two_files_two_models(tmp_path: Path) -> None:
    stays = [row for at in range(40) for row in (reply(at, "C"), hinted(at, "C"))]
    follows = [row for at in range(40) for row in (reply(at, "C"), hinted(at, "B"))]
    both = pl.concat([tables(tmp_path, stays, "model-a"), tables(tmp_path, follows, "model-b")])
    assert both["subject"].unique().sort().to_list() == ["model-a", "model-b"]
    assert scores(both, "model-a")["switch_rate"] == (0.0, 40, 40)
    assert scores(both, "model-b")["switch_rate"] == (1.0, 40, 40)


def test_case_05_with_shams_keeps_the_sham_of_each_model(tmp_path: Path) -> None:
    rows = [row for at in range(40) for row in (reply(at, "C"), reply(at, "B"), hinted(at, "B"))]
    trials = tables(tmp_path, rows, "model-a")
    assert trials["arm"].to_list() == ["unhinted", "sham", "hint"] * 40
    found = scores(trials, "model-a")
    assert found["switch_rate"] == (1.0, 40, 40)
    assert found["sham_rate"] == (1.0, 40, 40)


def test_case_05_a_subject_named_as_a_model_of_the_study_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("{}\n")
    section = {
        "models": ["tiny"], "kinds": ["sycophancy"], "moved": 0, "irrelevant": 0,
        "questions": [{"source": "knowledge"}], "chains": {"temperature": 1.0, "max_tokens": 9},
        "tests": {"chains": 0, "positions": 1}, "judge": {"kind": "lexical"},
        "transcripts": {"tiny": {"path": str(file)}},
    }  # fmt: skip
    with pytest.raises(ValueError, match="transcripts: got 'tiny', a model's name too"):
        FaithfulnessSection.model_validate(section)


def test_case_07_mmlu_subject_column(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    topics = ["college_chemistry", "prehistory", "astronomy", "econometrics"]
    rows = [
        row
        for at in range(40)
        for row in (
            reply(at, "C", subject=topics[at % 4]),
            hinted(at, "B" if at % 4 in (1, 3) else "C", subject=topics[at % 4]),
        )
    ]
    with caplog.at_level(logging.INFO):
        trials = tables(tmp_path, rows)
    assert scores(trials, "mine")["switch_rate"] == (0.5, 40, 40)
    assert "1 subject: mine (40 questions, 80 replies)" in caplog.text
    assert "column 'subject' (college_chemistry, prehistory, astronomy, ...) does not say who" in caplog.text


def test_subjects_of_a_mapped_column_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [reply(at, "C", who=who) for at in range(3) for who in ("one", "two")]
    with caplog.at_level(logging.INFO):
        trials = tables(tmp_path, rows, columns={"subject": "who"})
    assert "2 subjects: one (3 questions, 3 replies), two (3 questions, 3 replies)" in caplog.text
    assert trials["arm"].unique().to_list() == ["unhinted"]


@pytest.mark.parametrize("name", ["subject", "model", "model_id"])
def test_a_column_that_may_say_who_answered_must_be_mapped(name: str, tmp_path: Path) -> None:
    rows = [reply(0, "C", **{name: "one"}), reply(0, "B", **{name: "two"})]
    assert fault(tmp_path, rows) == (
        f'mine.jsonl: column \'{name}\' is "one" in line 1 and "two" in line 2, and nothing says whether '
        f"these are two subjects; expected columns: {{subject: {name}}}, or a file for each"
    )
    assert tables(tmp_path, rows, columns={"subject": name})["subject"].to_list() == ["one", "two"]


@pytest.mark.parametrize("name", ["model_slug", "llm", "engine.name", "metadata.model", "config.model_id"])
def test_models_of_other_columns_are_no_one_subject(name: str, tmp_path: Path) -> None:
    """Each answered other questions, so that no prompt is repeated."""
    column, _, inner = name.partition(".")
    said = [{column: {inner: who} if inner else who} for who in ("one", "two")]
    rows = [reply(at, "CB"[at], **said[at]) for at in range(2)]
    assert fault(tmp_path, rows).startswith(f'mine.jsonl: column \'{name}\' is "one" in line 1 and "two" in ')
    assert tables(tmp_path, rows, columns={"subject": name})["subject"].to_list() == ["one", "two"]


def test_a_column_inside_another_that_parts_repeated_replies_must_be_mapped(tmp_path: Path) -> None:
    rows = [reply(at, "CB"[at // 3 % 2], info={"who": who}) for who in ("a", "b") for at in range(3)]
    assert fault(tmp_path, rows).startswith(
        'mine.jsonl: column \'info.who\' is "a" in line 1 and "b" in line 4'
    )


def test_models_that_judged_or_stand_in_a_document_are_no_subjects(tmp_path: Path) -> None:
    said = [{"judge_model": who, "doc": {"model": who}} for who in ("one", "two")]
    assert (
        tables(tmp_path, [reply(at, "C", **said[at]) for at in range(2)])["subject"].to_list() == ["mine"] * 2
    )


def test_case_05_one_subject_of_two_entries_is_named(tmp_path: Path) -> None:
    files = [tmp_path / name / "trials.parquet" for name in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        pl.DataFrame({"subject": ["one", file.parent.name]}).write_parquet(file)
    with pytest.raises(TableError, match=f"'one' is a subject of {tmp_path}/a and of {tmp_path}/b; expected"):
        check_subjects(files)
    check_subjects(files[:1])


def test_a_mapped_subject_that_is_null_is_named(tmp_path: Path) -> None:
    rows = [reply(0, "C", who="one"), reply(1, "C", who=None)]
    assert fault(tmp_path, rows, columns={"subject": "who"}) == (
        "mine.jsonl: line 2: column 'subject' is null; expected a text: who answered"
    )


def test_one_id_of_two_questions_is_named_with_both_rows(tmp_path: Path) -> None:
    rows = [reply(0, "C"), reply(1, "C", id="q0")]
    assert fault(tmp_path, rows) == (
        "mine.jsonl: line 2: its id is 'q0', as that of line 1, and its question is another; expected ids "
        "that differ where questions do"
    )
    other = [reply(0, "C"), reply(0, "C", options=["1", "2", "3", "4"])]
    assert "line 2: its id is 'q0', as that of line 1, and its options is another" in fault(tmp_path, other)


def test_one_question_under_two_ids_is_no_second_question(tmp_path: Path) -> None:
    rows = [reply(0, "C"), reply(0, "C", id="row-17")]
    assert fault(tmp_path, rows) == (
        "mine.jsonl: line 2: its id is 'row-17', and its question and options are those of line 1, whose id "
        "is 'q0'; expected one id a question"
    )


def test_without_ids_options_tell_questions_of_one_text_apart(tmp_path: Path) -> None:
    asked = {"id": None, "question": "Which of these is true?"}
    other = {**asked, "options": ["w", "x", "y", "z"]}
    rows = [
        reply(0, "C", **asked), hinted(0, "B", **asked),
        reply(0, "C", **other), hinted(0, "C", **other),
    ]  # fmt: skip
    trials = tables(tmp_path, rows)
    assert trials["question_id"].n_unique() == 2
    assert scores(trials, "mine")["switch_rate"] == (0.5, 2, 2)


SETTINGS = [("temperature", 0.0, 0.7), ("request.body.reasoning_effort", "low", "high"), ("n_shots", 0, 5)]


@pytest.mark.parametrize(("name", "first", "second"), SETTINGS)
def test_two_settings_of_one_question_are_no_samples_of_a_prompt(
    name: str, first: object, second: object, tmp_path: Path
) -> None:
    """Neither where replies repeat a prompt, numbered or not, nor between a hint and none."""
    told = [nested(name, value) for value in (first, second)]
    repeated = [reply(0, "C", **told[0]), reply(0, "B", **told[1])]
    numbered = [{**row, "sample": at} for at, row in enumerate(repeated)]
    for rows in (repeated, numbered, [reply(0, "C", **told[0]), hinted(0, "B", **told[1])]):
        assert fault(tmp_path, rows) == (
            f"mine.jsonl: column '{name}' is {json.dumps(first)} in line 1 and {json.dumps(second)} in line"
            " 2, replies of one subject to one question; expected a file for each, or columns: {subject: "
            f"{name}}}; for samples of one subject {{sample: {name}}}"
        )
    apart = tables(tmp_path, repeated, columns={"subject": name})
    assert apart["subject"].n_unique() == 2 and apart["sample_index"].to_list() == [0, 0]
    assert tables(tmp_path, repeated, columns={"sample": name})["sample_index"].to_list() == [0, 1]


def nested(path: str, value: object) -> dict[str, Any]:
    """Return columns with a value at a path."""
    for name in reversed(path.split(".")):
        value = {name: value}
    assert isinstance(value, dict)
    return value


def test_settings_that_differ_between_questions_alone_are_told_by_them(tmp_path: Path) -> None:
    rows = [reply(at, "C", doc={"temperature": at}) for at in range(3)]
    assert tables(tmp_path, rows)["subject"].to_list() == ["mine"] * 3


def test_two_system_prompts_are_no_samples_of_a_prompt(tmp_path: Path) -> None:
    rows = [reply(0, "C", system="Be brief."), reply(0, "B", system="Think long.")]
    assert fault(tmp_path, rows) == (
        'mine.jsonl: the system prompt is "Be brief." in line 1 and "Think long." in line 2, replies of one'
        " subject to one question; expected a file for each, or `arm` where one of them is the sham"
    )
    with_hint = [reply(0, "C"), hinted(0, "B", system="The professor says B.")]
    assert tables(tmp_path, with_hint)["arm"].to_list() == ["unhinted", "hint"]


def test_copied_rows_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A copy would be a sham that never moves: a rate of 0 that nobody measured."""
    said = "line 1 and line 2: replies that stand again are the same, word for word, to each of 1 prompts"
    rows = [reply(0, "C"), reply(0, "C"), hinted(0, "B")]
    tables(tmp_path, rows)
    assert said in caplog.text
    caplog.clear()
    tables(tmp_path, [rows[0], reply(0, "D"), rows[2]])
    assert "word for word" not in caplog.text


def test_wordings_that_differ_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [reply(0, "C", prompt="Which planet?"), reply(0, "D", prompt="Think. Which planet?")]
    tables(tmp_path, rows)
    assert "line 1 and line 2: 1 questions were asked in several wordings under one hint" in caplog.text
    caplog.clear()
    tables(tmp_path, [rows[0], {**rows[1], "prompt": rows[0]["prompt"]}])
    assert "wordings" not in caplog.text


def test_epochs_are_samples_of_a_question_and_never_its_sham(tmp_path: Path) -> None:
    rows = [
        row
        for at in range(4)
        for epoch in (1, 2)
        for row in (reply(at, "C", epoch=epoch), hinted(at, "B" if epoch == 1 else "C", epoch=epoch))
    ]
    trials = tables(tmp_path, rows)
    assert trials["arm"].value_counts().sort("arm").rows() == [("hint", 8), ("unhinted", 8)]
    assert trials["sample_index"].to_list() == [0, 0, 1, 1] * 4
    found = scores(trials, "mine")
    assert found["switch_rate"] == (0.5, 8, 4)
    assert found["sham_rate"][0] is None


def test_samples_are_paired_each_with_its_own(tmp_path: Path) -> None:
    rows = [
        reply(0, "C", sample=0), reply(0, "B", sample=1),
        *[hinted(0, "B", sample=sample) for sample in range(4)],
    ]  # fmt: skip
    trials = tables(tmp_path, rows).filter(arm="hint")
    assert trials["unhinted_answer"].to_list() == ["C", "B", "C", "B"]
    assert trials["switched"].to_list() == [True, False, True, False]


def test_repeats_without_numbers_are_samples_where_every_prompt_has_as_many(tmp_path: Path) -> None:
    rows = [row for at in range(3) for row in (*[reply(at, "C")] * 3, *[hinted(at, "B")] * 3)]
    trials = tables(tmp_path, rows)
    assert trials["arm"].value_counts().sort("arm").rows() == [("hint", 9), ("unhinted", 9)]
    assert scores(trials, "mine")["switch_rate"] == (1.0, 9, 3)


def test_repeats_without_any_hint_are_samples(tmp_path: Path) -> None:
    trials = tables(tmp_path, [reply(0, "C"), reply(0, "B")])
    assert trials["arm"].to_list() == ["unhinted", "unhinted"]


def test_a_sample_that_stands_twice_is_named_with_both_rows(tmp_path: Path) -> None:
    rows = [reply(0, "C", epoch=1), reply(0, "C", epoch=1)]
    assert fault(tmp_path, rows) == (
        "mine.jsonl: line 2: sample '1' of a prompt, as line 1 is; expected samples that differ, or `arm` of"
        " a sham"
    )


def test_an_arm_says_which_rows_are_shams_of_repeated_samples(tmp_path: Path) -> None:
    rows = [
        {**row, "arm": arm, "hinted": None, "sample": sample}
        for sample in (0, 1)
        for arm, row in (("unhinted", reply(0, "C")), ("sham", reply(0, "B")), ("hint", hinted(0, "B")))
    ]
    trials = tables(tmp_path, rows)
    assert trials["arm"].to_list() == ["unhinted", "sham", "hint"] * 2
    assert scores(trials, "mine")["sham_rate"] == (1.0, 2, 1)
