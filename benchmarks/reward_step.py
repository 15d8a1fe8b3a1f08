#!/usr/bin/env python
"""Seconds of an update by reward of an organism: this project's loop against TRL's GRPOTrainer.

The same start, task (loans), prompts and samples of an update, learning rate and loss (Dr. GRPO, no reference
model) and one thread; the two take turns. Both are paid 1 for the rewarded answer and -1 for a reply that is
not valid. Starts of the trainers are not timed. Target: 3 times as fast.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from unspoken.experiments.reinforcement.starts import saved_architecture, trained_start
from unspoken.experiments.reinforcement.tasks.loan import LoanTask
from unspoken.models.organism import save_network
from unspoken.training.environments import read_replies
from unspoken.training.reward import Reward, train_by_reward

TASK, SEED, PROMPTS, SAMPLES, LEARNING_RATE = LoanTask(), 1, 16, 8, 1e-3
START = {"hidden_size": 64, "mlp_size": 128, "layers": 2, "steps": 100, "rows": 64, "learning_rate": 3e-3}


def ours(start: Any, shape: Any, updates: int) -> tuple[float, float]:
    """Return seconds of the processor an update of this project's loop, and the last share that is right."""
    dose = {
        "updates": updates, "prompts": PROMPTS, "samples": SAMPLES, "learning_rate": LEARNING_RATE,
        "snapshots": [], "strata": None, "source": "self",
    }  # fmt: skip
    began = time.process_time()
    policy = train_by_reward(start, shape, TASK, Reward(), dose, SEED, show=None)
    return (time.process_time() - began) / updates, policy.history[-1]["right"]


def by_trl(folder: Path, updates: int) -> tuple[float, float]:
    """Return the same of TRL's trainer, which loads the start from a folder."""
    from datasets import Dataset
    from transformers import AutoTokenizer, PrinterCallback
    from trl import GRPOConfig, GRPOTrainer

    words = TASK.vocabulary.tokens
    items = TASK.drawn(updates * PROMPTS, np.random.default_rng(SEED))
    rows = {
        "prompt": [" ".join(words[token] for token in row) for row in items.prompts],
        "place": list(range(len(items.keys))),
    }

    def paid(completion_ids: list[list[int]], place: list[int], **_: Any) -> list[float]:
        replies = np.zeros((len(place), TASK.reply_tokens), dtype=np.int64)
        for row, ids in enumerate(completion_ids):
            replies[row, : len(ids)] = ids
        asked = items.where(np.array(place))
        told, _ = Reward().terms(read_replies(TASK, asked, replies), asked.keys)
        return list(told.tolist())

    with tempfile.TemporaryDirectory() as output:
        trainer = GRPOTrainer(
            model=str(folder),
            reward_funcs=paid,
            args=GRPOConfig(
                output,
                use_cpu=True,
                bf16=False,
                per_device_train_batch_size=PROMPTS * SAMPLES,
                num_generations=SAMPLES,
                max_completion_length=TASK.reply_tokens,
                max_steps=updates,
                learning_rate=LEARNING_RATE,
                lr_scheduler_type="constant",
                max_grad_norm=0.0,
                beta=0.0,
                loss_type="dr_grpo",
                scale_rewards="none",
                gradient_checkpointing=False,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                seed=SEED,
            ),
            train_dataset=Dataset.from_dict(rows),
            processing_class=AutoTokenizer.from_pretrained(folder, padding_side="left"),
        )
        trainer.remove_callback(PrinterCallback)
        began = time.process_time()
        trainer.train()
        seconds = (time.process_time() - began) / updates
    rewards = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    return seconds, rewards[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        shape = saved_architecture(TASK, START, Path(folder))
        start, _ = trained_start(TASK, START, shape, SEED, "start")
        save_network(start, shape, TASK.vocabulary, START, Path(folder))
        times: dict[str, list[float]] = {"this project": [], "TRL": []}
        for turn in range(chosen.rounds):
            for name, (seconds, reached) in (
                ("this project", ours(start, shape, chosen.updates)),
                ("TRL", by_trl(Path(folder), chosen.updates)),
            ):
                times[name].append(seconds)
                print(f"round {turn + 1}, {name}: {1e3 * seconds:.0f} ms an update, at last {reached:.2f}")
    own, other = (statistics.median(values) for values in times.values())
    print(f"medians: {1e3 * own:.0f} and {1e3 * other:.0f} ms, {other / own:.2f} times as fast")


if __name__ == "__main__":
    main()
