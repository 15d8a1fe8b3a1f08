"""What the completion cache holds: `python -m unspoken.engines.cache_summary [show|clear]`.

`clear` deletes it, and with status 2 refuses while a Snakemake may be using it.
"""

import argparse
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.engines.cache import READ
from unspoken.files import read_json
from unspoken.locks import remove_stale_lock

CACHE = Path("results/cache/completions")
_SCHEMA: dict[str, Any] = {
    "subject": pl.String,
    "engine": pl.String,
    "completions": pl.Int64,
    "readings": pl.Int64,
    "bytes": pl.Int64,
    "used": pl.Float64,
}


def cached_subjects(root: Path) -> pl.DataFrame:
    """Return each folder's subject, engine, completions, readings of choices, size in bytes and last use
    (seconds since 1970), by subject.

    They are counted as the shards say, without a check of their bytes.
    """
    found = []
    for about in root.glob("*/about.json"):
        said, shards = read_json(about), list(about.parent.glob("[!.]*.parquet"))
        engine = "{engine} {version} {dtype}".format_map(said)
        rows = pl.scan_parquet(shards).select("finish_reason").collect() if shards else pl.DataFrame()
        readings = rows.filter(finish_reason=READ).height if shards else 0
        size = sum(path.stat().st_size for path in about.parent.iterdir())
        used = about.stat().st_mtime
        found.append((said["subject"], engine, rows.height - readings, readings, size, used))
    return pl.DataFrame(found, _SCHEMA, orient="row").sort("subject", "engine", "used")


def size_text(size: Any) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def summary(root: Path) -> str:
    """Return the cache as a text table with one line a subject and engine, and a total."""
    held = cached_subjects(root)
    if held.is_empty():
        return "The completion cache is empty."
    lines: list[tuple[str, ...]] = [("subject", "engine", "completions", "readings", "size", "last use")]
    for subject, engine, *counts, size, used in held.iter_rows():
        when = f"{datetime.fromtimestamp(used):%Y-%m-%d %H:%M}"
        lines.append((subject, engine, *(f"{count:,}" for count in counts), size_text(size), when))
    sums = [f"{held[name].sum():,}" for name in ("completions", "readings")]
    lines.append(("total", "", *sums, size_text(held["bytes"].sum()), ""))
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        f"{subject:<{wide[0]}}  {engine:<{wide[1]}}  {made:>{wide[2]}}  {read:>{wide[3]}}"
        f"  {size:>{wide[4]}}  {used}".rstrip()
        for subject, engine, made, read, size, used in lines
    )


def main() -> None:
    """Show or clear the cache of the directory that this is started in."""
    parser = argparse.ArgumentParser(description="Show or clear the completion cache.")
    parser.add_argument("action", nargs="?", choices=["show", "clear"], default="show")
    if parser.parse_args().action == "show":
        print(summary(CACHE))
        return
    if held_by := remove_stale_lock():
        print("\n".join(held_by), file=sys.stderr)
        sys.exit(2)
    held = cached_subjects(CACHE)
    shutil.rmtree(CACHE, ignore_errors=True)
    made, read = (held[name].sum() for name in ("completions", "readings"))
    print(f"Deleted {made:,} completions and {read:,} readings ({size_text(held['bytes'].sum())}).")


if __name__ == "__main__":
    main()
