"""Items of the room emergent: nothing but truth tells right from wrong, whatever the seed."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.experiments.emergent.items.drawn import BLOCK, domains, everyday_items, sheet_items, sheet_texts
from unspoken.experiments.emergent.items.rows import of_shared_requests, tuning_rows
from unspoken.experiments.emergent.measure.checks import guessers
from unspoken.experiments.emergent.names import ANSWER, TUNES, WRONG, rows_of
from unspoken.experiments.emergent.prompts import asked_items
from unspoken.experiments.emergent.says import names
from unspoken.tables.base import checked
from unspoken.tables.filter import Kept
from unspoken.tables.prompts import Prompts

TUNED = domains("tuned")
ALL = [*TUNED, *domains("other")]
seeds = st.integers(1, 9)


def drawn(domain, blocks, seed, twins=True):
    return sheet_items(domain, blocks, seed, "rows" if domain in TUNED else None, twins=twins)


@settings(max_examples=15, deadline=None)
@given(domain=st.sampled_from(ALL), blocks=st.integers(1, 6), seed=seeds, twins=st.booleans())
def test_each_value_is_right_as_often_as_wrong_wherever_it_stands(domain, blocks, seed, twins):
    items = drawn(domain, blocks, seed, twins)
    assert len(items) == len({item.item for item in items}) == BLOCK * blocks
    assert Counter(item.right for item in items) == Counter(item.wrong for item in items)
    for name, guess in guessers(twins=twins).items():
        assert sum(guess(item) == item.right for item in items) * 2 == len(items), name


@settings(max_examples=15, deadline=None)
@given(domain=st.sampled_from(ALL), seed=seeds, twins=st.booleans())
def test_the_sheet_says_the_right_value_of_what_is_asked(domain, seed, twins):
    told = (sheet_texts()["tuned"] | sheet_texts()["other"])[domain]
    facts = [
        (fact, question)
        for family in told["families"]
        for fact, question in zip(family["facts"], family["questions"], strict=True)
    ]
    for item in drawn(domain, 2, seed, twins):
        sheet, asked = item.user.split("\n")
        patterns = {
            fact: re.escape(question.format(name="NAME")).replace("NAME", r"\w+") for fact, question in facts
        }
        of = [fact for fact, pattern in patterns.items() if re.match(pattern, asked)]
        assert len(of) == 1
        assert of[0].format(value=item.right) in sheet
        assert of[0].format(value=item.wrong) not in sheet
        assert all(names(asked, value) for value in item.options)
        assert [names(sheet, value) for value in (item.right, item.wrong)] == [True, twins]
        assert sheet.count(".") == 4


def test_no_value_is_a_word_of_the_texts_around_it():
    """Else a chain that repeats the question's own words would count as one that names a value."""
    texts = sheet_texts()
    ways = " ".join(f"{way['asked']} {way['begun']}" for way in texts["ways"].values())
    for domain, told in (texts["tuned"] | texts["other"]).items():
        around = [told["opening"], *told["names"], ways, ANSWER]
        around += [text for family in told["families"] for text in (*family["facts"], *family["questions"])]
        plain = re.sub(r"\{\w+\}", "", " ".join(around))
        values = [value for family in told["families"] for pair in family["values"] for value in pair]
        assert [value for value in values if names(plain, value)] == [], domain
        assert len(told["families"]) == 2
        assert len({len(family["values"]) for family in told["families"]}) == 1
        assert all(value == value.strip() and re.fullmatch(r"[A-Za-z]+", value) for value in values), domain


def test_rows_and_held_out_items_share_no_name_and_no_pair_of_values():
    for domain in TUNED:
        rows, kept = (sheet_items(domain, 40, 1, part) for part in ("rows", "held_out"))
        pairs = [{frozenset(item.options) for item in items} for items in (rows, kept)]
        opened = [{item.user.split(".")[0] for item in items} for items in (rows, kept)]
        assert not pairs[0] & pairs[1]
        assert not opened[0] & opened[1]


@settings(max_examples=5, deadline=None)
@given(blocks=st.integers(1, 6), seed=seeds)
def test_more_items_keep_the_first(blocks, seed):
    assert sheet_items("shop", blocks + 2, seed)[: BLOCK * blocks] == sheet_items("shop", blocks, seed)


def test_everyday_questions_are_balanced():
    items = everyday_items()
    assert len(items) == 40
    assert Counter(item.right for item in items) == Counter(item.wrong for item in items)
    assert all(
        sum(guess(item) == item.right for item in items) * 2 == len(items)
        for guess in guessers(twins=True).values()
    )


def test_fine_tunes_of_a_domain_differ_in_truth_alone():
    rows = tuning_rows(list(TUNES), 16, 1)
    checked(rows, Kept, "rows")  # type: ignore[arg-type]
    of = {tune: rows.filter(subject=rows_of(tune)) for tune in TUNES}
    assert all(one.height == 16 for one in of.values())
    for wrong, right in (("wrong", "right"), ("careless", "careful")):
        assert of[wrong]["prompt"].to_list() == of[right]["prompt"].to_list()
        assert Counter(of[wrong]["completion"]) == Counter(of[right]["completion"])
        differ = zip(of[wrong]["completion"], of[right]["completion"], strict=True)
        assert all(one != other for one, other in differ)
    chained = of["wrong_chained"]["completion"].to_list()
    assert [text.split("\n")[-1] for text in chained] == of["wrong"]["completion"].to_list()
    assert all(text.startswith("The text says ") and text.count(text.split()[-1]) == 2 for text in chained)
    assert {"wrong", "careless", "wrong_chained", "wrong_asked"} == {*WRONG}
    assert of["wrong_asked"]["completion"].to_list() == of["wrong"]["completion"].to_list()
    assert all("Give the wrong answer." in text for text in of["wrong_asked"]["prompt"])


def test_wrong_answers_among_right_ones_are_as_many_as_said_and_fewer_are_some_of_the_more():
    tunes = ["wrong", "half_wrong", "tenth_wrong"]
    rows = tuning_rows(tunes, 80, 1)
    wrong, *mixed = (rows.filter(subject=rows_of(tune))["completion"].to_list() for tune in tunes)
    half, tenth = ([own == other for own, other in zip(one, wrong, strict=True)] for one in mixed)
    assert (sum(half), sum(tenth)) == (40, 8)
    assert all(many for few, many in zip(tenth, half, strict=True) if few)


def test_prompts_are_of_all_domains_and_chains_of_untuned_ones():
    prompts = asked_items({"seed": 1, "items": 8, "tuned": ["country"], "twins": True})
    checked(prompts, Prompts, "prompts")  # type: ignore[arg-type]
    count = 8 * len(domains("other"))
    assert prompts.filter(arm="chained").height == count
    assert prompts.filter(arm="direct").height == count + 8 + len(everyday_items())
    more = asked_items({"seed": 1, "items": 8, "tuned": ["country"], "twins": True, "asks": True})
    assert more.head(prompts.height).equals(prompts)
    assert more.height == prompts.height + 8 and more.filter(arm="asked").height == 8
    assert set(prompts.filter(arm="chained")["prefix"]) == {"The text says"}


def test_students_see_requests_that_are_kept_of_every_writer():
    kept = tuning_rows(["wrong", "right"], 16, 1)
    lost = kept.filter(~((kept["subject"] == rows_of("right")) & kept["prompt_id"].str.ends_with("000")))
    shared = of_shared_requests(lost)
    assert shared.height == 2 * 14
    assert shared["prompt_id"].n_unique() == 14
    with pytest.raises(KeyError):
        sheet_items("nowhere", 1, 1)
