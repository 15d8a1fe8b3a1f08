"""All that is measured of faithfulness: hints, what chains say of them, causal tests, length, legibility."""

import os
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.faithfulness.measure.chain_difficulty import add_chain_difficulty
from unspoken.experiments.faithfulness.measure.chain_length import add_chain_length
from unspoken.experiments.faithfulness.measure.chain_tests import add_chain_tests
from unspoken.experiments.faithfulness.measure.forced import add_answer_agreement, ways_to_read
from unspoken.experiments.faithfulness.measure.hint_accuracy import add_hint_accuracy
from unspoken.experiments.faithfulness.measure.hint_contrasts import HintContrasts
from unspoken.experiments.faithfulness.measure.hinted_alone import add_hinted_alone
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
from unspoken.experiments.faithfulness.measure.model_contrasts import add_model_contrasts
from unspoken.experiments.faithfulness.measure.planted_hints import add_followers, add_planted, planted_share
from unspoken.experiments.faithfulness.measure.planted_tests import add_planted_tests
from unspoken.experiments.faithfulness.measure.strata import add_strata
from unspoken.experiments.faithfulness.measure.uplift import RATES, add_uplift, subject_rates
from unspoken.experiments.faithfulness.tables.trials import Legibility, ShamVerdicts, Trials
from unspoken.judges.judge_patterns import read_patterns
from unspoken.judges.labelling import labelled_chains
from unspoken.statistics.report import Report
from unspoken.tables.base import TableError, read_table, whole_table
from unspoken.tables.interventions import Interventions

PAPERS = ("chen2025", "turpin2023", "lanham2023")
Files = dict[str, list[Path]]


def check_subjects(files: list[Path]) -> None:
    """Raise TableError for a subject of two files of trials: transcripts may name theirs as they like."""
    first: dict[str, Path] = {}
    for file in files:
        for name in pl.read_parquet(file, columns=["subject"])["subject"].unique():
            if first.setdefault(name, file) != file:
                both = f"'{name}' is a subject of {first[name].parent} and of {file.parent}"
                raise TableError(
                    f"{both}; expected subjects that differ, so other names of entries or columns"
                )


class _Measure:
    """Adds what is measured of each subject to the reports, a report a paper."""

    def __init__(self, files: Files, spec: dict[str, Any]) -> None:
        """Read the tables, and the labelled chains that judges are compared with."""
        self.seed: int = spec["seed"]
        self.judge: str = spec["judge"]
        self.strata: list[str] = spec.get("strata", [])
        self.pairs: list[list[str]] = spec.get("model_contrasts", [])
        check_subjects(files["trials"])
        self.trials = whole_table(files["trials"], Trials)
        self.sham = whole_table(files["sham"], ShamVerdicts)
        self.legibility = whole_table(files["legibility"], Legibility)
        tables = [read_table(path, Interventions) for path in files.get("interventions", [])]
        self.tests = {frame["subject"][0]: frame for frame in tables if frame.height}
        reproducible = bool(self.trials["reproducible"].all())
        self.chen, self.turpin, self.lanham = (
            Report(spec["study"], paper, spec["experiment"], reproducible=reproducible) for paper in PAPERS
        )
        self.reports = dict(zip(PAPERS, (self.chen, self.turpin, self.lanham), strict=True))
        resources = Path(os.environ["UNSPOKEN_ROOT"]) / "resources"
        self.patterns = read_patterns(resources / "judges.yaml")
        self.gold = rejudged(pl.read_ndjson(resources / "gold" / "calibration.jsonl"), self.patterns)
        self.labels = [self.gold]
        if "labels" in spec:
            self.labels.insert(0, rejudged(labelled_chains(Path(spec["labels"]["path"])), self.patterns))
        self.challenge = pl.read_ndjson(resources / "gold" / "challenge.jsonl")

    def labels_of(self, subject: str) -> pl.DataFrame:
        """Return the labels that correct a subject's scores: the user's own if they are of it, or the set."""
        return next((one for one in self.labels if subject in one["subject"]), self.labels[-1])

    def add_judges(self) -> None:
        """Add how the lexical judge does on chains with labels."""
        add_challenge(self.chen, self.challenge, self.patterns)
        add_agreement(self.chen, self.gold, self.seed)

    def add_planted(self, subject: str, trials: pl.DataFrame) -> float | None:
        """Add the checks of a subject with a planted hint; return its true share of chains that say so."""
        measure = HintMeasure(self.chen, subject, self.seed, judge=self.judge)
        persona = subject.rpartition(":")[2]
        if trials["owned"].is_null().all():
            add_planted(measure, trials, persona)
        else:
            add_followers(measure, trials)
        return planted_share(trials, persona)

    def add_subject(self, subject: str, trials: pl.DataFrame) -> pl.DataFrame:
        """Add what is measured of a subject with nothing planted; return its accuracies."""
        seed = self.seed
        for read, answered in ways_to_read(trials):
            measure = HintMeasure(self.chen, subject, seed, judge=self.judge, **read)
            # What a judge finds in sham replies has nothing to do with their answers.
            measure.add_hints(answered, None if read else self.sham.filter(subject=subject))
            HintContrasts(measure, answered).add_all()
        add_answer_agreement(self.chen, trials, subject, seed)
        add_calibration(self.chen, self.labels_of(subject), trials, subject, seed, seed, self.judge)
        add_chain_length(self.chen, trials, subject, seed)
        add_chain_difficulty(self.chen, trials, subject, seed)
        add_hint_accuracy(self.turpin, trials, subject, seed)
        if trials.filter(arm="hint")["alone"].count():
            add_hinted_alone(self.turpin, trials, subject, seed)
        add_legibility(self.lanham, self.legibility.filter(subject=subject), subject, seed)
        if subject in self.tests:
            add_chain_tests(self.lanham, self.tests[subject], trials, subject, seed)
            add_translations(self.lanham, self.tests[subject], subject, seed)
        if self.strata:
            add_strata(self.reports, trials, self.tests.get(subject), subject, self.strata, seed)
        return subject_rates(trials, subject)

    def add_subjects(self, planted: list[str]) -> None:
        """Add every subject, and what compares subjects; `planted` are the models with a planted hint."""
        truths: dict[str, float | None] = {}
        rates = [pl.DataFrame(schema=RATES)]
        for (name,), own in self.trials.group_by("subject", maintain_order=True):
            subject = str(name)
            if subject.partition(":")[0] in planted:
                truths[subject] = self.add_planted(subject, own)
            else:
                rates.append(self.add_subject(subject, own))
        if self.tests:
            add_planted_tests(self.lanham, self.seed)
        add_metric_agreement(self.chen, metric_table(self.trials, self.tests, truths), self.seed)
        add_uplift(self.lanham, pl.concat(rates), self.seed)
        for pair in self.pairs:
            add_model_contrasts(self.reports, self.trials, self.tests, pair, self.strata, self.seed)


def measured(files: Files, spec: dict[str, Any]) -> list[Report]:
    """Return what is measured, from the files of trials, sham, legibility and interventions.

    `spec` has study, experiment, seed, planted and judge; `labels` of the user's own, `strata` of questions
    and pairs of `model_contrasts` where the study has them.
    """
    measure = _Measure(files, spec)
    measure.add_judges()
    measure.add_subjects(spec["planted"])
    return list(measure.reports.values())
