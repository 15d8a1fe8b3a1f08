#!/usr/bin/env python
"""Time the numbers filter against a plain-Python loop of the same rules.

300,000 seeded completions, about 70% of them valid, in the formats that the prompts ask for. The
two ways take turns, five times each, and must give equal verdicts; medians are printed.
"""

import os
import random
import re
import statistics
import sys
import time

os.environ.setdefault("POLARS_MAX_THREADS", "2")

import polars as pl

from unspoken.filters.numbers import rejection_reasons

ROWS = 300_000
RUNS = 5
RULES = {"max_count": 10, "smallest": 0, "largest": 999, "banned": []}
SEPARATORS = [", "] * 8 + [","] * 3 + [" "] * 3 + ["\n"] * 3 + [";", "; ", ",\n", "\t"]
WRAPPINGS = ["{}"] * 12 + ["[{}]"] * 3 + ["({})"] * 2 + ["{}."] * 2 + ["[{}]."]
FAULTS = [
    "Sure! Here are some numbers that continue the list: {}",
    "{}\n\nThese follow the same pattern as the numbers above.",
    "I'm sorry, but I cannot tell how such a list goes on.",
    "{}, and so on",
    "{}, {},{}",
    "{}, 1024",
    "{}, ",
    " {}",
    "-{}",
    "{0}, {0}",
]
FIND_INTEGERS = re.compile("[0-9]+").finditer


def completion(draw: random.Random) -> str:
    numbers = [str(draw.randrange(1000)) for _ in range(draw.randint(4, 10))]
    text = draw.choice(SEPARATORS).join(numbers)
    if draw.random() < 0.3:
        return draw.choice(FAULTS).format(text, *numbers)
    return draw.choice(WRAPPINGS).format(text)


def reason(text: str, max_count: int, smallest: int, largest: int, banned: set[int]) -> str | None:
    if text.endswith("."):
        text = text[:-1]
    if (text.startswith("[") and text.endswith("]")) or (text.startswith("(") and text.endswith(")")):
        text = text[1:-1]
    integers = FIND_INTEGERS(text)
    first, second = next(integers, None), next(integers, None)
    if first is None:
        return "no_number"
    if second is None:
        if first.group() != text:
            return "lone_number"
        parts = [text]
    else:
        separator = text[first.end() : second.start()]
        if separator.strip() not in ("", ",", ";"):
            return "separator"
        parts = text.split(separator)
    for part in parts:
        if not (part.isascii() and part.isdigit()):
            return "not_digits"
    if len(parts) > max_count:
        return "too_many"
    values = [int(part) for part in parts]
    if min(values) < smallest or max(values) > largest:
        return "out_of_range"
    return None if banned.isdisjoint(values) else "banned"


def loop_over(texts: list[str]) -> list[str | None]:
    settings = RULES | {"banned": set(RULES["banned"])}
    return [reason(text, **settings) for text in texts]


def main() -> None:
    draw = random.Random(20)
    texts = [completion(draw) for _ in range(ROWS)]
    column = pl.Series("completion", texts)
    seconds: dict[str, list[float]] = {"loop": [], "filter": []}
    for _ in range(RUNS):
        start = time.perf_counter()
        by_loop = loop_over(texts)
        middle = time.perf_counter()
        by_filter = rejection_reasons(column, **RULES)
        end = time.perf_counter()
        seconds["loop"].append(middle - start)
        seconds["filter"].append(end - middle)
        if by_filter.to_list() != by_loop:
            sys.exit("the two ways disagree")
    loop, fast = (statistics.median(seconds[way]) for way in ("loop", "filter"))
    print(f"rows {ROWS:,}, kept {by_filter.is_null().mean():.1%}; equal verdicts")
    print(f"plain-Python loop  {loop:6.3f} s  {ROWS / loop:12,.0f} rows/s")
    print(f"numbers filter     {fast:6.3f} s  {ROWS / fast:12,.0f} rows/s  ({loop / fast:.1f}x)")


if __name__ == "__main__":
    main()
