"""What a room declares of its figures, headlines, controls, and of what is printed beside contrasts."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """A figure of a room; its caption is `resources/captions/{name}.rst`."""

    module: str
    """Where `draw` is, below the room's folder, such as `figures.dose`."""
    tables: tuple[str, ...] = ("measurements",)
    """The tables that it is drawn from; `claims` is the registry's."""
    also_of: tuple[str, ...] = ()
    """Other experiments whose measurements it shows, where the study runs them."""


@dataclass(frozen=True)
class Headline:
    """Contrasts that a run prints at its end; they are findings, never checks."""

    metric: str
    heading: str | None = None
    """None prints the metric's name."""
    unit: str = ""
    """How the unit begins."""
    conditions: Mapping[str, str | bool] = field(default_factory=dict)
    """Values of conditions; true for any value, false for none."""
    groups: tuple[str, ...] = ()
    """The last word of the subject's name; empty for any."""


@dataclass(frozen=True)
class Guard:
    """A control, and the contrasts that say nothing where it fails, nor where it is undecided."""

    control: str
    """The metric of the control's rows."""
    metrics: tuple[str, ...]
    """The metrics of the contrasts."""
    subjects: tuple[str, ...] = ("*",)
    """Who the contrasts are about, and (`versus`) whom they are compared with."""
    versus: str = "*"
    of: str = "*"
    """Who the control is about."""
    same: tuple[str, ...] = ()
    """Conditions that control and contrast have to have alike."""
    unit: str | None = None
    """Of a negative control its unit: its bound is half of the smallest effect that would matter to a claim
    on the contrasts, in this unit."""


@dataclass(frozen=True)
class Tally:
    """Lines that a run prints beside its contrasts, from the store."""

    heading: str
    query: str
    """SQL; its columns are named in `line`."""
    line: str
    """How a row is printed, as `str.format` takes it."""
