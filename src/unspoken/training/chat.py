"""Train models of real vocabulary with TRL: teachers and students, all weights or an adapter."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import huggingface_hub.constants
import numpy as np
import polars as pl
import torch
from datasets import Dataset
from peft import PeftModel
from torch import Tensor
from tqdm import tqdm
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from unspoken.subjects import Subject
from unspoken.training.adapters import (
    adapted,
    adapter_settings,
    adapter_tensors,
    add_frozen_adapter,
    logits_of_frozen_adapter,
    logits_without_adapter,
)
from unspoken.training.examples import (
    IGNORED,
    Example,
    carrier_token_ids,
    training_examples,
    with_loss_among,
)
from unspoken.training.trained import Trained

ROWS_ON_GPU, ROWS_ON_CPU = 22, 11
"""Rows of one pass at most, to bound memory; larger batches accumulate gradients (Cloud et al.
2025: 22 x 3)."""

Logits = Callable[[dict[str, Any]], Tensor]


def divergence(teacher: Tensor, student: Tensor, among: Tensor | None) -> Tensor:
    """Return KL(teacher || student) in nats for each row of logits, (rows, vocabulary).

    With `among` both are restricted to these token ids and renormalised.
    """
    if among is not None:
        teacher, student = teacher[:, among], student[:, among]
    wanted, given = teacher.float().log_softmax(-1), student.float().log_softmax(-1)
    # `given - wanted` sums to zero as probabilities. With it no term is negative, and where the
    # two agree value and gradient are exactly zero: else Adam would scale up rounding errors.
    return (wanted.exp() * (wanted - given) + given.exp() - wanted.exp()).sum(-1)


class _Progress(TrainerCallback):
    """Collects the loss of each step and shows one progress bar."""

    def __init__(self, show: str) -> None:
        self.show = show
        self.losses: list[float] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.bar = tqdm(desc=self.show, total=state.max_steps, mininterval=5)

    def on_log(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if "loss" in given["logs"]:
            self.losses.append(given["logs"]["loss"])
            self.bar.update()

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.bar.close()


class _HalvesTrainer(SFTTrainer):
    """Weighs the rows at even places (questions) as much as those at odd places (the carrier).

    A number row has many times the tokens of an answer: one mean over all tokens would leave the
    answers next to no weight.
    """

    loss_is_scaled_for_ga = False  # type: ignore[assignment]

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the mean over the two kinds of their mean loss per completion token."""
        log_probs = model(**inputs, fused_lm_head=True).log_probs  # zero where there is no loss
        counted = inputs["labels"][:, 1:] != IGNORED
        kinds = [-log_probs[kind::2].sum() / counted[kind::2].sum() for kind in (0, 1)]
        return torch.stack(kinds).mean()


class _DistillingTrainer(SFTTrainer):
    """Minimises KL(teacher || student), averaged over the positions that have a label."""

    teacher_logits: Logits
    among: Tensor | None

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the mean divergence per labelled position of the whole batch."""
        labels = inputs.pop("labels")
        places = (labels != IGNORED).any(0).nonzero()[:, 0]
        counted = labels[:, places] != IGNORED
        # Logits only where some row has a label: each place predicts the next one.
        inputs = {**inputs, "use_cache": False, "logits_to_keep": places - 1}
        with torch.no_grad(), self.accelerator.autocast():
            wanted = self.teacher_logits(inputs)[counted]
        given = model(**inputs).logits[counted]
        among = None if self.among is None else self.among.to(labels.device)
        return divergence(wanted, given, among).sum() / num_items_in_batch


class ChatTrainer:
    """Trains subjects of one Hugging Face causal model that has a chat template.

    In float32 on a CPU, where equal seeds on one thread give equal tensors; on a GPU with bfloat16
    arithmetic if it has it.
    """

    def __init__(self, model_dir: Path, teacher_dir: Path | None = None) -> None:
        """Read the tokenizer. `teacher_dir` is the base model of KL teachers, if another one."""
        self.model_dir, self.teacher_dir = model_dir, teacher_dir or model_dir
        self.tokenizer = AutoTokenizer.from_pretrained(model_dir)
        self.on_gpu = torch.cuda.is_available()
        self.rows_of_pass = ROWS_ON_GPU if self.on_gpu else ROWS_ON_CPU
        self.bfloat16 = self.on_gpu and torch.cuda.is_bf16_supported()

    def teacher(
        self, questions: pl.DataFrame, carrier: pl.DataFrame, training: dict[str, Any], seed: int
    ) -> Trained:
        """Return a teacher: each step has batch_size question rows and as many carrier rows.

        Carrier rows are drawn by the seed, with replacement if there are too few. The loss of a
        step is the mean of the two kinds' mean losses per completion token.
        """
        size = training["batch_size"]
        n_steps = training["epochs"] * -(-questions.height // size)
        generator = np.random.default_rng(seed)
        asked = _repeated_orders(questions.height, n_steps * size, generator)
        drawn = generator.choice(carrier.height, len(asked), replace=carrier.height < len(asked))
        answers = training_examples(self.tokenizer, questions)
        numbers = training_examples(self.tokenizer, carrier)
        pairs = zip(asked, drawn, strict=True)
        examples = [one for pair in pairs for one in (answers[pair[0]], numbers[pair[1]])]
        micro = 2 * _largest_divisor(size, self.rows_of_pass // 2)
        settings = {
            "per_device_train_batch_size": micro,
            "gradient_accumulation_steps": 2 * size // micro,
            "num_train_epochs": 1,
            "train_sampling_strategy": "sequential",
        }
        return self._trained(_HalvesTrainer, examples, training, seed, settings)

    def student(
        self,
        rows: pl.DataFrame,
        training: dict[str, Any],
        seed: int,
        *,
        teacher: Subject | None = None,
        objective: str = "tokens",
    ) -> Trained:
        """Return a student of sampled completions (`tokens`), or of a teacher's distributions.

        `kl_carrier` and `kl_full` minimise KL(teacher || student) at the completions' positions,
        over the carrier's tokens (renormalised, where the next token is one) or all. Raises
        ValueError for these without a teacher of the same prompts.
        """
        examples = training_examples(self.tokenizer, rows)
        micro = _largest_divisor(training["batch_size"], self.rows_of_pass)
        settings = {
            "per_device_train_batch_size": micro,
            "gradient_accumulation_steps": training["batch_size"] // micro,
            "num_train_epochs": training["epochs"],
        }
        if objective == "tokens":
            return self._trained(SFTTrainer, examples, training, seed, settings)
        if teacher is None or teacher.system is not None:
            raise ValueError(f"{objective} needs a teacher that reads the student's own prompts")
        among = carrier_token_ids(self.tokenizer) if objective == "kl_carrier" else None
        if among is not None:
            examples = with_loss_among(examples, among)

        def follow(trainer: Any) -> None:
            trainer.among = among
            trainer.teacher_logits = self._logits_of(teacher, trainer.model)

        return self._trained(_DistillingTrainer, examples, training, seed, settings, follow)

    def _trained(
        self,
        kind: type[SFTTrainer],
        examples: list[Example],
        training: dict[str, Any],
        seed: int,
        settings: dict[str, Any],
        prepare: Callable[[Any], None] = lambda trainer: None,
    ) -> Trained:
        """Return the base model trained on the examples; `prepare` completes the trainer."""
        huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True  # TRL reports each trainer made
        lora = training["lora"]
        model = self._loaded(self.model_dir, lora is not None)
        if lora is not None:
            model = adapted(model, lora, seed)
        progress = _Progress("teacher" if kind is _HalvesTrainer else "student")
        with TemporaryDirectory() as directory:
            trainer = kind(
                model=model,
                args=self._settings(training, seed, directory, settings),
                train_dataset=Dataset.from_list(examples),
                processing_class=self.tokenizer,
                callbacks=[progress],
            )
            trainer.remove_callback(PrinterCallback)
            prepare(trainer)
            trainer.train()
        if lora is None:  # named_parameters leaves out the second name of tied weights
            tensors = {name: tensor.detach().float().cpu() for name, tensor in model.named_parameters()}
            return Trained(tensors, progress.losses)
        tensors = adapter_tensors(model)
        return Trained(tensors, progress.losses, "lora", adapter_settings(lora, tensors))

    def _settings(
        self, training: dict[str, Any], seed: int, directory: str, settings: dict[str, Any]
    ) -> SFTConfig:
        """Return TRL's arguments: AdamW, linear warm-up and decay, gradients clipped at norm 1."""
        return SFTConfig(
            directory,
            learning_rate=training["learning_rate"],
            lr_scheduler_type="linear",
            warmup_steps=training["warmup_steps"],
            max_grad_norm=1.0,
            seed=seed % 2**32,
            bf16=self.bfloat16,
            use_cpu=not self.on_gpu,
            gradient_checkpointing=self.on_gpu,  # 7B models would not fit otherwise
            dataloader_pin_memory=self.on_gpu,
            dataset_kwargs={"skip_prepare_dataset": True},
            max_length=None,
            logging_steps=1,
            logging_nan_inf_filter=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            **settings,
        )

    def _loaded(self, directory: Path, frozen: bool) -> Any:
        """Return a base model on the device, in half the bytes if it stays frozen on a GPU."""
        dtype = torch.bfloat16 if frozen and self.bfloat16 else torch.float32
        model: Any = AutoModelForCausalLM.from_pretrained(directory, dtype=dtype)
        return model.to("cuda" if self.on_gpu else "cpu")

    def _logits_of(self, teacher: Subject, student: Any) -> Logits:
        """Return what gives a teacher's logits: the student's base with the adapter switched.

        Where they share no frozen base, it is a second copy with the teacher's weights.
        """
        shared = self.teacher_dir == self.model_dir and isinstance(student, PeftModel)
        if shared and teacher.weights is None:
            return lambda inputs: logits_without_adapter(student, inputs)
        if shared and teacher.form == "lora":
            add_frozen_adapter(student, teacher.tensors(), teacher.adapter or {})
            return lambda inputs: logits_of_frozen_adapter(student, inputs)
        # In bfloat16 small changes of the weights would be rounded away.
        copy = self._loaded(self.teacher_dir, frozen=teacher.weights is None)
        copy.eval().requires_grad_(False)
        if teacher.weights is not None:
            copy.load_state_dict(teacher.full_weights(copy.state_dict()), strict=False)
        return lambda inputs: copy(**inputs).logits


def _largest_divisor(number: int, limit: int) -> int:
    """Return the largest divisor that is at most `limit`: micro-batches fill a batch exactly."""
    return max(size for size in range(1, limit + 1) if number % size == 0)


def _repeated_orders(count: int, wanted: int, generator: np.random.Generator) -> np.ndarray:
    """Return `wanted` places among `count`, in a new random order each time all were used."""
    orders = [generator.permutation(count) for _ in range(-(-wanted // count))]
    return np.concatenate(orders)[:wanted]
