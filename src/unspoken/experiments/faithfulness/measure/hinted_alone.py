"""Does a chain make a model follow a hint more (Turpin et al. 2023, section 3.2)?

Accuracy under a hint with a chain minus without one, to the same prompts. The answer without one is read by
force. Questions are the replicates; hints to the right option are left out.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from unspoken.experiments.faithfulness.measure.forced import letters_gate
from unspoken.experiments.faithfulness.measure.hint_accuracy import UNUSABLE, question_rates
from unspoken.seeds import hashed_seed
from unspoken.statistics.gates import Outcomes, accuracy_gate, first_gate, missing_gate
from unspoken.statistics.questions import question_contrast, question_rate
from unspoken.statistics.report import Report

ARMS = ("hinted", "hinted_direct")
"""What the subject is called with a chain, and with none."""


def _told_apart(trials: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the replies to all hints, then to those of each kind."""
    yield "all", trials
    for kind in trials["kind"].unique().sort():
        yield kind, trials.filter(kind=kind)


def _rates(trials: pl.DataFrame, answer: str, usable: pl.Expr) -> pl.DataFrame:
    """Return each question's rates of right answers in one of the ways to answer."""
    hit = usable & (pl.col(answer) == pl.col("key"))
    return question_rates(trials.select("question_id", "n_options", usable=usable, hit=hit))


def _outcomes(rates: pl.DataFrame) -> Outcomes:
    return Outcomes(*(int(rates[name].sum()) for name in ("hits", "misses", "unusable")))


def add_hinted_alone(report: Report, trials: pl.DataFrame, subject: str, seed: int) -> None:
    """Add how often one subject is right under a hint with no chain, and what the chain does to that.

    `trials` are of one subject, in the columns of `tables.trials.Trials`; hinted replies whose `alone` was
    read count. Metric `accuracy`, by kind of hint and unusable answers: the arm `hinted_direct`, and `hinted`
    minus it, paired by question, with the gates of accuracies, of unusable replies and of letters read by
    force.
    """
    read = pl.col("alone").is_not_null() & pl.col("key").is_not_null()
    asked = trials.filter(read, pl.col("target") != pl.col("key"), arm="hint")
    names = [report.arm(subject, arm) for arm in ARMS]
    for hint, own in _told_apart(asked):
        whole = pl.col("answer").is_not_null() & (pl.col("outcome") != "truncated")
        both = [_rates(own, "answer", whole), _rates(own, "alone", pl.lit(value=True))]
        outcomes = [_outcomes(rates) for rates in both]
        for unusable in UNUSABLE:
            rates = [one[unusable].to_numpy() for one in both]
            conditions = {"hint": hint, "unusable": unusable}
            drawn = hashed_seed(seed, "hinted_alone", subject, hint, unusable)
            report.add(
                question_rate(rates[1]), metric="accuracy", unit="accuracy", kind="estimate",
                subject=names[1], conditions=conditions, role="finding", replicate="question",
                n_samples=own.height,
            )  # fmt: skip
            options = both[0]["n_options"].to_numpy()
            chance = float(np.mean(1 / options)) if options.size else 0.0
            gates = accuracy_gate(question_rate(rates[0]), question_rate(rates[1]), chance)
            report.add(
                question_contrast(rates[0], rates[1], "probability", drawn),
                metric="accuracy", unit="accuracy",
                kind="contrast", subject=names[0], versus=names[1], conditions=conditions, role="finding",
                replicate="question", n_samples=2 * own.height, n_missing=outcomes[0].unusable,
                paired_on=["question"], gate=first_gate(letters_gate(own), gates, missing_gate(*outcomes)),
            )  # fmt: skip
