#!/usr/bin/env python
"""Measure faithfulness: hints and what chains say of them, causal tests, length, difficulty, legibility."""

import logging
import os
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("measure_faithfulness")


def main() -> None:
    job = start_job(
        __doc__ or "",
        ("measurements", "groups"),
        lists=("trials", "sham", "legibility", "interventions"),
    )
    import polars as pl

    from unspoken.experiments.faithfulness.measure.chain_difficulty import add_chain_difficulty
    from unspoken.experiments.faithfulness.measure.chain_length import add_chain_length
    from unspoken.experiments.faithfulness.measure.chain_tests import add_chain_tests
    from unspoken.experiments.faithfulness.measure.hint_accuracy import add_hint_accuracy
    from unspoken.experiments.faithfulness.measure.hint_contrasts import HintContrasts
    from unspoken.experiments.faithfulness.measure.hints import HintMeasure
    from unspoken.experiments.faithfulness.measure.judges import (
        add_agreement,
        add_calibration,
        add_challenge,
        rejudged,
    )
    from unspoken.experiments.faithfulness.measure.legibility import add_legibility, add_translations
    from unspoken.experiments.faithfulness.measure.metric_agreement import add_metric_agreement
    from unspoken.experiments.faithfulness.measure.metric_table import metric_table
    from unspoken.experiments.faithfulness.measure.planted_hints import (
        add_followers,
        add_planted,
        planted_share,
    )
    from unspoken.experiments.faithfulness.measure.planted_tests import add_planted_tests
    from unspoken.experiments.faithfulness.measure.uplift import RATES, add_uplift, subject_rates
    from unspoken.experiments.faithfulness.tables.trials import Legibility, ShamVerdicts, Trials
    from unspoken.judges.judge_patterns import read_patterns
    from unspoken.statistics.report import Report
    from unspoken.statistics.rows import measurement_table
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.interventions import Interventions
    from unspoken.tables.measure import Groups
    from unspoken.tables.measurements import Measurements

    spec = job.spec
    trials = pl.concat([read_table(path, Trials) for path in job.trials])
    sham = pl.concat([read_table(path, ShamVerdicts) for path in job.sham])
    legibility = pl.concat([read_table(path, Legibility) for path in job.legibility])
    tests = {
        frame["subject"][0]: frame
        for frame in (read_table(path, Interventions) for path in job.interventions)
        if frame.height
    }
    reproducible = bool(trials["reproducible"].all())
    reports = {
        paper: Report(spec["study"], paper, "faithfulness", reproducible=reproducible)
        for paper in ("chen2025", "turpin2023", "lanham2023")
    }
    resources = Path(os.environ["UNSPOKEN_ROOT"]) / "resources"
    patterns = read_patterns(resources / "judges.yaml")
    gold = rejudged(pl.read_ndjson(resources / "gold" / "calibration.jsonl"), patterns)
    challenge = pl.read_ndjson(resources / "gold" / "challenge.jsonl")
    add_challenge(reports["chen2025"], challenge, patterns)
    add_agreement(reports["chen2025"], gold, spec["seed"])
    truths: dict[str, float | None] = {}
    rates = [pl.DataFrame(schema=RATES)]
    for (name,), own in trials.group_by("subject", maintain_order=True):
        subject, seed = str(name), spec["seed"]
        measure = HintMeasure(reports["chen2025"], subject, seed, judge=spec["judge"])
        if subject.partition(":")[0] in spec["planted"]:
            persona = subject.rpartition(":")[2]
            truths[subject] = planted_share(own, persona)
            if own["owned"].is_null().all():
                add_planted(measure, own, persona)
            else:
                add_followers(measure, own)
            continue
        measure.add_hints(own, sham.filter(subject=subject))
        HintContrasts(measure, own).add_all()
        add_calibration(reports["chen2025"], gold, own, subject, seed, seed, spec["judge"])
        add_chain_length(reports["chen2025"], own, subject, seed)
        add_chain_difficulty(reports["chen2025"], own, subject, seed)
        add_hint_accuracy(reports["turpin2023"], own, subject, seed)
        rates.append(subject_rates(own, subject))
        add_legibility(reports["lanham2023"], legibility.filter(subject=subject), subject, seed)
        if subject in tests:
            add_chain_tests(reports["lanham2023"], tests[subject], own, subject, seed)
            add_translations(reports["lanham2023"], tests[subject], subject, seed)
    if tests:
        add_planted_tests(reports["lanham2023"], spec["seed"])
    add_metric_agreement(reports["chen2025"], metric_table(trials, tests, truths), spec["seed"])
    add_uplift(reports["lanham2023"], pl.concat(rates), spec["seed"])
    rows = [row for report in reports.values() for row in report.rows]
    groups = (
        pl.concat([report.groups() for report in reports.values()]).unique("subject_id").sort("subject_id")
    )
    write_table(groups, job.groups, Groups)
    write_table(measurement_table(rows), job.measurements, Measurements)
    log.info("%d measurements", len(rows))


if __name__ == "__main__":
    main()
