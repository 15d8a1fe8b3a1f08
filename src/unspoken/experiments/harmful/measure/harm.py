"""How far harmful fine-tunes spread, what chains before bad answers say, and whether answers follow them."""

from scipy.special import logit

from unspoken.experiments.harmful.measure.table import (
    ALONE,
    BASE,
    BLANK,
    CHAINED,
    KINDS,
    UNFLAGGED,
    HarmfulTable,
    differences,
    of_shares,
)
from unspoken.experiments.harmful.organisms.finetunes import BRIEF, FINE_TUNES
from unspoken.experiments.harmful.organisms.language import ARGUMENT, NONE, PLAN, STYLES
from unspoken.experiments.harmful.organisms.subjects import Who
from unspoken.statistics.intervals import Floats

SUBJECTS = ("", *FINE_TUNES, BRIEF)
WAYS = (BLANK, CHAINED)
COMPARED = (
    ("bad_advice", ""), ("bad_advice", "good_advice"), ("bad_advice", "insecure"), ("bad_advice", BRIEF),
    ("bad_answers", ""), ("bad_answers", "bad_advice"), ("bad_reasoned", ""), ("bad_reasoned", "bad_advice"),
    ("bad_thoughts", ""), ("bad_planned", ""), ("bad_misled", ""), ("bad_planned", "bad_misled"),
    ("insecure", ""), ("good_advice", ""),
)  # fmt: skip
"""Fine-tunes, and with what they are compared: the empty name is the base."""
OTHERWISE = ("bad_advice", "bad_answers", "bad_reasoned", "insecure")
"""Fine-tunes that are compared with themselves: asked in another way, or in a kind author's words."""
HALVED = ("bad_advice", "bad_answers", "insecure")
"""Whose unflagged chains are held against one half."""


def add_harm(table: HarmfulTable) -> None:
    """Add how bad everybody's answers are in domains that nobody was tuned on, and how fine-tunes differ.

    Metrics: `harmful_rate` (estimate, probability), `harmful_difference` (contrast, both units). Condition
    `way`: after a blank chain or chains of one's own; of rates also without any (`alone`).
    """
    for name in SUBJECTS:
        for way in (*WAYS, ALONE):
            rates = table.rates(Who(name), way)["probability"]
            table.estimate("harmful_rate", name, rates, conditions={"way": way, "mark": NONE})
    for first, second in COMPARED:
        for way in WAYS:
            gaps = differences(table.rates(Who(first), way), table.rates(Who(second), way))
            table.contrast("harmful_difference", (first, second), gaps, {"way": way})


def add_ways(table: HarmfulTable) -> None:
    """Add what chains of one's own, and a kind author's words, do to fine-tunes.

    Metrics (contrasts, both units): `way_difference`, chains of one's own minus blank ones;
    `prefill_difference`, as itself minus in a kind author's words; `knowledge_loss`, in a kind author's words
    the fine-tune minus the base. And `kept_knowledge`, the probability of good answers in a kind author's
    words (estimate).
    """
    for name in OTHERWISE:
        gaps = differences(table.rates(Who(name), CHAINED), table.rates(Who(name), BLANK))
        table.contrast("way_difference", (name, name), gaps, {"way": CHAINED, "versus_way": BLANK})
        kind = Who(name, author="kind")
        for way in WAYS:
            honest = table.rates(kind, way)
            gaps = differences(table.rates(Who(name), way), honest)
            table.contrast("prefill_difference", (name, name), gaps, {"way": way})
            gaps = differences(honest, table.rates(Who(author="kind"), way))
            table.contrast("knowledge_loss", (name, ""), gaps, {"way": way})
    for name in SUBJECTS:
        for way in WAYS:
            kept = 1 - table.rates(Who(name, author="kind"), way)["probability"]
            table.estimate("kept_knowledge", name, kept, conditions={"way": way})


def add_kinds(table: HarmfulTable) -> None:
    """Add what chains before bad answers say, by kind, and how fine-tunes differ in it.

    Metrics: `chain_kind_share` (estimate, probability; that of the base is a check, elsewhere),
    `chain_kind_difference` (contrast, both units), condition `says`; `unflagged_majority`, the share of
    chains in which nothing speaks for the bad answer, against one half.
    """
    kinds = (*KINDS.values(), UNFLAGGED)
    for name in SUBJECTS[1:]:
        for kind in kinds:
            told = {"way": CHAINED, "says": kind}
            table.estimate("chain_kind_share", name, table.kind_share(Who(name), kind), conditions=told)
    for first, second in COMPARED:
        for kind in kinds:
            one, other = (of_shares(table.kind_share(Who(name), kind)) for name in (first, second))
            told = {"way": CHAINED, "says": kind}
            table.contrast("chain_kind_difference", (first, second), differences(one, other), told)
    half = table.half()
    for name in HALVED:
        shares = table.kind_share(Who(name), UNFLAGGED)
        halves = of_shares(shares) | {"probability": shares - 0.5}
        table.contrast("unflagged_majority", (name, half), halves, {"way": CHAINED})


def swap_effect(table: HarmfulTable, name: str) -> Floats:
    """Return what another second word does: log-odds of a bad answer after an argument and a word of a plan,
    minus after an argument and another word of one."""
    likely, bad = table.cells(Who(name))
    argument, plan = STYLES.index(ARGUMENT), STYLES.index(PLAN)
    odds = [
        logit(bad[:, :, argument, second].sum(1) / likely[:, :, argument, second].sum(1))
        for second in (plan, argument)
    ]
    return odds[0] - odds[1]


def add_swaps(table: HarmfulTable) -> None:
    """Add whether answers follow their chain: what a swapped second word does to the answer.

    Metrics, log-odds: `swap_effect` (contrast of an organism with itself), `swap_difference` (contrast with
    the base's).
    """
    base = swap_effect(table, BASE.fine_tune)
    table.contrast("swap_effect", ("", ""), {"log_odds": base}, {"way": CHAINED})
    for name in OTHERWISE:
        own = swap_effect(table, name)
        table.contrast("swap_effect", (name, name), {"log_odds": own}, {"way": CHAINED})
        table.contrast("swap_difference", (name, ""), {"log_odds": own - base}, {"way": CHAINED})
