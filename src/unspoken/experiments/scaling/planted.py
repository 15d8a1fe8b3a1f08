"""Tables whose trend is known by construction, through the rules of the study: instruments, no findings.

A published rule is held against what it says of such a table in the long run, which need not be the truth:
where the longest budget was asked of easier items, the paper's rule sees a rise that is none.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import special

from unspoken.experiments.scaling.trends.baselines import Baseline
from unspoken.experiments.scaling.trends.called import trends_called
from unspoken.experiments.scaling.trends.rows import add_trends
from unspoken.experiments.scaling.trends.rules import Measure
from unspoken.seeds import hashed_seed
from unspoken.statistics.intervals import Floats, wilson_interval
from unspoken.statistics.report import Report

BUDGETS = (0, 1024, 2048, 4096, 8192)
DRAWS = 20
CHANCE, CONSTANT_ERROR = 0.25, 2.5
RISING, STILL = (1.0, 2.0, 4.0, 8.0), (1.0, 1.0, 1.0, 1.0)
NO_TREND = ("flat", "noisy")


@dataclass(frozen=True)
class Planted:
    """A table that is drawn anew each time: what is right at each budget, and what rules should say."""

    means: tuple[float, ...]
    """Accuracy, or mean error, at each of BUDGETS."""
    study: str
    """The truth, and the word of the study's own rule."""
    paper: tuple[str, ...]
    """What the paper's rule says of it in the long run."""
    code: str | None = "none"
    """What the code's rule says; None where that depends on the draw."""
    least: float = 0.75
    """Share of draws in which the code's rule must say so: five means in a drawn order are called a trend
    in 10 of 120 orders, and in 4 of 24 where that of budget 0 stands out."""
    items: int = 300
    alike: float = 0.9
    """Correlation of what makes an item right at two budgets (on the scale of probits)."""
    used: tuple[float, ...] = RISING
    """Tokens used at budgets above 0, in thousands."""
    easier: bool = False
    """The two longest budgets are asked of half of the items, mostly easy."""
    measure: Measure = "accuracy"


TABLES = {
    "inverse": Planted((0.9, 0.9, 0.8, 0.6, 0.4), "inverse", ("inverse",), "inverse", 0.9),
    "positive": Planted((0.3, 0.4, 0.6, 0.8, 0.9), "positive", ("positive",), "positive", 0.9),
    "flat": Planted((0.7,) * 5, "flat", NO_TREND, items=1000),
    "noisy": Planted((0.6,) * 5, "undecided", ("noisy",), items=30, alike=0.0),
    "saturated": Planted((0.99,) * 5, "saturated", NO_TREND, code=None),
    "floor": Planted((CHANCE,) * 5, "floor", NO_TREND),
    "U": Planted((0.8, 0.8, 0.55, 0.55, 0.8), "U", NO_TREND),
    "inverted U": Planted((0.5, 0.5, 0.75, 0.75, 0.5), "inverted U", NO_TREND),
    "only at 0": Planted((0.95, 0.7, 0.7, 0.7, 0.7), "flat", NO_TREND, least=0.6, items=1000),
    "unequal n": Planted((0.7,) * 5, "flat", ("positive",), code=None, items=2000, easier=True),
    "used unlike asked": Planted(
        (0.5, 0.5, 0.6, 0.7, 0.8), "inverse", ("positive",), "positive", 0.9, used=RISING[::-1]
    ),
    "budgets ignored": Planted((0.7,) * 5, "lengths alike", NO_TREND, used=STILL, items=1000),
    "growing error": Planted(
        (1.0, 1.0, 1.2, 1.4, 1.6), "inverse", ("inverse",), "inverse", 0.9, measure="error"
    ),
}
"""By name; `flat` needs many items to be told from a small change (see `power`)."""
OWN, PUBLISHED = 0.9, 0.75
"""Share of draws in which the study's rule, and the paper's, must say what is expected."""


def agreeing_draws(
    shape: tuple[int, int], alike: float, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return how hard each item is, [items], and a uniform draw for each budget, [items, budgets].

    An item's draws at two budgets have correlation `alike` on the scale of probits: it is right where its
    draw is below the accuracy, so accuracies are as planted whatever the correlation.
    """
    hard = random.standard_normal(shape[0])
    chance = random.standard_normal(shape)
    return hard, special.ndtr(np.sqrt(alike) * hard[:, None] + np.sqrt(1 - alike) * chance)


def planted_trials(name: str, seed: int) -> pl.DataFrame:
    """Return trials of one planted table, in the columns of `Trials`; hard items have long chains."""
    table = TABLES[name]
    random = np.random.default_rng(hashed_seed(seed, "planted", name))
    shape = (table.items, len(BUDGETS))
    hard, uniform = agreeing_draws(shape, table.alike, random)
    means = np.array(table.means)
    scores = (uniform < means).astype(np.float64) if table.measure == "accuracy" else -np.log(uniform) * means
    tokens = (
        1000
        * np.array([0.0, *table.used])
        * np.exp(0.4 * hard[:, None] + 0.1 * random.standard_normal(shape))
    )
    asked = np.ones(shape, dtype=bool)
    if table.easier:
        easy = np.argsort(np.argsort(hard)) < table.items / 2
        asked[:, -2:] = (random.random(table.items) < np.where(easy, 0.8, 0.2))[:, None]
    item, place = (part[asked] for part in np.indices(shape))
    return pl.DataFrame(
        {
            "study": "planted", "experiment": "scaling", "subject": name, "task": "planted",
            "item": [f"planted-{at}" for at in item], "level": pl.Series([None] * len(item), dtype=pl.Int64),
            "setup": "asked", "budget": np.array(BUDGETS)[place], "sample_index": pl.Series([0] * len(item)),
            "used": np.round(tokens[asked]).astype(np.int64), "was_cut": None, "inserted": None,
            "answer": "drawn", "unread": None, "measure": table.measure, "score": scores[asked],
            "created_at": "never",
        },
        schema_overrides={"was_cut": pl.Boolean, "inserted": pl.Int64, "unread": pl.String},
    )  # fmt: skip


def planted_calls(name: str, seed: int) -> dict[str, str]:
    """Return what each rule calls one draw of a planted table, by rule."""
    trials = planted_trials(name, seed)
    report = Report("planted", "planted", "scaling", reproducible=True)
    errors = dict.fromkeys(trials["item"].unique(), CONSTANT_ERROR)
    add_trends(report, trials, name, {"planted": Baseline(CHANCE, errors)})
    unusable = "failure" if TABLES[name].measure == "accuracy" else "dropped"
    called = trends_called(report.measurements()).filter(unusable=unusable)
    return dict(called.select("rule", "called").iter_rows())


def add_planted(report: Report, seed: int, draws: int = DRAWS) -> None:
    """Add how often each rule says what it should of each planted table; `passed`: often enough.

    Metric `planted_trend`, a share of draws (Wilson's interval), conditions `planted`, `rule`, `truth`.
    """
    for name, table in TABLES.items():
        calls = [planted_calls(name, hashed_seed(seed, "planted draw", at)) for at in range(draws)]
        expected = {
            "study": ((table.study,), OWN),
            "paper": (table.paper, PUBLISHED),
            "code": ((table.code,) if table.code else (), table.least),
        }
        for rule, (words, least) in expected.items():
            if not words:
                continue
            share = wilson_interval(sum(one[rule] in words for one in calls), draws)
            report.add(
                share, metric="planted_trend", unit="probability", kind="estimate",
                subject=report.group(f"planted:{name}", "planted", []), role="instrument",
                conditions={"planted": name, "rule": rule, "truth": " or ".join(words)},
                passed=(share.value or 0) >= least, replicate="none", n_samples=draws,
            )  # fmt: skip
