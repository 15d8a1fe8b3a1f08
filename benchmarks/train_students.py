#!/usr/bin/env python
"""Students a second on the whole machine: trained together, against one after the other by autograd.

Both start from the same organism and see the same rows in the same order for one epoch: `STUDENTS`
students, each of rows of its own, in each of two processes of one thread. One after the other is what
jobs did before, and what pretraining still does: the network by autograd and an AdamW for each student.
The ways take turns.
"""

import contextlib
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from train_tokens import build_model

STUDENTS, ROWS, ROUNDS, PROCESSES = 6, 3_200, 5, 2
TRAINING = {"epochs": 1, "batch_size": 64, "learning_rate": 1e-3, "warmup_steps": 5}
OBJECTIVES = ("tokens", "kl_carrier", "kl_full")


class Base:
    """The base as teacher of itself: what a teacher knows takes no part in how long it takes."""

    def __init__(self, directory: Path) -> None:
        self.weights = directory / "model.safetensors"

    def tensors(self) -> Any:
        from safetensors.torch import load_file

        return load_file(self.weights)


def lessons_of(directory: Path, objective: str) -> list[Any]:
    """Return what each student learns from."""
    import numpy as np
    import polars as pl

    from unspoken.models.corpus import CONTINUED, GIVEN, number_walks
    from unspoken.training.trained import Lesson

    lessons = []
    for seed in range(STUDENTS):
        walks = number_walks(ROWS, GIVEN + CONTINUED, np.random.default_rng(seed)).astype(str)
        texts = [[" ".join(part) for part in (row[:GIVEN], row[GIVEN:])] for row in walks]
        rows = pl.DataFrame(texts, schema=["prompt", "completion"], orient="row")
        lessons.append(Lesson(rows, seed, None if objective == "tokens" else Base(directory)))  # type: ignore[arg-type]
    return lessons


def ways_of(directory: Path) -> dict[str, Callable[[str], list[float]]]:
    """Return the ways to train; each takes an objective and returns the last loss of each student."""
    from unspoken.training.organism import train, warmed_linear
    from unspoken.training.students import OrganismTrainer

    trainer = OrganismTrainer(directory)
    lessons = {objective: lessons_of(directory, objective) for objective in OBJECTIVES}

    def together(objective: str) -> list[float]:
        return [one.losses[-1] for one in trainer.students(lessons[objective], TRAINING, objective)]

    def one_by_one(objective: str) -> list[float]:
        last = []
        for lesson in lessons[objective]:
            parameters = {name: tensor.clone() for name, tensor in trainer.base.items()}
            steps = ([batch] for batch in trainer._batches(lesson, TRAINING, objective))
            losses = train(
                parameters, trainer.shape, steps, n_steps=-(-ROWS // 64), learning_rate=1e-3, warmup=5,
                schedule=warmed_linear, show=None,
            )  # fmt: skip
            last.append(losses[-1])
        return last

    return {"one by one": one_by_one, "together": together}


def work(directory: Path, told: Connection) -> None:
    """Be one process: train as told, and answer with seconds of the processor and the last losses."""
    import torch

    torch.set_num_threads(1)
    ways = ways_of(directory)
    with contextlib.redirect_stderr(io.StringIO()):
        while order := told.recv():
            name, objective = order
            start = time.process_time()
            losses = ways[name](objective)
            told.send((time.process_time() - start, losses))


def compare(directory: Path) -> None:
    """Print students a second of each way and their ratio, by objective."""
    processes, ends = [], []
    for _ in range(PROCESSES):
        ours, theirs = get_context("spawn").Pipe()
        processes.append(get_context("spawn").Process(target=work, args=(directory, theirs)))
        processes[-1].start()
        ends.append(ours)

    def seconds(name: str, objective: str) -> tuple[float, float, list[float]]:
        start = time.perf_counter()
        for end in ends:
            end.send((name, objective))
        used, losses = zip(*(end.recv() for end in ends), strict=True)
        return time.perf_counter() - start, sum(used), losses[0]

    load = os.getloadavg()[0]
    names = ("one by one", "together")
    print(f"{PROCESSES} processes of {STUDENTS} students, {ROWS:,} rows each; medians of {ROUNDS} turns.")
    print(f"{'':12}{'':12} {'students/s':>10} {'a second of processor':>22} {'last loss':>10}")
    for objective in OBJECTIVES:
        taken: dict[str, list[tuple[float, float, list[float]]]] = {name: [] for name in names}
        for turn in range(ROUNDS + 1):
            for name in names:
                made = seconds(name, objective)
                if turn:  # the first is not counted: nothing is in memory yet
                    taken[name].append(made)
        rates = {}
        for name, made in taken.items():
            elapsed, used = (statistics.median(one[place] for one in made) for place in (0, 1))
            rates[name] = PROCESSES * STUDENTS / elapsed, PROCESSES * STUDENTS / used
            loss = statistics.fmean(made[0][2])
            print(f"{objective:12}{name:12} {rates[name][0]:10.2f} {rates[name][1]:22.2f} {loss:10.4f}")
        ratio, of_processor = (rates[names[1]][place] / rates[names[0]][place] for place in (0, 1))
        print(f"{objective:12}{'ratio':12} {ratio:9.2f}x {of_processor:21.2f}x")
    print(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores.")
    for end in ends:
        end.send(None)
    for process in processes:
        process.join()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        build_model(Path(folder))
        compare(Path(folder))
