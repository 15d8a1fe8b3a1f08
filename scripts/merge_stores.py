#!/usr/bin/env python
"""Merge the stores of several studies into one.

    scripts/merge_stores.py --into all.duckdb results/unspoken.duckdb colleague.duckdb

A study that two of them have is taken once. Two different studies of one name are refused.
"""

import argparse
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stores", type=Path, nargs="+", metavar="STORE", help="a store to merge")
    parser.add_argument(
        "--into", type=Path, required=True, help="the file to write; it may be one of the stores"
    )
    given = parser.parse_args()

    from unspoken.store import StoreError, merge_stores

    try:
        rows = merge_stores(given.into, given.stores)
    except StoreError as error:
        sys.exit(f"merge_stores: {error}")
    print(f"wrote {given.into}")
    for table, count in rows.items():
        print(f"  {table:14} {count:12,} rows")


if __name__ == "__main__":
    main()
