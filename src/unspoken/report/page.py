"""The report: one HTML page with its style, scripts and data inside."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.evidence import evidence
from unspoken.report import texts
from unspoken.report.charts import outcomes_chart, title_of
from unspoken.report.contents import Contents
from unspoken.report.folding import read_digests, reason_to_fold
from unspoken.report.sections import other_conflicts, published_of, sections_of
from unspoken.verdicts.tallies import COUNTS, WHOLE

if TYPE_CHECKING:
    import duckdb
    from jinja2 import Environment

Row = dict[str, Any]
SAFE_URLS = ("https://", "http://")
SHOWN = ("system", "prompt", "note", "text")
"""What the page shows of a text that is behind a number."""
FLAGS = {"few": "few replicates", "published exact": "published without an interval"}


def _json_text(value: Any) -> str:
    """Return JSON for a script element: only `</` and `<!--` could end it or change how it is read."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def environment(templates: Path) -> "Environment":
    """Return the templates' environment: what is put into a page is escaped, always."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    slurs = read_digests(templates / "folded.txt")
    made.filters |= {
        "number": texts.number_text,
        "interval": lambda row: texts.interval_text(row["estimate"], row["lo"], row["hi"]),
        "measured": lambda row: texts.interval_text(row["value"], row["ci_low"], row["ci_high"]),
        "unit": texts.unit_text,
        "published": published_of,
        "contrast": lambda row: texts.contrast_text(row["subject"], row["versus"]),
        "counted": texts.counted,
        "by_tests": lambda pair: texts.claims_by_tests_text(*pair),
        "tests": lambda rows: len(texts.tests_of(rows)),
        "side": texts.side_text,
        "spoken": texts.spoken_text,
        "evidence": lambda registered: evidence(registered, 1),
        "time": texts.time_text,
        "flag": lambda flag: FLAGS.get(flag, flag),
        "linkable": lambda url: url.startswith(SAFE_URLS),
        "fold": lambda text: reason_to_fold(" ".join(text[part] or "" for part in SHOWN), slurs),
    }
    return made


def filters_of(contents: Contents) -> dict[str, list[tuple[str, str]]]:
    """Return the choices (value, label) of the filters of the claim table."""
    claims = contents.claims.values()
    papers = {claim["paper"]: claim["cited"] for claim in claims}
    outcomes = {(claim["rollup"]["outcome"] or "not run").split(":")[0] for claim in claims}
    fidelities = {claim["rollup"]["fidelity"] or "none" for claim in claims}
    order = ("original", "close", "analogue", "none")
    return {
        "paper": sorted(papers.items(), key=lambda one: one[1].lower()),
        "fidelity": [(one, one) for one in order if one in fidelities],
        "outcome": [(one, one) for one in sorted(outcomes, key=lambda one: (one == "not run", one))],
    }


def figure_charts(figures: Mapping[str, list[Path]]) -> dict[str, list[Row]]:
    """Return the study's figures as charts, by experiment, from their Vega-Lite specifications."""
    return {
        experiment: [
            {"id": f"figure-{path.stem}", "title": title_of(spec), "spec": spec}
            for path in paths
            for spec in [json.loads(path.read_text())]
        ]
        for experiment, paths in figures.items()
    }


def report_page(
    contents: Contents,
    store: "duckdb.DuckDBPyConnection",
    about: Mapping[str, Mapping[str, Any]],
    figures: Mapping[str, list[Path]],
    vega: str,
    templates: Path,
) -> str:
    """Return the report as HTML that needs nothing beside it.

    `about`: question and protocol by paper; `figures`: specification files by experiment; `vega`: the chart
    library; `templates`: the folder of report.html.j2, style.css, report.js and folded.txt.
    """
    from markupsafe import Markup

    sections = sections_of(contents, store, about, figure_charts(figures))
    overview = outcomes_chart(contents)
    charts = [overview, *(chart for one in sections for chart in (*one["figures"], *one["forests"]))]
    # The only texts that are not escaped: files of this project, and JSON made safe for a script.
    inline = {
        "style": Markup((templates / "style.css").read_text()),
        "script": Markup((templates / "report.js").read_text()),
        "vega": Markup(vega.replace("</script", "<\\/script")),
        "specs": Markup(_json_text({chart["id"]: chart["spec"] for chart in charts})),
    }
    return environment(templates).get_template("report.html.j2").render(
        contents=contents,
        study=contents.study,
        overview=overview,
        count_queries=(COUNTS, WHOLE),
        filters=filters_of(contents),
        conflicts=other_conflicts(contents),
        sections=sections,
        inline=inline,
    )  # fmt: skip
