"""What a run prints beside its jobs: notes at its start, and the findings at its end."""

import sys
from pathlib import Path

from unspoken.engines.capabilities import CHOICES
from unspoken.engines.support import vllm_fault
from unspoken.models.wheels import GB, WEIGHT_BYTES, disk_needed
from unspoken.study.models import PartsModel
from unspoken.study.plan import Plan


def print_notes(plan: Plan) -> None:
    """Print what a user should know before a run: which engine stands in for another, or reads less.

    Also how much disk a model takes that comes in parts and is not here.
    """
    kinds = {plan.study.models[name].engine.kind for name in plan.used_models}
    fault = vllm_fault() if "auto" in kinds else None
    if fault:
        print(
            f"Note: transformers serves the models with `engine: auto`; vLLM cannot: {fault}", file=sys.stderr
        )
    for name in plan.used_models:
        model = plan.study.models[name]
        if isinstance(model, PartsModel) and not Path("results/models", name, "model.json").is_file():
            at_most, for_good = disk_needed(model.size, model.weights), WEIGHT_BYTES * model.weights
            print(
                f"Note: {name} takes {at_most / GB:.1f} GB of disk while it is fetched,"
                f" {for_good / GB:.1f} GB for good",
                file=sys.stderr,
            )
        if not plan.can(name, CHOICES):
            print(
                f"Note: {name} gives text alone (api: chat): no probability is read of its answers, and rows"
                " that need one are missing",
                file=sys.stderr,
            )


def print_findings(plan: Plan) -> None:
    """Print the main findings, and where everything is."""
    findings = Path(plan.results) / "findings.txt"
    if findings.is_file():
        print(f"\n{findings.read_text()}")
        print(f"Report: {plan.results}/report.html    Store: {plan.results}/unspoken.duckdb")
        print(f"Figures: {plan.results}/figures/")
