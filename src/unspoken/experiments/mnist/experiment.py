"""Subliminal learning between classifiers of digits: the room of Cloud et al. 2025, section 6."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.experiments.mnist.section import MnistSection
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
    figures = {"mnist": Figure("figure", ("accuracies", "measurements"))}
    headlines = (Headline("accuracy", "MNIST accuracy"),)

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table == "accuracies":
            return [f"{self.folder}/accuracies.parquet"] if self.runs else []
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

    def distill_mnist_part(self) -> Part:
        """Return what `distill_mnist` depends on."""
        return self.project.script_part(
            "distill_mnist.py",
            experiment=self.name,
            study=self.study.study,
            seed=self.study.seed,
            section=self.section.model_dump(mode="json", exclude={"source", "revision"}),
        )

    def measure_part(self) -> Part:
        """Return what the measure is told of the digits."""
        return {"train_images": self.section.train_images}

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return the images that are read, or that all networks see."""
        section = self.section
        if rule == "load_digits":
            images = section.train_images + section.test_images
            return Work(rows=images, stored=images * 28 * 28)
        if rule == "distill_mnist":  # students of both logits, of the own and another initialisation
            taught = section.train_images * section.teacher_epochs
            halves = 2 if section.noise == "mirrored" else 1
            learnt = 4 * section.noise_images * section.student_epochs / halves
            return Work(images=section.initialisations * (taught + learnt))
        return Work() if rule == "measure" else None

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates:
        """Return the initialisations."""
        return Replicates("training_seed", self.section.initialisations)
