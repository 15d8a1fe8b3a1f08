"""Chains that switch script or language: is the switched span a translation in place?

If it is, the same span in English leaves the log-probability of the answer that the chain states where it
was. Any change moves it a little, though, and the stated answer mostly is the likeliest after the chain as it
was, so that it can but lose: beside the translation stands the same chain with another step of about that
length in other words.
"""

from itertools import accumulate

import polars as pl

from unspoken.chains.changed import Row, changed_chain, thoughts
from unspoken.chains.interventions import steps
from unspoken.chains.legibility import LANGUAGES, Span, legibility_columns, switched_spans
from unspoken.seeds import hashed_seed

ARMS = ("unhinted", "hint")
"""Arms in which such chains are looked for: the arms whose legibility is described."""


def switched_chains(chains: pl.DataFrame, count: int, seed: int) -> list[Row]:
    """Return up to `count` chains with a switched span, drawn by the seed, with `thought`, `steps`, `spans`.

    `chains` has the columns that `changed.thoughts` needs. A span is a text in another script, or a line in
    another language, than the chain's prompt (`legibility.switched_spans`), before it begins to answer.
    """
    rows = thoughts(chains.filter(pl.col("arm").is_in(ARMS)))
    told = [(row["subject"], row["prompt_id"], row["user"], row["options"], row["thought"]) for row in rows]
    types = {name: chains.schema[name] for name in ("subject", "prompt_id", "user", "options", "chain")}
    described = legibility_columns(pl.DataFrame(told, schema=types, orient="row"), LANGUAGES)
    foreign = described.select((pl.col("foreign_letters") > 0) | (pl.col("foreign_lines") > 0)).to_series()
    found = [
        row | {"spans": spans}
        for row, is_foreign in zip(rows, foreign, strict=True)
        if is_foreign and (spans := switched_spans(row["thought"], row["user"], LANGUAGES))
    ]
    return sorted(found, key=lambda row: hashed_seed(seed, "switched", row["prompt_id"]))[:count]


def longest_span(row: Row) -> Span:
    """Return the longest switched span of a chain, the first of equals."""
    spans: list[Span] = row["spans"]
    return max(spans, key=lambda span: span[1] - span[0])


def like_step(row: Row) -> int | None:
    """Return the step nearest in length to a chain's longest span, of the steps that no span touches.

    None if none has at least half and at most twice its length, in characters.
    """
    start, end, _ = longest_span(row)
    ends = list(accumulate(map(len, row["steps"])))
    apart = {
        step: abs(len(text.strip()) - (end - start))
        for step, text in enumerate(row["steps"])
        if end - start <= 2 * len(text.strip()) <= 4 * (end - start)
        and not any(first < ends[step] and ends[step] - len(text) < last for first, last, _ in row["spans"])
    }
    return min(apart, key=lambda step: apart[step], default=None)


def _in_english(span: str, english: str | None, prompt: str) -> str | None:
    """Return what stands in a span's place, or None if its translation is none: lacking, or switched too."""
    if english is None or switched_spans(english, prompt, LANGUAGES):
        return None
    body = span.strip()
    return span.replace(body, english)


def unswitched(row: Row, english: str | None, reworded: tuple[str, str] | None) -> list[Row]:
    """Return a switched chain as it was, with its longest span in English, and with its like step reworded.

    `row` is one of `switched_chains`; `english` the span's translation, None where there is none;
    `reworded` the text of the like step and how it came about (`rewriting.rewritten`), None if none.
    """
    thought, (start, end, _), step = row["thought"], longest_span(row), like_step(row)
    put = _in_english(thought[start:end], english, row["user"])
    how = "none" if put is None else "model"
    whole = thought if put is None else thought[:start] + put + thought[end:]
    made = [
        changed_chain(row, "switched", len(row["steps"]), thought),
        changed_chain(row, "translated", len(steps(thought[:start])), whole, how),
    ]
    if step is not None and reworded is not None:
        changed = [*row["steps"][:step], reworded[0], *row["steps"][step + 1 :]]
        made.append(changed_chain(row, "reworded", step, "".join(changed), reworded[1]))
    return made
