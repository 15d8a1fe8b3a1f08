"""The section of each paper: what its template shows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from unspoken.report.charts import forest_charts
from unspoken.report.contents import Contents
from unspoken.report.samples import TextFinder, query_of
from unspoken.report.texts import contrast_text, published_text, tests_of

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
UNDECIDED = ("undecided", "uninformative", "control undecided")


def papers_of(contents: Contents) -> dict[str, list[Row]]:
    """Return the claims by paper: papers with most claims that ran first, then with most claims."""
    found: dict[str, list[Row]] = {}
    for claim in contents.claims.values():
        found.setdefault(claim["paper"], []).append(claim)
    ran = {paper: sum(claim["test"] is not None for claim in claims) for paper, claims in found.items()}
    order = sorted(found, key=lambda paper: (ran[paper] == 0, -len(found[paper]), paper))
    return {paper: found[paper] for paper in order}


def experiments_of(contents: Contents, paper: str, claims: list[Row]) -> list[str]:
    """Return the experiments that repeat a paper's own, and the experiments that its tests read."""
    own = [experiment for experiment, of in sorted(contents.sources.items()) if of == paper]
    read = [claim["test"]["experiment"] for claim in claims if claim["rollup"]["outcome"] is not None]
    return list(dict.fromkeys([*own, *read]))


def _who(row: Row) -> str:
    return contrast_text(row["subject"], row["versus"])


def controls_of(contents: Contents, experiments: list[str]) -> list[Row]:
    """Return the checks of some experiments, one row a metric: how many held, which failed or are open."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in contents.controls:
        if row["experiment"] in experiments:
            found.setdefault((row["experiment"], row["role"], row["metric"]), []).append(row)
    return [
        {
            "experiment": experiment,
            "role": role.replace("_", " "),
            "metric": metric.replace("_", " "),
            "made": len(rows),
            "held": sum(row["passed"] is True for row in rows),
            "failed": [_who(row) for row in rows if row["passed"] is False],
            "undecided": [_who(row) for row in rows if row["passed"] is None],
        }
        for (experiment, role, metric), rows in sorted(found.items())
    ]


def other_conflicts(contents: Contents) -> list[tuple[Row, Row]]:
    """Return the pairs of claims that ran and contradict each other on different tests, each pair once."""
    ran = {claim["claim_id"]: claim for claim in contents.tested}
    tests = {name: tests_of(claim["verdicts"]) for name, claim in ran.items()}
    pairs = {
        tuple(sorted((name, other)))
        for name, claim in ran.items()
        for other in claim["conflicts_with"]
        if other in ran and not tests[name] & tests[other]
    }
    return [(ran[one], ran[other]) for one, other in sorted(pairs)]


def disputes(disagreement: Row, paper: str) -> bool:
    """Tell whether a paper, as it is cited, has a claim on a test on which claims disagree."""
    return any(paper in side["papers"] for side in disagreement["sides"])


def undecided_of(ran: list[Row]) -> list[Row]:
    """Return the open tests of some claims, each once for a reason, with the `claims` that read it."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in (row for claim in ran for row in claim["verdicts"]):
        if row["outcome"].split(":")[0] in UNDECIDED:
            key = (row["measurement_id"], row["outcome"], row["reason"])
            found.setdefault(key, row | {"claims": []})["claims"].append(row["claim_id"])
    return list(found.values())


def numbers_of(finder: TextFinder, claims: list[Row], shown: set[str]) -> list[Row]:
    """Return each measured number of some claims with its query and texts, but for numbers `shown` before."""
    found = []
    for verdict in (verdict for claim in claims for verdict in claim["verdicts"]):
        measured = verdict["measured"]
        if measured is None or measured["measurement_id"] in shown:
            continue
        shown.add(measured["measurement_id"])
        texts = finder.texts_behind(measured)
        found.append({"measured": measured, "query": query_of(measured), "texts": texts})
    return found


def _section(contents: Contents, paper: str, claims: list[Row]) -> Row:
    """Return what the section of a paper shows, but for what is not in `contents`."""
    ran = [claim for claim in claims if claim["rollup"]["outcome"] is not None]
    experiments = experiments_of(contents, paper, claims)
    sources = {contents.sources[one] for one in experiments} - {paper}
    elsewhere = {one["paper"]: one["cited"] for one in contents.claims.values() if one["paper"] in sources}
    return {
        "paper": paper,
        **{name: claims[0][name] for name in ("cited", "title", "url")},
        "claims": claims,
        "ran": ran,
        "tested": [claim for claim in claims if claim["test"] is not None],
        "untested": [claim for claim in claims if claim["rollup"]["outcome"] is None],
        "experiments": experiments,
        "elsewhere": sorted(elsewhere.items()),
        "forests": forest_charts(contents, paper),
        "controls": controls_of(contents, experiments),
        "undecided": undecided_of(ran),
        "ran_tests": len(tests_of(row for claim in ran for row in claim["verdicts"])),
        "disputed": [one for one in contents.disagreements if disputes(one, claims[0]["cited"])],
    }


def sections_of(
    contents: Contents,
    store: "duckdb.DuckDBPyConnection",
    about: Mapping[str, Mapping[str, Any]],
    figures: Mapping[str, list[Row]],
) -> list[Row]:
    """Return a section for each paper.

    `about` has question and protocol by paper, `figures` charts by experiment. A number that several
    papers' claims read has its query and texts in the first section that shows it.
    """
    finder, shown, sections = TextFinder(store), set[str](), []
    for paper, claims in papers_of(contents).items():
        section = _section(contents, paper, claims)
        own = [one for one in figures if one in section["experiments"] and contents.sources.get(one) == paper]
        section |= {
            "question": about.get(paper, {}).get("question", ""),
            "protocol": about.get(paper, {}).get("protocol", []),
            "figures": [chart for experiment in own for chart in figures[experiment]],
            "numbers": numbers_of(finder, section["ran"], shown),
        }
        sections.append(section)
    return sections


def published_of(claim: Row) -> list[str]:
    """Return the published values of a claim as texts."""
    return [published_text(value) for value in claim["values"]]
