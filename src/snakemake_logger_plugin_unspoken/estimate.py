"""How long the jobs of a run still take: from the jobs that are done, and a table for the rest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

_GUESS = 5.0  # core-seconds of a job of a rule that nothing is known about


def expected_seconds() -> dict[str, float]:
    """Return the shipped table: core-seconds of one job of each rule in the default study.

    A complete run from nothing writes its own to `.snakemake/unspoken-seconds.json`: copy it here
    when the jobs of the default study change much.
    """
    return json.loads(Path(__file__).with_name("seconds.json").read_text())


@dataclass
class _Started:
    """A job that runs: its rule, the cores it takes, and when it started (seconds)."""

    rule: str
    cores: int
    at: float


@dataclass
class TimeLeft:
    """The jobs of a run: `counts` of each rule, done on `slots` cores (or nodes of a cluster).

    `expected` holds core-seconds of a job by rule. They need not fit this machine or this study:
    the jobs that are done show how much longer or shorter jobs take here.
    """

    counts: Mapping[str, int]
    slots: int
    expected: Mapping[str, float]
    running: dict[int, _Started] = field(default_factory=dict)
    measured: dict[str, list[float]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All jobs of the run."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """The jobs that are done."""
        return sum(map(len, self.measured.values()))

    def start(self, job: int, rule: str, cores: int, now: float) -> None:
        """Note that a job started."""
        self.running[job] = _Started(rule, cores, now)

    def finish(self, job: int, now: float) -> tuple[str, float]:
        """Note that a job is done; return its rule and how many seconds it took."""
        started = self.running.pop(job)
        took = now - started.at
        self.measured.setdefault(started.rule, []).append(took * started.cores)
        return started.rule, took

    def _scale(self) -> float:
        """How many times longer than expected the jobs took that are done."""
        pairs = [
            (self.expected[rule], seconds)
            for rule, all_seconds in self.measured.items()
            if rule in self.expected
            for seconds in all_seconds
        ]
        expected = sum(pair[0] for pair in pairs)
        return sum(pair[1] for pair in pairs) / expected if expected > 0 else 1.0

    def core_seconds(self, rule: str) -> float:
        """Estimate the core-seconds of one job of a rule."""
        if rule in self.measured:
            return fmean(self.measured[rule])
        return self._scale() * self.expected.get(rule, _GUESS)

    def seconds_left(self, now: float) -> float:
        """Estimate the seconds until all jobs are done; it knows no dependencies between jobs."""
        work, longest = 0.0, 0.0
        waiting = {rule: n - len(self.measured.get(rule, ())) for rule, n in self.counts.items()}
        for job in self.running.values():
            waiting[job.rule] = waiting.get(job.rule, 1) - 1
            elapsed = now - job.at
            # A job that takes longer than estimated is not over: expect another tenth of its time.
            left = max(self.core_seconds(job.rule) / job.cores - elapsed, elapsed / 10)
            work += left * job.cores
            longest = max(longest, left)
        work += sum(self.core_seconds(rule) * max(n, 0) for rule, n in waiting.items())
        return max(work / self.slots, longest)


def duration(seconds: float) -> str:
    """Return an estimate for people: "under a minute", "about 6 min", "about 2 h 10 min"."""
    minutes = round(seconds / 60)
    if seconds < 45:
        return "under a minute"
    if minutes < 90:
        return f"about {max(minutes, 1)} min"
    return f"about {minutes // 60} h {minutes % 60} min"
