"""Register a study before its data are made: `python -m unspoken.study.register [OVERLAY...]`.

Writes a small file to commit: the time, the digests of study and analysis code, the seed, and of
each claim's test with its thresholds. A verdict whose digests are these, on data made later, is
`registered`; any other is `exploratory`.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from unspoken.files import write_json
from unspoken.registry.load import claims_files, read_claims
from unspoken.study.front_door import plan_of_files
from unspoken.study.load import StudyError
from unspoken.study.plan import Plan
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
    """Register config.yaml with the overlays of the command line."""
    overlays = [Path(name) for name in sys.argv[1:]]
    try:
        plan = plan_of_files(Path.cwd(), overlays)
    except StudyError as error:
        sys.exit(f"The study cannot run.\n{error}")
    file = register(plan).relative_to(Path.cwd())
    print(f"Registered in {file}: commit it, then run the study.")


if __name__ == "__main__":
    main()
