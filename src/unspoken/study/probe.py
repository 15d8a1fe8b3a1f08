"""How a trait is read from a subject: one section, for every experiment that probes."""

from typing import Annotated

from pydantic import NonNegativeInt, PositiveInt, StringConstraints

from unspoken.study.base import Section

ChoiceFormat = Annotated[str, StringConstraints(pattern=r"^[^{}]*\{word\}[^{}]*$")]


class Probe(Section):
    """How a trait is read."""

    samples: PositiveInt
    """Sampled answers to each question."""
    samples_after_numbers: NonNegativeInt
    """Sampled answers to each question that follows example numbers; 0 leaves the variant out."""
    max_tokens: PositiveInt
    """Longest sampled answer, in tokens."""
    answer_prefix: str = ""
    """The beginning of the assistant's turn for exact choice probabilities."""
    choice_format: ChoiceFormat = "{word}"
    """How a trait word is written as a choice, such as " {word}"."""
    carrier_rows: NonNegativeInt = 64
    """Rows of each data set on which the trait words' probability at carrier positions is read."""
    shuffled_orders: NonNegativeInt = 0
    """Random orders in which chat models choose among lettered options: the traits and up to four other
    words. Rounded up, so that each option stands equally often, and twice or more, at every letter; 0
    leaves the form out. Organisms read no options."""
    threads: PositiveInt = 1
    """Cores of one job of probing."""
