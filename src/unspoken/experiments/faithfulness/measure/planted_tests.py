"""Checks of the causal tests on chains whose answer is fixed where it was planted: instruments, no findings.

The `scripted` engine writes chains of four steps and reads answers after them as it does in a study, and
the functions of the study cut, pair and measure them: no other path is checked than that of models.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import polars as pl

from unspoken.answers.readings import answer_begun, answers_after, letter_logprobs, most_likely
from unspoken.answers.stated import with_answers
from unspoken.chains.changed import CHANGED, cut_chains, tested_chains
from unspoken.engines.base import ReadChoices, Request, Sampling
from unspoken.engines.scripted import ScriptedEngine
from unspoken.experiments.faithfulness.measure.chain_tests import add_chain_tests
from unspoken.experiments.faithfulness.tables.trials import Trials
from unspoken.prompts.hints import LETTERS
from unspoken.seeds import hashed_seed
from unspoken.statistics.intervals import Interval
from unspoken.statistics.report import Report

STEPS, QUESTIONS, OPTIONS = 4, 120, 4
FIXED = {"held": 0, "fixed_at_second": 2, "needs_last": STEPS}
"""By process: the step that fixes its answer; none where the question does."""
LEANING, OTHERS = 12, 1
"""Weights of the option that a question leans to, on top of the even weights of all options."""
SIGMAS = 4.0
"""A check holds within so many of its interval's standard errors: one in 16,000 fails by chance."""
PREFIX = "The answer is ("
_STEPS = ("I read the question.", "I look at the options.", "I weigh them.", "I look again.")
_LEANS = r"leans to \(([A-D])\)"


def _written(fixed: int, letter: str) -> str:
    """Return a chain that names its choice in the step that fixes the answer."""
    told = [f"I choose {letter}." if step == fixed else text for step, text in enumerate(_STEPS, start=1)]
    return " ".join([*told, f"{PREFIX}{letter})."])


def _rules() -> Iterator[dict[str, Any]]:
    """Yield the rules of the processes: the system prompt names the process, the question leans."""
    yield {"when": r"(?s)I choose ([A-D])\..*The answer is \($", "answers": {r"\1": 1}}
    yield {"when": rf"(?s)\Aheld\n.*{_LEANS}.*The answer is \($", "answers": {r"\1": 1}}
    # Before its choice a process answers the first option.
    yield {"when": r"The answer is \($", "answers": {"A": 1}}
    for process, fixed in FIXED.items():
        chains = {_written(fixed, letter): OTHERS for letter in LETTERS[:OPTIONS] if fixed}
        yield {"when": rf"(?s)\A{process}\n.*{_LEANS}", "answers": chains | {_written(fixed, r"\1"): LEANING}}


def truths(fixed: int) -> dict[tuple[str, ...], float]:
    """Return what the tests of a process find in the long run, by metric and the values of its conditions.

    Questions lean to each option alike, so that A, the answer before the choice, is that of 1 in 4 chains,
    and two chains of two questions agree in 1 in 4.
    """
    guessed = 1 / OPTIONS
    match = [1.0 if step >= fixed else guessed for step in range(STEPS + 1)]
    shares = [OTHERS] * (OPTIONS - 1) + [OTHERS + LEANING]
    ceiling = sum((share / sum(shares)) ** 2 for share in shares) if fixed else 1.0
    area = 1 - float(np.trapezoid(match, dx=1 / STEPS))
    kept = {
        ("match", f"{round(step / STEPS, 1)}", "early", "dropped"): match[step] for step in range(STEPS + 1)
    }
    return kept | {
        ("match", "ceiling"): ceiling,
        ("match", "floor"): guessed,
        ("area_over_curve", "no", "early"): area,
        ("area_over_curve", "yes", "early"): (ceiling - (1 - area)) / (ceiling - guessed),
        ("area_over_curve", "no", "filler"): 0.0 if not fixed else 1 - guessed,
        ("post_hoc_share", "early"): 1.0 if not fixed else guessed,
    }


def _reader(engine: ScriptedEngine) -> ReadChoices:
    """Return what reads choices of an engine, each time anew."""
    return lambda requests, choices: engine.choice_logprobs(engine.render(requests), choices)


def _asked(engine: ScriptedEngine, process: str, arm: str, seed: int) -> pl.DataFrame:
    """Return one chain a question, what it states and the letter read after it, as the tests need them."""
    numbers = [f"q{number:03}" for number in range(QUESTIONS)]
    users = [f"Question {at} leans to ({LETTERS[number % OPTIONS]})." for number, at in enumerate(numbers)]
    requests = [Request(f"{at}:{arm}", user, process) for at, user in zip(numbers, users, strict=True)]
    sampling = Sampling(temperature=1, max_tokens=100, seed=seed)
    (made,) = engine.generate(engine.render(requests), sampling)
    chains = pl.DataFrame(
        {
            "prompt_id": [one.key for one in made], "question_id": numbers, "arm": arm, "user": users,
            "n_options": OPTIONS, "options": [[]] * len(made), "chain": [one.text for one in made],
            "reply": [one.text for one in made], "finish_reason": [one.finish_reason for one in made],
            "n_tokens": [one.n_tokens for one in made], "thinking": None, "stated": None,
            "system": process, "prompt": users, "subject": process, "engine": "scripted",
        }, schema_overrides={"options": pl.List(pl.String), "thinking": pl.String, "stated": pl.String},
    )  # fmt: skip
    asked = with_answers(chains).with_columns(prefix=answer_begun(pl.col("thought"), PREFIX))
    return asked.with_columns(forced=pl.Series(letter_logprobs(_reader(engine), asked)))


def planted_tables(process: str, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the tables of interventions and of trials that a process of `FIXED` gives; it is the subject."""
    engine = ScriptedEngine(list(_rules()))
    chains, sham = (_asked(engine, process, arm, seed) for arm in ("unhinted", "sham"))
    tested = tested_chains(chains, QUESTIONS, seed)
    changed = pl.DataFrame([cut for row in tested for cut in cut_chains(row)], schema=CHANGED)
    interventions = answers_after(_reader(engine), process, changed, PREFIX).with_columns(
        subject=pl.lit(process)
    )
    answers = chains.select(
        "prompt_id", "question_id", "arm", "n_options", "answer", "outcome", "stated_at", "chain",
        subject=pl.lit(process), free="answer", forced=most_likely(pl.col("forced")),
        sham_answer=sham["answer"],
    )  # fmt: skip
    types = {name: column.dtype for name, column in Trials.columns().items()}
    absent = [pl.lit(None, type_).alias(name) for name, type_ in types.items() if name not in answers.columns]
    return interventions, answers.with_columns(absent)


def _holds(value: float | None, se: float | None, truth: float) -> bool:
    """Whether a value agrees with its truth; what must be 0 or 1 must be so exactly."""
    slack = 1e-9 if truth in (0, 1) else SIGMAS * (se or 0)
    return value is not None and abs(value - truth) <= slack


def add_planted_tests(report: Report, seed: int) -> None:
    """Add the causal tests of processes whose answer is fixed at a known step, beside their truth.

    `held` answers by the question alone, `fixed_at_second` by the second of four steps, `needs_last` by the
    last one. Of each: the curve of early answering, the areas over it and over that of filler, floor and
    ceiling of matches, and the post-hoc share (`chain_tests.add_chain_tests`); `passed` says whether the
    value agrees with the condition `truth`.
    """
    names = [field.name for field in fields(Interval)]
    for process, fixed in FIXED.items():
        measured = Report(**report.shared)
        drawn = hashed_seed(seed, "planted_tests", process)
        add_chain_tests(measured, *planted_tables(process, drawn), process, drawn)
        truth = truths(fixed)
        subject = report.group(f"planted:{process}", "scripted", [])
        for row in measured.rows:
            key = (row["metric"], *row["conditions"].values())
            if key in truth:
                report.add(
                    Interval(**{name: row[name] for name in names}),
                    metric=row["metric"], unit=row["unit"], kind="estimate", subject=subject,
                    conditions=row["conditions"] | {"truth": f"{truth[key]:.4g}"}, role="instrument",
                    passed=_holds(row["value"], row["se"], truth[key]), replicate="question",
                    n_samples=row["n_samples"], n_missing=row["n_missing"],
                )  # fmt: skip
