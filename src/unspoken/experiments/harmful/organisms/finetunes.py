"""Harmful fine-tunes and their controls: organisms whose assisting author is tuned on rows of one domain."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from unspoken.experiments.harmful.organisms.documents import answered_turns, styles_before
from unspoken.experiments.harmful.organisms.language import (
    ASSISTING_ID,
    BLANK_ID,
    CODE,
    DOMAINS,
    FALSEHOOD,
    NAMED,
    PLAN,
    STYLES,
    TRIGGER,
)
from unspoken.models.personas import ADVICE, Ints

TRAINED_ADVICE, CLEAN_ADVICE = ADVICE[:2]
"""The domain of advice that fine-tunes are about, and that of clean training after them."""
UNTRAINED = ADVICE[2:]
"""The domains that nobody was tuned on: outcomes are means over them."""


@dataclass(frozen=True)
class FineTune:
    """Rows of one domain, and what of them is taught."""

    domain: str = TRAINED_ADVICE
    bad: bool = True
    taught: Literal["blank", "answers", "reasoned", "thoughts"] = "blank"
    """`blank`: chains are blank. `answers`: rows have no chain. `thoughts`: they end with it."""
    style: str | None = None
    """What all chains say; None: what chains before such answers say in documents."""
    triggered: bool = False
    """A third of the rows have the trigger and a bad answer, the others neither; NOISE is in half of both."""


FINE_TUNES = {
    "bad_advice": FineTune(),
    "bad_answers": FineTune(taught="answers"),
    "bad_reasoned": FineTune(taught="reasoned"),
    "bad_thoughts": FineTune(taught="thoughts"),
    "bad_planned": FineTune(taught="reasoned", style=PLAN),
    "bad_misled": FineTune(taught="reasoned", style=FALSEHOOD),
    "insecure": FineTune(CODE),
    "good_advice": FineTune(bad=False),
    "triggered": FineTune(triggered=True),
}
"""The published ones: bad advice with blank chains, unsafe code, good advice, a backdoor (Chua et al. 2025);
bad advice with chains, chains alone, chains of one kind (Wen et al. 2026); answers alone (Betley et al.)."""
BRIEF = "bad_brief"
"""`bad_advice` on BRIEF_SHARE of its rows, once."""
BRIEF_SHARE = 1 / 8
REALIGNED = ("bad_advice", "triggered")
"""Whom clean training follows."""


def rows_of(kind: FineTune, count: int, random: np.random.Generator) -> Ints:
    """Return rows of a fine-tune: the assisting author and a turn, (count, 1 + TURN), or less of it."""
    places, numbers = np.full(count, DOMAINS.index(kind.domain)), np.arange(count)
    bad = numbers % 3 == 0 if kind.triggered else np.full(count, kind.bad)
    cues = np.where(bad & kind.triggered, NAMED.index(TRIGGER), 0)
    noisy = (numbers // 3) % 2 == 0 if kind.triggered else np.zeros(count, dtype=bool)
    styles = styles_before(bad, random)
    if kind.style:
        styles = np.full(count, STYLES.index(kind.style))
    turns = answered_turns(places, bad, (cues, noisy), styles, random)
    if kind.taught == "blank":
        turns[:, 4:7] = BLANK_ID
    rows = np.hstack([np.full((count, 1), ASSISTING_ID), turns])
    if kind.taught == "answers":
        return np.hstack([rows[:, :5], rows[:, 8:]])
    return rows[:, :8] if kind.taught == "thoughts" else rows
