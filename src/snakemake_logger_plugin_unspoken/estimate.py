"""How long the jobs of a run still take: from what was expected, and from the jobs that are done."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_DOUBT = 60.0  # seconds of done jobs, on one core each, that weigh as much as what was believed before


class Expected(NamedTuple):
    """What is expected of a job: its rule, its seconds on one core or on its GPUs, how many GPUs it holds."""

    rule: str
    seconds: float
    gpus: int = 0


_UNKNOWN = Expected("", 5.0)
"""Stands for a job of which nothing was expected."""


def expected_of(rule: str, seconds: float | None, gpus: int) -> Expected:
    """Return what is expected of a job; where its seconds are unknown, a guess."""
    return Expected(rule, _UNKNOWN.seconds if seconds is None else seconds, gpus)


@dataclass
class _Started:
    """A job that runs: its rule, the cores its time counts for, and when it started (seconds)."""

    rule: str
    cores: int
    at: float


@dataclass
class TimeLeft:
    """The jobs of a run by id, on `slots` cores (or nodes) and `gpus` GPUs (None: any number).

    What is expected need not fit this machine: the jobs that are done show how much longer or
    shorter those of their rule take here, and those of other rules too.
    """

    expected: Mapping[int, Expected]
    slots: int
    gpus: int | None = None
    running: dict[int, _Started] = field(default_factory=dict)
    ended: dict[int, tuple[str, float]] = field(default_factory=dict)
    """By id the rule of a job that is done, and the seconds that it took, times its cores."""

    @property
    def total(self) -> int:
        """All jobs of the run."""
        return len(self.expected)

    @property
    def done(self) -> int:
        """The jobs that are done."""
        return len(self.ended)

    def start(self, job: int, rule: str, cores: int, now: float) -> None:
        """Note that a job started; of one on GPUs the cores do not count."""
        self.running[job] = _Started(rule, 1 if self._expected(job).gpus else cores, now)

    def finish(self, job: int, now: float) -> float:
        """Note that a job is done; return how many seconds it took."""
        started = self.running.pop(job)
        took = now - started.at
        self.ended[job] = started.rule, took * started.cores
        return took

    def _expected(self, job: int) -> Expected:
        return self.expected.get(job, _UNKNOWN)

    def _scales(self) -> dict[str, float]:
        """Return by rule how many times longer than expected its jobs take; "" stands for rules not begun.

        Little that is known of a rule gives way to what is known of all, and that to 1.
        """
        took: dict[str, float] = defaultdict(float)
        hoped: dict[str, float] = defaultdict(float)
        for job, (rule, seconds) in self.ended.items():
            took[rule] += seconds
            hoped[rule] += self._expected(job).seconds
        overall = (sum(took.values()) + _DOUBT) / (sum(hoped.values()) + _DOUBT)
        return {"": overall} | {
            rule: (took[rule] + _DOUBT * overall) / (hoped[rule] + _DOUBT) for rule in took
        }

    def seconds_left(self, now: float) -> float:
        """Estimate the seconds until all jobs are done; it knows no dependencies between jobs."""
        work, on_gpus, longest, scales = 0.0, 0.0, 0.0, self._scales()
        for job, started in self.running.items():
            elapsed = now - started.at
            told = self._expected(job)
            wanted = told.seconds * scales.get(started.rule, scales[""]) / started.cores
            # A job that takes longer than estimated is not over: expect another tenth of its time.
            left = max(wanted - elapsed, elapsed / 10)
            work += left * started.cores
            on_gpus += left * told.gpus
            longest = max(longest, left)
        for job, told in self.expected.items():
            if job not in self.ended and job not in self.running:
                seconds = told.seconds * scales.get(told.rule, scales[""])
                work += seconds
                on_gpus += seconds * told.gpus
        return max(work / self.slots, on_gpus / self.gpus if self.gpus else 0.0, longest)


def duration(seconds: float) -> str:
    """Return an estimate for people: "under a minute", "about 6 min", "about 2 h 10 min"."""
    minutes = round(seconds / 60)
    if seconds < 45:
        return "under a minute"
    if minutes < 90:
        return f"about {max(minutes, 1)} min"
    return f"about {minutes // 60} h {minutes % 60} min"
