"""Organisms of known trends: their laws against what they are taught, their rows, and how they are asked."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from unspoken.experiments.scaling.organisms.asked import (
    answers_after,
    drawn_tokens,
    item_trials,
    line_error,
    organism_errors,
    organism_trials,
    written,
)
from unspoken.experiments.scaling.organisms.laws import (
    BUDGETS,
    DISTRACTORS,
    DRIFT,
    LINES,
    NUMBERS,
    OPERATIONS,
    SLIP,
    known_accuracy,
)
from unspoken.experiments.scaling.organisms.reasoners import (
    trained_reasoner,
)
from unspoken.experiments.scaling.organisms.rows import (
    AT_ONCE,
    CLOSE_ID,
    NATURAL_ID,
    PROMPT,
    UNASKED,
    VOCABULARY,
    ZERO,
    drawn_items,
    law_of_lines,
    prompt_rows,
    taught_rows,
    training_rows,
    written_lines,
)
from unspoken.experiments.scaling.tables import Trials
from unspoken.models.network import Shape, suffix_logits
from unspoken.models.organism import save_network, untrained_network
from unspoken.seeds import hashed_seed
from unspoken.tables.base import checked

SPEC = {"hidden_size": 32, "mlp_size": 48, "layers": 2, "rows": 32, "steps": 3, "learning_rate": 1e-3}
MANY = 20_000


def words(row):
    return " ".join(VOCABULARY.tokens[token] for token in row)


def random_of(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture
def network(one_thread):
    return untrained_network(VOCABULARY, SPEC, hashed_seed(1, "reasoner", "weights"))


@pytest.mark.parametrize("task", OPERATIONS)
def test_answers_are_as_often_right_as_the_law_says(task):
    items = drawn_items(task, MANY, random_of())
    lines = np.hstack([items.starts[:, None], written_lines(items, random_of(2))])
    right = lines == items.right[:, -1:]
    for length in range(LINES + 1):
        for level in np.unique(items.levels):
            rows = items.levels == level
            law = known_accuracy(task, np.array([length]), np.array([level]))[0]
            error = np.sqrt(max(law * (1 - law), 1e-9) / rows.sum())
            assert abs(right[rows, length].mean() - law) <= 4.5 * error + 1e-12, (length, level)


def test_the_laws_rise_stay_and_fall():
    lines = np.array(BUDGETS[1:])
    steps, recall = (known_accuracy(task, lines, 0 * lines) for task in ("steps", "recall"))
    assert steps[:2].max() < 0.4 and steps[2:].tolist() == [1.0, 1.0]
    assert recall.tolist() == [1 - SLIP] * 4
    for level in DISTRACTORS:
        notes = known_accuracy("notes", lines, np.full(4, level))
        assert notes.tolist() == pytest.approx([(1 - DRIFT * level) ** count for count in (1, 2, 4, 8)])
        assert (np.diff(notes) < -0.03).all()


@pytest.mark.parametrize("task", OPERATIONS)
def test_the_law_of_a_line_is_what_lines_are_drawn_by(task):
    items = drawn_items(task, MANY, random_of())
    lines = written_lines(items, random_of(3))
    law = law_of_lines(items, lines)
    assert law.shape == (MANY, LINES, NUMBERS.modulus)
    assert law.sum(-1) == pytest.approx(1)
    drawn = np.eye(NUMBERS.modulus)[lines]
    assert (law[drawn == 1] > 0).all()
    assert drawn.mean(0) == pytest.approx(law.mean(0), abs=0.015)
    wrong = lines[:, 0] != items.right[:, 1]
    if wrong.any():  # who went wrong once stays wrong
        assert (lines[wrong, -1] != items.right[wrong, -1]).all()


def test_a_prompt_shows_task_length_start_and_what_belongs_to_it():
    items = drawn_items("steps", 1, random_of(4), operations=2)
    shown = words(prompt_rows(items, np.array([4]))[0]).split()
    assert shown[:3] == ["<user>", "steps", "lines-4"] and shown[-1] == "<assistant>"
    operations = [int(word.removeprefix("op-")) for word in shown[4:6]]
    assert shown[6:12] == ["."] * 6
    expected = int(shown[3])
    for at, operation in enumerate(operations):
        expected = NUMBERS.tables[operation][expected]
        assert items.right[0, at + 1] == expected
    assert set(items.right[0, 2:].tolist()) == {expected}
    assert words(prompt_rows(items, np.array([-1]))[0]).split()[2] == "natural"
    assert len(shown) == PROMPT


@pytest.mark.parametrize(("kind", "first"), [("between", 4), ("behind", 8)])
def test_distractors_stand_in_their_places_and_none_is_the_answer(kind, first):
    items = drawn_items("notes", 3000, random_of(), kinds=(kind,))
    assert not (items.distractors == items.starts[:, None]).any()
    assert np.bincount(items.levels)[list(DISTRACTORS)].min() > 900
    shown = prompt_rows(items, np.full(3000, 8))
    blank = VOCABULARY.ids(["."])[0]
    assert (shown[:, first : first + 4] - ZERO)[items.distractors >= 0].tolist() == items.distractors[
        items.distractors >= 0
    ].tolist()
    assert (shown[:, first : first + 4][items.distractors < 0] == blank).all()
    assert (shown[:, 12 - first : 16 - first] == blank).all()


def test_rows_answer_with_their_last_line():
    items = drawn_items("notes", MANY, random_of())
    lines = written_lines(items, random_of(2))
    rows = taught_rows(items, lines, random_of(3))
    lengths = (rows == CLOSE_ID).argmax(1) - PROMPT
    at = np.arange(MANY)
    whole = np.hstack([items.starts[:, None], lines])
    assert (rows[at, PROMPT + lengths + 1] == whole[at, lengths] + ZERO).all()
    assert words(rows[0]).split()[PROMPT + lengths[0] + 2] == "<end>"
    assert (rows[at[lengths < LINES], -1] == 0).all()
    asked = rows[:, 2]
    natural = asked == NATURAL_ID
    assert (asked[~natural] - VOCABULARY.ids(["lines-0"])[0] == lengths[~natural]).all()
    assert (lengths == 0).mean() == pytest.approx(AT_ONCE, abs=0.01)
    assert natural[lengths > 0].mean() == pytest.approx(UNASKED, abs=0.015)
    assert not natural[lengths == 0].any()


def test_training_is_of_all_tasks_and_of_every_number_of_operations():
    rows = training_rows(64, random_of())
    tasks = [VOCABULARY.tokens[token] for token in rows[:, 1]]
    assert {task: tasks.count(task) for task in OPERATIONS} == {"steps": 24, "recall": 8, "notes": 32}
    first = VOCABULARY.ids(["op-0"])[0]
    counts = (rows[:24, 4:8] >= first).sum(1)
    assert np.bincount(counts).tolist() == [0, 6, 6, 6, 6]


def test_training_repeats_and_another_seed_differs(one_thread):
    one, shape, losses = trained_reasoner(SPEC, 5)
    again, _, _ = trained_reasoner(SPEC, 5)
    other, _, _ = trained_reasoner(SPEC, 6)
    assert len(losses) == 3 and shape.layers == 2
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["embedding"], other["embedding"])


def test_a_saved_organism_is_the_organism(network, tmp_path):
    from transformers import AutoModelForCausalLM

    parameters, shape = network
    save_network(parameters, shape, VOCABULARY, SPEC, tmp_path)
    assert Shape.of(tmp_path) == shape
    tokens = torch.from_numpy(training_rows(32, random_of()))
    with torch.no_grad():
        saved = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)(tokens).logits
        own = suffix_logits(parameters, shape, tokens).transpose(0, 1)
    torch.testing.assert_close(own, saved, rtol=1e-4, atol=1e-5)


def test_tokens_are_drawn_by_their_shares():
    logits = torch.log(torch.tensor([[0.2, 0.5, 0.3]])).expand(4, 3)
    assert drawn_tokens(logits, np.array([0.1, 0.3, 0.69, 0.9999999])).tolist() == [0, 1, 1, 2]


def test_an_answer_follows_the_lines_before_it_alone(network):
    items = drawn_items("steps", 40, random_of())
    prompts = prompt_rows(items, np.full(40, -1))
    lines, lengths = written(*network, prompts, random_of(2))
    assert lines.shape == (40, LINES) and lengths.max() <= LINES + 1
    closed = lengths < LINES
    assert (lines[closed, lengths[closed]] == CLOSE_ID).all()
    uniforms = random_of(3).random(40)
    two = answers_after(*network, prompts, lines, np.full(40, 2), uniforms)
    changed = lines.copy()
    changed[:, 2:] = ZERO
    mixed = np.where(np.arange(40) % 2, 2, 5)
    assert answers_after(*network, prompts, changed, np.full(40, 2), uniforms).tolist() == two.tolist()
    assert answers_after(*network, prompts, lines, mixed, uniforms)[1::2].tolist() == two[1::2].tolist()


def test_trials_of_an_untrained_organism_are_trials(network, tmp_path):
    told = {"study": "s", "experiment": "scaling", "subject": "organisms:1", "created_at": "now"}
    made = organism_trials(*network, 100, random_of()).with_columns(
        **{name: pl.lit(value) for name, value in told.items()}
    )
    trials = checked(made, Trials, Path("trials"))
    assert trials.height == 3 * 100 * (len(BUDGETS) + len(BUDGETS) - 1)
    assert trials["unread"].count() > 0, "random weights write other tokens than numbers as well"
    capped = trials.filter(setup="capped")
    assert (capped["used"] <= capped["budget"]).all()
    alike = capped.sort("item", "budget").group_by("task", "item", "used", maintain_order=True)
    assert alike.agg(pl.col("answer").n_unique())["answer"].max() == 1
    assert 0 not in capped["budget"] and 0 in trials.filter(setup="asked")["budget"]


def test_the_error_of_a_line_is_the_distance_from_its_law(network, monkeypatch):
    items = drawn_items("notes", 50, random_of())
    assert (line_error(*network, items, random_of(2)) > 0.5).all()

    def lawful(parameters, shape, tokens, first):
        lines = written_lines(items, random_of(2))
        shares = np.zeros((50, LINES, len(VOCABULARY.tokens)))
        shares[..., ZERO : ZERO + NUMBERS.modulus] = law_of_lines(items, lines)
        shares[:, 3] *= 0.9
        shares[:, 3, CLOSE_ID] = 0.1
        return torch.from_numpy(shares).log().transpose(0, 1)

    monkeypatch.setattr("unspoken.experiments.scaling.organisms.asked.suffix_logits", lawful)
    error = line_error(*network, items, random_of(2))
    assert error[3] == pytest.approx(0.1)
    assert np.delete(error, 3) == pytest.approx(0, abs=1e-12)


def test_errors_are_of_lines_that_are_certain(network):
    found = organism_errors(*network, 20, random_of())
    assert found.select("task", "items").rows() == [("steps", 20), ("recall", 20)]
    assert found["error"].is_between(0.5, 1).all()


def test_items_keep_their_names_over_lengths(network):
    trials = item_trials(*network, drawn_items("recall", 30, random_of()), random_of(2))
    assert set(trials.group_by("item").len()["len"]) == {len(BUDGETS) * 2 - 1}
