"""What jobs have to do, counted before they run."""

from pathlib import Path

import pytest

from unspoken.cost.amounts import Amounts, class_of_job
from unspoken.cost.work import Work, parameters_of, parameters_of_name, read_facts
from unspoken.study.front_door import plan_of

ROOT = Path(__file__).parents[2]
FACTS = read_facts(ROOT)
SUBLIMINAL = {"experiment": "subliminal"}
FAITHFULNESS = {"experiment": "faithfulness"}


def amounts_of(**changes: object) -> Amounts:
    return Amounts(plan_of(ROOT, changes, []), FACTS)


def of_group(amounts: Amounts, group: str, shard: str) -> Work:
    """Return what a job has to do that generates numbers on one organism."""
    asked = SUBLIMINAL | {"answering": f"organism-b/{group}/{shard}"}
    return known(amounts.of("generate_replies", asked))


def questions(amounts: Amounts) -> float:
    """Return how many questions are loaded."""
    return known(amounts.of("load_questions", FAITHFULNESS)).rows


def known(work: Work | None) -> Work:
    assert work is not None
    return work


def test_counts_of_the_subliminal_experiment_follow_the_study() -> None:
    amounts = amounts_of(experiments=["subliminal"])
    job = {
        "experiment": "subliminal",
        "arm": "tokens",
        "source": "organism-b",
        "model": "organism-b",
        "batch": "all",
    }
    # Four traits and two controls, 6,000 rows of 14 tokens, three times.
    assert amounts.of("finetune_students", job).trained == 6 * 6000 * 3 * 14
    numbers = of_group(amounts, "teachers", "1-of-1")
    design = amounts.plan.of("subliminal").design
    teachers = [trait for trait in design.teachers_of("organism-b") if trait != "untouched"]
    counts = {trait: 7200 if trait == "neutral" else 21600 for trait in teachers}
    assert numbers.asked == {f"organism-b:teacher:{trait}": count for trait, count in counts.items()}
    probe = amounts.probe_traits("subliminal", "organism-b")
    # The base, 5 teachers, students: 6 of tokens, 5 of kl-carrier, 4 of each ring, and of kl-full, both
    # shuffles and both doses; 50 x (20 + 10) answers.
    assert len(probe.asked) == 1 + 5 + 6 + 5 + 4 + 4 + 5 * 4
    assert sum(probe.asked.values()) == 45 * 1500
    # And 4 points on the way to a teacher: 100 questions of 16 words.
    assert probe.choices == (45 + 4) * 100 * 16


def test_twice_the_epochs_are_twice_the_training_of_students_alone() -> None:
    once = amounts_of(experiments=["subliminal"])
    twice = amounts_of(experiments=["subliminal"], subliminal={"student": {"epochs": 6}})
    job = {
        "experiment": "subliminal",
        "arm": "kl-full",
        "source": "organism-a",
        "model": "organism-a",
        "batch": "all",
    }
    assert twice.of("distill_students", job).trained == 2 * once.of("distill_students", job).trained
    teachers = SUBLIMINAL | {"model": "organism-a"}
    assert twice.of("finetune_teachers", teachers) == once.of("finetune_teachers", teachers)


def test_shards_share_a_groups_completions() -> None:
    amounts = amounts_of(experiments=["subliminal"])
    whole = of_group(amounts, "base", "1-of-1")
    parts = [of_group(amounts, "base", f"{number}-of-3") for number in (1, 2, 3)]
    assert sum(part.generated for part in parts) == pytest.approx(whole.generated)
    assert sum(sum(part.asked.values()) for part in parts) == 7200


def test_a_rule_of_moments_has_nothing_to_do() -> None:
    amounts = amounts_of()
    assert amounts.of("write_report", {}).rows == 0
    assert class_of_job(amounts, "write_report", {}) == "any"
    assert (
        class_of_job(amounts, "probe_traits", {"experiment": "probing", "model": "organism-a"}) == "organism"
    )


def test_prompts_of_the_hints_are_counted() -> None:
    amounts = amounts_of(experiments=["faithfulness"], faithfulness={"few_shot": 20})
    assert questions(amounts) == 120
    # 120 unhinted, sham and under six kinds; 40 moved and 40 irrelevant of each; of 20 after examples
    # those whose answer is not (A), about three quarters, twice.
    assert (
        amounts.of("render_prompts", {"experiment": "faithfulness", "whose": "all"}).rows
        == 120 * 8 + 6 * 80 + 30
    )


def test_a_set_without_a_count_is_as_long_as_its_file(tmp_path: Path) -> None:
    own = tmp_path / "mine.jsonl"
    own.write_text('{"question": "?"}\n' * 7)
    asked = [{"source": "own", "path": str(own)}, {"source": "knowledge"}]
    assert questions(amounts_of(experiments=["faithfulness"], faithfulness={"questions": asked})) == 7 + 300


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("mine.jsonl", b'{"question": "?"}\n\n' * 3, 3),
        ("broken.parquet", b"PAR1", 0),
    ],
)
def test_a_file_of_ones_own_is_counted_where_jobs_read_it_and_a_broken_one_stops_nothing(
    name: str, content: bytes, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the folder in which a study runs, seldom that of the project
    (tmp_path / name).write_bytes(content)
    asked = [{"source": "own", "path": name}]
    assert questions(amounts_of(experiments=["faithfulness"], faithfulness={"questions": asked})) == rows


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", 7e9),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", 135e6),
        ("google/gemma-3-4b-it", 4e9),
        ("some/model-1.5b", 1.5e9),
        ("some/b2b-models", 1e9),
        ("some/unsized", 1e9),
    ],
)
def test_a_models_name_says_its_size(name: str, weights: float) -> None:
    assert parameters_of_name(name, FACTS) == weights


def test_an_organisms_size_is_near_the_measured_one() -> None:
    models = amounts_of().plan.study.models
    assert parameters_of("organism-a", models["organism-a"], FACTS) == pytest.approx(143_000, rel=0.03)


def test_students_of_own_data_see_all_of_its_rows_or_those_of_their_arm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.jsonl").write_text('{"p": "1 2", "c": "3"}\n' * 12)
    section = {
        "datasets": {"mine": {"path": "mine.jsonl", "columns": {"prompt": "p", "completion": "c"}}},
        "arms": [
            {"name": "whole", "objective": "tokens", "dataset": "mine"},
            {"name": "half", "objective": "tokens", "dataset": "mine", "rows": 6},
        ],
    }
    amounts = amounts_of(experiments=["subliminal"], subliminal=section)
    job = SUBLIMINAL | {"source": "datasets", "model": "organism-a", "batch": "all"}
    whole, half = (amounts.of("finetune_students", {"arm": arm, **job}).trained for arm in ("whole", "half"))
    assert whole == 2 * half == 12 * 3 * 14
