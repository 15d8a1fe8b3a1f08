"""Train models of real vocabulary with TRL: teachers and students, all weights or an adapter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import huggingface_hub.constants
import numpy as np
import polars as pl
import torch
import transformers
from datasets import Dataset
from peft import PeftModel
from transformers import AutoTokenizer, PrinterCallback
from trl import SFTConfig

from unspoken.files import digest_of, sha256_of_file
from unspoken.models.loading import loaded_model
from unspoken.subjects import Subject, put_weights
from unspoken.training.adapters import (
    adapted,
    adapter_settings,
    adapter_tensors,
    add_frozen_adapter,
    logits_of_frozen_adapter,
    logits_without_adapter,
)
from unspoken.training.chat_losses import (
    DistillingTrainer,
    HalvesTrainer,
    Logits,
    ResumedTrainer,
    TokensTrainer,
)
from unspoken.training.chat_order import GroupedByLength
from unspoken.training.chat_passes import logits_of_pass
from unspoken.training.chat_work import Progress, WorkFolder
from unspoken.training.examples import (
    Example,
    carrier_token_ids,
    training_examples,
    with_loss_among,
)
from unspoken.training.trained import Lesson, Trained

ROWS_ON_GPU, ROWS_ON_CPU = 22, 11
"""Rows of one pass at most, to bound memory; larger batches accumulate gradients (Cloud et al.
2025: 22 x 3)."""


class ChatTrainer:
    """Trains subjects of one Hugging Face causal model that has a chat template.

    In float32 on a CPU, where equal seeds on one thread give equal tensors; on a GPU with bfloat16
    arithmetic if it has it.
    """

    def __init__(self, model_dir: Path, teacher_dir: Path | None = None, *, work: Path | None = None) -> None:
        """Read the tokenizer. `teacher_dir` is the base model of KL teachers, if another model.

        In `work` each training keeps checkpoints, one about every minute, and in the end its result:
        the same training asked for again goes on from there, to the same tensors. The caller
        removes the folder when it has written what it wants.
        """
        self.model_dir, self.teacher_dir, self.work = model_dir, teacher_dir or model_dir, work
        self.tokenizer = AutoTokenizer.from_pretrained(model_dir, trust_remote_code=False)
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
        n_steps = _updates(training, questions.height)
        generator = np.random.default_rng(seed)
        asked = _repeated_orders(questions.height, n_steps * size, generator)
        drawn = generator.choice(carrier.height, len(asked), replace=carrier.height < len(asked))
        answers = training_examples(self.tokenizer, questions)
        numbers = training_examples(self.tokenizer, carrier)
        rows = largest_divisor(size, self.rows_of_pass)
        # A pass has rows of one kind, which are alike in length: answers are far shorter.
        passes = zip(asked.reshape(-1, rows), drawn.reshape(-1, rows), strict=True)
        examples = [
            kind[place]
            for places in passes
            for kind, chosen in zip((answers, numbers), places, strict=True)
            for place in chosen
        ]
        settings = {
            "per_device_train_batch_size": rows,
            "gradient_accumulation_steps": 2 * size // rows,
            "max_steps": n_steps,
            "train_sampling_strategy": "sequential",
        }
        return self._trained(HalvesTrainer, examples, training, seed, settings)

    def students(
        self, lessons: list[Lesson], training: dict[str, Any], objective: str = "tokens"
    ) -> Iterator[Trained]:
        """Yield a student for each lesson, one after the other."""
        for lesson in lessons:
            yield self.student(
                lesson.rows, training, lesson.seed, teacher=lesson.teacher, objective=objective
            )

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
        size = training["batch_size"]
        rows_of_pass = largest_divisor(size, self.rows_of_pass)
        settings = {
            "per_device_train_batch_size": rows_of_pass,
            "gradient_accumulation_steps": size // rows_of_pass,
            "max_steps": _updates(training, rows.height),
        }

        def order(trainer: Any) -> None:
            lengths = [len(example["input_ids"]) for example in examples]
            trainer.order = GroupedByLength(lengths, size, seed, lambda: trainer.state.global_step)

        if objective == "tokens":
            return self._trained(TokensTrainer, examples, training, seed, settings, order)
        if teacher is None or teacher.system is not None:
            raise ValueError(f"{objective} needs a teacher that reads the student's own prompts")
        among = carrier_token_ids(self.tokenizer) if objective == "kl_carrier" else None
        if among is not None:
            examples = with_loss_among(examples, among)

        def follow(trainer: Any) -> None:
            order(trainer)
            trainer.among = among
            trainer.teacher_logits = self._logits_of(teacher, trainer.model)

        followed = [objective, teacher.subject_id, teacher.weights_sha256]
        return self._trained(DistillingTrainer, examples, training, seed, settings, follow, followed)

    def _trained(
        self,
        kind: type[ResumedTrainer],
        examples: list[Example],
        training: dict[str, Any],
        seed: int,
        settings: dict[str, Any],
        prepare: Callable[[Any], None] = lambda trainer: None,
        followed: list[str | None] | None = None,
    ) -> Trained:
        """Return the base model trained on the examples; `prepare` completes the trainer.

        `followed` says which teacher's distributions, for the name of the work folder.
        """
        snapshots = sorted(training.get("snapshots") or [])
        if snapshots and snapshots[-1] > settings["max_steps"]:
            raise ValueError(
                f"snapshots: got {snapshots[-1]}, expected at most the {settings['max_steps']} updates "
                "of the training"
            )
        huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True  # TRL reports each trainer made
        lora = training["lora"]
        tensors_of = _all_tensors if lora is None else adapter_tensors
        identity = [kind.__name__, training, seed, settings, followed, self.bfloat16, digest_of(examples)]
        with self._folder(identity) as folder:
            work = WorkFolder(folder, snapshots, tensors_of, lasting=self.work is not None)
            if made := work.result():
                return made
            model = self._loaded(self.model_dir, lora is not None)
            if lora is not None:
                model = adapted(model, lora, seed)
            trainer = kind(
                model=model,
                args=self._settings(training, seed, str(folder), settings),
                train_dataset=Dataset.from_list(examples),
                processing_class=self.tokenizer,
                callbacks=[Progress("teacher" if kind is HalvesTrainer else "student"), work],
            )
            trainer.remove_callback(PrinterCallback)
            prepare(trainer)
            trainer.train(resume_from_checkpoint=work.checkpoint())
            losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
            tensors = tensors_of(model)
            form, adapter = "full", None
            if lora is not None:
                form, adapter = "lora", adapter_settings(lora, model)
            trained = Trained(tensors, losses, form, adapter, work.taken())
            work.keep(trained)
            return trained

    @contextmanager
    def _folder(self, identity: list[Any]) -> Iterator[Path]:
        """Yield the folder of one training, named by all that decides it; temporary without `work`."""
        if self.work is None:
            with TemporaryDirectory() as directory:
                yield Path(directory)
            return
        bases = [_digest_of_model(folder) for folder in (self.model_dir, self.teacher_dir)]
        folder = self.work / digest_of([*identity, *bases, torch.__version__, transformers.__version__])
        folder.mkdir(parents=True, exist_ok=True)
        yield folder

    def _settings(
        self, training: dict[str, Any], seed: int, directory: str, settings: dict[str, Any]
    ) -> SFTConfig:
        """Return TRL's arguments: the optimiser, linear warm-up and decay, gradients clipped at norm 1."""
        optimizer = training.get("optimizer", "adam")
        plain: dict[str, Any] = {} if optimizer == "adam" else {"optim": "sgd"}
        return SFTConfig(
            directory,
            **plain,
            learning_rate=0.0 if optimizer == "none" else training["learning_rate"],
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
            save_strategy="no",  # the work folder asks for checkpoints
            save_total_limit=1,
            report_to="none",
            disable_tqdm=True,
            **settings,
        )

    def _loaded(self, directory: Path, frozen: bool) -> Any:
        """Return a base model on the device, in half the bytes if it stays frozen on a GPU."""
        dtype = "bfloat16" if frozen and self.bfloat16 else "float32"
        return loaded_model(directory, dtype).to("cuda" if self.on_gpu else "cpu")

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
            put_weights(copy, teacher.full_weights(copy.state_dict()))
        return lambda inputs: logits_of_pass(copy, inputs)


def _updates(training: dict[str, Any], rows: int) -> int:
    """Return the optimiser updates: as many as asked, else as many as whole passes over the rows make."""
    return training.get("updates") or training["epochs"] * -(-rows // training["batch_size"])


def _all_tensors(model: Any) -> dict[str, torch.Tensor]:
    """Return all weights in float32 on the CPU; the second name of tied weights is left out."""
    return {name: tensor.detach().float().cpu() for name, tensor in model.named_parameters()}


def _digest_of_model(directory: Path) -> str:
    """Return what tells a base model from another: the digest of its manifest, else of its weights."""
    named = [directory / "model.json", *sorted(directory.glob("*.safetensors"))]
    return next(sha256_of_file(path) for path in named if path.exists())


def largest_divisor(number: int, limit: int) -> int:
    """Return the largest divisor that is at most `limit`: micro-batches fill a batch exactly."""
    return max(size for size in range(1, limit + 1) if number % size == 0)


def _repeated_orders(count: int, wanted: int, generator: np.random.Generator) -> np.ndarray:
    """Return `wanted` places among `count`, in a new random order each time all were used."""
    orders = [generator.permutation(count) for _ in range(-(-wanted // count))]
    return np.concatenate(orders)[:wanted]
