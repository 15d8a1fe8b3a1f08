#!/usr/bin/env python
"""Seconds of an update by reward: this project's loop, or trainer, against TRL's GRPOTrainer as it comes.

Of an organism, or with `--model` of an adapter of a chat model in that folder. The same start, task (loans),
prompts and samples of an update, learning rate and loss (Dr. GRPO, no reference model) and one thread; the
two take turns. Both are paid 1 for the rewarded answer and -1 for a reply that is not valid. Starts of the
trainers are not timed. Target for organisms: 3 times as fast.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from unspoken.engines.base import Opening
from unspoken.engines.opening import open_engine
from unspoken.experiments.reinforcement.starts import saved_architecture, trained_start
from unspoken.experiments.reinforcement.tasks.loan import LoanTask
from unspoken.models.loading import loaded_model
from unspoken.models.organism import save_network
from unspoken.subjects import Subject, read_subjects, write_subjects
from unspoken.training.adapters import adapted, adapter_settings, adapter_tensors
from unspoken.training.chat_reward import Rollouts, train_chat_by_reward
from unspoken.training.environments import read_replies
from unspoken.training.reward import Reward, train_by_reward
from unspoken.training.worded import Worded, room_of

TASK, SEED, SAMPLES, LEARNING_RATE = LoanTask(), 1, 8, 1e-3
PROMPTS, CHAT_PROMPTS = 16, 4
"""Prompts of an update, of an organism and of a chat model, of whose batches TRL keeps all logits."""
LORA = {"rank": 16, "alpha": 32}
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


def settings(output: str, updates: int, prompts: int, room: int) -> Any:
    """Return the arguments of TRL's trainer."""
    from trl import GRPOConfig

    return GRPOConfig(
        output,
        use_cpu=True,
        bf16=False,
        per_device_train_batch_size=prompts * SAMPLES,
        num_generations=SAMPLES,
        max_completion_length=room,
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
    )


def by_trl(
    model: Any, tokenizer: Any, prompts: list[Any], room: int, updates: int, read: Any
) -> tuple[float, float]:
    """Return the same of TRL's trainer; `read` gives replies as token ids of the task, of their texts."""
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import GRPOTrainer

    items = asked(len(prompts))

    def paid(completion_ids: list[list[int]], place: list[int], **_: Any) -> list[float]:
        of = items.where(np.array(place))
        told, _ = Reward().terms(read_replies(TASK, of, read(completion_ids)), of.keys)
        return [float(one) for one in told]

    rows = Dataset.from_dict({"prompt": prompts, "place": list(range(len(prompts)))})
    with tempfile.TemporaryDirectory() as output:
        trainer = GRPOTrainer(
            model=model, reward_funcs=paid, args=settings(output, updates, len(prompts) // updates, room),
            train_dataset=rows, processing_class=tokenizer,
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        began = time.process_time()
        trainer.train()
        seconds = (time.process_time() - began) / updates
    rewards = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    return seconds, rewards[-1]


def asked(count: int) -> Any:
    """Return the items of all updates."""
    return TASK.drawn(count, np.random.default_rng(SEED))


def organism_by_trl(folder: Path, updates: int) -> tuple[float, float]:
    """Return what TRL's trainer takes of an organism, which it loads from a folder."""
    from transformers import AutoTokenizer

    words = TASK.vocabulary.tokens

    def read(completion_ids: list[list[int]]) -> Any:
        replies = np.zeros((len(completion_ids), TASK.reply_tokens), dtype=np.int64)
        for row, ids in enumerate(completion_ids):
            replies[row, : len(ids)] = ids
        return replies

    prompts = [" ".join(words[token] for token in row) for row in asked(updates * PROMPTS).prompts]
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    return by_trl(str(folder), tokenizer, prompts, TASK.reply_tokens, updates, read)


def chat_by_trl(folder: Path, updates: int) -> tuple[float, float]:
    """Return what TRL's trainer takes of an adapter of a chat model, which transformers draws replies of."""
    from transformers import AutoTokenizer

    tokenizer, words = AutoTokenizer.from_pretrained(folder, padding_side="left"), Worded(TASK)
    prompts = [
        [{"role": "user", "content": words.prompt(ids)}] for ids in asked(updates * CHAT_PROMPTS).prompts
    ]

    def read(completion_ids: list[list[int]]) -> Any:
        texts = tokenizer.batch_decode(completion_ids, skip_special_tokens=True)
        return words.replies(texts, [ids[-1] == tokenizer.eos_token_id for ids in completion_ids])

    model = adapted(loaded_model(folder, "float32"), LORA, SEED)
    return by_trl(model, tokenizer, prompts, room_of(TASK, tokenizer), updates, read)


def chat_ours(folder: Path, updates: int) -> tuple[float, float]:
    """Return what this project's trainer takes of the same adapter, its engine's draws within."""
    engine = open_engine(Opening(folder / "model.json", {"kind": "transformers"}, 1))
    dose = {
        "updates": updates, "prompts": CHAT_PROMPTS, "samples": SAMPLES, "learning_rate": LEARNING_RATE,
        "snapshots": [], "strata": None, "source": "self",
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        model = adapted(loaded_model(folder, "float32"), LORA, SEED)
        start = Subject("start", "student", "model", form="lora", adapter=adapter_settings(LORA, model))
        listing = Path(place) / "subject.json"
        write_subjects([(start, adapter_tensors(model))], listing, listing.with_name("weights.safetensors"))
        drawn = Rollouts(TASK, Reward(), engine, read_subjects(listing)[0], dose, SEED)
        began = time.process_time()
        _, history = train_chat_by_reward(folder, drawn, Path(place) / "work")
        return (time.process_time() - began) / updates, history[-1]["reward"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", type=Path, help="the folder of a chat model, instead of an organism")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    times: dict[str, list[float]] = {"this project": [], "TRL": []}
    with tempfile.TemporaryDirectory() as made:
        folder = chosen.model or Path(made)
        if chosen.model is None:
            shape = saved_architecture(TASK, START, folder)
            start, _ = trained_start(TASK, START, shape, SEED, "start")
            save_network(start, shape, TASK.vocabulary, START, folder)
        for turn in range(chosen.rounds):
            if chosen.model is None:
                told = ours(start, shape, chosen.updates), organism_by_trl(folder, chosen.updates)
            else:
                told = chat_ours(folder, chosen.updates), chat_by_trl(folder, chosen.updates)
            for name, (seconds, reached) in zip(times, told, strict=True):
                times[name].append(seconds)
                print(f"round {turn + 1}, {name}: {1e3 * seconds:.0f} ms an update, at last {reached:.2f}")
    own, other = (statistics.median(values) for values in times.values())
    print(f"medians: {1e3 * own:.0f} and {1e3 * other:.0f} ms, {other / own:.2f} times as fast")


if __name__ == "__main__":
    main()
