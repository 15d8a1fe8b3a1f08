"""Write a study's replies as other tools read them: `make export FORMAT=every_eval_ever`."""

import argparse
import sys
from pathlib import Path

FORMATS = ("every_eval_ever",)


def main() -> None:
    """Write the replies of a finished study into a folder beside its store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the folder of the study's results")
    parser.add_argument("--format", choices=FORMATS, required=True)
    given = parser.parse_args()

    from unspoken.experiments.faithfulness.every_eval_ever import write_logs
    from unspoken.tables.base import TableError

    try:
        written, left = write_logs(given.root, given.root / given.format)
    except TableError as error:
        sys.exit(f"export: {error}")
    for file, rows in written.items():
        print(f"{file}: {rows:,} replies")
    if left:
        print(f"{left:,} replies left out: their question has no key, and the schema asks for right or wrong")


if __name__ == "__main__":
    main()
