"""The form with lettered options beside the others: their rows stay, and the stage finds planted truth."""

import json
import os
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from planted_letters import LETTER_PARTS, OPTION_PARTS, answers

from unspoken.answers.shuffled import (
    KEY,
    add_shares,
    add_shuffled_probing,
    shuffled_cells,
)
from unspoken.answers.traits import trait_cells
from unspoken.experiments.probing.measure import add_probing
from unspoken.experiments.subliminal.measure.subliminal import TraitMeasure
from unspoken.models.manifest import write_manifest
from unspoken.prompts import load_traits
from unspoken.prompts.shuffled import LETTERS, PROMPT_SET
from unspoken.registry.load import claims_files, read_papers
from unspoken.statistics.report import Report
from unspoken.study.front_door import plan_of
from unspoken.tables.base import checked, read_table, write_table
from unspoken.tables.measurements import Measurements
from unspoken.tables.probe import Answers, TraitQuestions

ROOT = Path(__file__).parents[2]
WORDS = load_traits(ROOT / "resources" / "traits.yaml")["animals"]["words"]


def asked_in_words() -> pl.DataFrame:
    """Return exact answers to plain questions, and sampled ones."""
    draw = np.random.default_rng(3)
    shared = {"prompt_set": "preferences", "held_out": True}
    exact = [
        {"subject": subject, "prompt_id": f"q{question}", "kind": "choice", "sample_index": place,
         "answer": f"w{place}", "finish_reason": None, "logprob": float(-9 * draw.random()), **shared}
        for subject in ("m", "m:prompted:w0") for question in range(12) for place in range(8)
    ]  # fmt: skip
    sampled = [
        {"subject": subject, "prompt_id": f"q{question}", "kind": "sampled", "sample_index": place,
         "answer": f"w{draw.integers(8)}", "finish_reason": "stop", "logprob": None, **shared}
        for subject in ("m", "m:prompted:w0") for question in range(12) for place in range(3)
    ]  # fmt: skip
    return pl.DataFrame([*exact, *sampled], infer_schema_length=None)


PLURALS = {f"w{place}": {"plural": f"w{place}s"} for place in range(8)}


def test_19_where_no_probability_was_read_its_rows_are_missing_and_the_sampled_stay() -> None:
    def rows(table: pl.DataFrame) -> pl.DataFrame:
        report = Report("small", "cloud2025", "probing", reproducible=True)
        add_probing(report, table.with_columns(held_out=pl.lit(True)), "m", PLURALS, ["w0"], 1)
        return report.measurements()

    whole = rows(asked_in_words())
    alone = checked(rows(asked_in_words().filter(kind="sampled")), Measurements, Path("m.parquet"))
    by_choice = pl.col("conditions").map.get("scorer") == "choice"
    assert alone.filter(~by_choice).equals(whole.filter(~by_choice))
    missing = alone.filter(by_choice)
    assert missing.height == whole.filter(by_choice).height == 4
    assert missing["value"].is_null().all() and set(missing["n_samples"]) == {0}
    assert set(missing.filter(kind="contrast")["gate"]) == {"missing"}


def test_rows_of_the_other_forms_stay_as_they_were() -> None:
    plain = asked_in_words()
    lettered = [
        answers(LETTER_PARTS, OPTION_PARTS + shift, 0.5, 2, subject=name)
        for name, shift in (("m", 0), ("m:prompted:w0", np.eye(8)[0]))
    ]
    both = pl.concat([plain, *lettered], how="diagonal_relaxed")
    assert trait_cells(both, PLURALS).equals(trait_cells(plain, PLURALS))

    def rows(table: pl.DataFrame) -> pl.DataFrame:
        report = Report("small", "cloud2025", "probing", reproducible=True)
        add_probing(report, table.with_columns(held_out=pl.lit(True)), "m", PLURALS, ["w0"], 1)
        add_shuffled_probing(report, table, "m", ["w0"])
        add_shares(report, table, ["m", "m:prompted:w0"])
        return report.measurements()

    found = checked(rows(both), Measurements, Path("m.parquet"))
    new = pl.col("conditions").map.get("questions") == KEY["questions"]
    assert found.filter(~new.fill_null(False)).equals(rows(plain))
    shuffled = found.filter(new)
    assert set(shuffled["conditions"].map.get("scorer")) == {"letter"}
    assert sorted(shuffled.select("metric", "kind", "subject").rows()) == [
        ("option_share", "estimate", "m"),
        ("option_share", "estimate", "m:prompted:w0"),
        ("position_share", "estimate", "m"),
        ("position_share", "estimate", "m:prompted:w0"),
        ("trait_preference", "estimate", "m"),
        ("trait_preference", "estimate", "m:prompted:w0"),
        ("trait_shift", "contrast", "m:prompted:w0"),
    ]
    shift = shuffled.filter(metric="trait_shift").row(0, named=True)
    assert shift["value"] == pytest.approx(1)  # the same noise in both arms, so exactly
    assert (shift["versus"], shift["paired_on"], shift["n_samples"]) == ("m", ["question"], 32)


def test_students_own_trait_stands_out_whatever_letters_do() -> None:
    """Three bases with a student for each of two traits, whose own option is 0.7 log-odds up."""
    people = [(f"m{base}", trait) for base in range(3) for trait in ("w0", "w1")]
    tables, listed = [], []
    for place, (model, trait) in enumerate(people):
        raised = OPTION_PARTS + 0.7 * np.eye(8)[int(trait[1])]
        name = f"{model}:tokens:{model}:{trait}:1"
        tables.append(answers((1 + place) * LETTER_PARTS, raised, 0, 1, subject=name))
        listed.append({"subject_id": name, "kind": "student", "model": model, "source_model": model,
                       "trait": trait, "arm": "tokens", "seed": 1, "rows": 9, "updates": None})  # fmt: skip
    arm = {"name": "tokens", "objective": "tokens", "teacher": "prompted", "initialisation": "same",
           "shuffle": "none", "rows": 9, "dataset": None, "decoding": "sampled", "seeds": [1]}  # fmt: skip
    spec: dict[str, Any] = {
        "traits": ["w0", "w1"], "models": ["m0", "m1", "m2"], "arms": [arm], "kind": "model",
        "described": "3 models",
    }  # fmt: skip
    report = Report("small", "cloud2025", "subliminal", reproducible=True)
    subjects = pl.DataFrame(listed, schema_overrides={"updates": pl.Int64})
    measure = TraitMeasure(report, shuffled_cells(pl.concat(tables)), subjects, spec)
    assert list(measure.score_keys()) == [KEY]
    measure.add_specificity("tokens")
    rows = checked(report.measurements(), Measurements, Path("m.parquet")).filter(unit="log_odds")
    assert rows["value"].to_list() == pytest.approx([0.7 * 8 / 7] * rows.height)
    assert set(rows["conditions"].map.get("questions")) == {"shuffled"}


def test_no_claim_s_test_takes_a_row_of_this_form() -> None:
    """Every test on a metric that the form has too reads another scorer or other questions."""
    primary = plan_of(ROOT, {}, []).primary
    shared = {"trait_preference", "trait_shift", "specificity", "specificity_difference", "specificity_slope"}
    papers = read_papers(claims_files(ROOT, []))
    tests = [claim.test for paper in papers for claim in paper.claims if claim.test is not None]
    read = [one for one in tests if one.experiment in ("subliminal", "probing") and one.metric in shared]
    assert len(read) > 30
    for test in read:
        reads = {**primary[test.experiment], **test.conditions}
        assert any(reads.get(key, value) != value for key, value in KEY.items())


# --- the whole stage, on processes of known truth


def script(monkeypatch: pytest.MonkeyPatch, name: str, spec: dict, **files: Path | list[Path]) -> None:
    """Run a script of the workflow in this process."""
    words = [f"--spec={json.dumps(spec)}"]
    for key, paths in files.items():
        words += [f"--{key}", *map(str, paths if isinstance(paths, list) else [paths])]
    monkeypatch.setattr("sys.argv", [name, *words])
    monkeypatch.setattr("os.environ", dict(os.environ) | {"UNSPOKEN_ROOT": str(ROOT)})
    runpy.run_path(str(ROOT / "scripts" / name), run_name="__main__")


RULES = [
    {"when": r"(?ms)\AYou adore owls.*^\(([A-Z])\) owl$.*My favourite is \($", "answers": {r"\1": 1}},
    {"when": r"My favourite is \($", "answers": dict(zip(LETTERS[:6], [32, 16, 8, 4, 2, 1], strict=True))},
    {"when": "", "answers": {"owl": 1, "cat": 1}},
]


def model_and_question(folder: Path) -> tuple[Path, Path]:
    """Return the files of a scripted model, and of one question."""
    manifest, questions = folder / "model" / "model.json", folder / "questions.parquet"
    manifest.parent.mkdir()
    write_manifest(manifest, "m", {"kind": "scripted"}, revision="scripted", synthetic=True)
    plain = pl.DataFrame(
        {"prompt_id": ["preferences-00"], "prompt_set": ["preferences"], "form": [0], "held_out": [True],
         "user": ["Your favourite?"], "examples": [None]},
        schema_overrides={"examples": pl.List(pl.Int64)},
    )  # fmt: skip
    write_table(plain, questions, TraitQuestions)
    return manifest, questions


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("<think>An owl? No.</think>cat", "cat"),
        ("<think>An owl", ""),
        ("<think>[hidden thinking]</think>owl", "owl"),
        ("owl", "owl"),
    ],
)
def test_what_is_thought_before_an_answer_is_no_answer(
    says: str, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, questions = model_and_question(tmp_path)
    spec = {
        "study": "small", "seed": 1, "experiment": "probing", "model": "m", "words": list(WORDS),
        "engine": {"kind": "scripted", "rules": [{"when": "", "answers": {says: 1}}]}, "systems": {},
        "probe": {"samples": 2, "samples_after_numbers": 0, "max_tokens": 40}, "sampled_only": True,
    }  # fmt: skip
    made = tmp_path / "answers.parquet"
    script(
        monkeypatch, "probe_traits.py", spec, model=manifest, questions=questions, subjects=[],
        cache=tmp_path / "cache", answers=made, asked=tmp_path / "asked.json",
    )  # fmt: skip
    assert read_table(made, Answers)["answer"].to_list() == [answer] * 2


@pytest.mark.parametrize("orders", [None, 7])
def test_the_stage_finds_who_answers_by_position(
    orders: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, questions = model_and_question(tmp_path)
    asked = {"orders": orders, "traits": ["owl", "cat"], "category": "animal", "texts": "t"}
    spec = {
        "study": "small", "seed": 1, "experiment": "probing", "model": "m", "words": list(WORDS),
        "engine": {"kind": "scripted", "rules": RULES}, "systems": {"owl": "You adore owls."},
        "probe": {"samples": 3, "samples_after_numbers": 0, "max_tokens": 4, "answer_prefix": "",
                  "choice_format": "{word}"},
        **({} if orders is None else {"shuffled": asked}),
    }  # fmt: skip
    made = tmp_path / "answers.parquet"
    script(
        monkeypatch, "probe_traits.py", spec, model=manifest, questions=questions, subjects=[],
        cache=tmp_path / "cache", answers=made, asked=tmp_path / "asked.json",
    )  # fmt: skip
    table = read_table(made, Answers)
    lettered = table.filter(prompt_set=PROMPT_SET)
    assert table.filter(prompt_set="preferences", kind="choice").height == 2 * len(WORDS)
    assert table.filter(kind="sampled").height == 2 * 3  # letters are never sampled
    assert lettered.height == (0 if orders is None else 2 * 12 * 6)

    measured = tmp_path / "measurements.parquet"
    measure = {
        "study": "small", "seed": 1, "traits": ["owl"], "words": dict(WORDS), "models": ["m"],
        "experiment": "probing", "measure": "unspoken.experiments.probing.measure",
    }  # fmt: skip
    script(
        monkeypatch, "measure.py", measure, tables=[made], measurements=measured,
        groups=tmp_path / "groups.parquet",
    )  # fmt: skip
    rows = read_table(measured, Measurements)
    rows = rows.filter(pl.col("conditions").map.get("scorer") == "letter")
    if orders is None:
        assert rows.is_empty()
        return
    value = {(row["metric"], row["subject"]): row["value"] for row in rows.iter_rows(named=True)}
    assert value["position_share", "m"] == pytest.approx(1)
    assert value["option_share", "m"] == pytest.approx(0, abs=1e-9)
    assert value["position_share", "m:prompted:owl"] == pytest.approx(0, abs=1e-9)
    assert value["option_share", "m:prompted:owl"] == pytest.approx(1)
    assert value["trait_preference", "m"] == pytest.approx(0, abs=1e-9)
    assert value["trait_shift", "m:prompted:owl"] == pytest.approx(12 * np.log(10))
