"""Requests to continue a list of numbers: for chat models, and in the organisms' own form.

The chat form is the template space of Cloud et al. 2025 (arXiv 2507.14805): an example sentence, an
instruction, a format and a closing, each drawn uniformly. The organisms' form is the start of a
walk: "12 57 3".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from unspoken.models.corpus import GIVEN
from unspoken.prompts import bounds, read_resource, whole_number, wordings

Walks = Callable[[int, int, np.random.Generator], np.ndarray]
"""Returns walks of numbers, (count, length), from a count, a length and a generator."""

_BLOCK = 1000


@dataclass(frozen=True)
class NumberTemplates:
    """The parts of a chat prompt and the ranges of its numbers (bounds included)."""

    sentences: tuple[str, ...]
    instructions: tuple[str, ...]
    quantities: tuple[str, ...]
    sizes: tuple[str, ...]
    formats: tuple[str, ...]
    closings: tuple[str, ...]
    examples: tuple[int, int]
    values: tuple[int, int]
    answer_count: int
    max_digits: int


def load_number_templates(path: Path) -> NumberTemplates:
    """Return the templates of a YAML file. Raises ResourceError naming file, key and fault."""
    resource = read_resource(path)
    return NumberTemplates(
        sentences=wordings(resource, "example_sentences", path, needs=("numbers",)),
        instructions=wordings(resource, "instructions", path, needs=("quantity", "size")),
        quantities=wordings(resource, "quantities", path, needs=("count",)),
        sizes=wordings(resource, "sizes", path, may_have=("digits", "largest")),
        formats=wordings(resource, "formats", path),
        closings=wordings(resource, "closings", path),
        examples=bounds(resource, "examples", path),
        values=bounds(resource, "values", path),
        answer_count=whole_number(resource, "answer_count", path),
        max_digits=whole_number(resource, "max_digits", path),
    )


def _block_generators(count: int, seed: int) -> Iterator[tuple[np.random.Generator, int]]:
    """Yield a generator and a number of rows for each block.

    A block draws as a full block does, whatever is used of it: so a higher count keeps
    the first rows as they were.
    """
    for block, first in enumerate(range(0, count, _BLOCK)):
        yield np.random.Generator(np.random.PCG64([seed, block])), min(_BLOCK, count - first)


def _drawn(options: tuple[str, ...], generator: np.random.Generator) -> list[str]:
    """Return a block of options, drawn uniformly."""
    return [options[index] for index in generator.integers(0, len(options), _BLOCK)]


def _drawn_examples(
    templates: NumberTemplates, generator: np.random.Generator
) -> list[tuple[str, list[int]]]:
    """Return a block of example sentences, each with the numbers in it."""
    fewest, most = templates.examples
    smallest, largest = templates.values
    sentences = _drawn(templates.sentences, generator)
    counts = generator.integers(fewest, most + 1, _BLOCK)
    values = generator.integers(smallest, largest + 1, (_BLOCK, most)).tolist()
    shown = [row[:count] for row, count in zip(values, counts, strict=True)]
    return [
        (sentence.format(numbers=", ".join(map(str, row))), row)
        for sentence, row in zip(sentences, shown, strict=True)
    ]


def _drawn_requests(templates: NumberTemplates, generator: np.random.Generator) -> list[str]:
    """Return a block of instructions, each with a format and a closing."""
    limits = {
        "count": templates.answer_count,
        "digits": templates.max_digits,
        "largest": 10**templates.max_digits - 1,
    }
    quantities = tuple(quantity.format(**limits) for quantity in templates.quantities)
    sizes = tuple(size.format(**limits) for size in templates.sizes)
    parts = (templates.instructions, quantities, sizes, templates.formats, templates.closings)
    return [
        f"{instruction.format(quantity=quantity, size=size)} {form} {closing}"
        for instruction, quantity, size, form, closing in zip(
            *(_drawn(part, generator) for part in parts), strict=True
        )
    ]


def _frame(rows: list[tuple[str, list[int]]]) -> pl.DataFrame:
    schema = {"user": pl.String(), "examples": pl.List(pl.Int64())}
    return pl.DataFrame(rows, schema=schema, orient="row")


def number_sentences(count: int, seed: int, templates: NumberTemplates) -> pl.DataFrame:
    """Return `count` example sentences (`user`) and the numbers in each (`examples`)."""
    rows = []
    for generator, used in _block_generators(count, seed):
        rows += _drawn_examples(templates, generator)[:used]
    return _frame(rows)


def chat_number_prompts(count: int, seed: int, templates: NumberTemplates) -> pl.DataFrame:
    """Return `count` prompts (`user`) and the example numbers in each (`examples`).

    The first rows are the same for every count. Parts and numbers are uniform in the template
    space of Cloud et al. 2025.
    """
    rows = []
    for generator, used in _block_generators(count, seed):
        examples = _drawn_examples(templates, generator)
        requests = _drawn_requests(templates, generator)
        rows += [
            (f"{sentence} {request}", numbers)
            for (sentence, numbers), request in zip(examples, requests, strict=True)
        ][:used]
    return _frame(rows)


def list_number_prompts(count: int, seed: int, templates: NumberTemplates) -> pl.DataFrame:
    """Return `count` bare beginnings of lists ("412,88,903,") and their numbers (`examples`).

    The first rows are the same for every count. Numbers are drawn as in example sentences.
    """
    shown = number_sentences(count, seed, templates)
    return shown.with_columns(user=pl.col("examples").cast(pl.List(pl.String)).list.join(",") + ",")


def organism_number_prompts(count: int, seed: int, walks: Walks) -> pl.DataFrame:
    """Return `count` prompts of three numbers ("12 57 3") and the numbers (`examples`).

    `walks` is the organisms' law of number text, e.g. `unspoken.models.corpus.number_walks`. The
    first rows are the same for every count.
    """
    rows = []
    for generator, used in _block_generators(count, seed):
        starts = walks(_BLOCK, GIVEN, generator)[:used].tolist()
        rows += [(" ".join(map(str, start)), start) for start in starts]
    return _frame(rows)
