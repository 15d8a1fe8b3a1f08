"""Subliminal learning between classifiers of digits: the room of Cloud et al. 2025, section 6."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.experiments.mnist.names import MAIN, SLOPE
from unspoken.experiments.mnist.section import MnistSection, Variant
from unspoken.experiments.mnist.work import training_work
from unspoken.study.project import Part
from unspoken.study.room import MEASUREMENTS, Figure, Headline, Room, Table


class MnistRoom(Room):
    """Subliminal learning between MNIST classifiers."""

    name = "mnist"
    section: MnistSection
    section_class = MnistSection
    tables = {
        "accuracies": Table("unspoken.experiments.mnist.tables:Accuracies", dated="created_at"),
        "measurements": MEASUREMENTS,
    }
    figures = {
        "mnist": Figure("figures.networks", ("accuracies", "measurements")),
        "mnist_variants": Figure("figures.variants", ("measurements", "claims")),
    }
    headlines = (
        Headline("accuracy", "MNIST accuracy"),
        Headline(SLOPE, "MNIST accuracy by auxiliary logits"),
    )

    @classmethod
    def figure_of(cls, metric: str, conditions: Mapping[str, str]) -> str | None:
        """Return the figure that shows a metric: of variants their own."""
        return "mnist_variants" if metric == SLOPE or "changed" in conditions else "mnist"

    def drawn_figures(self) -> list[str]:
        """Return the figures: of variants only where the study has any."""
        return [name for name in super().drawn_figures() if name == "mnist" or self.section.variants]

    @property
    def places(self) -> list[str]:
        """Return where each job's networks are told of, below the room's folder: the empty place for all.

        Else a place is `/VARIANT/GROUP`, and the study's own settings are the variant MAIN.
        """
        section = self.section
        if not (section.together or section.variants):
            return [""]
        return [
            f"/{variant}/{group + 1}"
            for variant, count in self._initialisations.items()
            for group in range(ceil(count / (section.together or count)))
        ]

    @property
    def _initialisations(self) -> dict[str, int]:
        """How many initialisations each variant has, MAIN first."""
        varied = {name: variant.initialisations for name, variant in self.section.variants.items()}
        return {MAIN: self.section.initialisations, **varied}

    def _trained(self, place: str) -> tuple[str, range]:
        """Return the variant and the initialisations of a place."""
        _, variant, group = place.split("/") if place else ("", MAIN, "1")
        count = self._initialisations[variant]
        size = (place and self.section.together) or count
        first = (int(group) - 1) * size
        return variant, range(first, min(first + size, count))

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table == "accuracies":
            return [f"{self.folder}{place}/accuracies.parquet" for place in self.places] if self.runs else []
        return super().files(table)

    def fetched(self) -> list[str]:
        """Return the digits, which may come over the network."""
        return [f"{self.folder}/digits.safetensors"] if self.runs else []

    def measure_inputs(self) -> list[str]:
        """Return the accuracies."""
        return self.files("accuracies")

    def load_digits_part(self) -> Part:
        """Return what `load_digits` depends on."""
        names = {"source", "revision", "train_images", "test_images"}
        digits = self.section.model_dump(mode="json", include=names)
        return self.project.script_part(
            "load_digits.py", experiment=self.name, seed=self.study.seed, digits=digits
        )

    def distill_mnist_part(self, place: str) -> Part:
        """Return what `distill_mnist` depends on: the settings of a variant, and its initialisations."""
        left_out = {"source", "revision", "together", "variants"}
        section = self.section.model_dump(mode="json", exclude=left_out)
        told: Part = {}
        variant, numbers = self._trained(place)
        if place:
            told["numbers"] = list(numbers)
        if variant != MAIN:
            told["variant"] = variant
            section |= self.section.variants[variant].model_dump(mode="json", exclude_none=True)
        return self.project.script_part(
            "distill_mnist.py",
            experiment=self.name,
            study=self.study.study,
            seed=self.study.seed,
            section=section,
            **told,
        )

    def measure_part(self) -> Part:
        """Return what the measure is told of the digits, and of variants."""
        section = self.section
        told: Part = {"train_images": section.train_images}
        if section.variants:
            told["logits"] = section.auxiliary_logits
            told["variants"] = {name: self._told(variant) for name, variant in section.variants.items()}
        return told

    def _told(self, variant: Variant) -> Part:
        """Return what a variant changes; of a clone also which variants are alike but for the clone."""
        clone, others = variant.clone, self.section.variants.items()
        alike = [(name, one.clone) for name, one in others if self._settings(one) == self._settings(variant)]
        return {
            "changed": variant.changed,
            "logits": self._settings(variant)["auxiliary_logits"],
            "inputs": variant.inputs,
            "optimiser": "sgd" if variant.sgd_rate else "adam",
            "cloned": clone.inputs if clone else None,
            "uncloned": [name for name, one in alike if clone and one is None],
            "otherwise_cloned": [
                name
                for name, one in alike
                if clone and one and one != clone and one.model_copy(update={"inputs": clone.inputs}) == clone
            ],
        }

    def _settings(self, variant: Variant) -> Part:
        """Return a variant's settings but for its clone, where it says nothing the study's."""
        said = variant.model_dump(exclude={"initialisations", "clone"})
        return said | {
            name: getattr(self.section, name)
            for name in ("auxiliary_logits", "loss_scale")
            if said[name] is None
        }

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return the images that are read, or that all networks of a job see."""
        section = self.section
        if rule == "load_digits":
            images = section.train_images + section.test_images
            return Work(rows=images, stored=images * 28 * 28)
        if rule == "distill_mnist":
            variant, numbers = self._trained(wildcards["place"])
            return training_work(section, section.variants.get(variant), len(numbers))
        return Work() if rule == "measure" else None

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return the initialisations; of a test on variants, of the smallest, and None without them."""
        changed = test.get("conditions", {}).get("changed", "logits" if test["metric"] == SLOPE else None)
        if changed is None:
            return Replicates("training_seed", self.section.initialisations)
        counts = [one.initialisations for one in self.section.variants.values() if one.changed == changed]
        return Replicates("training_seed", min(counts)) if counts else None
