"""The charts of a report as Vega-Lite specifications: the study's figures, and charts made here."""

from typing import Any

from unspoken.report.contents import Contents
from unspoken.report.families import Family, families_of, forest_rows
from unspoken.report.texts import counted

Row = dict[str, Any]
Spec = dict[str, Any]


def outcomes_chart(contents: Contents) -> Row:
    """Return the picture of fidelity against outcome, with its title in words."""
    import polars as pl

    from unspoken.figures.outcomes import outcome_matrix

    rows = contents.verdicts
    verdicts = [claim["rollup"]["verdict"] for claim in contents.claims.values()]
    ran = [row for row in rows if row["outcome"] is not None]
    title = (
        f"Of {counted(len(verdicts), 'claim')}, {len(contents.tested)} ran:"
        f" {verdicts.count('reproduced')} reproduced, {verdicts.count('contradicted')} contradicted,"
        f" {sum(one.startswith('analogue') for one in verdicts)} tested on analogues only"
    )
    subtitle = (
        f"Number of tests by fidelity and outcome: {counted(len(ran), 'test')}, one for each claim and"
        " subject. An analogue never reproduces or contradicts"
    )
    schema = {"fidelity": pl.String, "outcome": pl.String}
    frame = pl.DataFrame([(row["fidelity"], row["outcome"]) for row in rows], schema=schema, orient="row")
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
