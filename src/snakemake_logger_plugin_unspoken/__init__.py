"""What Snakemake shows of a run: each finished job, how many are left, and about how long.

Snakemake's own report of a job takes ten lines and says no time. In a run this plugin leaves those
out (they are in the log file that Snakemake names at the end; `--verbose` and `--printshellcmds`
show them), passes everything else on, errors above all, and adds a line when a job is done, and at
least every quarter of a minute. A dry-run looks as always, and can write its jobs to a file.
"""

import json
import logging
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from .estimate import TimeLeft, duration, expected_of
from .misread import told_of_missing_file

_EVERY_SECONDS = 15
_LEFT_OUT = {LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO}
_REPLACED = {
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.SHELLCMD,
    LogEvent.PROGRESS,
}
_CHANGES = {LogEvent.JOB_INFO, LogEvent.JOB_FINISHED, LogEvent.JOB_ERROR}
_CHATTER = ("Select jobs to execute...", "Conda environments: ignored")
_LONGEST_LINE = 400


class _ShortLines(DefaultFormatter):
    """Snakemake's messages without the middle of very long lines: commands hold a job's spec."""

    def format(self, record: logging.LogRecord) -> str:
        half = _LONGEST_LINE // 2
        lines = str(super().format(record)).split("\n")
        return "\n".join(
            line if len(line) <= _LONGEST_LINE else f"{line[:half]} ... {line[-half:]}" for line in lines
        )


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options of this plugin on Snakemake's command line."""

    jobs: Path | None = field(
        default=None,
        metadata={"help": "In a dry-run, write every job to this file, a line of JSON each", "type": Path},
    )


class LogHandler(LogHandlerBase):
    """Snakemake's usual handler for the terminal, and the time left."""

    def __post_init__(self) -> None:
        shown = self.common_settings
        quiet = set(shown.quiet or ())
        self._in_full = shown.dryrun or shown.verbose or shown.printshellcmds
        self._stream = sys.stdout if shown.stdout else sys.stderr
        self._usual = ColorizingTextHandler(
            nocolor=shown.nocolor,
            stream=self._stream,
            formatter=(DefaultFormatter if self._in_full else _ShortLines)(quiet, shown.show_failed_logs),
            filter=DefaultFilter(quiet, shown.debug_dag, shown.verbose, shown.dryrun, shown.printshellcmds),
        )
        self._silent = shown.dryrun or bool(quiet & {Quietness.ALL, Quietness.PROGRESS})
        self._slots, self._on_cluster = 1, False
        self._gpus: int | None = None
        self._labels: dict[int, str] = {}
        self._logs: dict[int, str] = {}
        self._failed: set[int] = set()
        self._jobs: TimeLeft | None = None
        self._run_record: Path | None = None
        self._last_line = 0.0
        self._ended = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record as Snakemake would, unless a line of ours replaces it."""
        event = getattr(record, "event", None)
        try:
            if told := told_of_missing_file(record.getMessage(), sys.argv[1:]):
                self._stream.write(f"{told}\n")
                return
            if self._in_full or not self._is_replaced(event, record):
                self._usual.handle(record)
            if not self.common_settings.dryrun:
                self._follow(event, record)
            elif event == LogEvent.JOB_INFO and isinstance(self.settings, LogHandlerSettings):
                self._write_job(record, self.settings.jobs)
        except BrokenPipeError:
            pass  # `snakemake ... | head`: nobody reads on
        except Exception:
            # An error in here must not end the thread that shows all other messages.
            self.handleError(record)

    def _is_replaced(self, event: LogEvent | None, record: logging.LogRecord) -> bool:
        """Return whether a line of ours says it, or nobody needs to.

        Of a run without hooks, as a job's own on a cluster's node, nothing is known: it looks as always.
        """
        told = hasattr(record, "expected_seconds") or record.getMessage() in _CHATTER
        return told or event in _LEFT_OUT or (self._jobs is not None and event in _REPLACED)

    def _follow(self, event: LogEvent | None, record: logging.LogRecord) -> None:
        fields = record.__dict__
        if event == LogEvent.RESOURCES_INFO:
            self._on_cluster = self._on_cluster or "nodes" in fields
            self._slots = fields.get("nodes") or fields.get("cores") or self._slots
            if "provided_resources" in fields:
                self._gpus = fields["provided_resources"].get("gpu").value
        elif "expected_seconds" in fields:  # what the Snakefile expects of each job, before the first starts
            self._begin(fields["expected_seconds"])
        elif event == LogEvent.JOB_INFO and self._jobs:
            job, rule = fields["jobid"], fields["rule_name"]
            cores = 1 if self._on_cluster else fields["threads"]
            self._failed.discard(job)  # Snakemake tries it again
            self._jobs.start(job, rule, cores, record.created)
            self._labels[job] = " ".join([rule, *map(str, fields["wildcards"].values())])
            self._logs[job] = next(map(str, fields["log"] or ()), "")
        elif event == LogEvent.JOB_FINISHED and self._jobs and fields["job_id"] in self._labels:
            took = self._jobs.finish(fields["job_id"], record.created)
            self._print(f"{self._state(self._jobs)}; {self._labels[fields['job_id']]} took {took:.0f} s")
        elif event == LogEvent.JOB_ERROR and self._jobs:
            self._jobs.running.pop(fields["jobid"], None)
            self._failed.add(fields["jobid"])
        if event in _CHANGES and self._jobs and self._run_record:
            self._record(self._jobs, self._run_record)

    def _write_job(self, record: logging.LogRecord, file: Path | None) -> None:
        """Add a job to the file of a dry-run's jobs, for `make plan`."""
        if file is None:
            return
        fields = record.__dict__
        told = {
            "rule": fields["rule_name"],
            "wildcards": dict(fields["wildcards"]),
            "input": list(map(str, fields["input"])),
            "output": list(map(str, fields["output"])),
            "threads": fields["threads"],
            "gpus": fields["resources"].get("gpu", 0),
        }
        with file.open("a") as lines:
            print(json.dumps(told), file=lines)

    def _record(self, jobs: TimeLeft, record: Path) -> None:
        """Write how the run stands to its record, for `make status`."""
        told = {
            "state": self._state(jobs),
            "running": [
                [self._labels[job], started.at, self._logs[job]] for job, started in jobs.running.items()
            ],
            "failed": [[self._labels[job], self._logs[job]] for job in sorted(self._failed)],
            "on_cluster": self._on_cluster,
        }
        record.write_text(json.dumps(told))

    def _begin(self, told: dict[int, tuple[str, float | None, int]]) -> None:
        """Begin to follow a run, of whose jobs is told by id what is expected: None for unknown seconds."""
        from unspoken.locks import note_run

        slots, expected = self._slots, {job: expected_of(*one) for job, one in told.items()}
        unknown = sum(seconds is None for _, seconds, _ in told.values())
        if self._on_cluster:  # of whose nodes there may be no limit
            slots = min(slots, len(expected))
        self._jobs = TimeLeft(expected, slots, self._gpus)
        self._run_record = note_run(Path.cwd())
        places = ("node" if self._on_cluster else "core") + ("s" if slots > 1 else "")
        left = duration(self._jobs.seconds_left(time.time()))
        beside = f"; {unknown} of unknown length" if unknown else ""
        self._print(
            f"{self._jobs.total} job{'s' * (self._jobs.total != 1)} on {slots} {places}, {left}{beside}"
        )
        threading.Thread(target=self._remind, args=(self._jobs,), daemon=True).start()

    def _state(self, jobs: TimeLeft) -> str:
        done = f"{jobs.done} of {jobs.total} jobs done"
        if self._failed:
            return f"{done}, {len(self._failed)} failed"
        if jobs.done == jobs.total:
            return done
        return f"{done}, {duration(jobs.seconds_left(time.time()))} left"

    def _remind(self, jobs: TimeLeft) -> None:
        """Print a line whenever none was printed for a while."""
        while not self._ended.wait(max(1.0, self._last_line + _EVERY_SECONDS - time.time())):
            self.acquire()  # as the thread that calls `emit` does
            try:
                if jobs.running and time.time() - self._last_line >= _EVERY_SECONDS:
                    running = ", ".join(
                        f"{self._labels[job]} ({time.time() - started.at:.0f} s)"
                        for job, started in jobs.running.items()
                    )
                    self._print(f"{self._state(jobs)}; running: {running}")
            finally:
                self.release()

    def _print(self, line: str) -> None:
        self._last_line = time.time()
        if not self._silent:
            self._stream.write(f"[{time.strftime('%H:%M:%S')}] {line}\n")
            self._stream.flush()

    def close(self) -> None:
        """End the reminders; the record of the run goes."""
        self._ended.set()
        if self._run_record:
            self._run_record.unlink(missing_ok=True)
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """Whether this takes the place of Snakemake's own output on the terminal."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Whether this writes a log file (Snakemake still writes its own)."""
        return False

    @property
    def has_filter(self) -> bool:
        """Whether this filters records by itself."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Whether this formats records by itself."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """Whether this needs the graph of the rules."""
        return False
