"""The charts of a report as Vega-Lite specifications: the study's figures, and charts made here."""

from typing import Any

from unspoken.report.contents import Contents
from unspoken.report.families import Family, families_of, forest_rows
from unspoken.report.texts import claims_by_tests_text, counted

Row = dict[str, Any]
Spec = dict[str, Any]
FIDELITIES = ("original", "close", "analogue")
DIFFER = "claims differ"


def outcomes_of_tests(verdicts: list[Row]) -> list[tuple[str, str]]:
    """Return (fidelity, outcome) of each distinct test: its highest fidelity, and what its claims agree on.

    Claims on one test may differ in their outcomes, as they expect different things: it counts once, as
    `claims differ`.
    """
    found: dict[str, list[Row]] = {}
    for row in verdicts:
        for contrast in row["contrasts"] or []:
            found.setdefault(contrast, []).append(row)
    tests = []
    for rows in found.values():
        outcomes = {row["outcome"].split(":")[0] for row in rows}
        fidelity = min((row["fidelity"] for row in rows), key=FIDELITIES.index)
        tests.append((fidelity, outcomes.pop() if len(outcomes) == 1 else DIFFER))
    return tests


def outcomes_chart(contents: Contents) -> Row:
    """Return the picture of fidelity against outcome, with its title in words."""
    import polars as pl

    from unspoken.figures.outcomes import outcome_matrix

    tests = outcomes_of_tests(contents.verdicts)
    decided = {row["verdict"]: row["tests"] for row in contents.counts}
    title = (
        f"Of {counted(len(contents.claims), 'claim')}, {claims_by_tests_text(*contents.claims_by_tests)} ran:"
        f" {counted(decided.get('reproduced', 0), 'test')} reproduced, {decided.get('contradicted', 0)}"
        f" contradicted, {sum(fidelity == 'analogue' for fidelity, _ in tests)} on analogues only"
    )
    subtitle = (
        f"Number of tests by fidelity and outcome: {counted(len(tests), 'measured contrast')}, however many"
        " claims read each. An analogue never reproduces or contradicts"
    )
    schema = {"fidelity": pl.String, "outcome": pl.String}
    frame = pl.DataFrame(tests, schema=schema, orient="row")
    return {"id": "outcomes", "title": title, "spec": outcome_matrix(frame, title, subtitle).to_dict()}


def _forest_chart(contents: Contents, family: Family, paper: str) -> Row | None:
    from unspoken.figures.forest import forest

    rows = forest_rows(contents, family, paper)
    if rows.is_empty():
        return None
    experiment, metric, unit = (part.replace("_", " ") for part in family)
    measured = int(rows["source"].is_in(["measured", "analogue"]).sum())
    title = (
        f"{metric.capitalize()} ({experiment}, {unit}): {counted(measured, 'measured value')},"
        f" {counted(rows.height - measured, 'published value')}"
    )
    subtitle = (
        "Points with 95% intervals, hollow without; the dashed line is 0. Each panel has its own scale:"
        " compare within a panel"
    )
    name = "-".join(("forest", paper, *family)).replace("_", "-").replace(" ", "-")
    # Unvalidated, which halves the time of dozens of plots alike: a test validates a plot.
    return {"id": name, "title": title, "spec": forest(rows, title, subtitle).to_dict(validate=False)}


def forest_charts(contents: Contents, paper: str) -> list[Row]:
    """Return the forest plots of a paper's section: one for each family of its claims that ran."""
    ran = [claim for claim in contents.tested if claim["paper"] == paper]
    drawn = (_forest_chart(contents, family, paper) for family in families_of(ran))
    return [chart for chart in drawn if chart is not None]


def title_of(spec: Spec) -> str:
    """Return the title of a chart as one text."""
    title = spec.get("title", "")
    text = title.get("text", "") if isinstance(title, dict) else title
    return " ".join(text) if isinstance(text, list) else str(text)
