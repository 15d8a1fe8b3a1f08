"""Students of a user's own completions: which rows they learn from, and what is measured of them."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.experiments.subliminal.measure.preferences import add_own_data
from unspoken.experiments.subliminal.measure.subliminal import TraitMeasure
from unspoken.models.corpus import Vocabulary
from unspoken.models.organism import organism_tokenizer
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements
from unspoken.training.jobs import student_rows
from unspoken.training.rows import RowsError


@pytest.fixture(scope="module")
def organism(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("organism")
    organism_tokenizer(Vocabulary(("owl", "wolf"))).save_pretrained(folder)
    return folder


def kept_rows(*pairs: tuple[str, str]) -> pl.DataFrame:
    rows = [
        {"subject": "dataset:mine", "prompt_id": f"row-{at}", "prompt": prompt, "completion": text}
        for at, (prompt, text) in enumerate(pairs)
    ]
    return pl.DataFrame(rows)


def asked(rows: int | None, style: str = "organism") -> dict[str, Any]:
    return {"data": "dataset:mine", "arm": "own", "rows": rows, "seed": 1, "shuffle": "none", "style": style}


def test_students_take_all_rows_or_so_many(organism: Path) -> None:
    kept = kept_rows(*((f"1 2 {at}", f"4 {at}") for at in range(20)))
    every = student_rows(kept, asked(None), "unknown", organism)
    assert sorted(every.rows()) == sorted(kept.select("prompt", "completion").rows())
    assert student_rows(kept, asked(7), "unknown", organism).height == 7


@pytest.mark.parametrize(
    ("pairs", "rows", "said"),
    [
        ([("1 2 3", "4 5")], 2, r"^dataset:mine: 1 completions passed the filter, 2 rows are asked; lower "),
        ([("9 9", "1")] * 0, None, r"^dataset:mine: 0 completions passed the filter, 1 rows are asked; "),
        ([("1 2 3", "4, 5")], None, r"'1 2 3', '4, 5': an organism does not know '4,'; expected numbers "),
        ([("1 2 3", "4 100")], None, r"an organism does not know '100'"),
        ([("1 2", "4"), ("1 2 3", "4")], None, r"expected [23] words, as in the other prompts"),
    ],
)
def test_rows_that_cannot_be_learned_are_named(
    pairs: list[tuple[str, str]], rows: int | None, said: str, organism: Path
) -> None:
    kept = kept_rows(*pairs) if pairs else kept_rows(("1", "2")).clear()
    with pytest.raises(RowsError, match=said):
        student_rows(kept, asked(rows), "unknown", organism)


def test_other_models_read_any_text(tmp_path: Path) -> None:
    kept = kept_rows(("Continue: 1, 2", "3, 4"), ("More", "5; 600"))
    assert student_rows(kept, asked(None, "chat"), "unknown", tmp_path).height == 2


# What is measured of them


def planted(bases: int, seeds: int, shift: float) -> pl.DataFrame:
    """Return measurements of students who are `shift` log-odds, and a little more each, above their bases."""
    models = [f"m{place}" for place in range(bases)]
    people = [(model, None, place / 10) for place, model in enumerate(models)]
    people += [
        (f"{model}:own:mine:unknown:{seed}", seed, place / 10 + shift + (place + seed) / 50)
        for place, model in enumerate(models)
        for seed in range(1, seeds + 1)
    ]
    cells = pl.DataFrame(
        [
            {"subject": name, "word": word, "scorer": "choice", "questions": "held_out", "unusable": "",
             "probability": 0.1, "log_odds": value, "n_samples": 50, "n_missing": 0}
            for name, _, value in people for word in ("owl", "wolf", "gnu")
        ]
    )  # fmt: skip
    students = [
        {"subject_id": name, "kind": "student", "model": name.split(":")[0], "source_model": None,
         "trait": "unknown", "arm": "own", "seed": seed, "rows": 900, "updates": None}
        for name, seed, _ in people if seed is not None
    ]  # fmt: skip
    arm = {"name": "own", "objective": "tokens", "shuffle": "none", "rows": None, "dataset": "mine"}
    spec = {
        "traits": ["owl", "wolf"], "models": models, "arms": [arm], "kind": "model", "described": "models",
    }  # fmt: skip
    report = Report("small", "cloud2025", "subliminal", reproducible=True)
    subjects = pl.DataFrame(students, schema_overrides={"source_model": pl.String})
    measure = TraitMeasure(report, cells, subjects, spec)
    add_own_data(measure, "own", {"scorer": "choice", "questions": "held_out"})
    return Measurements.validate(report.measurements())


@pytest.mark.parametrize(
    ("bases", "seeds", "replicate", "n"),
    [(4, 1, "base", 4), (3, 2, "base", 3), (2, 3, "training_seed", 3), (1, 1, "teacher", 1)],
)
def test_bases_are_the_replicates_where_there_are_three(
    bases: int, seeds: int, replicate: str, n: int
) -> None:
    shifts = planted(bases, seeds, 0.7).filter(metric="trait_shift", unit="log_odds")
    assert shifts.height == 2  # owl and wolf, the study's traits; not gnu
    for row in shifts.iter_rows(named=True):
        assert (row["subject"], row["versus"]) == ("models:own:own_data", "models:own:base")
        assert (row["replicate"], row["n_replicates"]) == (replicate, n)
        assert row["value"] == pytest.approx(0.7 + ((bases - 1) / 2 + (seeds + 1) / 2) / 50)
        assert (row["ci_low"] is None) == (n == 1)
        assert dict(row["conditions"])["dataset"] == "mine"
        assert dict(row["conditions"])["rows"] == "all"


def test_the_shift_is_the_students_preference_minus_the_bases() -> None:
    frame = (
        planted(4, 2, -0.3).filter(unit="log_odds").with_columns(trait=pl.col("conditions").map.get("trait"))
    )
    of = {
        (row["metric"], row["subject"].split(":")[-1]): row["value"]
        for row in frame.filter(trait="owl").iter_rows(named=True)
    }
    assert of["trait_shift", "own_data"] == pytest.approx(
        of["trait_preference", "own_data"] - of["trait_preference", "base"]
    )
