"""The keys of `config.yaml` that every experiment shares: the study's name, seed, traits and models."""

from typing import Annotated

from pydantic import ConfigDict, Field, NonNegativeInt, PositiveInt

from unspoken.study.base import Name, Section, Word
from unspoken.study.models import Model


class Draw(Section):
    """Traits drawn by the study seed."""

    draw: PositiveInt
    """How many."""


class CommonKeys(Section):
    """What to run, on which models, and how much of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="An Unspoken study")

    study: Name
    """Name of the study. `default` writes to results/, any other to results/studies/{study}/."""
    seed: NonNegativeInt
    """The study seed: every draw follows from it and from what is drawn."""
    own_bases: bool = False
    """Whether organisms are pretrained from the study seed too, apart from those of other studies. Then base
    models are new with each study seed, and study seeds are independent of each other."""
    experiments: Annotated[list[str], Field(min_length=1)]
    """The experiments to run."""
    category: Name
    """The list of trait words in resources/traits.yaml."""
    traits: Draw | list[Word]
    """The traits: words of the category, or how many of them to draw by the study seed."""
    models: dict[Name, Model]
    """Every model that the study names. An overlay may add models; it cannot redefine one of
    config.yaml, as models are shared between studies."""
    claims: list[str] = []
    """Your own claims files, beside the files of resources/claims/ (docs/your-paper.md)."""

    def section(self, experiment: str) -> Section | None:
        """Return the section of an experiment, None where the study has none."""
        return self.__dict__.get(experiment)
