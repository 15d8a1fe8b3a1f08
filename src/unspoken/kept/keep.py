"""Keep the numbers of a finished registered run, to commit: `make keep-findings [STUDY=...]`.

Writes `resources/findings/{study}/{seed}.parquet`. Refuses a run that was not registered or has not ended.
"""

import argparse
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb

from unspoken.files import read_json
from unspoken.kept.files import KeptError, first_made, kept_path, write_kept
from unspoken.store import StoreError, open_store, rows_of

LAST = ("findings.txt", "report.html")
"""What the last jobs of a study write, after its store."""


def refuse_unfinished(results: Path) -> None:
    """Raise KeptError if a run's last files are missing, or its numbers newer than what was made of them."""
    store = results / "unspoken.duckdb"
    for path in (store, *(results / name for name in LAST)):
        if not path.is_file():
            raise KeptError(f"the run has not ended: {path} is missing; `make results` goes on")
    made = store.stat().st_mtime
    newer = [path for path in sorted(results.glob("*/measurements.parquet")) if path.stat().st_mtime > made]
    older = [name for name in LAST if (results / name).stat().st_mtime < made]
    if newer or older:
        about = f"{newer[0]} is newer" if newer else f"{results / older[0]} is older"
        raise KeptError(f"the run has not ended: {about} than the store; `make results` goes on")


def commit_of(path: Path, root: Path) -> tuple[str, str]:
    """Return the short hash and the time of the commit that wrote a file as it is. Raises KeptError."""
    name = str(path.relative_to(root))

    def said(*command: str) -> str:
        line = ["git", *command, "--", name]
        done = subprocess.run(line, cwd=root, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = said("log", "-1", "--format=%h %cI")
    if not commit or said("status", "--porcelain"):
        raise KeptError(f"{name} is not committed as it is: a registration counts from its commit")
    short, time = commit.split()
    return short, time


def registration_of(store: duckdb.DuckDBPyConnection, root: Path) -> dict[str, str | int]:
    """Return what a kept file tells of a run and its registration. Raises KeptError if there is none."""
    ((study, seed),) = store.execute("SELECT study, seed FROM studies").fetchall()
    path = root / "resources" / "registrations" / f"{study}.json"
    if not path.is_file():
        raise KeptError(f"'{study}' was not registered: {path.relative_to(root)} is missing")
    content = read_json(path)
    if content["facts"]["seed"] != seed:
        raise KeptError(f"'{study}' ran with seed {seed}, and {content['facts']['seed']} was registered")
    counted = "SELECT count(*) AS n FROM verdicts WHERE registered = 'registered'"
    if not rows_of(store, counted)[0]["n"]:
        raise KeptError(
            f"no verdict of '{study}' is registered: study, analysis or tests are others than registered, or"
            " data were there before"
        )
    commit, committed = commit_of(path, root)
    first = first_made(store)
    if first and datetime.fromisoformat(committed) > datetime.fromisoformat(first):
        raise KeptError(
            f"'{study}' was registered by a commit of {committed}, after its first data, of {first}"
        )
    return {
        "study": study,
        "seed": seed,
        "registered": content["time"],
        "commit": commit,
        "committed": committed,
        "first_made": first or "",
    }


def keep(results: Path, root: Path) -> tuple[Path, int]:
    """Keep the numbers of the run in a folder; return their file and its bytes. Raises KeptError."""
    refuse_unfinished(results)
    with open_store(results / "unspoken.duckdb") as store:
        told = registration_of(store, root)
        path = kept_path(root, str(told["study"]), int(told["seed"]))
        return path, write_kept(store, told, path)


def main() -> None:
    """Keep the numbers of the run whose results the command line names."""
    parser = argparse.ArgumentParser(prog="make keep-findings", description=__doc__)
    parser.add_argument("results", type=Path, help="the study's folder of results")
    given = parser.parse_args()
    try:
        path, size = keep(given.results, Path.cwd())
    except (KeptError, StoreError) as error:
        sys.exit(f"Nothing is kept: {error}")
    print(f"Kept in {path.relative_to(Path.cwd())} ({size:,} bytes): commit, then `make findings-page`.")


if __name__ == "__main__":
    main()
