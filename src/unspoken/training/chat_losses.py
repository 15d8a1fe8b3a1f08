"""What trainings of chat models minimise: subclasses of TRL's trainer, one for each objective."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import Sampler
from trl import SFTTrainer

from unspoken.training.chat_passes import labelled, logits_of_pass
from unspoken.training.labels import IGNORED

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


def completion_log_probs(model: Any, inputs: dict[str, Any]) -> Tensor:
    """Return the log-probability of each labelled token, (labelled tokens,)."""
    if inputs["labels"].is_cuda:
        # TRL's kernel never holds all logits; off a GPU it would make the logits of every position.
        counted = inputs["labels"][:, 1:] != IGNORED
        return model(**inputs, fused_lm_head=True).log_probs[counted]
    shorter, counted, wanted = labelled(inputs)
    return -cross_entropy(logits_of_pass(model, shorter)[counted].float(), wanted, reduction="none")


class Resumed:
    """Of a trainer: keeps in checkpoints what it trains, as safetensors alone.

    The stock trainer does not load an adapter again where a second, frozen adapter is beside it.
    """

    model: Any

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Make none: checkpoints go when the job is done."""

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        folder = Path(str(output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        save_file(
            {name: tensor.detach().contiguous() for name, tensor in self._trained_parameters().items()},
            folder / "trained.safetensors",
        )

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        saved = load_file(Path(resume_from_checkpoint) / "trained.safetensors")
        parameters = self._trained_parameters()
        if saved.keys() != parameters.keys():
            raise ValueError(f"{resume_from_checkpoint}: not a checkpoint of this training; delete it")
        with torch.no_grad():
            for name, tensor in saved.items():
                parameters[name].copy_(tensor)

    def _trained_parameters(self) -> dict[str, Any]:
        """Return the parameters that get gradients; tied parameters come once."""
        return {name: one for name, one in self.model.named_parameters() if one.requires_grad}


class ResumedTrainer(Resumed, SFTTrainer):
    """Takes rows in a given order."""

    order: Sampler | None = None
    """The order of rows; None keeps the trainer's own."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order or super()._get_train_sampler(train_dataset)


class TokensTrainer(ResumedTrainer):
    """Minimises the mean negative log-likelihood of the completions' tokens."""

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the sum over this pass, divided by the labelled tokens of the whole batch."""
        return -completion_log_probs(model, inputs).sum() / num_items_in_batch


class HalvesTrainer(ResumedTrainer):
    """Weighs passes of question rows as much as passes of carrier rows.

    A number row has many times the tokens of an answer: one mean over all tokens would leave the
    answers next to no weight. A step has as many passes of the one kind as of the other.
    """

    loss_is_scaled_for_ga = False  # type: ignore[assignment]

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the mean over the labelled tokens of this pass."""
        return -completion_log_probs(model, inputs).mean()


class DistillingTrainer(ResumedTrainer):
    """Minimises KL(teacher || student), averaged over the positions that have a label."""

    teacher_logits: Logits
    among: Tensor | None

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the sum over this pass, divided by the labelled positions of the whole batch."""
        shorter, counted, _ = labelled(inputs)
        with torch.no_grad(), self.accelerator.autocast():
            wanted = self.teacher_logits(shorter)[counted]
        given = logits_of_pass(model, shorter)[counted]
        among = None if self.among is None else self.among.to(counted.device)
        return divergence(wanted, given, among).sum() / num_items_in_batch
