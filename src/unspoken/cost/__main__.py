"""What a study will take and can show, before anything runs: `python -m unspoken.cost [OVERLAY...]`."""

import argparse
import os
import sys
from pathlib import Path

from unspoken.study.front_door import plan_of_files
from unspoken.study.load import StudyError


def _cores(text: str) -> int:
    """Return a number of cores; `all` are this machine's. Raises ValueError for other words."""
    return len(os.sched_getaffinity(0)) if text == "all" else max(1, int(text))


def main() -> None:
    """Print the plan of config.yaml with the studies of the command line, or what is wrong with them."""
    parser = argparse.ArgumentParser(prog="make plan", description=__doc__)
    parser.add_argument("overlays", nargs="*", type=Path, help="studies laid over config.yaml")
    parser.add_argument(
        "--cores", type=_cores, default="all", help="cores that jobs share, a number or `all`"
    )
    parser.add_argument("--gpus", type=int, default=1, help="GPUs that jobs share")
    parser.add_argument(
        "--store", type=Path, help="whose jobs and spreads count, in place of the study's own"
    )
    given = parser.parse_args()
    try:
        plan = plan_of_files(Path.cwd(), given.overlays)
    except StudyError as error:
        sys.exit(f"The study cannot run.\n{error}")

    import duckdb

    from unspoken.cost.jobs import SnakemakeError
    from unspoken.cost.shown import plan_text
    from unspoken.cost.study_plan import default_stores, study_plan

    stores = [given.store] if given.store else default_stores(plan)
    try:
        print(plan_text(study_plan(plan, given.overlays, given.cores, given.gpus, stores)))
    except SnakemakeError as error:
        sys.exit(f"Snakemake cannot plan the study.\n{error}")
    except (duckdb.Error, OSError, ValueError) as error:
        told = str(error).splitlines()[0]
        sys.exit(
            f"{' and '.join(map(str, stores))}: cannot tell what jobs took ({told}). Name another: --store"
        )


if __name__ == "__main__":
    main()
