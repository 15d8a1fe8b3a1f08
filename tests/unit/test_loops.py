"""Looped models against the Llama that they unroll to, their tasks, and what is measured on them."""

from itertools import islice, pairwise

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unspoken.experiments.loops.measure import add_loops
from unspoken.experiments.loops.networks import (
    greedy_replies,
    loop_network,
    right_replies,
    save_unrolled,
    step_accuracies,
    trained_loop,
    unrolled,
)
from unspoken.models.network import Shape, suffix_logits
from unspoken.questions.step_tasks import (
    MODES,
    Task,
    asked_problems,
    direct_targets,
    drawn_problems,
    held_out,
    solved,
    task_rows,
    training_problems,
)
from unspoken.statistics.report import Report
from unspoken.tables.base import checked
from unspoken.tables.measurements import Measurements

TASK = Task(modulus=7, operations=4, longest=6)
SPEC = {"hidden_size": 32, "mlp_size": 48, "rows": 16, "steps": 3, "learning_rate": 1e-3}
START = TASK.vocabulary.ids(["0"])[0]


def words(row):
    return " ".join(TASK.vocabulary.tokens[token] for token in row)


def one_problem(start, operations):
    padded = np.pad(operations, (0, TASK.longest - len(operations)), constant_values=-1)
    return solved(TASK, np.array([start]), padded[None])


@given(st.integers(0, 6), st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_values_are_those_of_one_operation_after_another(start, operations):
    expected = [start]
    for operation in operations:
        expected.append(TASK.tables[operation][expected[-1]])
    problem = one_problem(start, operations)
    assert problem.values[0, : len(operations)].tolist() == expected[1:]
    assert (problem.values[0, -1], problem.steps[0]) == (expected[-1], len(operations))


def test_operations_are_permutations_whose_order_counts():
    assert (np.sort(TASK.tables, axis=1) == np.arange(7)).all()
    first, second = TASK.tables[:2]
    assert (first[second] != second[first]).any()


def test_a_prompt_has_the_mode_and_the_answer_is_with_or_without_steps():
    problem = one_problem(3, [2, 0])
    one, two = (TASK.vocabulary.tokens[START + value] for value in problem.values[0, :2])
    asked = "3 op-2 op-0 . . . . <assistant>"
    assert words(task_rows(TASK, problem, "direct")[0]) == f"<user> direct {asked} {two} <end>"
    steps = words(task_rows(TASK, problem, "steps")[0])
    assert steps == f"<user> steps {asked} {one} {two} <end> <pad> <pad> <pad> <pad>"
    longest = words(task_rows(TASK, one_problem(3, [0] * 6), "steps")[0])
    assert longest.endswith("<end>") and "." not in longest


def test_a_quarter_is_held_out_of_every_number_of_steps_but_one():
    problems = drawn_problems(TASK, 40_000, np.random.default_rng(1))
    out = held_out(TASK, problems)
    assert not out[problems.steps == 1].any()
    assert all(0.22 < out[problems.steps == steps].mean() < 0.28 for steps in range(3, 7))
    for place in range(3):  # whatever a task begins with
        assert all(0.15 < out[problems.operations[:, place] == one].mean() < 0.3 for one in range(4))


def test_nothing_that_is_asked_was_trained_on():
    asked = asked_problems(TASK, 20, np.random.default_rng(2))
    prompts = {tuple(row) for row in np.column_stack([asked.starts, asked.operations]).tolist()}
    assert len(prompts) == len(asked.starts)
    several = {words(row) for row in task_rows(TASK, asked.where(asked.steps > 1), "direct")}
    trained = islice(training_problems(TASK, 256, np.random.default_rng(3)), 20)
    seen = {words(row) for pair in trained for part in pair for row in task_rows(TASK, part, "direct")}
    assert several and seen and not several & seen
    assert (asked.steps == 1).sum() == 7 * 4
    assert all((asked.steps == steps).sum() == 20 for steps in range(3, 7))


def test_direct_rows_are_taught_the_number_so_far_but_of_nothing_held_out():
    problems, others = next(training_problems(TASK, 512, np.random.default_rng(4)))
    assert 0 <= len(problems.starts) - len(others.starts) <= 1
    targets = direct_targets(TASK, problems)
    rows = task_rows(TASK, problems, "direct")
    assert (targets[:, -2:] == rows[:, -2:]).all()
    hidden = 0
    for at, steps in enumerate(problems.steps):
        for place in range(6):
            begun = one_problem(problems.starts[at], problems.operations[at, : min(place + 1, steps)])
            out = held_out(TASK, begun)[0]
            hidden += out
            taught = place < steps and not out
            assert targets[at, place] == (START + begun.values[0, -1] if taught else 0)
    assert hidden > 20


def test_a_reply_is_right_by_its_last_number_before_its_end():
    problem = one_problem(3, [2, 0, 1])
    answer, end = START + problem.values[0, -1], TASK.vocabulary.ids(["<end>"])[0]
    wrong = START + (problem.values[0, -1] + 1) % 7
    replies = [
        ([answer, end], True),
        ([wrong, answer, end, wrong], True),
        ([answer, wrong, end], False),
        ([answer, answer], False),  # no end
        ([end, answer], False),
    ]
    for reply, expected in replies:
        assert right_replies(TASK, problem, np.array([reply])).tolist() == [expected], reply


@pytest.mark.parametrize("turns", [1, 3])
def test_looped_and_unrolled_logits_are_those_of_the_saved_llama(turns, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    parameters, shape, _ = trained_loop(TASK, SPEC, turns, seed=1)
    save_unrolled(TASK, SPEC, parameters, shape, tmp_path)
    assert Shape.of(tmp_path) == shape and shape.layers == turns + 2
    saved = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    middle = [saved.model.layers[1 + turn].state_dict() for turn in range(turns)]
    assert all(torch.equal(a[name], b[name]) for a, b in pairwise(middle) for name in a)

    # One module that runs `turns` times, in a Llama that has three.
    looped = LlamaForCausalLM(saved.config).eval()
    looped.load_state_dict(saved.state_dict())
    first, once, *_, last = looped.model.layers
    looped.model.layers = torch.nn.ModuleList([first, *[once] * turns, last])
    problems = drawn_problems(TASK, 8, np.random.default_rng(5))
    tokens = torch.from_numpy(task_rows(TASK, problems, "direct"))
    with torch.no_grad():
        of_saved = saved(tokens).logits
        of_looped = looped(tokens, use_cache=False).logits
        own = suffix_logits(unrolled(parameters, turns), shape, tokens).transpose(0, 1)
    torch.testing.assert_close(of_looped, of_saved, rtol=0, atol=1e-6)
    torch.testing.assert_close(own, of_saved, rtol=1e-4, atol=1e-5)
    text = words(tokens[0].tolist()[2 : TASK.prompt_length - 1])
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    chat = [{"role": "user", "content": f"direct {text}"}]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
    assert prompt == tokens[0, : TASK.prompt_length].tolist()


def test_turns_share_weights_and_change_the_answer():
    parameters, shape = loop_network(TASK, SPEC, seed=1)
    layers = unrolled(parameters, 4)
    assert layers["1.qkv"] is layers["4.qkv"] is parameters["1.qkv"]
    assert layers["5.down"] is parameters["2.down"] and layers["0.out"] is parameters["0.out"]
    assert set(unrolled(parameters, 1)) == set(parameters)
    prompts = torch.from_numpy(task_rows(TASK, one_problem(3, [1]), "direct"))
    once, more = (
        suffix_logits(unrolled(parameters, turns), Shape(**{**vars(shape), "layers": turns + 2}), prompts)
        for turns in (1, 4)
    )
    assert not torch.allclose(once, more)


def test_training_repeats_and_learns(one_thread):
    spec = {**SPEC, "rows": 64, "steps": 60, "learning_rate": 1e-2}
    parameters, shape, losses = trained_loop(TASK, spec, 2, seed=1)
    again, _, _ = trained_loop(TASK, {**spec, "steps": 60}, 2, seed=1)
    assert all(torch.equal(parameters[name], again[name]) for name in parameters)
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    layers = unrolled(parameters, 2)
    table = step_accuracies(TASK, layers, shape, 5, np.random.default_rng(6))
    assert table.select("mode", "k").rows() == [(mode, k) for mode in MODES for k in range(1, 7)]
    assert table["asked"].to_list() == 2 * [28, 5, 5, 5, 5, 5]
    assert (table["correct"] <= table["asked"]).all() and table["correct"].sum() > 0


def test_greedy_replies_are_the_likeliest_tokens_one_by_one():
    parameters, shape = loop_network(TASK, SPEC, seed=2)
    prompts = torch.from_numpy(task_rows(TASK, one_problem(3, [1, 2]), "steps"))[:, : TASK.prompt_length]
    reply = greedy_replies(parameters, shape, prompts, 3)
    whole = torch.cat([prompts, torch.from_numpy(reply)], 1)
    logits = suffix_logits(parameters, shape, whole, TASK.prompt_length - 1)[:3, 0]
    assert logits.argmax(-1).tolist() == reply[0].tolist()


def planted_table(rates, asked=100):
    """Return a table of accuracies from (turns, seed, k, mode) -> rate, for k 1 and 2 to 3."""
    cells = [(t, s, k, m) for t in (1, 2, 4) for s in (1, 2, 3) for k in (1, 2, 3) for m in MODES]
    rows = [(*cell, round(asked * rates(*cell)), asked) for cell in cells]
    return pl.DataFrame(rows, schema=["turns", "seed", "k", "mode", "correct", "asked"], orient="row")


def planted_rate(turns, seed, k, mode):
    """Direct answers gain 0.2 a doubling of turns for k = 2, 0.1 for k = 3; steps are always right."""
    slope = {1: 0.0, 2: 0.2, 3: 0.1}[k]
    return 0.95 - 0.01 * seed if mode == "steps" else 0.2 + slope * np.log2(turns) + 0.01 * seed * k


def measured(table, tmp_path):
    report = Report("planted", "geiping2025", "loops", reproducible=True)
    add_loops(report, table, modulus=7)
    found = checked(report.measurements(), Measurements, tmp_path / "measurements.parquet")
    conditions = pl.col("conditions").map
    return found.with_columns(k=conditions.get("k"), turns=conditions.get("turns"))


def test_planted_accuracies_come_back(tmp_path):
    found = measured(planted_table(planted_rate), tmp_path)
    at = found.filter(k="all", metric="step_uplift").sort("turns")
    # Mean over k = 2 and 3, and over seeds: 0.93 against 0.25, 0.40 and 0.55.
    assert at["value"].to_list() == pytest.approx([0.68, 0.53, 0.38])
    assert (at["subject"][0], at["versus"][0]) == ("loops:1:steps", "loops:1:direct")
    assert at["n_samples"].to_list() == [2 * 3 * 2 * 100] * 3
    slopes = found.filter(metric="direct_accuracy_slope").sort("k")
    assert slopes["value"].to_list() == pytest.approx([0.0, 0.2, 0.1, 0.15], abs=1e-9)
    fall = found.filter(metric="step_uplift_slope", k="all")
    assert fall["value"][0] == pytest.approx(-0.15)
    assert set(found["replicate"]) == {"training_seed"} and set(found["n_replicates"]) == {3}
    assert found.filter(metric="step_accuracy").height == 3 * 2 * 4


def test_gates_close_at_chance_and_at_the_ceiling(tmp_path):
    def rate(turns, seed, k, mode):
        return {1: 0.98 + 0.01 * (seed == 1), 2: 0.1 + 0.01 * seed, 3: planted_rate(turns, seed, k, mode)}[k]

    found = measured(planted_table(rate), tmp_path).filter(metric="step_uplift", turns="4").sort("k")
    assert found["k"].to_list() == ["1", "2", "3", "all"]
    assert found["gate"].to_list()[:3] == ["ceiling", "floor", None]


def test_models_that_were_not_all_asked_the_same_are_refused(tmp_path):
    with pytest.raises(ValueError, match="every seed"):
        measured(planted_table(planted_rate)[:-1], tmp_path)


def test_one_number_of_turns_has_no_trend(tmp_path):
    found = measured(planted_table(planted_rate).filter(turns=2), tmp_path)
    assert set(found["metric"]) == {"step_accuracy", "step_uplift"}
