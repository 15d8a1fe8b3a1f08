"""What jobs of the room have to do, counted before they run."""

from collections.abc import Sequence
from itertools import pairwise

from unspoken.cost.work import Work
from unspoken.experiments.mnist.section import MnistSection, Variant

OUTPUTS, PIXELS = 10, 784
PUBLISHED = (PIXELS, 256, 256, 13)


def _products(sizes: Sequence[int], drawn: float = 1.0) -> float:
    """Return the products of a training step on one image; `drawn`: the share of images that are drawn.

    A layer's are its outputs, the slopes of its weights and, but for the first, the slopes below it. In the
    first layer an image and its negative share theirs.
    """
    first, *later = (units * below for below, units in pairwise(sizes))
    return 2 * drawn * first + 3 * sum(later)


def training_work(section: MnistSection, variant: Variant | None, count: int) -> Work:
    """Return what `count` initialisations learn, in images of a network of the published size.

    A network's images weigh by the products that a step on them takes. Rows are the noise images that are
    held in memory.
    """
    logits = (variant and variant.auxiliary_logits) or section.auxiliary_logits
    clone = variant.clone if variant else None

    def seen(inputs: str, hidden: Sequence[int], epochs: int, networks: int) -> float:
        halved = inputs == "noise" and section.noise == "mirrored"
        images = section.noise_images if inputs == "noise" else section.train_images
        products = _products([PIXELS, *hidden, OUTPUTS + logits], 0.5 if halved else 1)
        return networks * epochs * images * products / _products(PUBLISHED)

    hidden = clone.hidden if clone else section.hidden
    inputs = variant.inputs if variant else "noise"
    images = seen("digits", section.hidden, section.teacher_epochs, 1)
    images += seen(inputs, hidden, section.student_epochs, 2 if variant else 4)
    images += seen(clone.inputs, hidden, clone.epochs, 1) if clone else 0
    held = section.noise_images / (2 if section.noise == "mirrored" else 1)
    return Work(images=count * images, rows=count * held)
