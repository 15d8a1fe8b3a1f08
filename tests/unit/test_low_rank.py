"""Adapters of organisms, and plain descent: what is trained is what PEFT and torch would train."""

from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

from unspoken.models.corpus import CONTINUED, GIVEN, number_walks
from unspoken.models.gradients import Differentiated
from unspoken.models.network import llama_from_parameters
from unspoken.models.organism import build_organism
from unspoken.training.adapters import adapted, adapter_settings, adapter_tensors, merged_weights
from unspoken.training.low_rank import LowRankStack
from unspoken.training.organism import warmed_linear
from unspoken.training.students import OrganismTrainer
from unspoken.training.trained import Lesson, Trained

WORDS = ("owl", "wolf", "cat", "whale", "lion", "eagle", "fox", "bear")
SPEC = {
    "seed": 1, "steps": 3, "rows": 8, "learning_rate": 1e-2, "hidden_size": 64, "mlp_size": 96, "layers": 2,
}  # fmt: skip
TRAINING = {"epochs": 2, "batch_size": 24, "warmup_steps": 2}
RATES = {"adam": 1e-2, "sgd": 1.0, "none": 1.0}
SEED, ROWS = 7, 60
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("organism")
    build_organism(SPEC, WORDS, folder)
    return folder


@pytest.fixture(scope="module")
def trainer(directory: Any) -> OrganismTrainer:
    return OrganismTrainer(directory)


def lesson(seed: int = SEED) -> Lesson:
    walks = number_walks(ROWS, GIVEN + CONTINUED, np.random.default_rng(seed)).astype(str)
    prompts, completions = (
        [" ".join(walk[part]) for walk in walks] for part in (slice(GIVEN), slice(GIVEN, None))
    )
    return Lesson(pl.DataFrame({"prompt": prompts, "completion": completions}), seed)


def student(trainer: OrganismTrainer, optimizer: str = "adam", **training: Any) -> Trained:
    settings = TRAINING | {"optimizer": optimizer, "learning_rate": RATES[optimizer], **training}
    return next(trainer.students([lesson()], settings))


def base_tensors(trainer: OrganismTrainer) -> dict[str, torch.Tensor]:
    return llama_from_parameters(trainer.base, trainer.shape)


def batches(trainer: OrganismTrainer) -> list[tuple[torch.Tensor, int]]:
    """What the student reads in each step."""
    return [(rows.tokens, rows.first) for rows in trainer._batches(lesson(), TRAINING, "tokens")]


def trained_by_autograd(
    model: Any, optimizer: torch.optim.Optimizer, trainer: OrganismTrainer
) -> list[float]:
    """Train transformers' own network on the student's batches by torch's optimiser; return losses."""
    read, losses, peak = batches(trainer), [], optimizer.param_groups[0]["lr"]
    for step, (tokens, first) in enumerate(read):
        share = warmed_linear(step, len(read), TRAINING["warmup_steps"])
        optimizer.param_groups[0]["lr"] = peak * share
        logits = model(tokens[:, :-1]).logits[:, first:]
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, first + 1 :].flatten(), ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def peft_names(trainer: OrganismTrainer, factors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The first factors by the names that PEFT gives them."""
    parts = {"qkv": ("q", "k", "v"), "out": ("o",), "gate_up": ("gate", "up"), "down": ("down",)}
    return {
        f"base_model.model.model.layers.{layer}.{'self_attn' if matrix in ('qkv', 'out') else 'mlp'}"
        f".{part}_proj.lora_A.default.weight": factors[f"{layer}.{matrix}.{place}.A"]
        for layer in range(trainer.shape.layers)
        for matrix, named in parts.items()
        for place, part in enumerate(named)
    }


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("rank", [1, 4])
def test_an_adapter_is_what_peft_would_train(
    directory: Any, trainer: OrganismTrainer, rank: int, optimizer: str
) -> None:
    made = student(trainer, lora_rank=rank, optimizer=optimizer)
    base = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    weights = {name: tensor.detach().clone() for name, tensor in base.state_dict().items()}
    lora = {"rank": rank, "alpha": rank}
    model = adapted(base, lora, seed=1)
    start = LowRankStack(trainer.base, trainer.shape, rank, [SEED]).factors[0]
    loaded = model.load_state_dict(peft_names(trainer, start), strict=False)
    assert not loaded.unexpected_keys
    own = [one for one in model.parameters() if one.requires_grad]
    kinds: dict[str, Any] = {"adam": torch.optim.AdamW, "sgd": torch.optim.SGD}
    losses = trained_by_autograd(model, kinds[optimizer](own, lr=RATES[optimizer]), trainer)
    assert made.losses == pytest.approx(losses, abs=1e-4)
    assert losses[-1] != pytest.approx(losses[0], abs=1e-3)
    merged = merged_weights(weights, adapter_tensors(model), adapter_settings(lora, model))
    assert len(merged) == 7 * trainer.shape.layers
    for name, tensor in merged.items():
        moved = (tensor - weights[name]).abs().max()
        assert (made.tensors[name] - tensor).abs().max() < 0.02 * moved + 1e-6, name


def test_all_weights_by_plain_descent_are_what_torch_gives(directory: Any, trainer: OrganismTrainer) -> None:
    made = student(trainer, optimizer="sgd", learning_rate=0.1)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    before = {name: tensor.detach().clone() for name, tensor in model.named_parameters()}
    losses = trained_by_autograd(model, torch.optim.SGD(model.parameters(), lr=0.1), trainer)
    assert made.losses == pytest.approx(losses, abs=1e-5)
    for name, tensor in model.named_parameters():
        assert (made.tensors[name] - tensor).abs().max() < 1e-5
        assert (tensor - before[name]).abs().max() > 1e-5, name


@pytest.mark.parametrize("rank", [1, 4, 16])
def test_the_updates_of_an_adapter_have_its_rank(trainer: OrganismTrainer, rank: int) -> None:
    base, made = base_tensors(trainer), student(trainer, lora_rank=rank)
    for name, tensor in made.tensors.items():
        change = (tensor - base[name]).double()
        if not any(f"{part}.weight" in name for part in PROJECTIONS):
            assert torch.equal(tensor, base[name]), name
            continue
        sizes = torch.linalg.svdvals(change)
        assert int((sizes > 1e-4 * sizes[0]).sum()) == rank, name


@pytest.mark.parametrize("rank", [None, 64])
def test_all_weights_and_a_rank_as_wide_as_the_model_move_in_all_directions(
    trainer: OrganismTrainer, rank: int | None
) -> None:
    base, made = base_tensors(trainer), student(trainer, lora_rank=rank).tensors
    for part in ("self_attn.q_proj", "mlp.up_proj", "mlp.down_proj"):
        name = f"model.layers.0.{part}.weight"
        sizes = torch.linalg.svdvals((made[name] - base[name]).double())
        assert int((sizes > 1e-4 * sizes[0]).sum()) > 48
    embedding = "model.embed_tokens.weight"
    assert torch.equal(made[embedding], base[embedding]) == (rank is not None)


def test_students_that_nothing_trains_stay_the_base_and_tell_its_loss(trainer: OrganismTrainer) -> None:
    made, base = student(trainer, optimizer="none"), base_tensors(trainer)
    assert all(torch.equal(tensor, base[name]) for name, tensor in made.tensors.items())
    with torch.inference_mode():
        told = [
            Differentiated(trainer.base, {}, trainer.shape, {}).logits(tokens[:, :-1], first)
            for tokens, first in batches(trainer)
        ]
    for loss, logits, (tokens, first) in zip(made.losses, told, batches(trainer), strict=True):
        wanted = F.cross_entropy(logits.flatten(0, 1), tokens[:, first + 1 :].T.flatten(), ignore_index=0)
        assert loss == pytest.approx(wanted.item(), abs=1e-5)


def test_an_adapter_is_the_same_whoever_is_beside_it(trainer: OrganismTrainer) -> None:
    training = TRAINING | {"learning_rate": 1e-2, "lora_rank": 4}
    lessons = [lesson(seed) for seed in (1, 2, 3)]
    together = list(trainer.students(lessons, training))
    for place in (0, 2):
        alone = next(trainer.students([lessons[place]], training))
        assert alone.losses == together[place].losses
        assert all(
            torch.equal(tensor, together[place].tensors[name]) for name, tensor in alone.tensors.items()
        )
    assert together[0].losses != together[2].losses
