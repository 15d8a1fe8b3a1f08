#!/usr/bin/env python
"""Draw a figure from the study's tables: HTML that opens without a network, SVG, PNG, JSON."""

import logging
from importlib import import_module

from unspoken.jobs import start_job

log = logging.getLogger("draw_figure")


def main() -> None:
    job = start_job(__doc__ or "", ("vega", "html", "svg", "png", "json"), lists=("tables",))
    from unspoken.figures.pages import save_figure
    from unspoken.figures.tables import read_tables

    figure = import_module(job.spec["module"])
    used, primary = getattr(figure, "USED_CONDITIONS", ()), job.spec.get("primary")
    tables = read_tables(job.tables, job.spec["schemas"], used, primary)
    chart = figure.draw(tables)
    save_figure(chart, job.vega.read_text(), job.html, job.svg, job.png, job.json)
    log.info("drew %s from %d tables", job.spec["figure"], len(job.tables))


if __name__ == "__main__":
    main()
