#!/usr/bin/env python
"""Students a second on the whole machine: trained together, against one after the other by autograd.

Both start from the same organism and see the same rows in the same order for three epochs: `STUDENTS`
students, each of rows of its own, in each of two processes of one thread. One after the other is what
jobs did before: the network by autograd and an AdamW for each student. The ways take turns.
"""

import contextlib
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from train_tokens import build_model

STUDENTS, ROWS, EPOCHS, ROUNDS, PROCESSES = 6, 1_280, 3, 5, 2
TRAINING = {"epochs": EPOCHS, "batch_size": 64, "learning_rate": 1e-3, "warmup_steps": 5}
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
    import numpy as np
    import torch

    from unspoken.models.network import suffix_logits
    from unspoken.training.organism import Batch, batch_loss, carrier_log_probs, warmed_linear
    from unspoken.training.students import OrganismTrainer

    trainer = OrganismTrainer(directory)
    lessons = {objective: lessons_of(directory, objective) for objective in OBJECTIVES}

    def together(objective: str) -> list[float]:
        return [one.losses[-1] for one in trainer.students(lessons[objective], TRAINING, objective)]

    def steps(lesson: Any, objective: str) -> Iterator[Batch]:
        tokens, first = trainer._tokens(lesson.rows)
        among = trainer.carrier_ids() if objective == "kl_carrier" else None
        target = None
        if lesson.teacher is not None:
            teacher = trainer._loaded(lesson.teacher.tensors())
            with torch.no_grad():
                logits = suffix_logits(teacher, trainer.shape, tokens[:, :-1], first)
            target = carrier_log_probs(logits, among).transpose(0, 1)
        generator = np.random.default_rng(lesson.seed)
        for _ in range(EPOCHS):
            order = torch.from_numpy(generator.permutation(len(tokens)))
            for chosen in order.split(TRAINING["batch_size"]):
                yield Batch(tokens[chosen], first, None if target is None else target[chosen], among)

    def one_by_one(objective: str) -> list[float]:
        last = []
        for lesson in lessons[objective]:
            parameters = {name: tensor.clone().requires_grad_() for name, tensor in trainer.base.items()}
            optimizer = torch.optim.AdamW(parameters.values(), lr=1e-3, fused=True)
            n_steps = EPOCHS * -(-ROWS // TRAINING["batch_size"])
            for step, batch in enumerate(steps(lesson, objective)):
                optimizer.param_groups[0]["lr"] = 1e-3 * warmed_linear(step, n_steps, 5)
                loss = batch_loss(parameters, trainer.shape, batch)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            last.append(loss.item())
        return last

    return {"one by one": one_by_one, "together": together}


def work(directory: Path, name: str, told: Connection) -> None:
    """Be one process of a way: train as told; answer with seconds of the processor and the last losses."""
    import torch

    torch.set_num_threads(1)
    way = ways_of(directory)[name]
    with contextlib.redirect_stderr(io.StringIO()):
        while objective := told.recv():
            start = time.process_time()
            losses = way(objective)
            told.send((time.process_time() - start, losses))


class Way:
    """The processes of one way: each trains `STUDENTS` students, all at the same time."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name, self.ends, self.processes = name, [], []
        for _ in range(PROCESSES):
            ours, theirs = get_context("spawn").Pipe()
            process = get_context("spawn").Process(target=work, args=(directory, name, theirs))
            process.start()
            self.processes.append(process)
            self.ends.append(ours)

    def measured(self, objective: str) -> tuple[float, float, float]:
        """Return students a second, students a second of the processor, and their mean last loss."""
        start = time.perf_counter()
        for end in self.ends:
            end.send(objective)
        used, losses = zip(*(end.recv() for end in self.ends), strict=True)
        students = PROCESSES * STUDENTS
        return students / (time.perf_counter() - start), students / sum(used), statistics.fmean(losses[0])

    def end(self) -> None:
        for end, process in zip(self.ends, self.processes, strict=True):
            end.send(None)
            process.join()


def compare(directory: Path) -> None:
    """Print students a second of each way and their ratio, by objective."""
    ways = [Way(directory, name) for name in ("one by one", "together")]
    load = os.getloadavg()[0]
    print(f"{PROCESSES} x {STUDENTS} students, {EPOCHS} times {ROWS:,} rows each; medians of {ROUNDS} turns.")
    print(f"{'':12}{'':12} {'students/s':>10} {'a second of processor':>22} {'last loss':>10}")
    for objective in OBJECTIVES:
        for way in ways:  # not counted: nothing is in memory yet
            way.measured(objective)
        turns = [[way.measured(objective) for way in ways] for _ in range(ROUNDS)]
        medians = [
            [*map(statistics.median, zip(*of_way, strict=True))] for of_way in zip(*turns, strict=True)
        ]
        for way, (rate, of_processor, loss) in zip(ways, medians, strict=True):
            print(f"{objective:12}{way.name:12} {rate:10.2f} {of_processor:22.2f} {loss:10.4f}")
        ratios = [after / before for before, after in zip(*medians, strict=True)]
        print(f"{objective:12}{'ratio':12} {ratios[0]:9.2f}x {ratios[1]:21.2f}x")
    print(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores.")
    for way in ways:
        way.end()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        build_model(Path(folder))
        compare(Path(folder))
