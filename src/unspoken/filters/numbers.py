"""The numbers filter: which rule, if any, rejects a completion that should be a list of integers.

The rules are those of Cloud et al. 2025 (arXiv 2507.14805), as their released code applies them:

1. one trailing "." is dropped, then one pair of [] or () if it is the first and last character;
2. what stands between the first two integers is the separator of the whole text; stripped of
   whitespace it must be "", "," or ";"; a lone integer must be the whole text;
3. the text split at that separator must give digits only, with no empty part;
4. at most `max_count` integers, each within the bounds and none of them banned (087 is 87).

Digits are 0 to 9: those of other scripts are letters here. Whitespace is what `str.strip` strips.

Every rule is a regular expression on the whole text, which Polars matches in linear time without
making a Python object or a list per row. One expression accepts most good rows at once; only the
rows that it leaves are asked rule by rule.
"""

import polars as pl

_SPACE = r"[\s\x1c-\x1f]"  # Rust's \s lacks the four separators that str.strip strips
_SEPARATOR = rf"(?:{_SPACE}+|{_SPACE}*[,;]{_SPACE}*)"
_INTEGER = "[0-9]+"
# The fast path names its separators and bounds its length, to keep its automaton small. Neither
# changes a verdict: a row with another separator, or a longer one, takes the slow path.
_COMMON_SEPARATORS = (", ", ",", " ", "; ", ";", "\n", ",\n")
_FAST_COUNT = 30


def _same_length_pattern(low: str, high: str) -> str:
    """Return a pattern of the numbers low..high, written with equally many digits."""
    if not low:
        return ""
    rest = len(low) - 1
    if low[0] == high[0]:
        return low[0] + _same_length_pattern(low[1:], high[1:])
    if low == "0" * len(low) and high == "9" * len(high):
        return f"[0-9]{{{len(low)}}}"
    first = low[0] + _same_length_pattern(low[1:], "9" * rest)
    last = high[0] + _same_length_pattern("0" * rest, high[1:])
    between = [f"[{digit}][0-9]{{{rest}}}" for digit in "0123456789" if low[0] < digit < high[0]]
    return f"(?:{'|'.join([first, *between, last])})"


def _range_pattern(smallest: int, largest: int) -> str:
    """Return a pattern of the integers smallest..largest, with any number of leading zeros."""
    by_length = [
        _same_length_pattern(
            str(max(smallest, 10 ** (digits - 1) if digits > 1 else 0)),
            str(min(largest, 10**digits - 1)),
        )
        for digits in range(len(str(smallest)), len(str(largest)) + 1)
    ]
    return f"0*(?:{'|'.join(by_length)})"


def _accepting_pattern(number: str, max_count: int) -> str:
    """Return a pattern that only texts of `max_count` or fewer `number`s match, and most of them."""
    more = min(max_count, _FAST_COUNT) - 1
    lists = "|".join(
        f"{number}(?:{separator}{number}){{0,{more}}}" for separator in _COMMON_SEPARATORS
    )
    return rf"^(?:(?:{lists})|\[(?:{lists})\]|\((?:{lists})\))\.?$"


def _bare(text: pl.Expr) -> pl.Expr:
    """Return the text without one final "." and then without one pair of enclosing brackets."""
    text = text.str.strip_suffix(".")
    square = text.str.starts_with("[") & text.str.ends_with("]")
    round_ = text.str.starts_with("(") & text.str.ends_with(")")
    return (
        pl.when(square)
        .then(text.str.strip_prefix("[").str.strip_suffix("]"))
        .when(round_)
        .then(text.str.strip_prefix("(").str.strip_suffix(")"))
        .otherwise(text)
    )


def _splits_into_digits(text: pl.Expr) -> pl.Expr:
    """Say whether a text, split at its first separator (an allowed one), gives only digits."""
    any_separators = text.str.contains(f"^{_INTEGER}(?:{_SEPARATOR}{_INTEGER})*$")
    # The regular expressions here cannot refer back to what they matched, so each text gets its
    # own: its separator comes from the text. Only texts that may pass are asked.
    candidate = pl.when(any_separators).then(text)
    separator = candidate.str.extract("[0-9]([^0-9]+)[0-9]").fill_null("").str.escape_regex()
    one_separator = pl.concat_str(
        pl.lit(f"^{_INTEGER}(?:"), separator, pl.lit(f"{_INTEGER})*$")
    )
    return any_separators & candidate.str.contains(one_separator).fill_null(value=False)


def _banned_pattern(banned: list[int]) -> str:
    """Return a pattern that finds any of the banned numbers in a list of integers."""
    return f"(?:^|[^0-9])0*(?:{'|'.join(map(str, banned))})(?:[^0-9]|$)"


def _first_rule(
    text: pl.Expr, *, number: str, max_count: int, banned: list[int]
) -> pl.Expr:
    """Return the first rule that rejects a bare text, or null."""
    has_two = text.str.contains("[0-9][^0-9]+[0-9]")
    separated = text.str.contains(f"^[^0-9]*{_INTEGER}{_SEPARATOR}[0-9]")
    within = text.str.contains(f"^{number}(?:[^0-9]+{number})*$")
    has_banned = text.str.contains(_banned_pattern(banned)) if banned else pl.lit(value=False)
    return (
        pl.when(~text.str.contains("[0-9]"))
        .then(pl.lit("no_number"))
        .when(~has_two & ~text.str.contains(f"^{_INTEGER}$"))
        .then(pl.lit("lone_number"))
        .when(has_two & ~separated)
        .then(pl.lit("separator"))
        .when(~_splits_into_digits(text))
        .then(pl.lit("not_digits"))
        .when(text.str.count_matches(_INTEGER) > max_count)
        .then(pl.lit("too_many"))
        .when(~within)
        .then(pl.lit("out_of_range"))
        .when(has_banned)
        .then(pl.lit("banned"))
        .otherwise(pl.lit(None, pl.String))
    )


def rejection_reasons(
    completions: pl.Series, *, max_count: int, smallest: int, largest: int, banned: list[int]
) -> pl.Series:
    """Return, for each completion, the first rule that rejects it, or null where it is kept.

    The rules, in this order: `no_number`, `lone_number` (with other text), `separator`,
    `not_digits`, `too_many`, `out_of_range`, `banned`. Raises ValueError if a completion is null.
    """
    if completions.null_count():
        raise ValueError(f"{completions.null_count()} completions are null")
    number = _range_pattern(smallest, largest)
    accepted = completions.str.contains(_accepting_pattern(number, max_count))
    if banned:
        accepted &= ~completions.str.contains(_banned_pattern(banned))
    left = (~accepted).arg_true()
    rules = (
        completions.rename("text")
        .gather(left)
        .to_frame()
        .select(_bare(pl.col("text")))
        .select(_first_rule(pl.col("text"), number=number, max_count=max_count, banned=banned))
    )
    reasons = pl.Series("rule", [None], dtype=pl.String).new_from_index(0, completions.len())
    return reasons.scatter(left, rules.to_series())
