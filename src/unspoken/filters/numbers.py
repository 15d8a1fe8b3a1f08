"""The numbers filter: which rule, if any, rejects a completion that should be a list of integers.

The rules are by Cloud et al. 2025 (arXiv 2507.14805), as their released code applies them:

1. one trailing "." is dropped, then one pair of [] or () if it is the first and last character;
2. what stands between the first two integers is the separator of the whole text; stripped of
   whitespace it must be "", "," or ";"; a lone integer must be the whole text;
3. the text split at that separator must give digits only, with no empty part;
4. at most `max_count` integers, each within the bounds and none of them banned (087 is 87).

Digits are 0 to 9: digits of other scripts are letters here. Whitespace is what `str.strip` strips.

Every rule is a regular expression on the whole text, which Polars matches in linear time without
making a Python object or a list per row. One expression accepts most good rows at once; only the
rows that it leaves are asked rule by rule.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import polars as pl

_SPACE = r"[\s\x1c-\x1f]"  # Rust's \s lacks the four separators that str.strip strips
_SEPARATOR = rf"(?:{_SPACE}+|{_SPACE}*[,;]{_SPACE}*)"
_COMMON_SEPARATORS = (", ", ",", " ", "; ", ";", "\n", ",\n")
_FAST_PATTERN_BUDGET = 2000  # characters
_ROWS_WORTH_A_THREAD = 10_000


def _same_length_pattern(low: str, high: str) -> str:
    """Return a pattern of the numbers low..high, written with equally many digits."""
    rest = len(low) - 1
    if low == "0" * len(low) and high == "9" * len(high):
        return f"[0-9]{{{len(low)}}}" if low else ""
    if low[0] == high[0]:
        return low[0] + _same_length_pattern(low[1:], high[1:])
    first = low[0] + _same_length_pattern(low[1:], "9" * rest)
    last = high[0] + _same_length_pattern("0" * rest, high[1:])
    options = [first, last]
    if int(high[0]) - int(low[0]) > 1:
        options.append(f"[{int(low[0]) + 1}-{int(high[0]) - 1}][0-9]{{{rest}}}")
    return f"(?:{'|'.join(options)})"


def _range_pattern(smallest: int, largest: int) -> str:
    """Return a pattern of the integers smallest..largest, with any number of leading zeros."""
    lengths = range(len(str(smallest)), len(str(largest)) + 1)
    of_each_length = [
        _same_length_pattern(
            str(max(smallest, 10 ** (length - 1)) if length > 1 else smallest),
            str(min(largest, 10**length - 1)),
        )
        for length in lengths
    ]
    return f"0*(?:{'|'.join(of_each_length)})"


def _wrapped(lists: str) -> str:
    """Return a pattern of whole texts: a list, perhaps in brackets, perhaps with a final "."."""
    return rf"^(?:(?:{lists})|\[(?:{lists})\]|\((?:{lists})\))\.?$"


def _good_pattern(number: str, max_count: int) -> str:
    """Return a pattern that only good texts match: at most `max_count` times `number`.

    Not all good texts do: it names its separators, and long lists of long patterns would make too
    large an automaton. The others get the same verdict, only more slowly.
    """
    more = min(max_count, 1 + _FAST_PATTERN_BUDGET // len(number)) - 1
    return _wrapped("|".join(f"{number}(?:{sep}{number}){{0,{more}}}" for sep in _COMMON_SEPARATORS))


def _have_banned(text: pl.Expr, banned: list[int]) -> pl.Expr:
    """Say whether any integer of a text is banned."""
    if not banned:
        return pl.lit(value=False)
    return text.str.contains(f"(?:^|[^0-9])0*(?:{'|'.join(map(str, banned))})(?:[^0-9]|$)")


def _fault_of_unlisted(text: pl.Expr) -> pl.Expr:
    """Return the rule that rejects a text which is no list even if its separators may differ."""
    separated = text.str.contains(f"^[^0-9]*[0-9]+{_SEPARATOR}[0-9]")
    return (
        pl.when(separated)
        .then(pl.lit("not_digits"))
        .when(text.str.contains("[0-9][^0-9]+[0-9]"))
        .then(pl.lit("separator"))
        .when(text.str.contains("[0-9]"))
        .then(pl.lit("lone_number"))
        .otherwise(pl.lit("no_number"))
    )


def _split_evenly(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose separators are all like the first; the rows are lists otherwise."""
    even = [texts.clear()]
    separator = pl.col("text").str.extract("[0-9]([^0-9]+)[0-9]").fill_null("").str.escape_regex()
    # A regular expression here cannot refer back to what it matched: one for each separator.
    for (first,), rows in texts.group_by(separator):
        even.append(rows.filter(pl.col("text").str.contains(_wrapped(f"[0-9]+(?:{first}[0-9]+)*"))))
    return pl.concat(even)


def _fault_of_list(text: pl.Expr, number: str, max_count: int, banned: list[int]) -> pl.Expr:
    """Return the first rule that rejects a well-made list, or null."""
    return (
        pl.when(text.str.contains(f"^[^0-9]?(?:[0-9]+[^0-9]+){{{max_count}}}[0-9]"))
        .then(pl.lit("too_many"))
        .when(~text.str.contains(_wrapped(f"{number}(?:[^0-9]+{number})*")))
        .then(pl.lit("out_of_range"))
        .when(_have_banned(text, banned))
        .then(pl.lit("banned"))
    )


def _reasons_of_slice(
    completions: pl.Series, max_count: int, smallest: int, largest: int, banned: list[int]
) -> pl.Series:
    """Return what `rejection_reasons` does, on the calling thread."""
    text, number = pl.col("text"), _range_pattern(smallest, largest)
    good = text.str.contains(_good_pattern(number, max_count)) & ~_have_banned(text, banned)
    rows = completions.rename("text").to_frame().with_row_index("row").filter(~good)
    is_list = rows.select(text.str.contains(_wrapped(f"[0-9]+(?:{_SEPARATOR}[0-9]+)*")))
    listed, unlisted = rows.filter(is_list.to_series()), rows.filter(~is_list.to_series())
    even = _split_evenly(listed)
    faults = even.select(_fault_of_list(text, number, max_count, banned)).to_series()
    other_faults = unlisted.select(_fault_of_unlisted(text)).to_series()
    return (
        pl.repeat(None, completions.len(), dtype=pl.String, eager=True)
        .alias("rule")
        .scatter(unlisted["row"], other_faults)
        .scatter(listed["row"], "not_digits")
        .scatter(even["row"], faults)
    )


def rejection_reasons(
    completions: pl.Series, *, max_count: int, smallest: int, largest: int, banned: list[int]
) -> pl.Series:
    """Return, for each completion, the first rule that rejects it, or null where it is kept.

    The rules, in this order: `no_number`, `lone_number` (with other text), `separator`,
    `not_digits`, `too_many`, `out_of_range`, `banned`. `max_count` is at most 1,000. Raises
    ValueError if a completion is null.
    """
    if completions.null_count():
        raise ValueError(f"{completions.null_count()} completions are null")
    # Polars matches one column's texts on one thread, so each thread gets a slice of them.
    size = max(_ROWS_WORTH_A_THREAD, math.ceil(completions.len() / pl.thread_pool_size()))
    slices = [completions[at : at + size] for at in range(0, max(1, completions.len()), size)]
    with ThreadPoolExecutor(len(slices)) as pool:
        judged = pool.map(lambda part: _reasons_of_slice(part, max_count, smallest, largest, banned), slices)
        return pl.concat(judged)
