"""How a stranger makes one measurement of a store again: `make rebuild ID=...` (store's `measurement_id`).

Writes the study's configuration to a file, and prints the row, the version of the workflow, the lock, and the
target that remakes it.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from unspoken.store import open_store

ROW = """
SELECT study, experiment, metric, unit, subject, versus, value, reproducible, n_replicates
FROM measurements WHERE measurement_id = ?
"""
STUDY = "SELECT config, version, lock FROM studies WHERE study = ?"
FILE = "SELECT path FROM provenance WHERE study = ? AND ends_with(path, '/' || ? || '/measurements.parquet')"


class RebuildError(ValueError):
    """A measurement that the store does not have."""


def _row(store: duckdb.DuckDBPyConnection, query: str, *values: Any) -> dict[str, Any]:
    found = store.execute(query, values)
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    if not rows:
        raise RebuildError(
            f"no measurement {values[0]} in the store; its ids are in measurements.measurement_id"
        )
    return dict(zip(names, rows[0], strict=True))


def rebuild_steps(store: duckdb.DuckDBPyConnection, measurement: str, study_file: Path) -> str:
    """Write the study of a measurement to a file; return what to do to make the measurement again.

    Raises RebuildError if the store has no such measurement.
    """
    row = _row(store, ROW, measurement)
    study = _row(store, STUDY, row["study"])
    target = _row(store, FILE, row["study"], row["experiment"])["path"]
    study_file.write_text(json.dumps(json.loads(study["config"]), indent=2) + "\n")
    about = " - ".join(filter(None, (row["subject"], row["versus"])))
    again = "bit by bit" if row["reproducible"] else "as far as its engine draws the same again"
    version = study["version"] or "not known: the store was not built in a git checkout"
    commit = (study["version"] or "").removesuffix("-dirty")
    steps = [
        f"git checkout {commit}" if commit else "",
        "make venv",
        f".venv/bin/snakemake {target} --cores all --directory rebuilt --configfile {study_file}",
    ]
    return "\n".join(
        [
            f"{row['metric']} ({row['unit']}) of {about}: {row['value']!r}, n = {row['n_replicates']}",
            f"A rebuild repeats it {again}.",
            "",
            f"Version of the workflow: {version}",
            f"SHA-256 of envs/cpu.lock: {study['lock']}",
            f"The study's configuration is now in {study_file}.",
            "",
            *(f"    {step}" for step in steps if step),
            "",
            f"Then the row is in rebuilt/{target}, under measurement_id {measurement}.",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measurement")
    parser.add_argument("--store", type=Path, default=Path("results/unspoken.duckdb"))
    parser.add_argument("--study-file", type=Path, default=Path("rebuilt.json"))
    given = parser.parse_args()
    try:
        with open_store(given.store) as opened:
            print(rebuild_steps(opened, given.measurement, given.study_file))
    except (ValueError, FileNotFoundError) as error:
        sys.exit(str(error))
