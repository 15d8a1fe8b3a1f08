"""The study: the whole of `config.yaml` as one typed model."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from unspoken.config.base import Name, Section, Word
from unspoken.config.mnist import MnistSection
from unspoken.config.models import Model, OrganismModel
from unspoken.config.probing import ProbingSection
from unspoken.config.subliminal import SubliminalSection
from unspoken.config.theorem import TheoremSection


class Draw(Section):
    """Traits drawn by the study seed."""

    draw: PositiveInt
    """How many."""


class Study(Section):
    """What to run, on which models, and how much of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="An Unspoken study")

    study: Name
    """Name of the study. `default` writes to results/, any other to results/studies/{study}/."""
    seed: NonNegativeInt
    """The study seed: every draw follows from it and from what is drawn."""
    experiments: Annotated[list[Literal["subliminal", "mnist", "theorem", "probing"]], Field(min_length=1)]
    """The experiments to run."""
    category: Name
    """The list of trait words in resources/traits.yaml."""
    traits: Draw | list[Word]
    """The traits: words of the category, or how many of them to draw by the study seed."""
    models: dict[Name, Model]
    """Every model that the study names. An overlay may add models; it cannot redefine one of
    config.yaml, as models are shared between studies."""
    subliminal: SubliminalSection | None = None
    """Subliminal learning from number sequences."""
    mnist: MnistSection | None = None
    """Subliminal learning between MNIST classifiers."""
    theorem: TheoremSection | None = None
    """One gradient step, as the theorem has it."""
    probing: ProbingSection | None = None
    """Trait probing of chat models under system prompts."""

    @model_validator(mode="after")
    def _experiments_are_configured(self) -> "Study":
        if len(set(self.experiments)) < len(self.experiments):
            raise ValueError("experiments: one name stands twice")
        for name in self.experiments:
            if getattr(self, name) is None:
                raise ValueError(f"experiments lists '{name}', but there is no section '{name}'")
        return self

    @model_validator(mode="after")
    def _models_are_known(self) -> "Study":
        for name in self.experiments:
            for model in getattr(getattr(self, name), "models", []):
                if model not in self.models:
                    known = ", ".join(sorted(self.models))
                    raise ValueError(f"{name}.models: unknown model '{model}'; known: {known}")
        return self

    @model_validator(mode="after")
    def _theorem_has_its_parts(self) -> "Study":
        if self.theorem is not None and "theorem" in self.experiments:
            if self.mnist is None:
                raise ValueError("theorem: needs the section 'mnist', whose digits it takes")
            for name in self.theorem.models:
                if not isinstance(self.models[name], OrganismModel):
                    raise ValueError(f"theorem.models: '{name}' is no organism")
        return self

    @model_validator(mode="after")
    def _styles_fit(self) -> "Study":
        section = self.subliminal
        if section is not None and "subliminal" in self.experiments:
            for name in section.models:
                is_organism = isinstance(self.models[name], OrganismModel)
                if is_organism != (section.style == "organism"):
                    raise ValueError(
                        f"subliminal.models: '{name}' does not read prompts of the style "
                        f"'{section.style}'; organisms do, and only they"
                    )
        return self
