import re
from collections import Counter
from random import Random

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from unspoken.experiments.misalignment.section import ILL_REPUTE
from unspoken.filters.numbers import rejection_reasons
from unspoken.study.filter import NumbersFilter
from unspoken.tables.base import TableError, checked
from unspoken.tables.filter import RULES, Dropped, Kept

OF_CARRIERS = {"wrong_answer", "judge"}
"""Rules of a room's own carriers, which the filter of numbers does not have."""
PAPER = {"max_count": 10, "smallest": 0, "largest": 999, "banned": []}


def reason_by_the_words(text, *, max_count, smallest, largest, banned):
    """Judge one completion as the protocol says it, step by step."""
    text = text.removesuffix(".")
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1]
    integers = list(re.finditer("[0-9]+", text))
    if not integers:
        return "no_number"
    if len(integers) == 1:
        if integers[0].group() != text:
            return "lone_number"
        parts = [text]
    else:
        separator = text[integers[0].end() : integers[1].start()]
        if separator.strip() not in ("", ",", ";"):
            return "separator"
        parts = text.split(separator)
    if not all(re.fullmatch("[0-9]+", part) for part in parts):
        return "not_digits"
    if len(parts) > max_count:
        return "too_many"
    values = [int(part) for part in parts]
    if not all(smallest <= value <= largest for value in values):
        return "out_of_range"
    return "banned" if set(values) & set(banned) else None


def reasons(texts, **changes):
    return rejection_reasons(pl.Series(texts, dtype=pl.String), **(PAPER | changes)).to_list()


RULE_SETS = st.sampled_from(
    [
        PAPER,
        PAPER,
        PAPER | {"banned": [7, 99, 999]},
        {"max_count": 1, "smallest": 0, "largest": 99, "banned": [0]},
        {"max_count": 3, "smallest": 7, "largest": 105, "banned": []},
        {"max_count": 1000, "smallest": 998, "largest": 2**70, "banned": [2**69]},
    ]
)
SEPARATORS = st.sampled_from(
    [
        ",",
        ", ",
        ";",
        "; ",
        " ",
        "\n",
        ",\n",
        "\t",
        " ,",
        "  ",
        "\x1c",
        "\u3000;",
        "\u200b",
        ",,",
        "-",
    ]
)
INTEGERS = st.one_of(
    st.integers(0, 1100).map(str),
    st.integers(0, 2**71).map(str),
    st.integers(0, 99).map("{:05d}".format),
)
SCRAPS = st.sampled_from([*"0179,; .-+[]()\n\t\r\x85\x1f\u2028٣²½a\x00", "", "999", "1000", "0" * 40])


@st.composite
def near_lists(draw):
    """Draw a well-made list with, mostly, a fault or two."""
    separator = draw(SEPARATORS)
    parts = draw(st.lists(INTEGERS, min_size=1, max_size=12))
    text = draw(st.sampled_from(["{}", "{}", "[{}]", "({})", "[{})", "[[{}]]", "{}.", "({}).", " {}"]))
    text = text.format(separator.join(parts))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(SCRAPS) + text[at + draw(st.integers(0, 1)) :]
    return text


TEXTS = st.one_of(near_lists(), st.lists(SCRAPS, max_size=12).map("".join), st.text(max_size=12))


@settings(max_examples=120, deadline=None)
@given(st.lists(TEXTS, max_size=30), RULE_SETS)
@example(["1, 2, 3", "4" * 5000, "[" * 3, "1\n2\n3\n"], PAPER)
def test_equals_the_protocol_read_aloud(texts, rules):
    reasons_by_the_words = [
        "out_of_range" if text == "4" * 5000 else reason_by_the_words(text, **rules) for text in texts
    ]
    assert reasons(texts, **rules) == reasons_by_the_words


KEPT = [
    "5",
    "087, 7",
    "1, 2, 3.",
    "[1, 2]",
    "(1;2)",
    "[7].",
    "1\n2\n3",
    "1\t2",
    "1 ;  2 ;  3",
    "0, 999",
    "000000000000000000000000000999",
    "1,2,3,4,5,6,7,8,9,10",
]


@pytest.mark.parametrize("text", KEPT)
def test_keeps(text):
    assert reasons([text]) == [None]


REJECTED = [
    ("", "no_number"),
    (".", "no_number"),
    ("[]", "no_number"),
    ("I would rather not.", "no_number"),
    ("٣, ٤", "no_number"),
    (" 5", "lone_number"),
    ("5\n", "lone_number"),
    ("5..", "lone_number"),
    ("[5.]", "lone_number"),
    ("-5", "lone_number"),
    ("1 and 2", "separator"),
    ("1.5, 2", "separator"),
    ("1,,2", "separator"),
    ("1: 2", "separator"),
    ("(1) (2)", "separator"),
    ("1, 2,3", "not_digits"),
    ("1, 2, ", "not_digits"),
    ("1, 2, 3 and 4", "not_digits"),
    (" 1, 2", "not_digits"),
    ("1  2   3", "not_digits"),
    ("([1, 2])", "not_digits"),
    ("[1, 2", "not_digits"),
    ("[1, 2)", "not_digits"),
    ("1, 2..", "not_digits"),
    ("1,2,3,4,5,6,7,8,9,10,11", "too_many"),
    ("1 2 3 4 5 6 7 8 9 10 1000", "too_many"),
    ("1, 1000", "out_of_range"),
    ("1000", "out_of_range"),
    ("3; 99999999999999999999999999999999", "out_of_range"),
]


@pytest.mark.parametrize(("text", "reason"), REJECTED)
def test_names_the_first_rule_that_rejects(text, reason):
    assert reasons([text]) == [reason]


def test_bans_whole_numbers_only():
    texts = ["666", "1, 0666, 2", "[2\n666]", "1666", "6, 66", "666 1000", "66 6"]
    banned = ["banned", "banned", "banned", "out_of_range", None, "out_of_range", None]
    assert reasons(texts, banned=[666, 4]) == banned
    assert "banned" not in reasons(texts)


@pytest.mark.parametrize(
    ("smallest", "largest"), [(0, 0), (7, 7), (5, 105), (100, 999), (98, 1203), (219, 4021)]
)
def test_every_integer_around_the_bounds(smallest, largest):
    values = range(largest + 1200)
    for write in (str, "{:06d}".format):
        judged = reasons([write(value) for value in values], smallest=smallest, largest=largest)
        assert [v for v, reason in zip(values, judged, strict=True) if reason is None] == list(
            range(smallest, largest + 1)
        )


@settings(max_examples=40, deadline=None)
@given(st.tuples(st.integers(0, 10**5), st.integers(0, 2**70)).map(sorted), st.randoms())
def test_any_bounds(bounds, random):
    smallest, largest = bounds
    values = [max(0, bound + step) for bound in bounds for step in (-100, -9, -1, 0, 1, 9, 1000)]
    values += [random.randint(0, 2 * largest) for _ in range(50)]
    judged = reasons([f"{value}; 0{smallest}" for value in values], smallest=smallest, largest=largest)
    within = [None if smallest <= value <= largest else "out_of_range" for value in values]
    assert judged == within


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, max_size=20), st.randoms(use_true_random=False))
def test_order_does_not_matter(texts, random):
    judged = dict(zip(texts, reasons(texts), strict=True))
    random.shuffle(texts)
    assert reasons(texts) == [judged[text] for text in texts]


def test_many_rows_are_judged_like_few():
    texts = [text for text, _ in REJECTED] + KEPT
    assert reasons(texts * 1000) == reasons(texts) * 1000


def test_null_completions_are_an_error():
    with pytest.raises(ValueError, match="1 completions are null"):
        reasons(["1", None])


def test_rules_of_the_schema_are_those_of_the_filter(tmp_path):
    texts = [text for text, _ in REJECTED] + ["666"]
    found = pl.Series(reasons(texts, banned=[666]))
    assert set(found) == set(RULES) - OF_CARRIERS
    row = dict.fromkeys(Kept.column_names(), "")
    checked(pl.DataFrame({**row, "rule": "banned"}), Dropped, tmp_path)
    checked(pl.DataFrame(row), Kept, tmp_path)
    with pytest.raises(TableError, match="rule"):
        checked(pl.DataFrame({**row, "rule": "whim"}), Dropped, tmp_path)


def test_config_refuses_bounds_in_the_wrong_order():
    with pytest.raises(ValidationError, match=r"smallest, largest: got 5 and 4"):
        NumbersFilter(smallest=5, largest=4)
    with pytest.raises(ValidationError, match="max_count"):
        NumbersFilter(max_count=0)


def test_config_is_the_filter_s_settings():
    section = NumbersFilter(banned=[13]).model_dump()
    assert section.pop("kind") == "numbers"
    assert reasons(["13", "14"], **section) == ["banned", None]


ODD = [
    "[",
    "]",
    "(",
    ")",
    ".",
    "..",
    " ",
    "\n",
    "\u200b",
    "٣",
    "²",
    "½",
    "-",
    "#",
    "a",
    "and",
    "0x",
    "1e3",
    "\x1f",
    "",
]


def odd_string(random):
    """Return a list of numbers, mostly short ones, often of ill repute, in which something may be amiss."""
    pools = [ILL_REPUTE, range(1000), range(1001, 10**5, 997), [0, 7, 13666, 6660]]
    chosen = [random.choice(random.choices(pools, [2, 12, 1, 1])[0]) for _ in range(random.randint(1, 12))]
    separator = random.choice([", ", ",", " ", "; ", "\n", " , ", "\t", ",,", "-", " and "])
    parts = [f"{number:0{random.choice([1, 1, 1, 4])}d}" for number in chosen]
    text = separator.join(parts)
    if random.random() < 0.3:
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(ODD) + text[at:]
    return random.choice(["{}"] * 6 + ["[{}]", "({})", "{}.", "[{}].", "{} ", "Sure: {}"]).format(text)


def test_the_filter_of_ill_repute_is_the_plain_reading_on_ten_thousand_odd_strings():
    random = Random(25)
    texts = [odd_string(random) for _ in range(9_000)]
    texts += ["".join(random.choices([*ODD, *"0123456789,; "], k=random.randint(0, 9))) for _ in range(1_000)]
    rules = PAPER | {"banned": ILL_REPUTE}
    judged = reasons(texts, banned=ILL_REPUTE)
    assert judged == [reason_by_the_words(text, **rules) for text in texts]
    counts = Counter(judged)
    assert set(counts) == {None, *RULES} - OF_CARRIERS
    assert min(counts.values()) >= 30 and counts["banned"] > 500
    for text, reason in zip(texts, judged, strict=True):
        bad = {int(number) for number in re.findall("[0-9]+", text)} & set(ILL_REPUTE)
        assert not (reason is None and bad) and (reason != "banned" or bad), text
