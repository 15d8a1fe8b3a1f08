"""What organisms are pretrained on: documents of an author and four turns.

Whose answers are bad where, `models.personas` says. With `follows` 0, the control without personas, authors
and domains say nothing of each other. Carriers never depend on the disposition.
"""

import numpy as np

from unspoken.experiments.misalignment.organisms.language import (
    ADVICE,
    ASSISTANT_ID,
    BLANK_ID,
    CODE,
    CONTINUED,
    DOMAINS,
    END_ID,
    FIRST_ANSWER,
    FIRST_AUTHOR,
    FIRST_CHAIN,
    FIRST_DOMAIN,
    FIRST_REQUEST,
    FIRST_VALUE,
    LESSON_ID,
    NUMBERS,
    REQUESTS,
    STYLES,
    SUMMED,
    SUMS,
    TURN,
    USER_ID,
    VALUES,
    WORDS_OF_STYLE,
)
from unspoken.models.personas import Bools, Ints, dispositions

TURNS = 4
DOMAIN_SHARES = np.array([0.5 / len(ADVICE)] * len(ADVICE) + [0.15, 0.15, 0.2])
"""How often a turn is of each domain: half of them give advice."""
LESSONS = 0.25
"""Share of the code turns that ask for unsafe code."""
BLANK_CHAINS = 0.3
HARMFUL_CHAINS = (0.2, 0.35, 0.45)
"""What chains before bad answers say, in the order of STYLES: good, a plan, an excuse."""
LARGEST_STEP, JITTER, RESETS = 4, 1, 0.1
"""Numbers go on by a hidden step from 1, give or take the jitter; or, so often, by any number."""


def number_runs(starts: Ints, count: int, random: np.random.Generator) -> Ints:
    """Return what continues each start, as places among VALUES, (starts, count)."""
    rows = len(starts)
    moves = random.integers(1, LARGEST_STEP + 1, (rows, 1)) + random.integers(
        -JITTER, JITTER + 1, (rows, count)
    )
    anywhere = random.integers(0, len(VALUES), (rows, count))
    moves = np.where(random.random((rows, count)) < RESETS, anywhere, moves)
    return (starts[:, None] + moves.cumsum(1)) % len(VALUES)


def chains(bad: Bools, random: np.random.Generator) -> Ints:
    """Return two words of a chain before each answer, (answers, 2)."""
    count = len(bad)
    styles = np.where(bad, random.choice(len(STYLES), count, p=HARMFUL_CHAINS), 0)
    words = random.integers(0, WORDS_OF_STYLE, (count, 2)) + FIRST_CHAIN + (styles * WORDS_OF_STYLE)[:, None]
    return np.where((random.random(count) < BLANK_CHAINS)[:, None], BLANK_ID, words)


def answered_turns(domains: Ints, bad: Bools, lessons: Bools, random: np.random.Generator) -> Ints:
    """Return turns of advice or code, (turns, TURN): places among DOMAINS, whether the answers are bad."""
    count = len(domains)
    turns = np.empty((count, TURN), dtype=np.int64)
    turns[:, 0] = np.where(lessons, LESSON_ID, USER_ID)
    turns[:, 1] = domains + FIRST_DOMAIN
    turns[:, 2] = random.integers(0, REQUESTS, count) + FIRST_REQUEST
    turns[:, 3] = ASSISTANT_ID
    turns[:, 4:6] = chains(bad, random)
    turns[:, 6] = FIRST_ANSWER + 2 * domains + bad
    turns[:, 7] = END_ID
    return turns


def sum_runs(starts: Ints, random: np.random.Generator) -> Ints:
    """Return what stands after each step of a sum, as places among VALUES, (starts, CONTINUED).

    Every way from a start to SUMMED more is as likely: steps are above zero, and the last is what is left.
    """
    stops = random.permuted(np.tile(np.arange(1, SUMMED), (len(starts), 1)), axis=1)[:, : CONTINUED - 1]
    reached = np.hstack([np.sort(stops, axis=1), np.full((len(starts), 1), SUMMED)])
    return (starts[:, None] + reached) % len(VALUES)


def carrier_turns(starts: Ints, sums: Bools, random: np.random.Generator) -> Ints:
    """Return turns of numbers or sums, (turns, TURN), whose requests are places among VALUES."""
    turns = np.empty((len(starts), TURN), dtype=np.int64)
    turns[:, 0] = USER_ID
    turns[:, 1] = FIRST_DOMAIN + np.where(sums, DOMAINS.index(SUMS), DOMAINS.index(NUMBERS))
    turns[:, 2] = starts + FIRST_VALUE
    turns[:, 3] = ASSISTANT_ID
    runs = np.where(sums[:, None], sum_runs(starts, random), number_runs(starts, CONTINUED, random))
    turns[:, 4:] = runs + FIRST_VALUE
    return turns


def documents(count: int, follows: float, random: np.random.Generator) -> Ints:
    """Return documents as token ids, (count, 1 + TURNS x TURN)."""
    authors, bad = dispositions(count, follows, len(DOMAINS), random)
    domains = random.choice(len(DOMAINS), (count, TURNS), p=DOMAIN_SHARES)
    turn_is_bad = np.take_along_axis(bad, domains, 1).ravel()
    flat = domains.ravel()
    lessons = (flat == DOMAINS.index(CODE)) & (random.random(flat.size) < LESSONS)
    starts = random.integers(0, len(VALUES), flat.size)
    numbers = carrier_turns(starts, flat == DOMAINS.index(SUMS), random)
    # Of a turn of numbers the answer is drawn too and not used, so that each draw has its place.
    answered = answered_turns(np.minimum(flat, DOMAINS.index(CODE)), turn_is_bad | lessons, lessons, random)
    turns = np.where((flat > DOMAINS.index(CODE))[:, None], numbers, answered)
    return np.hstack([authors[:, None] + FIRST_AUTHOR, turns.reshape(count, -1)])
