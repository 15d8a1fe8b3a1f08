#!/usr/bin/env python
"""Pool a study's replicates: one store of theirs, each contrast over the seeds, the findings and a figure.

    scripts/pool_seeds.py --spec JSON --into results/replicates/test STORE...

`make replicate` calls it, and says in `--spec` which study it is and which headlines it has.
"""

import argparse
import json
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stores", type=Path, nargs="+", metavar="STORE", help="the store of one seed")
    parser.add_argument("--spec", type=json.loads, required=True, help="study and headlines, as JSON")
    parser.add_argument("--into", type=Path, required=True, help="the folder to write into")
    given = parser.parse_args()

    import vl_convert

    from unspoken.figures.pages import save_figure
    from unspoken.figures.seeds import seeds_figure
    from unspoken.files import written_whole
    from unspoken.replicates.pool import pooled_contrasts, read_replicate
    from unspoken.replicates.shown import drawn_rows, figure_words, pooled_text
    from unspoken.store import StoreError, merge_stores, open_store
    from unspoken.yaml_files import read_keys

    study, headlines, root = given.spec["study"], given.spec["headlines"], Path(__file__).parents[1]
    into, store = given.into, given.into / "unspoken.duckdb"
    replicates = []
    try:
        for path in given.stores:
            with open_store(path) as opened:
                replicates.append(read_replicate(opened))
        pooled = {"pooled": pooled_contrasts(study, replicates)}
        merge_stores(store, given.stores, pooled, read_keys(root / "resources" / "store.yaml"))
    except (StoreError, FileNotFoundError) as error:
        sys.exit(f"pool_seeds: {error}")
    with open_store(store) as opened:
        text, rows = pooled_text(opened, study, headlines), drawn_rows(opened, headlines)
    chart = seeds_figure(rows, *figure_words(study, rows))
    figure = into / "figures" / "seeds.html"
    files = [figure.with_suffix(ending) for ending in (".html", ".svg", ".png", ".json")]
    save_figure(chart, vl_convert.javascript_bundle(), *files)
    with written_whole(into / "findings.txt") as temporary:
        temporary.write_text(text)
    print(f"\n{text}\nStore: {store}    Figure: {figure}")


if __name__ == "__main__":
    main()
