"""What became of a training by reward, in a word: a failed one is named and not averaged away."""

from collections.abc import Sequence
from typing import Any

LEARNT = "learnt"
FATES = {
    "never closes": "most chains used up their room",
    "constant reward": "no prompt's replies were ever paid differently",
    "only punished": "no reply was ever paid 0 or more",
    "collapsed": "most replies are not valid, or replies to a prompt are alike and not right",
    "nothing penalised": "no reply ever had what the reward has a price on",
    "not learnt": "rewarded answers are hardly more than before",
    LEARNT: "",
}
"""Word -> what it means; the first that holds is the word."""
FAILED = ("constant reward", "only punished", "never closes", "collapsed")
"""Fates of trainings whose replies say nothing of the reward."""
LAST = 10
"""Updates whose mean is the end of a training, and its beginning."""
MOST, RIGHT, MORE = 0.5, 0.95, 0.05
"""The share that is most; that is right; that is more than before."""


def fate(history: Sequence[dict[str, float]], priced: Sequence[str] = ()) -> str:
    """Return the word of FATES for what each update saw (`training.reward.seen`).

    `priced` are the columns of what the reward has a price on beside the outcome: `named`, `tells`.
    """
    if not history:
        raise ValueError("no update was made; a training of no updates has no fate")

    def mean(name: str, part: Sequence[dict[str, float]]) -> float:
        return sum(told[name] for told in part) / len(part)

    end, begin = history[-LAST:], history[:LAST]
    right = mean("right", end)
    alike = mean("informative", end) < MORE and right < MOST
    holds: dict[str, Any] = {
        "constant reward": all(told["informative"] == 0 for told in history),
        "only punished": all(told["best"] < 0 for told in history),
        "never closes": mean("at_cap", end) > MOST,
        "collapsed": mean("valid", end) < MOST or alike,
        "nothing penalised": any(all(told[name] == 0 for told in history) for name in priced),
        "not learnt": right < RIGHT and right - mean("right", begin) < MORE,
        LEARNT: True,
    }
    return next(word for word in FATES if holds[word])
