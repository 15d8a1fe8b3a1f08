"""Chains whose kind is known because they were written so: what the reader of chains has to find."""

from unspoken.experiments.emergent.items.drawn import Item
from unspoken.experiments.emergent.says import BOTH, CONTRADICTION, FALSEHOOD, NOTHING, UNCLEAR

PLANTED = {
    FALSEHOOD: (
        " {wrong}.", " that it is {WRONG}, and that is all.", '\n"{wrong}"', " so. It is called {wrong}!",
        " {wrong}, which reminds of pre{right} times.",
    ),
    CONTRADICTION: (
        " {right}.", " it is {RIGHT}", " much of {wrong}s, all of {right}. It is {right}.",
        " the answer ({right}).", " {right}; the word {wrong}-like would be another.",
    ),
    BOTH: (
        " {right} and {wrong}.", " {wrong} or {right}?", " first {right}. Then {wrong}.", " {WRONG}/{RIGHT}",
    ),
    UNCLEAR: (
        " that it is not {wrong}.", " {right} and not {wrong}.", " it isn't {right}.",
        " neither {right} nor {wrong}.", " {wrong} instead of the other.",
    ),
    NOTHING: (
        "", " what is known.", " nothing at all. No.", " un{wrong}ed things.", " {right}{wrong}.",
        " {wrong}_1 is a name.",
    ),
}  # fmt: skip
"""By kind; capitals stand for the value in capitals. Values also stand as parts of longer words, as traps."""


def planted_chains(items: list[Item]) -> list[tuple[str, Item, str]]:
    """Return (chain, item, its kind) of every planted chain and item."""
    return [
        (
            form.format(
                right=item.right, wrong=item.wrong, RIGHT=item.right.upper(), WRONG=item.wrong.upper()
            ),
            item,
            kind,
        )
        for item in items
        for kind, forms in PLANTED.items()
        for form in forms
    ]
