"""Every number of docs/findings.md and README.md is one of resources/findings/, or said to be no finding."""

import re
from pathlib import Path

import duckdb
import pytest

from unspoken.kept.figure import figure_of
from unspoken.kept.files import KeptError, kept_files, kept_store
from unspoken.kept.page import DECIDED, FIGURE, PAGE, page_text
from unspoken.store import rows_of

ROOT = Path(__file__).parents[2]
QWEN = "qwen2.5-coder-1.5b-q4"
COLUMNS = "study, metric, subject, versus, conditions"
# Each finding that README states: its words there, and the row of `measurements` that it is.
STATED = {
    "hints move 0.34 [0.24, 0.44] more": (
        "small_models", "switch_minus_sham", f"{QWEN}:hinted", f"{QWEN}:sham",
        {"hint": "all", "judge": "lexical", "unusable": "dropped"},
    ),
    "0.04 [0.00, 0.13] of the chains behind them mention the hint": (
        "small_models", "mention_share_switched", f"{QWEN}:hinted", None,
        {"hint": "all", "judge": "lexical", "unusable": "dropped"},
    ),
    "right in 0.61 with a chain": (
        "small_models", "accuracy", f"{QWEN}:unhinted", None, {"stratum": "steps-2", "unusable": "failure"},
    ),
    "in 0.11 without": (
        "small_models", "accuracy", f"{QWEN}:direct", None, {"stratum": "steps-2", "unusable": "failure"},
    ),
    "in knowledge in 0.90": (
        "small_models", "accuracy", f"{QWEN}:unhinted", None, {"stratum": "knowledge", "unusable": "failure"},
    ),
    "and 0.93.": (
        "small_models", "accuracy", f"{QWEN}:direct", None, {"stratum": "knowledge", "unusable": "failure"},
    ),
    "right in 0.36 with a chain": (
        "small_models_suggested", "accuracy", f"{QWEN}:hinted", None,
        {"hint": "sycophancy", "unusable": "failure"},
    ),
    "in 0.13 without, where": (
        "small_models_suggested", "accuracy", f"{QWEN}:hinted_direct", None,
        {"hint": "sycophancy", "unusable": "failure"},
    ),
    "by 0.43 [0.41, 0.45] of all digits": (
        "mnist", "accuracy", "mnist:student_auxiliary:same", "mnist:reference",
        {"data": "60000 images", "logits": "3", "objective": "kl_auxiliary"},
    ),
}  # fmt: skip
# Words with a number in README that state no finding of a registered run, and why.
NO_FINDING = {
    "0.25 [0.19, 0.30] from sampled numbers": "development seed 1, and README says so: docs/results.md",
    "1.07 [0.92, 1.22] from the teacher's": "the same",
    "default study, seed 1": "which seed it is",
    "development seed 1": "which seed it is",
    "study seed 21": "which seed it is",
    "study seed 22": "which seed it is",
    "study seed 26": "which seed it is",
    "95% intervals": "the level of intervals",
    "0.14 million parameters": "the size of a model",
    "Python 3.11 to 3.13": "versions",
    "it took 56 minutes": "times of runs: docs/times.md",
    "22 odd inputs": "a count of tests",
    "the 77 papers": "a count of the registry",
    "300 labels": "a count of labels",
    "Apache-2.0": "a licence",
    "Qwen2.5-Coder-1.5B": "a model's name",
    "SmolLM2": "a model's name",
    "-135M-Instruct": "a model's name",
}
CITED = re.compile(r"\b(?:19|20)\d\d\b")


def prose_of(page: str) -> str:
    """Return a page in Markdown without code, links' addresses and line breaks."""
    kept = re.sub(r"```.*?```", " ", page, flags=re.DOTALL)
    kept = re.sub(r"^    .*$", " ", kept, flags=re.MULTILINE)
    kept = re.sub(r"`[^`]*`|https?://\S+|\]\([^)]*\)|arXiv:[\d.]+", " ", kept)
    return " ".join(kept.split())


README = prose_of((ROOT / "README.md").read_text())


@pytest.fixture(scope="module")
def store() -> duckdb.DuckDBPyConnection:
    return kept_store(kept_files(ROOT))


def two_decimals(*numbers: float) -> list[str]:
    return [f"{number:.2f}" for number in numbers]


@pytest.mark.parametrize("words", STATED)
def test_a_finding_of_readme_is_the_kept_number(words: str, store) -> None:
    assert README.count(words) == 1
    stated = re.findall(r"\d\.\d\d", words)
    query = f"""SELECT value, ci_low, ci_high FROM measurements
                WHERE ({COLUMNS}) IS NOT DISTINCT FROM ($1, $2, $3, $4, $5)"""
    ((value, low, high),) = store.execute(query, [*STATED[words]]).fetchall()
    assert stated == two_decimals(value, low, high)[: len(stated)]
    assert len(stated) in (1, 3)


def test_every_number_of_readme_is_a_finding_or_said_to_be_none() -> None:
    rest = README
    for words in (*STATED, *NO_FINDING):
        assert words in rest, f"README does not say '{words}' any more: take it out of this test"
        rest = rest.replace(words, " ")
    rest = CITED.sub(" ", rest)
    assert re.findall(r".{0,40}\d.{0,40}", rest) == []


def test_the_page_of_findings_is_what_its_command_writes(store) -> None:
    assert (ROOT / PAGE).read_text() == page_text(ROOT), "make findings-page"
    assert (ROOT / FIGURE).read_text() == figure_of(rows_of(store, DECIDED)), "make findings-page"


def test_every_kept_run_was_registered_before_its_data_and_has_its_registration(store) -> None:
    exploratory = "SELECT study, count(*) FILTER (registered = 'registered') FROM verdicts GROUP BY ALL"
    counts = dict(store.execute(exploratory).fetchall())
    assert set(counts) == {path.parent.name for path in kept_files(ROOT)}
    for study, n in counts.items():
        assert n > 0
        assert (ROOT / "resources/registrations" / f"{study}.json").is_file()


def test_no_kept_run_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(KeptError, match="no run is kept"):
        page_text(tmp_path)
