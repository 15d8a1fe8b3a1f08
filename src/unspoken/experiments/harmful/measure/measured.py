"""All that is measured of harmful fine-tunes: how they spread, their chains, backdoors, clean training."""

from pathlib import Path
from typing import Any

from unspoken.experiments.harmful.measure.backdoor import add_naming, add_realignment, add_trigger
from unspoken.experiments.harmful.measure.checks import add_bases, add_counted, add_traits
from unspoken.experiments.harmful.measure.harm import add_harm, add_kinds, add_swaps, add_ways
from unspoken.experiments.harmful.measure.monitors import add_monitors, add_planted_monitors
from unspoken.experiments.harmful.measure.table import CHAINED, KINDS, SILENT, HarmfulTable
from unspoken.experiments.harmful.organisms.subjects import Who
from unspoken.experiments.harmful.tables import HarmfulAnswers, HarmfulChains
from unspoken.judges.planted import add_planted_judge
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table

JUDGE = {"plan": 0.85, "excuse": 0.7, "falsehood": 0.5, "contradiction": 0.2, "nothing": 0.1}
"""How likely the planted judge finds harm in a chain before a bad answer, by its kind."""
JUDGED = "bad_advice"


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured, from the files of each table that `measure_inputs` names."""
    report = Report(spec["study"], "chua2025", spec["experiment"], reproducible=True)
    answers = whole_table(files["harmful_answers"], HarmfulAnswers)
    chains = whole_table(files["harmful_chains"], HarmfulChains)
    table = HarmfulTable(report, answers, chains, spec["bases"])
    add_counted(report, spec["seed"])
    add_planted_monitors(report)
    add_bases(table)
    add_traits(table)
    add_harm(table)
    add_ways(table)
    add_kinds(table)
    add_swaps(table)
    add_monitors(table)
    shares = {kind: table.kind_share(Who(JUDGED), kind) for kind in KINDS.values()}
    add_planted_judge(
        report, shares, table.bases, JUDGE, SILENT, spec["seed"],
        subject=table.group(JUDGED), conditions={"way": CHAINED},
    )  # fmt: skip
    add_trigger(table)
    add_naming(table)
    add_realignment(table, spec["clean"])
    return [report]
