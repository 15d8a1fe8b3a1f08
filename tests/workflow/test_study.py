"""The test study, built from nothing in a directory of its own: tables, store, figures, texts."""

from pathlib import Path

import polars as pl
import pytest
from flow import RESULTS, ROOT, TEST_STUDY, planned, snakemake

from unspoken.experiments.faithfulness.tables.trials import Legibility, ShamVerdicts, Trials
from unspoken.experiments.harmful.tables import HarmfulAnswers, HarmfulChains
from unspoken.experiments.misalignment.tables import ChainedAnswers, Detections, PersonaAnswers
from unspoken.experiments.mnist.tables import Accuracies, MnistTraining
from unspoken.experiments.reinforcement.tables import Decisions, Spoken
from unspoken.experiments.scaling.items import Items
from unspoken.experiments.scaling.tables import Forced
from unspoken.experiments.scaling.tables import Trials as LengthTrials
from unspoken.experiments.theorem.tables import Steps
from unspoken.registry.load import claims_files, read_claims
from unspoken.store import open_store
from unspoken.tables.base import TableError, read_table
from unspoken.tables.filter import Dropped, Kept
from unspoken.tables.interventions import Interventions
from unspoken.tables.measure import Groups
from unspoken.tables.measurements import Measurements
from unspoken.tables.probe import Answers, TraitQuestions
from unspoken.tables.prompts import Prompts
from unspoken.tables.questions import Questions
from unspoken.tables.readings import Readings
from unspoken.tables.replies import Replies
from unspoken.tables.rewards import Rewards
from unspoken.tables.training import TrainingSteps
from unspoken.tables.verdicts import Claims, Verdicts

EXPERIMENTS = (
    "subliminal", "mnist", "theorem", "probing", "faithfulness", "scaling", "reinforcement", "misalignment",
    "harmful",
)  # fmt: skip
FIGURES = {
    "preference", "initialisations", "dose", "filter", "training", "mnist", "theorem", "probing", "hints",
    "mentions", "early_answering", "uplift", "chain_length", "judge_calibration", "planted_hints",
    "metric_agreement", "scaling", "scaling_lengths", "scaling_failures", "scaling_features",
    "reinforcement", "reinforcement_chains", "reinforcement_penalties", "misalignment",
    "dilution", "harmful_chains", "detection", "chain_kinds", "backdoor",
}  # fmt: skip
SCHEMAS = {
    "questions": TraitQuestions,
    "prompts": Prompts,
    "replies": Replies,
    "readings": Readings,
    "kept": Kept,
    "dropped": Dropped,
    "training": TrainingSteps,
    "answers": Answers,
    "accuracies": Accuracies,
    "steps": Steps,
    "groups": Groups,
    "measurements": Measurements,
    "claims": Claims,
    "verdicts": Verdicts,
    "faithfulness/items": Questions,
    "trials": Trials,
    "sham": ShamVerdicts,
    "legibility": Legibility,
    "interventions": Interventions,
    "mnist/training": MnistTraining,
    "all/items": Items,
    "length_trials": LengthTrials,
    "forced": Forced,
    "rewards": Rewards,
    "spoken": Spoken,
    "decisions": Decisions,
    "persona_answers": PersonaAnswers,
    "chained_answers": ChainedAnswers,
    "detections": Detections,
    "harmful_answers": HarmfulAnswers,
    "harmful_chains": HarmfulChains,
}
"""The schema of each table, by the name of its file, with its folder where that has one of its own."""
MAY_BE_EMPTY = {"groups", "counter/readings"}
"""No group has members here; answers to items are texts, of which no letter is read."""


def tables(built_study: Path) -> list[Path]:
    return sorted((built_study / RESULTS).rglob("*.parquet"))


def test_every_table_keeps_to_its_schema(built_study: Path) -> None:
    used = set()
    for path in tables(built_study):
        own = f"{path.parent.name}/{path.stem}"
        name = own if own in SCHEMAS else path.stem
        rows = read_table(path, SCHEMAS[name]).height
        assert rows or name in MAY_BE_EMPTY or own in MAY_BE_EMPTY, path
        used.add(name)
    assert used == set(SCHEMAS)


def test_the_study_is_the_first_key_of_what_it_reports(built_study: Path) -> None:
    for experiment in EXPERIMENTS:
        frame = pl.read_parquet(built_study / RESULTS / experiment / "measurements.parquet")
        assert set(frame["study"]) == {"test"}
        assert set(frame["experiment"]) == {experiment}


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("temperature", "warm", "temperature"),
        ("n_tokens", -1, "'n_tokens', row 3: -1"),
        ("prompt_id", None, "row 3"),
    ],
)
def test_a_bad_table_is_refused_with_file_column_and_row(
    column: str, value: object, said: str, built_study: Path, tmp_path: Path
) -> None:
    source = built_study / RESULTS / "subliminal" / "organism-mini-a" / "base" / "1-of-1" / "replies.parquet"
    frame = pl.read_parquet(source)
    values = frame[column].to_list()
    bad = [value] * len(values) if isinstance(value, str) else [*values[:3], value, *values[4:]]
    path = tmp_path / "replies.parquet"
    frame.with_columns(pl.Series(column, bad)).write_parquet(path)
    with pytest.raises(TableError) as caught:
        read_table(path, Replies)
    assert str(caught.value).startswith(str(path))
    assert column in str(caught.value)
    assert said in str(caught.value)


def test_the_store_opens_anywhere_and_has_every_table(
    built_study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store(built_study / RESULTS / "unspoken.duckdb") as store:
        rows = {name: len(store.table(name)) for (name,) in store.sql("SHOW TABLES").fetchall()}
        assert set(rows) == {
            "studies", "models", "subjects", "measurements", "replies", "filter_audit", "answers",
            "training", "claims", "verdicts", "jobs", "provenance", "trials", "interventions",
            "scaling_items", "scaling_trials", "rewards", "rewarded_replies", "rewarded_decisions",
            "persona_answers", "chained_answers", "detections", "harmful_answers", "harmful_chains",
        }  # fmt: skip
        assert all(rows.values()), rows
        filtered = store.sql("FROM replies WHERE experiment IN ('subliminal', 'misalignment')")
        assert rows["filter_audit"] == len(filtered)
        measured = sum(
            pl.read_parquet(built_study / RESULTS / name / "measurements.parquet").height
            for name in EXPERIMENTS
        )
        assert rows["measurements"] == measured


@pytest.mark.parametrize("column", ["subject", "versus"])
def test_everybody_who_is_measured_is_a_subject_of_a_model(column: str, built_study: Path) -> None:
    with open_store(built_study / RESULTS / "unspoken.duckdb") as store:
        strangers = store.sql(
            f"SELECT DISTINCT {column} FROM measurements WHERE {column} IS NOT NULL "
            f"AND {column} NOT IN (SELECT subject_id FROM subjects WHERE model IS NOT NULL)"
        ).fetchall()
    assert not strangers


def test_subjects_have_the_kinds_of_those_who_answered(built_study: Path) -> None:
    with open_store(built_study / RESULTS / "unspoken.duckdb") as store:
        found = store.sql(
            "SELECT DISTINCT kind, trait, system IS NOT NULL FROM subjects "
            "WHERE subject_id IN (SELECT subject FROM answers) AND kind NOT IN ('teacher', 'student') "
            "ORDER BY ALL"
        ).fetchall()
        moved = store.sql("SELECT DISTINCT trait FROM subjects WHERE kind = 'interpolated'").fetchall()
    assert [row for row in found if row[0] != "interpolated"] == [
        ("base", None, False),
        ("prompted", "owl", True),
    ]
    assert len(moved) == 1  # the first teacher's


def test_a_number_can_be_followed_to_the_texts_it_counts(built_study: Path) -> None:
    with open_store(built_study / RESULTS / "unspoken.duckdb") as store:
        texts = store.sql(
            "SELECT r.prompt, r.reply, r.temperature, r.seed, a.rule "
            "FROM replies r JOIN filter_audit a USING (reply_id) JOIN subjects s "
            "ON s.subject_id = r.subject WHERE s.kind = 'teacher'"
        ).fetchall()
    assert texts


@pytest.mark.parametrize("role", ["instrument", "negative_control", "finding"])
def test_there_are_rows_of_each_role(role: str, built_study: Path) -> None:
    frame = pl.read_parquet(built_study / RESULTS / "subliminal" / "measurements.parquet").filter(role=role)
    assert frame.height
    # On one base the negative control has no interval: it neither holds nor fails.
    assert frame["passed"].is_null().all() == (role != "instrument")
    assert frame["passed"].is_null().any() == (role != "instrument")


def test_the_probe_gives_the_ends_of_the_way_from_base_to_teacher(built_study: Path) -> None:
    """An instrument check whose truth holds for any study, however small."""
    answers = pl.read_parquet(built_study / RESULTS / "subliminal" / "organism-mini-a" / "answers.parquet")
    exact = answers.filter(kind="choice").select("subject", "prompt_id", "answer", "logprob")
    teacher = next(name.split("@")[0] for name in exact["subject"] if name.endswith("@1.0"))
    for end, same in (("0.0", "organism-mini-a"), ("1.0", teacher)):
        moved = exact.filter(subject=f"{teacher}@{end}").sort("prompt_id", "answer")
        itself = exact.filter(subject=same).sort("prompt_id", "answer")
        assert moved.height == itself.height > 0
        assert (moved["logprob"] - itself["logprob"]).abs().max() < 1e-4


@pytest.mark.parametrize("kind", ["html", "svg", "png", "json"])
def test_every_figure_is_there(kind: str, built_study: Path) -> None:
    starts = {"html": b"<!DOCTYPE html>", "svg": b"<svg", "png": b"\x89PNG", "json": b"{"}
    files = list((built_study / RESULTS / "figures").glob(f"*.{kind}"))
    assert {file.stem for file in files} == FIGURES
    for file in files:
        assert file.read_bytes().lstrip().startswith(starts[kind]), file


def test_every_claim_has_a_verdict_and_a_reason(built_study: Path) -> None:
    with open_store(built_study / RESULTS / "unspoken.duckdb") as store:
        claims, judged, silent = store.sql(
            "SELECT (SELECT count(DISTINCT claim_id) FROM claims), count(DISTINCT claim_id), "
            "count(*) FILTER (verdict IS NULL OR reason IS NULL) FROM verdicts"
        ).fetchall()[0]
        decided = store.sql(
            "SELECT count(*) FROM verdicts WHERE fidelity = 'analogue' "
            "AND verdict IN ('reproduced', 'contradicted')"
        ).fetchall()[0][0]
        ran = store.sql("SELECT count(DISTINCT claim_id) FROM verdicts WHERE outcome IS NOT NULL").fetchall()
    known = len(read_claims(claims_files(ROOT, [])))
    assert (claims, judged, silent, decided) == (known, known, 0, 0)
    assert ran[0][0] >= 25


def test_every_imported_file_has_its_rule(built_study: Path) -> None:
    with open_store(built_study / RESULTS / "unspoken.duckdb") as store:
        rows = store.sql("SELECT path, rule, code, packages['torch'] FROM provenance").fetchall()
        timed = {rule for (rule,) in store.sql("SELECT DISTINCT rule FROM jobs").fetchall()}
    assert all(None not in row for row in rows), rows
    assert {rule for _, rule, _, _ in rows} <= timed


def test_the_findings_name_intervals_and_checks(built_study: Path) -> None:
    text = (built_study / RESULTS / "findings.txt").read_text()
    assert "Findings" in text
    assert " held" in text


def test_a_second_run_does_nothing_and_says_so(built_study: Path) -> None:
    said = snakemake("--configfile", TEST_STUDY, directory=built_study, cores=2)
    assert "Nothing to be done" in said
    assert not any(
        pending for _, pending in planned("--configfile", TEST_STUDY, directory=built_study).values()
    )


def test_another_directory_leaves_the_checkout_alone(built_study: Path) -> None:
    assert (built_study / "results" / "models" / "organism-mini-a" / "model.json").is_file()
    assert not built_study.is_relative_to(ROOT)
