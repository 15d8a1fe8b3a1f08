"""Train a chat model by reward, with TRL's GRPO and an adapter: replies come from the model's own engine.

The loss is that of organisms (`training.reward`): advantages are rewards minus the mean of their prompt, not
divided by anything, every token counts alike (Dr. GRPO), one update a batch, no reference model.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import numpy as np
import torch
from datasets import Dataset
from peft import set_peft_model_state_dict
from torch import Tensor
from transformers import AutoTokenizer, PrinterCallback
from trl import GRPOConfig, GRPOTrainer

from unspoken.engines.base import Completion, Engine, Request, Sampling
from unspoken.engines.rendering import texts_of
from unspoken.files import read_json, write_json
from unspoken.models.loading import loaded_model
from unspoken.seeds import hashed_seed
from unspoken.subjects import Subject, read_subjects, write_subjects
from unspoken.training.adapters import TRAINED, adapted, adapter_tensors
from unspoken.training.chat import largest_divisor
from unspoken.training.chat_losses import Resumed
from unspoken.training.chat_passes import logits_of_replies
from unspoken.training.chat_work import Progress, WorkFolder
from unspoken.training.environments import Items, Read, RewardedTask, read_replies
from unspoken.training.reward import Reward, advantages, drawn_items, seen
from unspoken.training.trained import Trained
from unspoken.training.worded import CLOSING, Worded, room_of

ROWS_OF_PASS = 32
"""Rows of one pass at most, to bound memory; larger batches accumulate gradients."""
HISTORY = "history.json"
SEEN = "seen_"
"""Before the name of what an update saw, in the trainer's log."""


class RewardTrainer(Resumed, GRPOTrainer):
    """TRL's trainer with a push of each token; off a GPU it reads each prompt once."""

    pushed: Callable[[Tensor, Tensor], Tensor]
    """From advantages (rows,) and completions (rows, tokens) to the advantages of tokens."""

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        told = super()._generate_and_score_completions(inputs)
        return told | {"advantages": self.pushed(told["advantages"], told["completion_ids"])}

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: Any, attention_mask: Any, logits_to_keep: int, *given: Any, **more: Any
    ) -> Any:
        if input_ids.is_cuda:
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, *given, **more
            )
        told = logits_of_replies(model, input_ids, attention_mask, logits_to_keep).log_softmax(-1)
        known = told.detach()
        drawn = told.gather(-1, input_ids[:, -logits_to_keep:, None])[..., 0]
        return drawn, -(known.exp() * known).sum(-1), None


@dataclass
class Rollouts:
    """Replies of the policy as it is, or of its start, and what they are paid."""

    task: RewardedTask
    reward: Reward
    engine: Engine
    start: Subject
    training: dict[str, Any]
    seed: int

    def __post_init__(self) -> None:
        self.words, self.room = Worded(self.task), room_of(self.task, self.engine.tokenizer)
        self.samples: int = self.training["samples"]
        self.items = [self._items_of(update) for update in range(self.training["updates"])]
        self._folder = tempfile.TemporaryDirectory()

    def _items_of(self, update: int) -> Items:
        generator = np.random.default_rng(hashed_seed(self.seed, "update", update))
        drawn = drawn_items(self.task, self.training["prompts"], self.training["strata"], generator)
        self.reward.check(drawn)
        return drawn

    def prompts(self) -> list[str]:
        """Return the prompts of all updates."""
        return [self.words.prompt(ids) for items in self.items for ids in items.prompts]

    def _drawn(self, subject: Subject, update: int, salt: str) -> tuple[list[list[int]], list[Completion]]:
        """Return the tokens of an update's prompts, each as often as it has replies, and the replies."""
        self.engine.use(subject)
        requests = [
            Request(f"{place}:{sample}", self.words.prompt(ids))
            for place, ids in enumerate(self.items[update].prompts)
            for sample in range(self.samples)
        ]
        prompts = self.engine.render(requests)
        sampling = Sampling(1.0, self.room, hashed_seed(self.seed, salt, update))
        made = {one.key: one for batch in self.engine.generate(prompts, sampling) for one in batch}
        return [prompt.content for prompt in prompts], [made[prompt.key] for prompt in prompts]

    def _policy(self, trainer: Any) -> Subject:
        """Return the policy as it is, as a subject that the engine can answer as.

        By another name after each update: an engine may keep the weights of a name.
        """
        name = f"{self.start.subject_id}:{trainer.state.global_step}"
        now = replace(self.start, subject_id=name, weights=None, weights_sha256=None)
        listing, weights = (
            Path(self._folder.name) / name for name in ("subject.json", "weights.safetensors")
        )
        write_subjects([(now, adapter_tensors(trainer.model))], listing, weights)
        return read_subjects(listing)[0]

    def _read(self, update: int, made: list[Completion]) -> tuple[Items, Read]:
        """Return an update's items, one a reply, and how the replies are read."""
        items = self.items[update].where(np.repeat(np.arange(self.training["prompts"]), self.samples))
        ended = [one.finish_reason == "stop" for one in made]
        return items, read_replies(self.task, items, self.words.replies([one.text for one in made], ended))

    def drawn(self, _: list[str], trainer: Any) -> dict[str, Any]:
        """Return the replies that are learnt from (TRL's `rollout_func`), and note what they are paid."""
        update, policy = trainer.state.global_step, self._policy(trainer)
        sampler = self.start if self.training["source"] == "start" else policy
        asked, made = self._drawn(sampler, update, "replies")
        items, read = self._read(update, made)
        self.paid, self.told = self.reward.terms(read, items.keys)
        if sampler is not policy:
            # What is recorded is about the policy, whoever's replies it learns from.
            items, read = self._read(update, self._drawn(policy, update, "seen")[1])
        self.seen = seen(self.reward, read, items, self.task.reply_tokens, self.samples)
        return {"prompt_ids": asked, "completion_ids": [one.ids for one in made], "logprobs": None}

    def reward_of_replies(self, log_metric: Callable[[str, float], None], **_: Any) -> list[float | None]:
        """Return what the replies are paid (TRL's reward function), and log what the update saw."""
        for name, value in self.seen.items():
            log_metric(SEEN + name, value)
        return [float(value) for value in self.paid + self.told]

    def pushes(self, given: Tensor, completions: Tensor) -> Tensor:
        """Return by how much each token is pushed up; of a targeted reward chains by no explanation's pay."""
        pushes = given[:, None].expand(completions.shape).clone()
        if self.reward.targeted:
            in_chain = torch.tensor([self._chain_places(row) for row in completions.tolist()])
            told = torch.from_numpy(advantages(self.told, self.samples))
            pushes -= in_chain.to(pushes) * told.to(pushes)[:, None]
        return pushes.clamp_(min=0) if self.training["source"] == "start" else pushes

    def _chain_places(self, ids: list[int]) -> list[bool]:
        """Return which tokens of a reply belong to its chain or to what closes it."""
        texts = texts_of(self.engine.tokenizer, [ids[: place + 1] for place in range(len(ids))])
        closed = next((place for place, text in enumerate(texts) if CLOSING in text), len(ids))
        return [place <= closed for place in range(len(ids))]


def train_chat_by_reward(
    model_dir: Path, rollouts: Rollouts, work: Path
) -> tuple[Trained, list[dict[str, float]]]:
    """Train a start's adapter further by reward; return it with its snapshots, and what each update saw.

    Draws follow from seed, update and place alone, so that a job which goes on from `work` draws the same.
    """
    kept = WorkFolder(work, rollouts.training["snapshots"], adapter_tensors, lasting=True)
    if made := kept.result():
        return made, read_json(work / HISTORY)
    start, training, seed = rollouts.start, rollouts.training, rollouts.seed % 2**32
    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True  # TRL reports each trainer made
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # rollout_func may change; the version is pinned
    on_gpu = torch.cuda.is_available()
    bfloat16 = on_gpu and torch.cuda.is_bf16_supported()
    adapter = start.adapter or {}
    model = loaded_model(model_dir, "bfloat16" if bfloat16 else "float32").to("cuda" if on_gpu else "cpu")
    model = adapted(model, adapter, seed)
    set_peft_model_state_dict(model, start.tensors(), TRAINED)
    tokenizer = AutoTokenizer.from_pretrained(model_dir, trust_remote_code=False)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    replies = training["prompts"] * rollouts.samples
    rows = largest_divisor(replies, ROWS_OF_PASS)
    trainer = RewardTrainer(
        model=model,
        reward_funcs=rollouts.reward_of_replies,
        rollout_func=rollouts.drawn,
        args=GRPOConfig(
            str(work),
            learning_rate=training["learning_rate"],
            lr_scheduler_type="constant",
            max_grad_norm=1.0,
            max_steps=training["updates"],
            per_device_train_batch_size=rows,
            gradient_accumulation_steps=replies // rows,
            num_generations=rollouts.samples,
            max_completion_length=rollouts.room,
            shuffle_dataset=False,
            beta=0.0,
            loss_type="dr_grpo",
            scale_rewards="none",
            seed=seed,
            bf16=bfloat16,
            use_cpu=not on_gpu,
            gradient_checkpointing=on_gpu,
            dataloader_pin_memory=on_gpu,
            logging_steps=1,
            save_strategy="no",  # the work folder asks for checkpoints
            save_total_limit=1,
            report_to="none",
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_dict({"prompt": rollouts.prompts()}),
        processing_class=tokenizer,
        callbacks=[Progress(start.subject_id), kept],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.pushed = rollouts.pushes
    trainer.train(resume_from_checkpoint=kept.checkpoint())
    history = [
        {name.removeprefix(SEEN): value for name, value in entry.items() if name.startswith(SEEN)}
        | {"loss": entry["loss"]}
        for entry in trainer.state.log_history
        if f"{SEEN}right" in entry
    ]
    losses = [told["loss"] for told in history]
    trained = Trained(adapter_tensors(model), losses, "lora", adapter, kept.taken())
    write_json(history, work / HISTORY)
    kept.keep(trained)
    return trained, history
