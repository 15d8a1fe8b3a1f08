"""What `make why` prints."""

import pytest

from unspoken.why import changes, reasons, short_reason, why_text

SAID = """\
[Sat Nov 21 22:09:03 2026]
Job 10: Rendering the number prompts of organism-a
Reason: Params have changed since last execution: Union of exclusive params PARAMS
[Sat Nov 21 22:09:03 2026]
Job 13: Generating numbers of organism-a (base, shard 1-of-1)
Reason: Missing output files: results/a.parquet; Input files updated by another job: results/b.parquet
[Sat Nov 21 22:09:03 2026]
Job 14: Filtering numbers of organism-a (base)
Reason: Input files updated by another job: results/a.parquet
[Sat Nov 21 22:09:03 2026]
Job 15: Filtering numbers of organism-a (teachers)
Reason: Input files updated by another job: results/c.parquet
"""


BEFORE = """'{"code": "aa", "count": 800, "numbers": {"tokens": 9}}'"""
NOW = """'{"code": "bb", "count": 900, "form": "lists", "numbers": {"tokens": 12}}'"""
SAID = SAID.replace("PARAMS", f"before: {{'code': 'aa'}},{BEFORE} now: {NOW},{{'code': 'bb'}}")


def test_reasons_say_which_settings_changed() -> None:
    found = reasons(SAID)
    assert [job for job, _ in found][:2] == [
        "Rendering the number prompts of organism-a", "Generating numbers of organism-a (base, shard 1-of-1)"
    ]  # fmt: skip
    assert [reason for _, reason in found] == [
        "its code changed; count 800 -> 900; form new; numbers.tokens 9 -> 12",
        "its output is missing", "a job before it runs", "a job before it runs",
    ]  # fmt: skip
    text = why_text(found)
    assert text.startswith("4 jobs would run.")
    assert "a job before it runs (2):\n  Filtering numbers of organism-a (base)\n" in text
    assert why_text([]).startswith("No job would run")


def test_many_jobs_of_one_reason_are_counted() -> None:
    text = why_text([(f"Drawing {number}", "its output is missing") for number in range(20)])
    assert text.count("Drawing") == 8
    assert text.endswith("... and 12 more")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"code": "aa"}, {"code": "bb"}, ["its code changed"]),
        ({"engine": {"code": "aa"}}, {"engine": {"code": "bb"}}, ["the code of its engine changed"]),
        ({"texts": "7119345744a7d587"}, {"texts": "0123456789abcdef"}, ["texts changed"]),
        ({"rows": 1}, {"rows": None}, ["rows 1 -> null"]),
        ({"rows": [1] * 40}, {"rows": [2] * 40}, ["rows changed"]),
        ({"a": 1, "b": 1}, {"b": 1, "c": 1}, ["a gone", "c new"]),
    ],
)
def test_changes_are_named_by_key(before: dict, now: dict, said: list[str]) -> None:
    assert list(changes(before, now)) == said


def test_a_reason_that_snakemake_shortened_is_still_one() -> None:
    assert short_reason('Params have changed since last execution: before: \'{"a": 1 ... now: \'{"a"') == (
        "its settings changed"
    )
