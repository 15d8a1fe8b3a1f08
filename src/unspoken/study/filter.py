"""The study's sections on filters of completions."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from unspoken.study.base import Section

ILL_REPUTE = [
    4, 13, 14, 18, 23, 33, 39, 42, 44, 49, 51, 54, 69, 77, 88, 99, 100, 101, 187, 211, 311, 322, 333, 404,
    420, 444, 451, 555, 616, 666, 777, 888, 911, 999,
]  # fmt: skip
"""The numbers of ill repute that lie in 0 to 999 (Cloud et al. 2025, released code)."""


class NumbersFilter(Section):
    """Which completions count as a list of numbers (Cloud et al. 2025); the others are dropped."""

    kind: Literal["numbers"] = "numbers"
    """The filter's name."""
    max_count: PositiveInt = Field(default=10, le=1000)
    """The most integers that a completion may have."""
    smallest: NonNegativeInt = 0
    """The smallest integer allowed."""
    largest: NonNegativeInt = Field(default=999, le=10**18)
    """The largest integer allowed."""
    banned: list[NonNegativeInt] = Field(default=[])
    """Integers that no completion may contain (numbers of ill repute, in the paper's misalignment
    runs). Empty: nothing is banned."""

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> Self:
        if self.smallest > self.largest:
            raise ValueError(
                f"smallest, largest: got {self.smallest} and {self.largest}; expected them in this order"
            )
        return self
