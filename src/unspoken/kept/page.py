"""Write docs/findings.md from the kept runs: `make findings-page`. Every number in it is one of theirs."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any

import duckdb

from unspoken.files import written_whole
from unspoken.kept.figure import figure_of
from unspoken.kept.files import KeptError, kept_files, kept_store, told_of
from unspoken.registry.load import claims_files, read_papers
from unspoken.report.card import bullets, table
from unspoken.report.texts import contrast_text, counted, interval_text, side_text, spoken_text, unit_text
from unspoken.store import rows_of
from unspoken.verdicts.reasons import GATES
from unspoken.verdicts.tallies import disagreements

Row = Mapping[str, Any]
PAGE = Path("docs/findings.md")
FIGURE = Path("docs/images/findings.svg")
LONGEST = 160
"""Letters of a claim's statement: its paper's page has the whole of it."""
MARK = "<!-- Written by `make findings-page` from resources/findings/; edit src/unspoken/kept/page.py. -->"
BEGINNING = """\
Study, seed, analysis and the tests of claims were committed before any data of these runs were made
([how](replicates.md)). Each run left its measurements and verdicts in `resources/findings/`; this page is
made of them, and a test holds it to them. Intervals are 95%. How verdicts are made:
[verdicts.md](verdicts.md)."""
COUNTED = """\
A test is a measured contrast, however many claims read it; a claim with several subjects counts at each of
their outcomes. An analogue never reproduces or contradicts."""
SIGNED = "Tests that no gate closed. Estimates are signed so that a value above 0 is as published."
LIMITS = (
    "Each study is one seed: what is found may be its questions' or its draws'",
    "An analogue neither reproduces nor contradicts a claim, whatever its outcome",
)
COUNTS = """
SELECT fidelity, outcome, count(DISTINCT claim_id) AS claims, count(DISTINCT contrast) AS tests,
       list(DISTINCT claim_id ORDER BY claim_id) AS names
FROM (SELECT fidelity, outcome, claim_id, unnest(contrasts) AS contrast FROM verdicts)
GROUP BY fidelity, outcome ORDER BY list_position(['original', 'close', 'analogue'], fidelity), outcome
"""
RUNS = """
SELECT m.study, count(*) AS numbers, count(*) FILTER (role <> 'finding' AND passed) AS held,
       count(*) FILTER (role <> 'finding') AS checks,
       list_sort(list(DISTINCT metric || ' of ' || subject) FILTER (NOT passed)) AS failed
FROM measurements AS m GROUP BY m.study ORDER BY m.study
"""
TESTS = """
SELECT v.study, count(DISTINCT claim_id) AS claims, count(DISTINCT contrast) AS tests,
       count(DISTINCT claim_id) FILTER (registered <> 'registered') AS exploratory
FROM (SELECT *, unnest(contrasts) AS contrast FROM verdicts) AS v GROUP BY v.study
"""
DECIDED = """
SELECT * FROM verdicts WHERE gate IS NULL
ORDER BY list_position(['original', 'close', 'analogue'], fidelity), claim_id, study, subject
"""
OPEN = """
SELECT gate, count(DISTINCT contrast) AS tests, list(DISTINCT claim_id ORDER BY claim_id) AS names
FROM (SELECT gate, claim_id, unnest(contrasts) AS contrast FROM verdicts WHERE gate IS NOT NULL)
GROUP BY gate ORDER BY tests DESC, gate
"""


def _measured(row: Row) -> str:
    """Return a verdict's estimate, which is above 0 where it is as published, with its interval and unit."""
    return f"{interval_text(row['estimate'], row['lo'], row['hi'])} {unit_text(row['unit'])}"


def _counted_in(row: Row) -> str:
    return f"{row['n_replicates']} {row['replicate'].replace('_', ' ')}s"


def runs_part(store: duckdb.DuckDBPyConnection, told: Iterable[Row]) -> str:
    """Return the table of runs: when they were registered and made, what they measured."""
    numbers = {row["study"]: row for row in rows_of(store, RUNS)}
    tests = {row["study"]: row for row in rows_of(store, TESTS)}
    rows = []
    for one in told:
        study = one["study"]
        of, ran = numbers[study], tests[study]
        registered = f"{one['committed'][:16].replace('T', ' ')}, commit {one['commit']}"
        made = one["first_made"][:16].replace("T", " ") or "after the registration"
        rows.append(
            (
                study, one["seed"], registered, made, f"{of['numbers']:,}", ran["claims"], ran["tests"],
                ran["exploratory"], f"{of['held']} of {of['checks']}",
            )
        )  # fmt: skip
    head = ("study", "seed", "registered", "first data", "numbers", "claims", "tests",
            "of these claims exploratory", "checks that held")  # fmt: skip
    return table(head, rows)


def counts_part(store: duckdb.DuckDBPyConnection) -> str:
    """Return the table of claims by fidelity and outcome."""
    rows = [
        (row["fidelity"], row["outcome"], row["claims"], row["tests"], ", ".join(row["names"]))
        for row in rows_of(store, COUNTS)
    ]
    return table(("fidelity", "outcome", "claims", "tests", "which"), rows)


def decided_part(store: duckdb.DuckDBPyConnection, claims: Mapping[str, Row]) -> str:
    """Return the table of tests that no gate closed, by fidelity; a claim's words stand once."""
    rows = []
    told: set[str] = set()
    for row in rows_of(store, DECIDED):
        name = row["claim_id"]
        said = shorten(claims[name]["statement"], LONGEST, placeholder="…")
        words = name if name in told else f"{name} ({claims[name]['cited']}): {said}"
        told.add(name)
        rows.append(
            (
                words, row["study"],
                contrast_text(row["subject"], row["versus"]), f"{_measured(row)}, {_counted_in(row)}",
                row["fidelity"], row["outcome"], row["verdict"].split(":")[0],
            )
        )  # fmt: skip
    head = ("claim", "study", "contrast", "measured, above 0 as published", "fidelity", "outcome", "verdict")
    return table(head, rows)


def _words_on(verdicts: Iterable[Row]) -> str:
    """Return what came of a claim, by study and subject, of its verdicts."""
    words = []
    for row in verdicts:
        where = f"{row['fidelity']}, {row['study']}, {row['subject'].split(':')[0]}"
        words.append(f"{row['outcome']} ({where}: {_measured(row)})")
    return "; ".join(words)


def disagreement_part(store: duckdb.DuckDBPyConnection, claims: Mapping[str, Row]) -> str:
    """Return what the runs say where papers disagree: on one contrast, and on claims said to conflict."""
    parts = []
    shared = [one for one in disagreements(store) if one["speaks_for"]]
    if shared:
        rows = [
            (
                f"{one['metric'].replace('_', ' ')}, {contrast_text(one['subject'], one['versus'])}",
                f"{interval_text(one['value'], one['ci_low'], one['ci_high'])} {unit_text(one['unit'])}",
                "; ".join(map(side_text, one["sides"])), spoken_text(one).replace("this study", "it"),
            )
            for one in shared
        ]  # fmt: skip
        head = ("contrast", "measured", "claims and what they expect", "which it speaks for")
        parts.append(table(head, rows))
    verdicts: dict[str, list[Row]] = {}
    for row in rows_of(store, DECIDED):
        verdicts.setdefault(row["claim_id"], []).append(row)
    lines = []
    for name, decided in verdicts.items():
        against = [row for row in decided if row["verdict"] == "contradicted"]
        if against:
            said = f"{name} ({claims[name]['cited']}) is contradicted: {claims[name]['statement']}"
            lines.append(f"{said} Here: {_words_on(against)}")
    for name, claim in claims.items():
        spoken = [other for other in claim["conflicts_with"] if other in verdicts]
        if name in verdicts and spoken:
            others = "; ".join(f"{other}: {_words_on(verdicts[other])}" for other in spoken)
            lines.append(f"{name} against {', '.join(spoken)}. {name}: {_words_on(verdicts[name])}. {others}")
    if lines:
        parts.append(bullets(lines))
    return "\n\n".join(parts) or "None yet."


def limits_part(store: duckdb.DuckDBPyConnection) -> str:
    """Return what keeps these runs from saying more: gates that closed, analogues, seeds, failed checks."""
    gates = []
    for row in rows_of(store, OPEN):
        why = f"{counted(row['tests'], 'test')} without an outcome, as {GATES[row['gate']]}"
        gates.append(f"{why}: {', '.join(row['names'])}")
    failed = [
        f"A check failed in {row['study']}: {name.replace('_', ' ')}"
        for row in rows_of(store, RUNS)
        for name in row["failed"] or []
    ]
    original = any(row["fidelity"] == "original" for row in rows_of(store, DECIDED))
    last = (
        []
        if original
        else ["No claim has an outcome at fidelity original: none was tested in full as published"]
    )
    return bullets([*gates, *failed, *LIMITS, *last])


def _with_claims(store: duckdb.DuckDBPyConnection, claims: Mapping[str, Row]) -> None:
    """Add the table `claims` of names and citations, which the tally of disagreements reads."""
    store.execute("CREATE TABLE claims (claim_id VARCHAR, cited VARCHAR)")
    store.executemany(
        "INSERT INTO claims VALUES ($1, $2)", [[name, claim["cited"]] for name, claim in claims.items()]
    )


def cited_claims(root: Path) -> dict[str, dict[str, Any]]:
    """Return the registry's claims by name, each with how its paper is `cited`."""
    papers = [paper.model_dump(mode="json", by_alias=True) for paper in read_papers(claims_files(root, []))]
    return {claim["id"]: {**claim, "cited": paper["cited"]} for paper in papers for claim in paper["claims"]}


def page_text(root: Path) -> str:
    """Return docs/findings.md. Raises KeptError where no run is kept."""
    files = kept_files(root)
    if not files:
        raise KeptError("no run is kept in resources/findings: see `make keep-findings`")
    claims = cited_claims(root)
    with kept_store(files) as store:
        _with_claims(store, claims)
        parts = [
            MARK,
            "# Findings of registered runs",
            BEGINNING,
            "## Runs",
            runs_part(store, map(told_of, files)),
            "## Claims by fidelity and outcome",
            COUNTED,
            counts_part(store),
            "## Tests with an outcome",
            SIGNED,
            f"![Every test with an outcome, with its 95% interval]({FIGURE.relative_to('docs')})",
            decided_part(store, claims),
            "## Disagreements on which these runs have a word",
            disagreement_part(store, claims),
            "## Limits",
            limits_part(store),
        ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write the page and its figure, of the project in this folder."""
    root = Path.cwd()
    try:
        text = page_text(root)
    except KeptError as error:
        sys.exit(f"The page is not written: {error}")
    with kept_store(kept_files(root)) as store:
        drawing = figure_of(rows_of(store, DECIDED))
    for path, content in ((PAGE, text), (FIGURE, drawing)):
        with written_whole(root / path) as temporary:
            temporary.write_text(content)


if __name__ == "__main__":
    main()
