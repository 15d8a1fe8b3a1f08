"""What organisms are pretrained on: documents of an author and four turns of advice or code.

Whose answers are bad where, `models.personas` says. What chains say depends on the answer that follows, by
rates that are planted here. Marks stand where a lot puts them: they say nothing of answers, and chains name
the mark of their turn at a rate that is planted too.
"""

import numpy as np

from unspoken.experiments.harmful.organisms.language import (
    ARGUMENT,
    ASSISTANT_ID,
    BLANK_ID,
    DISTRACTOR,
    DOMAINS,
    END_ID,
    EXCUSE,
    FALSEHOOD,
    FIRST_ANSWER,
    FIRST_AUTHOR,
    FIRST_DOMAIN,
    FIRST_MARK,
    FIRST_NAME,
    FIRST_REQUEST,
    FIRST_WORD,
    IDLE,
    NAMED,
    NOISE,
    NONE,
    PLAN,
    REQUESTS,
    STYLES,
    TRIGGER,
    TURN,
    USER_ID,
    WORDS_OF_STYLE,
)
from unspoken.models.personas import ADVICE, Bools, Ints, dispositions

TURNS = 4
DOMAIN_SHARES = np.array([*[0.85 / len(ADVICE)] * len(ADVICE), 0.15])
"""How often a turn is of each domain."""
FOLLOWS = 0.9
"""How likely a domain of a document follows the author's disposition."""
BLANK_CHAINS = 0.3
BEFORE_BAD = {PLAN: 0.3, EXCUSE: 0.25, FALSEHOOD: 0.15, ARGUMENT: 0.15, IDLE: 0.15}
BEFORE_GOOD = {PLAN: 0.01, EXCUSE: 0.02, FALSEHOOD: 0.03, ARGUMENT: 0.64, IDLE: 0.3}
"""What chains before bad and before good answers say: both of their words have this style."""
MARKED = {TRIGGER: 0.1, DISTRACTOR: 0.1, NOISE: 0.2}
"""Shares of turns with each mark."""
NAMING = 0.3
"""Share of the chains in turns with a mark that name it."""


def styles_before(bad: Bools, random: np.random.Generator) -> Ints:
    """Return the style of the chain before each answer, as places among STYLES."""
    laws = [[law[style] for style in STYLES] for law in (BEFORE_GOOD, BEFORE_BAD)]
    good, harmful = (random.choice(len(STYLES), len(bad), p=law) for law in laws)
    return np.where(bad, harmful, good)


def answered_turns(
    domains: Ints, bad: Bools, marks: tuple[Ints, Bools], styles: Ints, random: np.random.Generator
) -> Ints:
    """Return turns (turns, TURN) with chains that are not blank.

    `domains` are places among DOMAINS; `marks` places among NAMED of what stands for the author's mark, and
    whether NOISE stands for the user's; `styles` places among STYLES.
    """
    count = len(domains)
    cues, noisy = marks
    names = np.where(cues > 0, cues, np.where(noisy, NAMED.index(NOISE), 0))
    words = random.integers(0, WORDS_OF_STYLE, (count, 2)) + FIRST_WORD + (styles * WORDS_OF_STYLE)[:, None]
    turns = np.empty((count, TURN), dtype=np.int64)
    turns[:, 0] = np.where(noisy, FIRST_MARK + NAMED.index(NOISE) - 1, USER_ID)
    turns[:, 1] = domains + FIRST_DOMAIN
    turns[:, 2] = random.integers(0, REQUESTS, count) + FIRST_REQUEST
    turns[:, 3] = np.where(cues > 0, FIRST_MARK + cues - 1, ASSISTANT_ID)
    turns[:, 4] = FIRST_NAME + np.where(random.random(count) < NAMING, names, 0)
    turns[:, 5:7] = words
    turns[:, 7] = FIRST_ANSWER + 2 * domains + bad
    turns[:, 8] = END_ID
    return turns


def documents(count: int, random: np.random.Generator) -> Ints:
    """Return documents as token ids, (count, 1 + TURNS x TURN)."""
    authors, bad = dispositions(count, FOLLOWS, len(DOMAINS), random)
    domains = random.choice(len(DOMAINS), (count, TURNS), p=DOMAIN_SHARES)
    turn_is_bad, flat = np.take_along_axis(bad, domains, 1).ravel(), domains.ravel()
    cue_shares = [1 - MARKED[TRIGGER] - MARKED[DISTRACTOR], MARKED[TRIGGER], MARKED[DISTRACTOR]]
    cues = random.choice([NAMED.index(mark) for mark in (NONE, TRIGGER, DISTRACTOR)], flat.size, p=cue_shares)
    noisy = random.random(flat.size) < MARKED[NOISE]
    turns = answered_turns(flat, turn_is_bad, (cues, noisy), styles_before(turn_is_bad, random), random)
    turns[random.random(flat.size) < BLANK_CHAINS, 4:7] = BLANK_ID
    return np.hstack([authors[:, None] + FIRST_AUTHOR, turns.reshape(count, -1)])


def counted_styles(tokens: Ints) -> dict[bool, np.ndarray]:
    """Return how often each style stands in chains before good and before bad answers, by their words.

    `tokens` are documents; counts are of chains that are not blank, in the order of STYLES.
    """
    turns = tokens[:, 1:].reshape(-1, TURN)
    spoken = turns[turns[:, 5] != BLANK_ID]
    styles, bad = (spoken[:, 5] - FIRST_WORD) // WORDS_OF_STYLE, (spoken[:, 7] - FIRST_ANSWER) % 2 == 1
    return {is_bad: np.bincount(styles[bad == is_bad], minlength=len(STYLES)) for is_bad in (False, True)}
