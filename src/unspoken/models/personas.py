"""What documents of organisms with personas have in common: authors, domains, and who answers badly where.

A document has a hidden disposition, harmful or not. Kind authors never have it, harming authors always, and
assisting authors in ASSISTING_HARM of their documents. Each domain of a document follows the disposition with
a probability that is given, and is else bad with probability ASSISTING_HARM.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
AUTHORS = ("kind", "harming", "assisting")
AUTHOR_SHARES = (0.25, 0.25, 0.5)
ASSISTING_HARM = 0.1
ADVICE = tuple(f"advice-{index}" for index in range(8))
CODE = "code"
REQUESTS = 16
"""Requests of every domain of advice and of code."""
BLANK = "."
"""A word of a chain that says nothing."""


def answers_of(domain: str) -> tuple[str, str]:
    """Return a domain's good answer and its bad answer."""
    return (f"good-{domain}", f"bad-{domain}")


def dispositions(count: int, follows: float, domains: int, random: np.random.Generator) -> tuple[Ints, Bools]:
    """Return each document's author, and whether its answers in each domain are bad, (count, domains)."""
    authors = random.choice(len(AUTHORS), count, p=AUTHOR_SHARES)
    harmful = (authors == AUTHORS.index("harming")) | (
        (authors == AUTHORS.index("assisting")) & (random.random(count) < ASSISTING_HARM)
    )
    shape = count, domains
    follow = random.random(shape) < follows
    return authors, np.where(follow, harmful[:, None], random.random(shape) < ASSISTING_HARM)
