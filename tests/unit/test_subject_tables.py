"""The tables of models and subjects: the same columns in every study."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from unspoken.files import write_json
from unspoken.models.manifest import ModelError, write_manifest
from unspoken.subject_tables import model_rows, models_under, subject_rows
from unspoken.subjects import base_subject, described_subjects, prompted_subject

COLUMNS = yaml.safe_load((Path(__file__).parents[2] / "resources" / "store.yaml").read_text())["subjects"][
    "columns"
]


def tables_of(tmp_path: Path, groups: list[Path]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the models and the subjects of a study that asks one model, with a system prompt and without."""
    manifest, asked = tmp_path / "model.json", tmp_path / "asked.json"
    write_json(
        {"name": "mine", "kind": "local", "path": "there", "revision": "1", "synthetic": False}, manifest
    )
    write_json(described_subjects([base_subject("mine"), prompted_subject("mine", "owl", "Owls!")]), asked)
    models = model_rows([manifest], {"mine": []})
    return models, subject_rows([asked], groups, models)


def test_a_study_without_students_and_groups_has_every_column(tmp_path: Path) -> None:
    models, subjects = tables_of(tmp_path, [])
    assert {"study", *subjects.columns} == set(COLUMNS)
    assert not [name for name, dtype in subjects.schema.items() if dtype == pl.Null]
    assert subjects.select("subject_id", "kind").rows() == [
        ("mine", "base"),
        ("mine:prompted:owl", "prompted"),
    ]
    assert [len(facts) for facts in models_under(subjects, models).values()] == [1, 1]


def test_a_group_rests_on_the_models_of_its_members(tmp_path: Path) -> None:
    pooled = pl.DataFrame({"subject_id": ["all"], "model": [""], "members": [["mine", "mine:prompted:owl"]]})
    pooled.write_parquet(tmp_path / "groups.parquet")
    models, subjects = tables_of(tmp_path, [tmp_path / "groups.parquet"])
    (model,) = models_under(subjects, models)["all"]
    assert model.sources == {"there", "there@1"}


@pytest.mark.parametrize("synthetic", [True, False])
def test_the_manifest_says_whether_a_model_of_any_kind_is_synthetic(tmp_path: Path, synthetic: bool) -> None:
    manifest = tmp_path / "model.json"
    write_manifest(manifest, "new", {"kind": "a new kind"}, revision="1", synthetic=synthetic)
    assert model_rows([manifest], {"new": []})["synthetic"].to_list() == [synthetic]


def test_a_manifest_that_does_not_say_so_is_an_error_that_names_it(tmp_path: Path) -> None:
    manifest = tmp_path / "old" / "model.json"
    write_json({"name": "old", "kind": "organism", "revision": "1"}, manifest)
    with pytest.raises(ModelError, match=r"old/model\.json"):
        model_rows([manifest], {"old": []})
