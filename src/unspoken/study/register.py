"""Register a study before its data are made: `python -m unspoken.study.register [OVERLAY...]`.

Writes a small file to commit: the time, the digests of study and analysis code, the seed, and of
each claim's test with its thresholds. A verdict whose digests are these, on data made later, is
`registered`; any other is `exploratory`. With `--seeds 11-15`, a file for each of these replicates.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from unspoken.files import write_json
from unspoken.registry.load import claims_files, read_claims
from unspoken.study.front_door import plan_of_files
from unspoken.study.load import StudyError
from unspoken.study.plan import Plan
from unspoken.study.replicates import replicate_plans, seeds_of
from unspoken.verdicts.registration import test_digest


def register(plan: Plan) -> Path:
    """Write the registration of a study and return its file."""
    claims = read_claims(claims_files(plan.root, plan.study.claims))
    content = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "claims": {claim["id"]: test_digest(claim) for claim in claims if claim["test"]},
        "facts": plan.registered_facts(),
    }
    write_json(content, plan.registration_file)
    return plan.registration_file


def main() -> None:
    """Register config.yaml with the overlays of the command line, or its replicates over some seeds."""
    parser = argparse.ArgumentParser(prog="make register", description=__doc__)
    parser.add_argument("overlays", nargs="*", type=Path, help="studies laid over config.yaml")
    parser.add_argument("--seeds", default="", help="study seeds of replicates, such as 11-15")
    given = parser.parse_args()
    root = Path.cwd()
    try:
        if given.seeds:
            plans = replicate_plans(root, given.overlays, seeds_of(given.seeds))
        else:
            plans = [plan_of_files(root, given.overlays)]
    except StudyError as error:
        sys.exit(f"The study cannot run.\n{error}")
    files = [str(register(plan).relative_to(root)) for plan in plans]
    print(f"Registered in {', '.join(files)}: commit, then run.")


if __name__ == "__main__":
    main()
