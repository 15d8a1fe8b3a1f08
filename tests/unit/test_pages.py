import re
from pathlib import Path

import duckdb
import pytest
import yaml

from unspoken.registry.claims import Test as ClaimTest
from unspoken.registry.claims import Value
from unspoken.registry.load import claims_files, read_papers
from unspoken.registry.pages import (
    BY_NAME,
    all_pages,
    claim_row,
    escaped,
    figure_of,
    page_text,
    query_text,
    value_text,
    write_pages,
)
from unspoken.study.front_door import plan_of
from unspoken.tables.measurements import Measurements
from unspoken.tables.verdicts import Claims, Verdicts

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "papers"
GUIDE = (ROOT / "docs" / "your-paper.md").read_text()
EXAMPLE = ROOT / "docs" / "examples" / "your_paper.yaml"
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
RULES = (ROOT / "rules" / "measure.smk").read_text().splitlines()
PAPERS = read_papers(claims_files(ROOT, []))
TESTS = {claim.id: claim.test for paper in PAPERS for claim in paper.claims if claim.test}
HEADINGS = (
    "## What differs here and why",
    "## Quirks of the published code that are not inherited",
)
CELL = re.compile(r"(?<!\\)\|")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)


@pytest.fixture(scope="module")
def empty_store():
    with duckdb.connect() as store:
        tables = {"claims": Claims, "verdicts": Verdicts, "measurements": Measurements}
        for name, schema in tables.items():
            frame = schema.create_empty()  # noqa: F841 - DuckDB reads it by its name
            store.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
        yield store


def test_the_pages_are_what_the_registry_and_the_notes_say(tmp_path):
    write_pages(ROOT, tmp_path)
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    kept = {file.name: file.read_text() for file in PAGES.glob("*.md")}
    assert set(written) == set(kept)
    stale = [name for name, text in written.items() if kept[name] != text]
    assert not stale, f"run python -m unspoken.registry.pages: {stale} are not what it writes"


def test_a_change_of_a_claim_or_of_a_note_changes_its_page_alone():
    paper = next(one for one in PAPERS if one.paper == "hao2024")
    others = [one for one in PAPERS if one is not paper]
    claims = [paper.claims[0].model_copy(update={"statement": "Changed."}), *paper.claims[1:]]
    changed = [*others, paper.model_copy(update={"claims": claims})]
    before, after = all_pages([*others, paper], {}), all_pages(changed, {})
    assert {name for name in after if after[name] != before[name]} == {"hao2024.md"}
    noted = all_pages([*others, paper], {"hao2024": "A note.\n"})
    assert {name for name in noted if noted[name] != before[name]} == {"hao2024.md"}


@pytest.mark.parametrize(
    "paper",
    ["cloud2025", "chen2025", "gema2025", "biddulph2025", "arditi2025", "lanham2023", "turpin2023",
     "geiping2025", "hao2024", "betley2025"],
)  # fmt: skip
def test_a_person_has_written_on_the_main_papers(paper):
    page = (PAGES / f"{paper}.md").read_text()
    assert all(page.count(heading) == 1 for heading in HEADINGS)


def test_every_note_belongs_to_a_page_and_every_page_names_its_source():
    assert {file.name for file in (PAGES / "notes").glob("*.md")} <= {
        file.name for file in PAGES.glob("*.md")
    }
    for page in PAGES.glob("*.md"):
        named = re.findall(r"resources/claims/\w[\w-]*\.yaml", page.read_text().split("-->")[0])
        assert all((ROOT / name).is_file() for name in named)


def test_every_claim_stands_in_one_row_of_its_page():
    for paper in PAPERS:
        page = PAGES / f"{paper.paper}.md"
        if page.is_file():
            found = re.findall(r"(?m)^\| ([A-Z]\S*-\S+) \|", page.read_text())
            assert found == [claim.id for claim in paper.claims]


@pytest.mark.parametrize("claim", sorted(TESTS))
def test_the_way_of_a_test_exists(claim):
    test = TESTS[claim]
    section = CONFIG
    room = BY_NAME[test.experiment]
    for key in room.deciding_key().split("."):
        section = section[key]
    assert "rule measure:" in RULES
    # What no figure draws (accuracies of chains, say) stands in the report alone.
    assert figure_of(test) in (None, *room.figures)


def test_shuffled_numbers_are_shown_by_dose():
    fields = {"experiment": "subliminal", "metric": "specificity", "unit": "log_odds"}
    assert figure_of(ClaimTest(**fields, conditions={"shuffle": "across"})) == "dose"
    assert figure_of(ClaimTest(**fields, conditions={"shuffle": "none"})) == "initialisations"
    assert figure_of(ClaimTest(**fields | {"experiment": "mine"})) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"value": 0.25, "unit": "fraction"}, "0.25"),
        ({"value": 36, "bound": "<=", "unit": "percent"}, "at most 36%"),
        ({"value": 42.9, "low": 42.7, "high": 43.1, "unit": "percent"}, "42.9% [42.7 to 43.1]"),
        ({"low": 0.23, "high": 0.38, "unit": "fraction"}, "0.23 to 0.38"),
        ({"of": "rows", "value": 30000, "unit": "rows"}, "rows: 30,000 rows"),
        ({"value": 0, "text": "0 of 921", "unit": "fraction"}, "0 (0 of 921)"),
        ({"text": "no difference", "unit": "text"}, "no difference"),
    ],
)  # fmt: skip
def test_a_published_value_reads_as_published(value, text):
    assert value_text(Value(**value)) == text


def test_hostile_text_stays_one_inert_row():
    claim = read_papers([EXAMPLE])[0].claims[2]
    hostile = "a | b\n<script>alert(1)</script> [x](javascript:1) `c` $d$ **e** & '; DROP TABLE claims"
    row = claim_row(claim.model_copy(update={"statement": hostile}))
    assert "\n" not in row
    assert len(CELL.findall(row)) == 7
    assert not re.search(r"(?<!\\)[<`$*\[]", row)
    assert escaped("snake_case _word_") == r"snake_case \_word\_"


def test_prose_fits_a_screen():
    pages = [*PAGES.glob("*.md"), *(PAGES / "notes").glob("*.md"), ROOT / "docs" / "your-paper.md"]
    for page in pages:
        prose = (line for line in page.read_text().splitlines() if not line.startswith("|"))
        assert max(map(len, prose)) <= 120, page


def test_the_queries_of_the_pages_are_sound(empty_store):
    for paper in PAPERS:
        assert empty_store.execute(query_text(paper)).fetchall() == []


def test_the_example_has_a_direction_a_null_and_a_claim_without_a_test():
    claims = read_papers([EXAMPLE])[0].claims
    assert [(claim.kind, claim.reason) for claim in claims] == [
        ("direction", None), ("null", None), ("direction", "not built"),
    ]  # fmt: skip
    assert {claim.test.metric for claim in claims if claim.test} == {"trait_shift"}
    assert all("invent" in claim.source for claim in claims)
    assert page_text(read_papers([EXAMPLE])[0], "").count("| EX-0") == 3


def test_the_guide_quotes_the_example():
    head, test, _ = blocks("yaml")
    example = EXAMPLE.read_text()
    assert head in example
    assert test in example


def test_the_guides_study_is_sound_and_reads_the_example(monkeypatch):
    monkeypatch.chdir(ROOT)
    plan = plan_of(ROOT, yaml.safe_load(blocks("yaml")[2]), [])
    assert plan.results == "results/studies/mine"
    assert plan.study.claims == [str(EXAMPLE.relative_to(ROOT))]
    without = plan_of(ROOT, yaml.safe_load(blocks("yaml")[2]) | {"claims": []}, [])
    assert plan.claims_digest != without.claims_digest


def test_the_guides_queries_are_sound(empty_store):
    assert len(blocks("sql")) == 2
    for query in blocks("sql"):
        assert empty_store.execute(query).fetchall() == []
