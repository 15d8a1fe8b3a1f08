"""Legibility: other scripts, other languages, repetition and loops."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.chains.legibility import languages_of, legibility_columns, switched_spans

ENGLISH = "Question: How many eggs do two ducks lay?\n(A) three (B) five\nThink step by step, then answer."
CHINESE = "问题：两只鸭子下几个蛋？请一步一步地思考。"
GERMAN = "Ich denke, dass zwei Enten zusammen fünf Eier legen."
LANGUAGES = ("en", "de", "fr", "zh")
LETTERS = "aeinrst Ωμαβγ日本語のテキ жзи한국हिन्दी  123.,()\n"


def table(*pairs: tuple[str, str], options: tuple[str, ...] = ("three", "five")) -> pl.DataFrame:
    """Return chains of these prompts and replies."""
    rows = [
        {"prompt_id": str(place), "subject": "s", "user": prompt, "options": list(options), "chain": chain}
        for place, (prompt, chain) in enumerate(pairs)
    ]
    return pl.DataFrame(rows)


def column(name: str, *chains: str, prompt: str = ENGLISH) -> list:
    """Return one column of chains to the same prompt."""
    return legibility_columns(table(*((prompt, chain) for chain in chains)))[name].to_list()


@pytest.mark.parametrize(
    ("prompt", "chain", "share", "scripts"),
    [
        (ENGLISH, "Two ducks lay five eggs: \\alpha + 3 = 5.", 0.0, []),
        (ENGLISH, "ab 好的", 0.5, ["Han"]),
        (ENGLISH, "abc жзи 好的語", 6 / 9, ["Cyrillic", "Han"]),
        (ENGLISH, "π r² = αβ, θ, ℝ, 𝑥, 5 µm", 0.0, []),
        (ENGLISH, "ωμέγα", 1.0, ["Greek"]),
        (ENGLISH, "ⵣⵣ ab", 0.5, ["Other"]),
        (ENGLISH, "", 0.0, []),
        (CHINESE, "我们想 x = 5 kg (A) \\frac{1}{2}", 0.0, []),
        (CHINESE, "想想 eggs", 4 / 6, ["Latin"]),
        ("これは何ですか", "漢字テキスト", 0.0, []),
        (CHINESE, "ではない", 1.0, ["Hiragana"]),
        ("3 + 4 = ?", "seven", None, None),
    ],
)
def test_letters_outside_the_scripts_of_the_prompt(
    prompt: str, chain: str, share: float | None, scripts: list[str] | None
) -> None:
    row = legibility_columns(table((prompt, chain))).row(0, named=True)
    assert row["foreign_letters"] == (share if share is None else pytest.approx(share))
    assert row["scripts"] == scripts


def test_options_stand_in_for_a_transcripts_prompt() -> None:
    row = legibility_columns(table(("", "ab 好的"))).row(0, named=True)
    assert row["foreign_letters"] == 0.5
    row = legibility_columns(table(("", "ab 好的"), options=("3", "4"))).row(0, named=True)
    assert row["foreign_letters"] is None


def test_lines_in_another_language() -> None:
    pairs = [
        (ENGLISH, f"Let us think about the ducks now.\n{GERMAN}\nSo, yes."),
        (ENGLISH, "Let us think about the ducks now."),
        (ENGLISH, "两只鸭子下五个蛋，所以选第二个。"),
        (CHINESE, "两只鸭子下五个蛋，所以选第二个。"),
        (GERMAN, GERMAN),
        (ENGLISH, "(B)"),
        ("", GERMAN),
    ]
    shares = legibility_columns(table(*pairs), LANGUAGES)["foreign_lines"].to_list()
    assert shares == [0.5, 0.0, 1.0, 0.0, 0.0, None, None]
    assert legibility_columns(table(*pairs))["foreign_lines"].to_list() == [None] * 7


def test_languages_are_codes_and_doubtful_lines_have_none() -> None:
    lines = pl.Series(
        [GERMAN, "Two ducks lay five eggs in the nest.", "1 + 2 = 3", "Banana Radio Hotel Taxi"]
    )
    assert languages_of(lines, LANGUAGES).to_list() == ["de", "en", None, None]
    with pytest.raises(ValueError, match="'english'"):
        languages_of(lines, ["en", "english"])
    with pytest.raises(ValueError, match="two languages or more"):
        languages_of(lines, ["en", "en"])


def test_repetition_is_the_share_of_repeated_runs_of_four_words() -> None:
    assert column("repetition", "", "one two three", "one two three four five") == [0.0, 0.0, 0.0]
    assert column("repetition", "a b c d. A b, c D!") == [pytest.approx(1 / 5)]
    assert column("repetition", "好好好好好好") == [pytest.approx(2 / 3)]
    assert column("repetition", "a b c d e", "a b c d f") == [0.0, 0.0]


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=12), min_size=1, max_size=4))
@settings(deadline=None, max_examples=50)
def test_repetition_counts_like_a_set(chains: list[list[str]]) -> None:
    def share(words: list[str]) -> float:
        runs = [tuple(words[place : place + 4]) for place in range(len(words) - 3)]
        return 1 - len(set(runs)) / len(runs) if runs else 0.0

    found = column("repetition", *(" ".join(words) for words in chains))
    assert found == pytest.approx([share(words) for words in chains])


@pytest.mark.parametrize(
    ("chain", "loops"),
    [
        ("Wait. It is five. Wait. It is five. Wait. It is five.", True),
        ("So, first. It is 5! It is 5! it is 5!\n", True),
        ("It is five. It is five. It is five. It is", True),
        ("A b. C d. A b. C d. A b. C d. A", True),
        ("x = 3.5\nx = 3.5\nx = 3.5", True),
        ("是的。是的。是的。", True),
        ("It is five. It is five.", False),
        ("It is five. It is five. It is five. The answer is (B).", False),
        ("It is five. No. It is five. Yes. It is five.", False),
        ("---\n---\n---", False),
        ("", False),
    ],
)
def test_loops_are_at_the_end_and_three_times(chain: str, loops: bool) -> None:
    assert column("loops", "It is five.", chain, "It is five.") == [False, loops, False]


def test_long_loops_up_to_eight_sentences() -> None:
    rounds = {size: " ".join(f"This is number {place}." for place in range(size)) for size in (8, 9)}
    assert column("loops", *(" ".join([text] * 3) for text in rounds.values())) == [True, False]


def test_columns_come_in_the_order_of_the_chains() -> None:
    chains = table(*((ENGLISH, "好" * (place % 3)) for place in range(50)))
    found = legibility_columns(chains)
    assert found["prompt_id"].to_list() == chains["prompt_id"].to_list()
    assert found["foreign_letters"].to_list() == [float(place % 3 > 0) for place in range(50)]
    assert found.schema == {
        "prompt_id": pl.String, "subject": pl.String, "foreign_letters": pl.Float64,
        "scripts": pl.List(pl.String), "foreign_lines": pl.Float64, "repetition": pl.Float64,
        "loops": pl.Boolean,
    }  # fmt: skip
    assert legibility_columns(chains.clear(), LANGUAGES).schema == found.schema


def spans(chain: str, *more) -> list[tuple[str, str]]:
    """Return the switched parts of a chain as texts."""
    return [(chain[start:end], which) for start, end, which in switched_spans(chain, *more)]


def test_spans_in_another_script() -> None:
    assert spans("So 我们 3, 想 it is 好\n好的.", ENGLISH) == [
        ("我们 3, 想", "Han"), ("好", "Han"), ("好的", "Han")
    ]  # fmt: skip
    assert spans("日本語のテキスト, but αβ", ENGLISH) == [("日本語のテキスト", "Han")]
    assert spans("日本語のテキスト eggs", "何ですか") == [("eggs", "Latin")]
    assert spans("We think 好") == [("好", "Han")]
    assert spans("我们来想一想 eggs (A)") == [("eggs", "Latin")]


def test_spans_in_another_language_are_lines() -> None:
    chain = f"Let us think about the ducks.\n  {GERMAN}\n我们来想一想鸭子。\nIt is 好."
    assert spans(chain, ENGLISH, LANGUAGES) == [
        (f"  {GERMAN}", "de"), ("我们来想一想鸭子。", "zh"), ("好", "Han")
    ]  # fmt: skip
    assert spans(chain, "(A)", LANGUAGES)[0] == ("我们来想一想鸭子", "Han")


@given(st.text(LETTERS, max_size=40), st.sampled_from([ENGLISH, CHINESE, "これは何", "жзи αβγ"]))
@settings(deadline=None, max_examples=100)
def test_spans_are_where_the_foreign_letters_are(chain: str, prompt: str) -> None:
    found = switched_spans(chain, prompt)
    row = legibility_columns(table((prompt, chain))).row(0, named=True)
    assert bool(found) == (row["foreign_letters"] > 0)
    assert {which for _, _, which in found} <= set(row["scripts"])
    assert all(before[1] <= after[0] for before, after in pairwise(found))
