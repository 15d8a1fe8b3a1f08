#!/usr/bin/env python
"""Tokens a second of organism training, against `transformers.Trainer` on the same rows.

Both start from the same organism and see 10,000 number rows once: the same batch, precision,
lengths, loss (on completions alone), optimiser (AdamW, fused) and schedule; saving, logging and
gradient clipping are off. The whole machine is two processes of one thread for the organisms'
trainer, and the better of one process of two threads and two of one for Trainer. All ways take
turns. Below them: what the matrix products of a step reach by themselves, and a large one.
"""

import argparse
import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROWS, BATCH, ROUNDS = 10_000, 64, 3
LEARNING_RATE, WARMUP = 1e-3, 5
WORDS = tuple("abcdefghijklmnop")
SIZES = {"hidden_size": 64, "mlp_size": 256, "layers": 2}
PROMPT, LENGTH = 5, 14
"""Tokens of a row up to the assistant mark, and of the whole row."""


class Way(NamedTuple):
    """One way to train: which trainer, in how many processes, of how many threads."""

    name: str
    kind: str
    processes: int
    threads: int


WAYS = [
    Way("organism trainer, 1 process of 1 thread", "organism", 1, 1),
    Way("Trainer, 1 process of 1 thread", "trainer", 1, 1),
    Way("organism trainer, 2 processes of 1 thread", "organism", 2, 1),
    Way("Trainer, 1 process of 2 threads", "trainer", 1, 2),
    Way("Trainer, 2 processes of 1 thread", "trainer", 2, 1),
]


def build_model(directory: Path) -> None:
    from unspoken.models.organism import build_organism

    spec = {"seed": 1, "steps": 5, "rows": 8, "learning_rate": 1e-3, **SIZES}
    with contextlib.redirect_stderr(io.StringIO()):
        build_organism(spec, WORDS, directory)


def walks() -> Any:
    import numpy as np

    from unspoken.models.corpus import CONTINUED, GIVEN, number_walks

    return number_walks(ROWS, GIVEN + CONTINUED, np.random.default_rng(1))


def organism_run(directory: Path) -> Callable[[], float]:
    """Return the training by the organisms' trainer; it returns the mean loss."""
    import polars as pl

    from unspoken.models.corpus import GIVEN
    from unspoken.training.students import OrganismTrainer
    from unspoken.training.trained import Lesson

    texts = [[" ".join(part) for part in (row[:GIVEN], row[GIVEN:])] for row in walks().astype(str)]
    rows = pl.DataFrame(texts, schema=["prompt", "completion"], orient="row")
    training = {
        "epochs": 1,
        "batch_size": BATCH,
        "learning_rate": LEARNING_RATE,
        "warmup_steps": WARMUP,
    }
    trainer = OrganismTrainer(directory)
    return lambda: statistics.fmean(next(trainer.students([Lesson(rows, 1)], training)).losses)


def trainer_run(directory: Path) -> Callable[[], float]:
    """Return the same training by `transformers.Trainer`; it returns the mean loss."""
    import torch
    from transformers import LlamaForCausalLM, Trainer, TrainingArguments, default_data_collator

    from unspoken.models.corpus import Vocabulary, number_rows

    tokens = torch.from_numpy(number_rows(walks(), Vocabulary(WORDS)))
    labels = tokens.clone()
    labels[:, :PROMPT] = -100
    rows = [{"input_ids": row, "labels": label} for row, label in zip(tokens, labels, strict=True)]
    arguments = TrainingArguments(
        output_dir=str(directory / "trainer"),
        num_train_epochs=1,
        per_device_train_batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        lr_scheduler_type="linear",
        warmup_steps=WARMUP,
        optim="adamw_torch_fused",
        weight_decay=0.01,
        max_grad_norm=0.0,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        dataloader_pin_memory=False,
    )

    def run() -> float:
        model = LlamaForCausalLM.from_pretrained(directory, dtype=torch.float32)
        trainer = Trainer(model, arguments, train_dataset=rows, data_collator=default_data_collator)
        return trainer.train().training_loss

    return run


def work(kind: str, threads: int, directory: Path) -> None:
    """Be one process: train on every line of standard input; answer seconds, processor's, loss."""
    import torch

    torch.set_num_threads(threads)
    run = {"organism": organism_run, "trainer": trainer_run}[kind](directory)
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        start, used = time.perf_counter(), time.process_time()
        loss = run()
        print(time.perf_counter() - start, time.process_time() - used, loss, flush=True)


def started(way: Way, directory: Path) -> list[subprocess.Popen[str]]:
    threads = str(way.threads)
    environment = os.environ | {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    environment |= {"POLARS_MAX_THREADS": threads}
    command = [sys.executable, __file__, "--work", way.kind, "--threads", threads, "--model", str(directory)]
    with (directory / "progress.txt").open("a") as progress:
        processes = [
            subprocess.Popen(
                command,
                env=environment,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=progress,
            )
            for _ in range(way.processes)
        ]
    for process in processes:
        answer(process, directory)
    return processes


def answer(process: subprocess.Popen[str], directory: Path) -> str:
    """Return the next line that a process prints for this one (libraries may print others)."""
    assert process.stdout
    while not (line := process.stdout.readline()).startswith(("ready", *"0123456789")):
        if not line:
            sys.exit(f"a process ended early:\n{(directory / 'progress.txt').read_text()}")
    return line


def measured(processes: list[subprocess.Popen[str]], directory: Path) -> tuple[float, float, float]:
    """Return tokens a second of all processes together, and of a processor's second, and the loss."""
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [[float(one) for one in answer(process, directory).split()] for process in processes]
    seconds, used, losses = zip(*answers, strict=True)
    tokens = ROWS * LENGTH
    return len(processes) * tokens / max(seconds), len(processes) * tokens / sum(used), losses[0]


def products(trimmed: bool) -> list[tuple[int, int, int]]:
    """Return rows, inputs and outputs of each matrix product of a batch's forward pass.

    The organisms' trainer gives no position to the last token, and runs the last layer and the
    output where the loss looks; Llama runs everything everywhere.
    """
    width, mlp = SIZES["hidden_size"], SIZES["mlp_size"]
    tokens = 155 + len(WORDS)
    every = BATCH * (LENGTH - 1 if trimmed else LENGTH)
    found = []
    for layer in range(SIZES["layers"]):
        last = layer == SIZES["layers"] - 1
        looked_at = BATCH * (LENGTH - PROMPT) if trimmed and last else every
        found += [(every, width, 3 * width), (looked_at, width, width)]
        found += [(looked_at, width, 2 * mlp), (looked_at, mlp, width)]
    return [*found, (looked_at, width, tokens)]


def multiply_adds(trimmed: bool) -> float:
    """Return multiply-adds per token of a step: the backward pass has twice those of the forward."""
    return 3 * sum(rows * into * out for rows, into, out in products(trimmed)) / (BATCH * LENGTH)


def seconds_of(run: Callable[[], Any], repeats: int) -> float:
    """Return the processor's seconds of a call: the median."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def matmul_limits() -> None:
    """Print what matrix products reach by themselves on one thread."""
    import torch

    torch.set_num_threads(1)
    large = torch.randn(1024, 1024)
    rate = 2 * 1024**3 / seconds_of(lambda: large @ large, 15) / 1e9
    step = 0.0
    for rows, into, out in products(trimmed=True):
        x, w, g = torch.randn(rows, into), torch.randn(out, into), torch.randn(rows, out)
        for run in (lambda: x @ w.T, lambda: g @ w, lambda: g.T @ x):  # noqa: B023 - called here
            step += seconds_of(run, 50)
    tokens = BATCH * LENGTH / step
    own = 2 * multiply_adds(True) * tokens / 1e9
    print(f"{'the matrix products of a step alone':42} {tokens:33,.0f} {own:9.1f}")
    print(f"{'one product of 1024 x 1024, 1 thread':42} {'':33} {rate:9.1f}")


def compare(directory: Path) -> None:
    running = {way: started(way, directory) for way in WAYS}
    results: dict[Way, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
    load = os.getloadavg()[0]
    for _ in range(ROUNDS):
        for way, processes in running.items():
            results[way].append(measured(processes, directory))
    for process in (one for processes in running.values() for one in processes):
        assert process.stdin
        process.stdin.close()
        process.wait()
    print(f"{ROWS:,} rows of {LENGTH} tokens, batches of {BATCH}; medians of {ROUNDS} runs in turn;")
    print(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores.")
    print(
        "Multiply-adds per token: {:,.0f}; of Trainer {:,.0f}.\n".format(*map(multiply_adds, (True, False)))
    )
    print(f"{'':42} {'tokens/s':>10} {'tokens/s of processor':>22} {'GFLOP/s':>9} {'loss':>7}")
    rate = {}
    for way in WAYS:
        rate[way], used, loss = map(statistics.median, zip(*results[way], strict=True))
        flops = 2 * multiply_adds(way.kind == "organism") * rate[way] / 1e9
        print(f"{way.name:42} {rate[way]:10,.0f} {used:22,.0f} {flops:9.1f} {loss:7.4f}")
    matmul_limits()
    one, one_of_trainer, two, threaded, two_of_trainer = rate.values()
    print(f"\none thread of each          {one / one_of_trainer:5.2f}x")
    print(f"2 x 1 against 1 x 2 threads {two / threaded:5.2f}x")
    print(f"2 x 1 against 2 x 1 threads {two / two_of_trainer:5.2f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", help="be one of the processes that are measured")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    if given.work:
        work(given.work, given.threads, given.model)
        return
    with tempfile.TemporaryDirectory() as folder:
        build_model(Path(folder))
        compare(Path(folder))


if __name__ == "__main__":
    main()
