"""How long the jobs of a run still take: from what was expected, and from the jobs that are done."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

_GUESS = 5.0  # core-seconds of a job of which nothing was expected
_DOUBT = 60.0  # core-seconds of done jobs that weigh as much as what was believed before


@dataclass
class _Started:
    """A job that runs: its rule, the cores it takes, and when it started (seconds)."""

    rule: str
    cores: int
    at: float


@dataclass
class TimeLeft:
    """The jobs of a run, by id their rule and expected core-seconds, on `slots` cores (or nodes).

    What is expected need not fit this machine: the jobs that are done show how much longer or
    shorter those of their rule take here, and those of other rules too.
    """

    expected: Mapping[int, tuple[str, float]]
    slots: int
    running: dict[int, _Started] = field(default_factory=dict)
    ended: dict[int, tuple[str, float]] = field(default_factory=dict)
    """By id the rule of a job that is done, and the core-seconds that it took."""

    @property
    def total(self) -> int:
        """All jobs of the run."""
        return len(self.expected)

    @property
    def done(self) -> int:
        """The jobs that are done."""
        return len(self.ended)

    def start(self, job: int, rule: str, cores: int, now: float) -> None:
        """Note that a job started."""
        self.running[job] = _Started(rule, cores, now)

    def finish(self, job: int, now: float) -> float:
        """Note that a job is done; return how many seconds it took."""
        started = self.running.pop(job)
        took = now - started.at
        self.ended[job] = started.rule, took * started.cores
        return took

    def _expected(self, job: int) -> float:
        return self.expected[job][1] if job in self.expected else _GUESS

    def _scales(self) -> dict[str, float]:
        """Return by rule how many times longer than expected its jobs take; "" stands for rules not begun.

        Little that is known of a rule gives way to what is known of all, and that to 1.
        """
        took: dict[str, float] = defaultdict(float)
        hoped: dict[str, float] = defaultdict(float)
        for job, (rule, seconds) in self.ended.items():
            took[rule] += seconds
            hoped[rule] += self._expected(job)
        overall = (sum(took.values()) + _DOUBT) / (sum(hoped.values()) + _DOUBT)
        return {"": overall} | {
            rule: (took[rule] + _DOUBT * overall) / (hoped[rule] + _DOUBT) for rule in took
        }

    def seconds_left(self, now: float) -> float:
        """Estimate the seconds until all jobs are done; it knows no dependencies between jobs."""
        work, longest, scales = 0.0, 0.0, self._scales()
        for job, started in self.running.items():
            elapsed = now - started.at
            wanted = self._expected(job) * scales.get(started.rule, scales[""]) / started.cores
            # A job that takes longer than estimated is not over: expect another tenth of its time.
            left = max(wanted - elapsed, elapsed / 10)
            work += left * started.cores
            longest = max(longest, left)
        for job, (rule, seconds) in self.expected.items():
            if job not in self.ended and job not in self.running:
                work += seconds * scales.get(rule, scales[""])
        return max(work / self.slots, longest)


def duration(seconds: float) -> str:
    """Return an estimate for people: "under a minute", "about 6 min", "about 2 h 10 min"."""
    minutes = round(seconds / 60)
    if seconds < 45:
        return "under a minute"
    if minutes < 90:
        return f"about {max(minutes, 1)} min"
    return f"about {minutes // 60} h {minutes % 60} min"
