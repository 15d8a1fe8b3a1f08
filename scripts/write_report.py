#!/usr/bin/env python
"""Write the report of a study: an HTML page, a study card in Markdown, and an RO-Crate of the run."""

import logging
import os
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("write_report")


def main() -> None:
    outputs = ("report", "card", "crate", "workflow")
    job = start_job(__doc__ or "", ("store", "vega", *outputs), lists=("figures",))
    from unspoken.files import write_json, written_whole
    from unspoken.registry.load import claims_files, read_papers
    from unspoken.report.card import study_card
    from unspoken.report.contents import read_contents
    from unspoken.report.crate import crate_of
    from unspoken.report.page import report_page
    from unspoken.store import open_store

    root, spec = Path(os.environ["UNSPOKEN_ROOT"]), job.spec
    papers = read_papers(claims_files(root, spec["files"]))
    about = {one.paper: {"question": one.question, "protocol": one.protocol} for one in papers}
    paths = {path.stem: path for path in job.figures}
    figures = {one: [paths[name] for name in names] for one, names in spec["figures"].items()}
    with open_store(job.store) as store:
        contents = read_contents(store, spec["tallies"], spec["primary"])
        templates = root / "resources" / "report"
        page = report_page(contents, store, about, figures, job.vega.read_text(), templates)
    home = job.report.parent
    made = {job.store: "Store", job.report: "Report", job.card: "Study card"}
    made |= {
        path.with_suffix(ending): f"Figure {path.stem}"
        for path in job.figures
        for ending in (".html", ".svg", ".png", ".json")
    }
    inside = {path.relative_to(home): name for path, name in made.items()}
    texts = {
        job.report: page,
        job.card: study_card(contents),
        job.workflow: (root / "Snakefile").read_text(),
    }
    for path, text in texts.items():
        with written_whole(path) as temporary:
            temporary.write_text(text)
    write_json(crate_of(contents, job.workflow.relative_to(home), inside), job.crate)
    log.info("%d claims, %d ran; %.1f MB", len(contents.claims), len(contents.tested), len(page) / 1e6)


if __name__ == "__main__":
    main()
