"""Replicates of a study: seeds as people write them, and what each replicate has of its own."""

from pathlib import Path
from typing import Any

import pytest

from unspoken.study.front_door import merged, plan_of
from unspoken.study.load import StudyError, read_yaml
from unspoken.study.plan import Plan
from unspoken.study.registered import registered_study
from unspoken.study.replicate import snakemake_command
from unspoken.study.replicates import replicate_plans, seeds_of

ROOT = Path(__file__).parents[2]
TEST = ROOT / "studies" / "test.yaml"


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("1-3", [1, 2, 3]), ("7", [7]), ("1,2,9", [1, 2, 9]), ("4 1-2", [4, 1, 2]), ("0", [0])],
)
def test_seeds_as_people_write_them(text: str, seeds: list[int]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "got nothing"),
        ("3-1", "got '3-1'"),
        ("1..3", "got '1..3'"),
        ("-1", "got '-1'"),
        ("1-3,2", "got 2 twice"),
        ("1-99999999", "got '1-99999999'"),
        ("$(id)", "got '$(id)'"),
    ],
)
def test_other_seeds_are_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(StudyError) as refused:
        seeds_of(text)
    assert f"SEEDS: {said}" in str(refused.value) and "\n" not in str(refused.value)


def plans(*seeds: int) -> list[Plan]:
    return replicate_plans(ROOT, [TEST], list(seeds))


def test_a_replicate_has_a_name_a_folder_and_bases_of_its_own() -> None:
    first, second = plans(1, 2)
    assert (first.study.study, first.results) == ("test-seed-1", "results/studies/test-seed-1")
    assert first.bases == "results/studies/test-seed-1/bases"
    seeds = [
        plan.part("build_organism", model="organism-mini-a")["model"]["seed"] for plan in (first, second)
    ]
    other = first.part("build_organism", model="organism-mini-b")["model"]["seed"]
    assert len({*seeds, other, 11, 12}) == 5
    assert first.model_file("organism-mini-a") == "<bases>/organism-mini-a/model.json"
    # What is no organism is the same model in every seed, brought once for all.
    assert first.model_file("guesser") == "<models>/guesser/model.json"
    assert first.part("declare_model", model="guesser") == second.part("declare_model", model="guesser")
    assert {first.registration_file.name, second.registration_file.name} == {
        "test-seed-1.json",
        "test-seed-2.json",
    }


def test_without_own_bases_models_are_shared_and_nothing_says_so() -> None:
    study = read_yaml(TEST)
    plain, seeded = plan_of(ROOT, study, []), plan_of(ROOT, merged(study, {"seed": 2}), [])
    assert plain.bases == "results/models"
    organism: dict[str, Any] = {"model": "organism-mini-a"}
    assert plain.part("build_organism", **organism) == seeded.part("build_organism", **organism)
    assert "own_bases" not in plain.build_store_part([])["study"]
    assert "own_bases" not in registered_study(plain, plain.rooms)
    own = plan_of(ROOT, merged(study, {"own_bases": True}), [])
    assert own.registered_facts() != plain.registered_facts()
    assert own.build_store_part([])["study"]["own_bases"] is True


def test_snakemake_is_given_name_seed_and_bases() -> None:
    command = snakemake_command(["store", "--cores", "1"], [TEST], "test", 7)
    assert command[1:6] == ["-m", "snakemake", "store", "--cores", "1"]
    assert command[6:] == [
        "--configfile", str(TEST), "--config", 'study="test-seed-7"', "seed=7", "own_bases=true",
    ]  # fmt: skip
    assert "--configfile" not in snakemake_command([], [], "default", 1)
