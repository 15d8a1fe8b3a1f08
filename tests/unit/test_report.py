"""The report of a small planted store: every claim once, texts inert, a card, a crate."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from planted_claims import around, claim_of, row_of

from unspoken.figures.forest import forest
from unspoken.report.card import study_card
from unspoken.report.charts import outcomes_of_tests
from unspoken.report.contents import Contents, read_contents
from unspoken.report.crate import crate_of
from unspoken.report.families import families_of, forest_rows
from unspoken.report.page import report_page
from unspoken.report.rollup import rolled_up
from unspoken.report.samples import TextFinder
from unspoken.report.texts import contrast_text, interval_text, number_text, published_text
from unspoken.statistics.rows import measurement_table
from unspoken.store import open_store, write_store
from unspoken.subject_tables import models_under
from unspoken.tables import verdicts as tables
from unspoken.verdicts.judge import Judge, judged
from unspoken.verdicts.tallies import COUNTS, readings

ROOT = Path(__file__).parents[2]
NASTY = "<script>alert(1)</script> '; DROP TABLE claims; -- </script> {{ 7 * 7 }} | `x`"
SPEC = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "title": {"text": ["A figure", "</script><b>"]},
    "data": {"values": [{"a": 1}]},
    "mark": "point",
}


def planted_papers() -> list[dict[str, Any]]:
    """One paper with four claims, one of them nasty and one without a test; another without any test."""

    def paper(name: str, claims: list[dict[str, Any]]) -> dict[str, Any]:
        about = {"cited": f"{name} <i>et al.</i>", "title": NASTY, "year": 2026, "pillar": "faithfulness"}
        return {"paper": name, "url": "javascript:alert(1)", "claims": claims, **about}

    untested = {"reason": "not built", "test": {"experiment": None}}
    published = {"value": 0.5, "low": 0.4, "high": 0.6, "unit": "log_odds"}
    first = [
        claim_of("P-01", kind="size", values=[published]),
        claim_of("P-02", statement=NASTY, conflicts_with=["P-01"]),
        claim_of("P-03", statement="It shrinks.", test={"sign": "-"}),
        claim_of("P-04", statement=NASTY, **untested),
    ]
    return [
        paper("planted2026", first),
        paper("other2026", [claim_of("Q-01", paper="other2026", **untested)]),
    ]


def planted_frames(papers: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    """The tables of a study with two subjects of one synthetic model, and a check that failed."""
    rows = [
        row_of(around(0.5), subject="toys:kl:own", versus="toys:base", conditions={"objective": "kl"}),
        row_of(around(0.5), subject="toys:tokens:own", versus="toys:base"),
        row_of(around(0.1), kind="estimate", metric="share", role="positive_control", passed=False),
    ]
    # The tests ask for the objective in their conditions: let them read both subjects.
    for claim in (claim for paper in papers for claim in paper["claims"] if claim["test"]):
        claim["test"]["conditions"] = {}
    models = pl.DataFrame(
        {"model": ["toy"], "kind": ["organism"], "source": [None], "revision": ["r1"], "synthetic": [True],
         "classes": [["toy"]], "manifest": ["{}"]},
        schema_overrides={"source": pl.String},
    )  # fmt: skip
    groups = {"toys:kl:own": ["a"], "toys:tokens:own": ["a", "b"], "toys:base": ["toy"], "chat:own": []}
    names = ["toy", "a", "b", *groups]
    subjects = pl.DataFrame(
        {"subject_id": names, "model": "toy", "kind": ["base", "student", "student", *["group"] * 4],
         "members": [None, None, None, *groups.values()], "source_model": None},
        schema_overrides={"members": pl.List(pl.String), "source_model": pl.String},
    )  # fmt: skip
    answers = pl.DataFrame(
        {
            "experiment": "planted", "subject": ["a"] * 8 + ["b"] * 8,
            "prompt_id": [f"q{n}" for n in range(16)], "kind": "sampled", "sample_index": 0,
            "prompt_set": "preferences", "held_out": True, "system": None, "prompt": "Which?",
            "answer": NASTY, "logprob": None, "created_at": "2026-11-21T10:00:00+00:00",
        },
        schema_overrides={"system": pl.String, "logprob": pl.Float64},
    )  # fmt: skip
    measurements = measurement_table(rows)
    claims = [claim | {"paper": paper["paper"]} for paper in papers for claim in paper["claims"]]
    found = judged(claims, Judge(measurements, models_under(subjects, models)), "planted")
    for row in found:
        row["registered"] = None if row.get("outcome") is None else "exploratory"
    study = {"study": "planted", "seed": 3, "digest": "abc", "config": "{}"}
    return {
        "studies": pl.DataFrame([study]), "models": models, "subjects": subjects, "answers": answers,
        "measurements": measurements, "claims": claim_table(papers),
        "verdicts": pl.DataFrame(found, schema={n: c.dtype for n, c in tables.Verdicts.columns().items()}),
    }  # fmt: skip


def claim_table(papers: list[dict[str, Any]]) -> pl.DataFrame:
    """The table `claims` as the script that judges makes it."""
    found = importlib.util.spec_from_file_location("judge_claims", ROOT / "scripts" / "judge_claims.py")
    assert found and found.loader
    script = importlib.util.module_from_spec(found)
    found.loader.exec_module(script)
    frame = script.claim_rows(papers)
    return tables.Claims.validate(frame.select(tables.Claims.column_names()))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "unspoken.duckdb"
    comments = yaml.safe_load((ROOT / "resources" / "store.yaml").read_text())
    write_store(path, "planted", {}, planted_frames(planted_papers()), comments)
    return path


@pytest.fixture(scope="module")
def contents(store: Path) -> Contents:
    with open_store(store) as connection:
        return read_contents(connection)


@pytest.fixture(scope="module")
def page(store: Path, contents: Contents, tmp_path_factory: pytest.TempPathFactory) -> str:
    figure = tmp_path_factory.mktemp("figures") / "dose.json"
    figure.write_text(json.dumps(SPEC))
    about = {"planted2026": {"question": NASTY, "protocol": ["First this."]}}
    with open_store(store) as connection:
        return report_page(
            contents, connection, about, {"planted": [figure]}, "/* vega */", ROOT / "resources" / "report"
        )


def test_every_claim_is_in_the_table_once_and_has_its_section(page: str, contents: Contents) -> None:
    table = page.split('<table id="claim-table">')[1].split("</table>")[0]
    assert re.findall(r'<th scope="row"><a href="#claim-([^"]+)"', table) == [
        "P-01",
        "P-02",
        "P-03",
        "P-04",
        "Q-01",
    ]
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {f"claim-{name}" for name in contents.claims} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_no_text_of_a_claim_or_an_answer_is_run(page: str) -> None:
    assert "<script>alert" not in page and "<i>et al" not in page and "</script><b>" not in page
    assert page.count("</script>") == 3  # specifications, vega, the report's own
    assert "{{ 7 * 7 }}" in page  # not 49
    assert "javascript:" not in " ".join(re.findall(r'href="([^"]*)"', page))
    specs = json.loads(re.search(r'id="specs">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert specs["figure-dose"]["title"]["text"][1] == "</script><b>"


def test_the_page_needs_nothing_beside_it(page: str) -> None:
    assert not re.findall(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=", page)
    assert not re.findall(r"@import|url\(", page)


def test_every_chart_has_its_specification(page: str) -> None:
    specs = json.loads(re.search(r'id="specs">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert set(re.findall(r'data-chart="([^"]+)"', page)) == set(specs)
    assert {"outcomes", "figure-dose"} < set(specs)


def test_a_measured_number_leads_to_its_query_and_five_texts(page: str, contents: Contents) -> None:
    assert len(contents.measurements) == 2
    for name in contents.measurements:
        details = page.split(f'<details id="number-{name}">')[1].split("</details>")[0]
        assert f"WHERE measurement_id = &#39;{name}&#39;" in details
        assert details.count("<li>") == 5
        # Of as many subjects as there are.
        pooled = {"toys:kl:own": "aaaaa", "toys:tokens:own": "ababa"}
        written = "".join(re.findall(r'<span class="small">(\w), asked', details))
        assert written == pooled[contents.measurements[name]["subject"]]


def test_a_claim_is_rolled_up_to_the_subject_that_meets_its_needs(contents: Contents) -> None:
    rollup = contents.claims["P-01"]["rollup"]
    assert (rollup["subject"], rollup["alike"], rollup["verdict"]) == (
        "toys:tokens:own",
        2,
        "analogue: shown",
    )
    by_subject = {row["subject"]: row["because"] for row in contents.claims["P-01"]["verdicts"]}
    assert by_subject["toys:tokens:own"] == "small models pretrained here"
    assert by_subject["toys:kl:own"] == "small models pretrained here; objective kl, not tokens"
    rows = [
        {"fidelity": "analogue", "subject": "a"},
        {"fidelity": "close", "subject": "arm:longer", "needs_met": 1},
        {"fidelity": "close", "subject": "arm:b", "needs_met": 1},
        {"fidelity": "close", "subject": "arm", "needs_met": 0},
    ]
    assert rolled_up(rows) == {**rows[2], "alike": 3, "of": 4}


def test_a_forest_plot_has_published_and_measured_on_one_scale(contents: Contents) -> None:
    (family,) = families_of(list(contents.claims.values()))
    assert family == ("planted", "shift", "log_odds")
    rows = forest_rows(contents, family, "planted2026")
    size = rows.filter(label="P-01").row(0, named=True)
    assert (size["scale"], size["source"], size["ci_low"]) == ("difference in log-odds", "published", 0.4)
    assert set(rows.filter(source="analogue")["scale"]) == {"difference in log-odds"}
    assert rows["label"].is_unique().all()
    assert set(forest(rows, "title", "subtitle").to_dict()["datasets"]) != set()  # and Altair finds no fault


def test_the_study_card_names_what_ran_and_what_deviates(contents: Contents) -> None:
    card = study_card(contents)
    assert "<script>" not in card
    assert [line for line in card.splitlines() if line.startswith("| P-0")] != []
    assert "| P-04" not in card and "5 claims; 3 claims by 2 tests ran" in card
    assert "1 test on analogues: small models pretrained here; objective kl, not tokens" in card
    assert "failed positive control: share of chat:own" in card
    for line in card.splitlines():
        if line.startswith("| P-"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 7


def test_opposing_claims_on_one_contrast_are_one_picture_and_one_test(contents: Contents, page: str) -> None:
    """P-01 and P-02 say above 0, P-03 below: of two contrasts, each stands once in report and card."""
    assert contents.claims_by_tests == (3, 2)
    assert sum(row["tests"] for row in contents.counts if row["verdict"] == "analogue: shown") == 2
    assert [one["subject"] for one in contents.disagreements] == ["toys:kl:own", "toys:tokens:own"]
    for one in contents.disagreements:
        assert one["speaks_for"] == ["above 0"] and one["value"] == pytest.approx(0.5)
        assert [(side["expects"], side["claims"], side["outcomes"]) for side in one["sides"]] == [
            ("above 0", ["P-01", "P-02"], ["shown"]), ("below 0", ["P-03"], ["opposite"]),
        ]  # fmt: skip
    card = study_card(contents)
    said = "P-01, P-02 (above 0): shown; P-03 (below 0): opposite | this study speaks for P-01, P-02"
    assert card.count(said) == page.count("this study speaks for P-01, P-02") == 2
    assert page.count('id="disagreements"') == 1 and COUNTS in card
    assert outcomes_of_tests(contents.verdicts) == [("analogue", "claims differ")] * 2


def test_what_rooms_tell_and_other_readings_stand_in_report_and_card(store: Path) -> None:
    tally = {"heading": "Beside", "query": "SELECT count(*) AS n FROM claims", "line": "{n} <values>"}
    empty = {"heading": "Nothing", "query": "SELECT 1 AS n WHERE false", "line": "{n}"}
    with open_store(store) as connection:
        found = read_contents(connection, [tally, empty], {"planted": {"objective": "tokens"}})
    assert found.tallies == [("Beside", ["5 <values>"])]
    assert "## Beside\n\n* 5 &lt;values>" in study_card(found) and "Nothing" not in study_card(found)
    assert found.readings == []  # rows that differ in their objective are of other students


def test_the_other_readings_of_a_contrast_stand_beside_what_verdicts_read(tmp_path: Path) -> None:
    rows = [
        row_of(around(value), conditions={"arm": "a", "scorer": scorer, **more})
        for value, scorer, more in (
            (0.5, "choice", {}), (0.1, "word", {"unusable": "failure"}),
            (0.2, "word", {"unusable": "dropped"}),
        )
    ]  # fmt: skip
    rows.append(row_of(around(0.9), conditions={"arm": "b", "scorer": "choice"}, subject="chat:b"))
    read = pl.DataFrame({"contrasts": [[row["measurement_id"]] for row in (rows[0], rows[3])]})
    path = tmp_path / "unspoken.duckdb"
    comments = yaml.safe_load((ROOT / "resources" / "store.yaml").read_text())
    frames = {
        "measurements": measurement_table(rows),
        "verdicts": read,
        "claims": pl.DataFrame({"claim_id": []}),
    }
    write_store(path, "s", {}, frames, comments)
    with open_store(path) as connection:
        found = readings(connection, "planted", ["scorer"])
    assert [(one["reading"], one["is_read"]) for one in found] == [
        (["scorer choice"], True), (["scorer word", "unusable dropped"], False),
        (["scorer word", "unusable failure"], False),
    ]  # fmt: skip


def test_the_crate_names_its_parts_by_paths_inside_it(contents: Contents) -> None:
    made = {
        Path("unspoken.duckdb"): "Store",
        Path("report.html"): "Report",
        Path("figures/dose.svg"): "Figure",
    }
    crate = json.loads(json.dumps(crate_of(contents, Path("workflow/Snakefile"), made)))
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    graph = {entity["@id"]: entity for entity in crate["@graph"]}
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    root = graph["./"]
    parts = {part["@id"] for part in root["hasPart"]}
    assert parts == {"workflow/Snakefile", *map(str, made)}
    assert root["mainEntity"]["@id"] == "workflow/Snakefile"
    assert "ComputationalWorkflow" in graph["workflow/Snakefile"]["@type"]
    run = graph["#run"]
    assert (run["@type"], run["instrument"]) == ("CreateAction", {"@id": "workflow/Snakefile"})
    assert {part["@id"] for part in run["result"]} == set(map(str, made))
    assert graph[run["object"][0]["@id"]]["value"] == "{}"
    assert "/root" not in json.dumps(crate) and str(ROOT) not in json.dumps(crate)
    for entity in crate["@graph"]:
        for value in entity.values():
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict) and not part["@id"].startswith("http"):
                    assert part["@id"] in graph


def test_numbers_and_names_as_text() -> None:
    assert [number_text(one) for one in (0.12345, -2.0, 30000.0, None, float("nan"))] == [
        "0.123", "−2", "30,000", "–", "–",
    ]  # fmt: skip
    assert interval_text(0.5, 0.25, 0.75) == "0.5 [0.25, 0.75]"
    assert interval_text(0.5, None, None) == "0.5"
    assert contrast_text("toys:tokens:own_trait", "toys:tokens:base") == "toys:tokens: own trait − base"
    assert contrast_text("mnist:a:same", "mnist:reference") == "mnist:a:same − mnist:reference"
    assert contrast_text(None, None) == ""
    value = {"value_of": "student", "value": 0.6, "bound": ">", "value_low": None, "value_high": None,
             "value_text": None, "unit": "fraction"}  # fmt: skip
    assert published_text(value) == "student: above 0.6 fraction"
    assert published_text(value | {"value": None, "value_text": "none", "unit": "text"}) == "student: none"


@pytest.mark.parametrize("subject", ["toys:tokens:own", "a"])
def test_the_query_for_the_texts_gives_them(subject: str, store: Path, contents: Contents) -> None:
    measured = next(iter(contents.measurements.values())) | {"subject": subject}
    with open_store(store) as connection:
        found = connection.execute(TextFinder(connection).texts_behind(measured).query).fetchall()
    assert {row[0] for row in found} == ({"a", "b"} if ":" in subject else {"a"})
    assert all(row[2] == NASTY for row in found)
