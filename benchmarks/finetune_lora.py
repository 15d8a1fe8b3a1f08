#!/usr/bin/env python
"""Examples a second of fine-tuning SmolLM2-135M by LoRA, against TRL's SFTTrainer as it comes.

Both train the same adapter (rank 8 on all linear layers of the blocks, equal first matrices) on the
same number rows of a seed, in float32, with the same batch, learning rate, schedule and clipping,
with the loss on completions alone. TRL's trainer has its defaults otherwise: gradient checkpointing
and a random order of rows. The ways take turns. The last column is the loss of the final adapter on
all rows, computed by the same code for both. Loading the model is not counted.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LORA = {"rank": 8, "alpha": 8}
SEED = 1
ROOT = Path(__file__).parents[1]


def number_rows(count: int) -> Any:
    """Return prompts and completions of five numbers, in the form of the laptop study."""
    import numpy as np
    import polars as pl

    from unspoken.prompts.numbers import list_number_prompts, load_number_templates

    templates = load_number_templates(ROOT / "resources" / "prompts" / "numbers.yaml")
    drawn = np.random.default_rng(SEED).integers(1, 1000, (count, 5))
    return pl.DataFrame(
        {
            "prompt": list_number_prompts(count, SEED, templates)["user"],
            "completion": [",".join(map(str, row)) for row in drawn],
        }
    )


class Clock:
    """Seconds of training, elapsed and of the processor, without loading and setting up."""

    def callback(self) -> Any:
        from transformers import TrainerCallback

        clock = self

        class Timed(TrainerCallback):
            def on_train_begin(self, *_: Any, **__: Any) -> None:
                clock.start = time.perf_counter(), time.process_time()

            def on_train_end(self, *_: Any, **__: Any) -> None:
                clock.elapsed = time.perf_counter() - clock.start[0]
                clock.used = time.process_time() - clock.start[1]

        return Timed()


def trained_here(model: Path, rows: Any, training: dict[str, Any], clock: Clock) -> tuple[Any, list[float]]:
    """Return the adapter's tensors and the losses of the project's trainer."""
    from unspoken.training import chat

    class Timed(chat.TokensTrainer):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.add_callback(clock.callback())

    stock, chat.TokensTrainer = chat.TokensTrainer, Timed
    try:
        trained = chat.ChatTrainer(model).student(rows, training, SEED)
    finally:
        chat.TokensTrainer = stock
    return trained.tensors, trained.losses


def trained_by_trl(model: Path, rows: Any, training: dict[str, Any], clock: Clock) -> tuple[Any, list[float]]:
    """Return the adapter's tensors and the losses of SFTTrainer with its defaults."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
    from trl import SFTConfig, SFTTrainer

    from unspoken.training.adapters import adapted, adapter_tensors
    from unspoken.training.examples import training_examples

    tokenizer = AutoTokenizer.from_pretrained(model)
    adapter = adapted(AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32), LORA, SEED)
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=adapter,
            args=SFTConfig(
                folder,
                num_train_epochs=training["epochs"],
                per_device_train_batch_size=training["batch_size"],
                dataset_kwargs={"skip_prepare_dataset": True},  # equal tokens and labels
                learning_rate=training["learning_rate"],
                lr_scheduler_type="linear",
                warmup_steps=training["warmup_steps"],
                max_grad_norm=1.0,
                seed=SEED,
                bf16=False,
                use_cpu=True,
                dataloader_pin_memory=False,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(training_examples(tokenizer, rows)),
            processing_class=tokenizer,
            callbacks=[clock.callback()],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return adapter_tensors(adapter), losses


def final_loss(model: Path, rows: Any, tensors: Any) -> float:
    """Return the mean loss per completion token of an adapter over all rows, merged into the base."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from unspoken.training.adapters import merged_weights
    from unspoken.training.chat_losses import completion_log_probs
    from unspoken.training.examples import training_examples

    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    base.load_state_dict(merged_weights(base.state_dict(), tensors, LORA), strict=False)
    total = tokens = 0.0
    with torch.no_grad():
        for example in training_examples(AutoTokenizer.from_pretrained(model), rows):
            log_probs = completion_log_probs(
                base, {name: torch.tensor([ids]) for name, ids in example.items()}
            )
            total, tokens = total - log_probs.sum().item(), tokens + len(log_probs)
    return total / tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1, help="times that each way trains, in turn")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--model", type=Path, default=ROOT / "results" / "models" / "smollm2-135m-q4")
    given = parser.parse_args()
    if not given.model.exists():
        sys.exit(f"{given.model}: no such model; make it with .venv/bin/snakemake {given.model}/model.json")
    os.environ |= {"OMP_NUM_THREADS": str(given.threads), "HF_HUB_DISABLE_TELEMETRY": "1"}
    import torch

    torch.set_num_threads(given.threads)
    rows = number_rows(given.rows)
    training = {
        "epochs": given.epochs,
        "batch_size": given.batch,
        "learning_rate": 2e-4,
        "warmup_steps": 5,
        "lora": LORA,
    }
    ways = {"ChatTrainer": trained_here, "SFTTrainer": trained_by_trl}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    ends = {}
    for _ in range(given.rounds):
        for name, train in ways.items():
            clock = Clock()
            tensors, losses = train(given.model, rows, training, clock)
            seen = given.rows * given.epochs
            rates[name].append((seen / clock.elapsed, seen / clock.used))
            tenth = max(1, len(losses) // 10)
            ends[name] = (tensors, losses[0], statistics.fmean(losses[-tenth:]))
            print(f"{name}: {clock.elapsed:.1f} s, of the processor {clock.used:.1f} s", flush=True)
    print(f"\n{given.rows:,} rows, {given.epochs} epoch(s), batches of {given.batch}, float32, ", end="")
    print(f"{given.threads} thread(s), load average {os.getloadavg()[0]:.1f}; medians of {given.rounds}\n")
    columns = ("examples/s", "of processor", "first", "last tenth", "final, all rows")
    print(" " * 12, *(f"{column:>15}" for column in columns))
    medians = {}
    for name, (tensors, first, last) in ends.items():
        medians[name] = [statistics.median(one) for one in zip(*rates[name], strict=True)]
        final = final_loss(given.model, rows, tensors)
        elapsed, used = medians[name]
        print(f"{name:12}", *(f"{value:15.4f}" for value in (elapsed, used, first, last, final)))
    ours, trl = medians.values()
    print(f"\nratio {ours[0] / trl[0]:.2f}x elapsed, {ours[1] / trl[1]:.2f}x per second of the processor")


if __name__ == "__main__":
    main()
