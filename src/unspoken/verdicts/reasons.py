"""Why a verdict is what it is, in one sentence for the store and the report."""

import math
from collections.abc import Mapping
from typing import Any

NOT_RUN = {
    "closed model": "closed model: only its owner can measure this",
    "needs GPU study": "needs GPU study: the open models it is about do not fit a laptop",
    "needs data": "needs data: a data set that is not public or not shipped",
    "not built": "not built: no stage of this project measures it yet",
    "not usable": "not usable: known from memory or by inference only, so it is shown and not tested",
    "argument": "argument: a position, a caveat or a fact of the protocol, nothing to measure",
}
GATES = {
    "agreement": "answers read by force are too seldom the stated ones",
    "floor": "the best arm is not above chance",
    "ceiling": "the worst arm is at the ceiling",
    "missing": "unusable answers differ between the arms enough to turn the sign",
    "training": "the training that the claim rests on did not succeed",
    "control": "a control of this arm failed",
    "control undecided": "a control of this arm neither holds nor fails: its interval is too wide to tell",
    "replicates": "too few replicates",
    "no interval": "there is no interval",
    "sensitivity": "this study does not show the effect that the null excludes, so it may have missed it",
}


def not_run_because(claim: Mapping[str, Any], *, measured: bool = False) -> str:
    """Return why a claim has no outcome; `measured`: its test has rows, and none says anything of it."""
    if claim["test"] is None:
        return NOT_RUN[claim["reason"]]
    if measured and claim["scope"] != "this model":
        return f"not this model: the paper says something else of {' and '.join(claim['test']['unlike'])}"
    if measured:
        return f"not this model: it is about {claim['model']} alone, as the paper has it; others say nothing"
    return f"not in this study: no {claim['test']['metric']} of {claim['test']['experiment']} fits its test"


def replicates_to_decide(row: Mapping[str, Any]) -> int | None:
    """Return how many replicates of this spread would detect the smallest effect that matters.

    Of a null, its margin. By the row's mde80, which shrinks with the square root of the replicates;
    None where it is unknown, and for sizes and bounds, which an effect's detection does not decide.
    """
    mde, n = row["mde80"], row["n_replicates"]
    wanted = row["margin"] if row["tested_as"] == "null" else row["sesoi"]
    if row["tested_as"] in ("size", "bound") or mde is None or mde <= 0:
        return None
    return max(n + 1, math.ceil(n * (mde / wanted) ** 2))


def reason_of(row: Mapping[str, Any], family: int) -> str:
    """Return the sentence for a verdict with an outcome; `family` contrasts shared Holm's adjustment."""
    outcome, replicates = row["outcome"], f"{row['n_replicates']} {row['replicate']}s".replace("_", " ")
    replicates = "exact" if row["ci_method"] == "exact" else replicates
    if row["gate"] == "sensitivity":
        interval = f"{row['estimate']:.3g} [{row['lo']:.3g}, {row['hi']:.3g}] {row['unit']}"
        return f"{GATES['sensitivity']}: {interval}"
    if row["gate"] is not None:
        more = f": {replicates}" if row["gate"] == "replicates" else ""
        return f"{GATES[row['gate']]}{more}"
    interval = f"{row['estimate']:.3g} [{row['lo']:.3g}, {row['hi']:.3g}] {row['unit']}, {replicates}"
    if row["p_adj"] is not None and row["tested_as"] != "null":
        interval += f", p = {row['p_adj']:.2g} (Holm over {family})"
    if outcome in ("undecided", "shown, trivial"):
        wanted = replicates_to_decide(row)
        enough = f"; about {wanted:,} would decide" if outcome == "undecided" and wanted else ""
        return f"{interval}{enough}"
    return interval
