"""Chains drawn to be labelled: strata, weights, a session, and the program that asks."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_replies import chain_tables

from unspoken.judges.labelling import (
    COLUMNS,
    LabelsError,
    Session,
    drawn_chains,
    labelling_population,
)

SCRIPT = Path(__file__).parents[2] / "scripts/label_chains.py"


def chains_and_trials(sizes: tuple[int, ...] = (12, 5, 2)) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return hinted chains of one kind, so many that did not switch, switched, and switched and mention."""
    rows = [
        {"switched": place > 0, "lexical_mentions": place == 2}
        for place, size in enumerate(sizes)
        for _ in range(size)
    ]
    number = pl.int_range(pl.len()).cast(pl.String)
    both = pl.DataFrame(rows).with_columns(
        subject=pl.lit("m"), prompt_id=pl.format("arm-of-it-{}", number),
        question_id=pl.format("q{}", number), arm=pl.lit("hint"),
        kind=pl.lit("metadata"), wording=pl.lit("w"), outcome=pl.lit("answered"),
        answer=pl.lit("A"), lexical_relies=pl.lit(value=False), user=pl.format("asked {}", number),
        hint=pl.lit("the cue"), chain=pl.format("thought {}", number),
    )  # fmt: skip
    chains = both.select(
        "subject", "prompt_id", "question_id", "arm", "kind", "wording", "user", "hint", "chain"
    )
    return chains, both.drop("arm", "kind", "wording", "user", "hint", "chain", "question_id")


def drawn(count: int = 9, seed: int = 3) -> pl.DataFrame:
    return drawn_chains(labelling_population(*chains_and_trials()), count, seed)


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    more=st.integers(0, 200),
    seed=st.integers(0, 9),
)
def test_weights_sum_to_the_population(sizes: list[int], more: int, seed: int) -> None:
    strata = [str(place) for place, size in enumerate(sizes) for _ in range(size)]
    population = pl.DataFrame({"prompt_id": [f"p{n}" for n in range(len(strata))], "stratum": strata})
    count = len(sizes) + more
    found = drawn_chains(population, count, seed)
    assert found.height == min(count, population.height)
    assert found["prompt_id"].is_unique().all()
    weights = dict(found.group_by("stratum").agg(pl.col("weight").sum()).iter_rows())
    assert weights == pytest.approx({str(place): size for place, size in enumerate(sizes)})
    # As even as the sizes allow: one stratum has two fewer than another only if it is read whole.
    taken = found.group_by("stratum").agg(count=pl.len(), size=pl.col("stratum_size").first())
    partly = taken.filter(pl.col("count") < pl.col("size"))["count"]
    assert partly.is_empty() or taken["count"].max() <= partly.min() + 1


def test_the_draw_depends_on_the_seed_alone() -> None:
    population = labelling_population(*chains_and_trials())
    one, other = (drawn_chains(frame, 9, 3) for frame in (population, population.reverse()))
    assert one.equals(other)
    assert drawn(seed=4)["prompt_id"].to_list() != one["prompt_id"].to_list()


def test_every_chain_of_a_stratum_is_drawn_equally_often() -> None:
    population = labelling_population(*chains_and_trials())
    draws = pl.concat([drawn_chains(population, 9, seed) for seed in range(600)])
    share = draws.group_by("prompt_id", "stratum_size").agg(share=pl.len() / 600)
    # Within four standard errors of their mean; both of the smallest stratum always.
    for size, slack in {12: 0.08, 5: 0.08, 2: 0.0}.items():
        of_size = share.filter(stratum_size=size)["share"]
        assert of_size.len() == size
        assert (of_size - of_size.mean()).abs().max() <= slack


def test_too_few_for_the_strata_is_refused() -> None:
    with pytest.raises(LabelsError, match="2 chains are too few for 3 strata"):
        drawn(2)


def test_population_leaves_out_what_no_score_counts() -> None:
    chains, trials = chains_and_trials()
    cut = pl.when(pl.col("prompt_id") == "arm-of-it-0").then(pl.lit("truncated")).otherwise("outcome")
    arm = pl.when(pl.col("prompt_id") == "arm-of-it-1").then(pl.lit("moved")).otherwise("arm")
    found = labelling_population(chains.with_columns(arm=arm), trials.with_columns(outcome=cut))
    assert found["stratum"].value_counts(sort=True).rows() == [
        ("metadata:no:not", 10), ("metadata:no:switched", 5), ("metadata:yes:switched", 2),
    ]  # fmt: skip
    with pytest.raises(LabelsError, match="one subject"):
        labelling_population(chains.filter(arm="moved"), trials)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_session_resumes_goes_back_and_skips(tmp_path: Path) -> None:
    path, sample = tmp_path / "own.jsonl", drawn()
    session = Session(sample, path, "me")
    session.label(mentions=True, relies=False)
    session.skip()
    session.label(mentions=False, relies=False)
    session.back()
    session.back()
    session.back()
    session.label(mentions=True, relies=True)
    names = sample["prompt_id"].to_list()
    assert session.labels == {names[0]: (True, True), names[2]: (False, False)}
    assert [row["prompt_id"] for row in lines(path)] == [names[0], names[2]]
    assert tuple(lines(path)[0]) == COLUMNS
    again = Session(sample, path, "me")
    assert again.place == 1
    for _ in range(7):
        again.label(mentions=False, relies=False)
    assert again.card() is None
    assert len(lines(path)) == 9
    assert sum(row["weight"] for row in lines(path)) == pytest.approx(19)


def test_card_shows_nothing_but_prompt_hint_and_chain(tmp_path: Path) -> None:
    card = Session(drawn(), tmp_path / "own.jsonl", "me").card()
    assert card is not None
    assert set(card) == {"prompt", "hint", "chain"}


def test_labels_of_another_draw_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    Session(drawn(), path, "me").label(mentions=True, relies=True)
    with pytest.raises(LabelsError, match="1 labels of another draw"):
        Session(drawn(count=12), path, "me")


WRONG_LINES = {
    "{}": "prompt_id: nothing was given; this key is needed",
    "[1]": "got [1]; expected an object of columns",
    '{"prompt_id"': "not a line of JSON: Expecting ':' delimiter: line 1 column 13 (char 12)",
    '{"prompt_id": "p", "chain": "", "weight": 1, "subject": "s", "mentions": true, "relies": null}': (
        "relies: got None; expected true or false"  # no answer is not the answer no
    ),
}


@pytest.mark.parametrize("line", WRONG_LINES)
def test_a_line_that_is_no_label_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(LabelsError) as fault:
        Session(drawn(), path, "me")
    assert str(fault.value) == f"{path} does not hold labelled chains: line 2: {WRONG_LINES[line]}"


def test_a_chain_with_other_ends_of_lines_is_one_line(tmp_path: Path) -> None:
    chains = drawn().with_columns(chain=pl.lit("one\u2028two\x85three\r\n"))
    Session(chains, tmp_path / "own.jsonl", "me").label(mentions=True, relies=False)
    assert Session(chains, tmp_path / "own.jsonl", "me").place == 1


def asked(folder: Path, keys: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(folder), "--into", str(folder / "own.jsonl"), "--count", "9"]
    return subprocess.run(command, input=keys, capture_output=True, text=True, check=False)


def test_program_asks_blind_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    chains, trials = chains_and_trials()
    told = chains.rename({"question_id": "item", "chain": "text"}).with_columns(
        options=pl.lit(["ant", "bee"])
    )
    prompts, replies, _ = chain_tables(told.to_dicts())
    folder = tmp_path / "m"
    folder.mkdir()
    prompts.write_parquet(tmp_path / "prompts.parquet")  # of all models, above the model's own folder
    replies.write_parquet(folder / "replies.parquet")
    trials.write_parquet(folder / "trials.parquet")
    first = asked(folder, "y\nn\nwhat\nN\ny\nq\n")
    assert first.returncode == 0, first.stderr
    assert "2 of 9 labelled" in first.stdout
    assert not [word for word in ("arm-of-it", "switched", "judge", "answered") if word in first.stdout]
    assert [(row["mentions"], row["relies"]) for row in lines(folder / "own.jsonl")] == [
        (True, False), (False, True),
    ]  # fmt: skip
    second = asked(folder, "n\nn\n")
    assert "3 of 9 labelled" in second.stdout
    assert asked(tmp_path / "none", "").stderr.startswith("label_chains: there is no ")
