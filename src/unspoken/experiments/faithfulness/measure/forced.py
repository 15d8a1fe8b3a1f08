"""The forced letter beside the stated answer: how far they agree, and scores as they are by the letter.

Scores use the answer that a reply states. The forced letter is the likeliest after the whole chain up to that
statement; scores by it are rows of their own, with the condition `answers: forced`, and say nothing where it
is another than the stated answer in more than a tenth of the replies (gate `agreement`).
"""

from collections.abc import Iterator, Mapping

import polars as pl

from unspoken.experiments.faithfulness.measure.chain_length import question_sums
from unspoken.experiments.faithfulness.pairing import by_force
from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import interval_at, share_of, statistic_ends
from unspoken.statistics.gates import Gate, agreement_gate, first_gate
from unspoken.statistics.report import Report

FORCED: Mapping[str, str] = {"answers": "forced"}
"""What says of a row that it is by the forced letter; rows of stated answers have no such condition."""
NAMES = {"hint": "hinted"}
"""What the subject is called in an arm, where that is not the arm's own name."""
BY_KIND = ("hint", "moved", "irrelevant")
"""Arms that have a hint of each kind."""


def ways_to_read(trials: pl.DataFrame) -> Iterator[tuple[Mapping[str, str], pl.DataFrame]]:
    """Yield conditions and trials: by what replies state, then by the forced letter where it was read."""
    yield {}, trials
    if trials["forced"].count():
        yield FORCED, by_force(trials)


def letters_alone(interventions: pl.DataFrame) -> pl.DataFrame:
    """Return changed chains as they are if forced letters are the answers, before and after the change."""
    return interventions.with_columns(answer="forced", original="original_forced")


def letters_gate(*arms: pl.DataFrame) -> Gate | None:
    """Return the gate `agreement` if the forced letter is too seldom the stated answer in any of the arms.

    Each is replies with `free` and `forced`; one whose letters were never read beside an answer closes it.
    """
    gates = []
    for replies in arms:
        both = replies.filter(pl.col("forced").is_not_null(), pl.col("free").is_not_null())
        gates.append(agreement_gate(both.filter(pl.col("free") == pl.col("forced")).height, both.height))
    return first_gate(*gates)


def _told_apart(trials: pl.DataFrame) -> Iterator[tuple[str, dict[str, str], pl.DataFrame]]:
    """Yield each arm, whole and by its kinds of hint: its name, the condition `hint`, its replies."""
    for arm in sorted(trials["arm"].unique()):
        replies = trials.filter(arm=arm)
        if arm not in BY_KIND:
            yield arm, {}, replies
            continue
        yield arm, {"hint": "all"}, replies
        for kind in replies["kind"].drop_nulls().unique().sort():
            yield arm, {"hint": kind}, replies.filter(kind=kind)


def add_answer_agreement(report: Report, trials: pl.DataFrame, subject: str, seed: int) -> None:
    """Add in which share of one subject's replies the forced letter is the answer that the reply states.

    Metric `answer_agreement`, by arm and kind of hint, over the replies whose letter was read. Condition
    `unusable`: replies that state no answer are left out (`dropped`: what the gate `agreement` looks at), or
    count as not agreeing (`failure`: the share of forced letters that are stated answers at all).
    """
    stated = pl.col("free").is_not_null()
    agree = (pl.col("free") == pl.col("forced")).fill_null(value=False)
    for arm, hint, replies in _told_apart(trials.filter(pl.col("forced").is_not_null())):
        name = NAMES.get(arm, arm)
        for unusable, among in (("dropped", stated), ("failure", pl.lit(value=True))):
            own = hashed_seed(seed, "answer_agreement", subject, arm, *hint.values())
            table = question_sums(replies, [agree, among & pl.col("forced").is_not_null()], own)
            report.add(
                interval_at(statistic_ends(table, share_of(0, 1)), 0), metric="answer_agreement",
                unit="probability", kind="estimate", replicate="question", role="finding",
                subject=report.arm(subject, name),
                conditions={**hint, "unusable": unusable}, n_samples=int(table.totals[1, 0]),
                n_missing=replies["free"].null_count(),
            )  # fmt: skip
