"""The study: the whole of `config.yaml` as one typed model."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from unspoken.experiments.faithfulness.section import FaithfulnessSection
from unspoken.experiments.loops.section import LoopsSection
from unspoken.experiments.mnist.section import MnistSection
from unspoken.experiments.probing.section import ProbingSection
from unspoken.experiments.subliminal.section import SubliminalSection
from unspoken.experiments.theorem.section import TheoremSection
from unspoken.study.base import Name, Section, Word
from unspoken.study.models import Model, OrganismModel

Experiment = Literal["subliminal", "mnist", "theorem", "probing", "faithfulness", "loops"]


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
    experiments: Annotated[list[Experiment], Field(min_length=1)]
    """The experiments to run."""
    category: Name
    """The list of trait words in resources/traits.yaml."""
    traits: Draw | list[Word]
    """The traits: words of the category, or how many of them to draw by the study seed."""
    models: dict[Name, Model]
    """Every model that the study names. An overlay may add models; it cannot redefine one of
    config.yaml, as models are shared between studies."""
    claims: list[str] = []
    """Your own claims files, beside those of resources/claims/ (docs/your-paper.md)."""
    subliminal: SubliminalSection | None = None
    """Subliminal learning from number sequences."""
    mnist: MnistSection | None = None
    """Subliminal learning between MNIST classifiers."""
    theorem: TheoremSection | None = None
    """One gradient step, as the theorem has it."""
    probing: ProbingSection | None = None
    """Trait probing of chat models under system prompts."""
    faithfulness: FaithfulnessSection | None = None
    """Chain-of-thought faithfulness: hints, causal tests, legibility."""
    loops: LoopsSection | None = None
    """Latent reasoning: a model whose middle layer runs several turns, with and without written steps."""

    @model_validator(mode="before")
    @classmethod
    def _models_are_known(cls, given: Any) -> Any:
        """Before the sections' own checks, which an unknown model would send elsewhere."""
        known = given.get("models")
        for name, section in given.items():
            models = section.get("models") if isinstance(section, dict) and name != "models" else None
            for model in models if isinstance(models, list) and isinstance(known, dict) else []:
                if isinstance(model, str) and model not in known:
                    raise ValueError(
                        f"{name}.models: got {model!r}; expected one of: {', '.join(sorted(known))}"
                    )
        return given

    @model_validator(mode="after")
    def _judge_and_planted_are_known(self) -> "Study":
        section = self.faithfulness
        if section is None:
            return self
        judge = [section.judge.model] if section.judge.model is not None else []
        for key, names in (("planted", section.planted), ("judge.model", judge)):
            for name in names:
                if name not in self.models:
                    known = ", ".join(sorted(self.models))
                    raise ValueError(f"faithfulness.{key}: got {name!r}; expected one of: {known}")
        return self

    @model_validator(mode="after")
    def _experiments_are_configured(self) -> "Study":
        for name in self.experiments:
            if self.experiments.count(name) > 1:
                raise ValueError(f"experiments: got '{name}' twice; expected each once")
            if getattr(self, name) is None:
                raise ValueError(f"experiments: got '{name}'; expected a section '{name}' beside it")
        return self

    @model_validator(mode="after")
    def _theorem_has_its_parts(self) -> "Study":
        if self.theorem is not None and "theorem" in self.experiments:
            if self.mnist is None:
                raise ValueError("mnist: nothing was given; the theorem takes the digits of this section")
            for name in self.theorem.models:
                if not isinstance(self.models[name], OrganismModel):
                    raise ValueError(f"theorem.models: got '{name}'; expected organisms")
        return self

    @model_validator(mode="after")
    def _styles_fit(self) -> "Study":
        section = self.subliminal
        if section is not None and "subliminal" in self.experiments:
            for name in section.models:
                is_organism = isinstance(self.models[name], OrganismModel)
                if is_organism != (section.style == "organism"):
                    raise ValueError(
                        f"subliminal.models, subliminal.style: got '{name}' and the style "
                        f"'{section.style}'; expected 'organism' for organisms, 'chat' for other models"
                    )
        return self
