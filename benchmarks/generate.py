#!/usr/bin/env python
"""Time the generate job against bare vLLM and transformers, and measure its memory.

Speed, of SmolLM2 (results/models/smollm2-135m-q4; `make results` makes it): the job's own path, from
prompts through the completion cache to a written table, between turns of a bare `LLM.chat` of the
same loaded engine, with equal prompts and settings, on an empty prefix cache. Beside them
`transformers` as it is commonly called: `generate` on left-padded batches of 32, and prompt by
prompt; and, in a process of its own, `LLM.chat` of a vLLM with its own block size and chunked
prompts. Starts are not timed. Memory, of an organism under the transformers engine: the peak
of a job of 2,000, 20,000 and 100,000 completions, each a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SMOLLM2 = ROOT / "results/models/smollm2-135m-q4/model.json"
NUMBERS: dict[str, Any] = {"temperature": 1.0, "max_tokens": 48}
ORGANISM = {
    "seed": 1, "hidden_size": 64, "mlp_size": 256, "layers": 2, "steps": 20, "rows": 32,
    "learning_rate": 2e-3,
}  # fmt: skip
COUNTS = (2_000, 20_000, 100_000)
BATCH, ALONE = 32, 8
"""Prompts of one call of transformers' `generate`, and how many are also given one by one."""


def path_of_job(engine: Any, manifest: Path, prompts: Any, numbers: dict[str, Any], folder: Path) -> int:
    """Generate as the job does, with nothing in the cache; return the number of tokens."""
    import polars as pl

    from unspoken.asking.completing import asked_in_turn
    from unspoken.asking.replying import replied
    from unspoken.engines.base import Sampling
    from unspoken.engines.cache import ROWS_AT_ONCE
    from unspoken.seeds import hashed_seed
    from unspoken.subjects import base_subject
    from unspoken.tables.base import written_table
    from unspoken.tables.replies import Replies

    tokens, sampling = 0, Sampling(**numbers, seed=hashed_seed(1, "generate", "m"))
    named = {"study": pl.lit("benchmark"), "experiment": pl.lit("any")}
    with (
        tempfile.TemporaryDirectory(dir=folder) as fresh,
        written_table(Path(fresh, "replies.parquet"), Replies) as add,
    ):
        for asked in asked_in_turn(engine, [base_subject("m")], Path(fresh, "cache"), manifest):
            for _, replies in replied(asked, prompts, sampling, None, ROWS_AT_ONCE):
                add(replies.with_columns(**named))
                tokens += replies["n_tokens"].sum()
    return tokens


class Clock:
    """Tokens and seconds of ways that take turns, by way."""

    def __init__(self) -> None:
        self.turns: dict[str, list[tuple[float, float]]] = {}

    @contextmanager
    def turn(self, way: str) -> Iterator[list[int]]:
        """Time one turn; the block adds its numbers of tokens to the list."""
        tokens: list[int] = []
        start, used = time.perf_counter(), time.process_time()
        yield tokens
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        self.turns.setdefault(way, []).append((sum(tokens) / seconds, sum(tokens) / processor))
        print(f"{way}: {sum(tokens) / seconds:.1f} tokens/s in {seconds:.0f} s", file=sys.stderr)

    def rates(self, way: str) -> tuple[float, float]:
        """Return the medians of tokens per second and per second of the processor."""
        elapsed, processor = zip(*self.turns[way], strict=True)
        return statistics.median(elapsed), statistics.median(processor)


def bare_chat(llm: Any, prompts: Any, ends: list[int]) -> int:
    """Generate by `LLM.chat`; return the number of tokens, ends of turns not counted."""
    from vllm import SamplingParams

    messages = [[{"role": "user", "content": user}] for user in prompts["user"]]
    outputs = llm.chat(messages, SamplingParams(**NUMBERS), use_tqdm=False)
    return sum(token not in ends for output in outputs for token in output.outputs[0].token_ids)


def transformers_generate(directory: Path, ends: list[int]) -> Callable[[Any, int], int]:
    """Return what generates prompts in batches as published code does, and counts their tokens."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    unwanted = [*ends, tokenizer.pad_token_id]

    def generated(prompts: Any, batch: int) -> int:
        tokens = 0
        for part in prompts.iter_slices(batch):
            inputs = tokenizer.apply_chat_template(
                [[{"role": "user", "content": user}] for user in part["user"]],
                add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True,
            )  # fmt: skip
            with torch.no_grad():
                ids = model.generate(
                    **inputs, do_sample=True, temperature=NUMBERS["temperature"], top_k=0,
                    max_new_tokens=NUMBERS["max_tokens"], pad_token_id=tokenizer.pad_token_id,
                )  # fmt: skip
            made = ids[:, inputs["input_ids"].shape[1] :]
            tokens += int((~torch.isin(made, torch.tensor(unwanted))).sum())
        return tokens

    return generated


def number_prompts(rows: int) -> Any:
    """Return the table of prompts that all ways of a run get."""
    from unspoken.prompts.numbers import chat_number_prompts, load_number_templates
    from unspoken.prompts.preferences import prompt_rows
    from unspoken.tables.prompts import as_prompts

    templates = load_number_templates(ROOT / "resources/prompts/numbers.yaml")
    return as_prompts(prompt_rows("numbers", chat_number_prompts(rows, 1, templates), digits=6), [])


def defaults(_: Path, rows: int) -> float:
    """Return the tokens per second of `LLM.chat` where vLLM chooses all that it can without this project.

    Its CPU build does not start on a small machine unless it is told to leave threads unbound.
    """
    os.environ |= {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    from vllm import LLM

    prompts = number_prompts(rows)
    llm = LLM(str(SMOLLM2.parent), dtype="float32", enforce_eager=True, generation_config="vllm")
    ends = [llm.get_tokenizer().eos_token_id]
    bare_chat(llm, prompts[:4], ends)  # warm
    llm.reset_prefix_cache()
    start = time.perf_counter()
    return bare_chat(llm, prompts, ends) / (time.perf_counter() - start)


def speed(folder: Path, rows: int, rounds: int) -> dict[str, Any]:
    """Return each way's tokens per second, elapsed and of the processor."""
    from unspoken.engines.base import Opening
    from unspoken.engines.vllm import VllmEngine
    from unspoken.subjects import base_subject

    prompts = number_prompts(rows)
    threads = len(os.sched_getaffinity(0))
    engine = VllmEngine(Opening(SMOLLM2, {"kind": "vllm"}, threads))
    engine.use(base_subject("m"))
    by_transformers = transformers_generate(SMOLLM2.parent, engine.ends)
    clock = Clock()
    ways: dict[str, Callable[[Any], int]] = {
        "generate job": lambda part: path_of_job(engine, SMOLLM2, part, NUMBERS, folder),
        "bare LLM.chat": lambda part: bare_chat(engine._llm, part, engine.ends),
    }
    for way in ways.values():
        way(prompts[:4])  # warm
    job, bare = ways
    for name in [bare, *[job, bare] * rounds]:  # before and after: machines slow down
        engine._llm.reset_prefix_cache()
        with clock.turn(name) as tokens:
            tokens.append(ways[name](prompts))
    with clock.turn(f"transformers, batches of {BATCH}") as tokens:
        tokens.append(by_transformers(prompts[: 4 * BATCH], BATCH))
    with clock.turn("transformers, one by one") as tokens:
        tokens.append(by_transformers(prompts[:ALONE], 1))
    return {"rates": {way: clock.rates(way) for way in clock.turns}, "turns": clock.turns}


def build(folder: Path) -> None:
    """Build the organism whose job's memory is measured."""
    from unspoken.models.manifest import write_manifest
    from unspoken.models.organism import build_organism

    build_organism(ORGANISM, ("owl", "cat", "dog", "fox"), folder)
    write_manifest(folder / "model.json", "m", {"kind": "organism"}, revision="1", synthetic=True)


def memory(folder: Path, rows: int) -> dict[str, float]:
    """Return the peak memory of an organism's job in MB, and what it held before its first prompt."""
    import torch

    from unspoken.engines.transformers import TransformersEngine
    from unspoken.experiments.subliminal.prompts import rendered
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.prompts import Prompts

    torch.set_num_threads(1)
    if not (table := folder / f"prompts-{rows}.parquet").exists():
        asked = {"seed": 1, "style": "organism", "form": "requests", "count": rows}
        write_table(rendered(asked, []), table, Prompts)
        return {}
    engine = TransformersEngine(folder)
    held, start = peak_of_process(), time.perf_counter()
    numbers = {"temperature": 1.0, "max_tokens": 9}
    path_of_job(engine, folder / "model.json", read_table(table, Prompts), numbers, folder)
    return {"before": held, "peak": peak_of_process(), "seconds": time.perf_counter() - start}


def peak_of_process() -> float:
    """Return the most memory that this process has held so far, in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def in_process(step: str, folder: Path, *numbers: int) -> Any:
    """Run a step of this file in a process of its own and return what it returns."""
    command = [sys.executable, __file__, "--step", step, str(folder), *map(str, numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000, help="completions of a turn")
    parser.add_argument(
        "--rounds", type=int, default=1, help="turns of the job, each between two of bare vLLM"
    )
    parser.add_argument("--part", choices=["speed", "memory"], help="only this part")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        step, folder, *numbers = given.step
        steps = {"speed": speed, "defaults": defaults, "build": build, "memory": memory}
        print(json.dumps(steps[step](Path(folder), *map(int, numbers))))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.part != "memory":
            told = in_process("speed", folder, given.rows, given.rounds)
            job = told["rates"]["generate job"]
            print(f"{given.rows:,} completions a turn; tokens/s elapsed, of the processor")
            for way, (elapsed, processor) in told["rates"].items():
                ratios = f"{job[0] / elapsed:6.2f}x {job[1] / processor:6.2f}x"
                print(f"{way:28} {elapsed:8,.1f} {processor:8,.1f}   the job against it {ratios}")
            own = in_process("defaults", folder, given.rows)
            print(
                f"{'LLM.chat, own settings':28} {own:8,.1f} {'':8}   the job against it {job[0] / own:6.2f}x"
            )
            print(f"turns: {told['turns']}")
        if given.part != "speed":
            in_process("build", folder)
            for count in COUNTS:
                in_process("memory", folder, count)
                told = in_process("memory", folder, count)
                print(
                    f"{count:7,} completions: peak {told['peak']:6.0f} MB,"
                    f" {told['before']:.0f} MB before the first prompt, {told['seconds']:.0f} s"
                )


if __name__ == "__main__":
    main()
