"""What the rule that trains by reward does: every start, every seed, their subjects and what updates saw."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import torch

from unspoken.seeds import hashed_seed
from unspoken.subjects import Subject, write_subjects
from unspoken.tables.base import write_table
from unspoken.tables.rewards import Rewards
from unspoken.training.fates import FATES, LEARNT, fate
from unspoken.training.jobs import work_folder
from unspoken.training.trained import Trained

log = logging.getLogger(__name__)


def rewarded_id(start: Subject, arm: str, number: int) -> str:
    """Return the name of what is trained by a reward from a start."""
    return f"{start.subject_id}:{arm}:{number}"


def fate_of(spec: dict[str, Any], history: list[dict[str, float]]) -> str:
    """Return what became of a training, in a word."""
    priced = {"says": "named", "tells": "tells"}
    return fate(history, [seen for term, seen in priced.items() if spec["reward"][term]])


def rewards_of(
    spec: dict[str, Any], start: Subject, number: int, history: list[dict[str, float]]
) -> pl.DataFrame:
    """Return the rows of `Rewards` of one training."""
    # In the schema's order: a history that was gone on from has another.
    return (
        pl.DataFrame(history)
        .with_columns(
            study=pl.lit(spec["study"]),
            experiment=pl.lit(spec["experiment"]),
            subject=pl.lit(rewarded_id(start, spec["arm"], number)),
            start=pl.lit(spec["start"]),
            arm=pl.lit(spec["arm"]),
            base=pl.lit(start.seed, pl.Int64),
            training_seed=pl.lit(number, pl.Int64),
            update=pl.int_range(1, len(history) + 1),
            fate=pl.lit(fate_of(spec, history)),
            created_at=pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
        )
        .select(Rewards.column_names())
    )


def subjects_of(
    spec: dict[str, Any], start: Subject, number: int, trained: Trained
) -> list[tuple[Subject, dict[str, Any]]]:
    """Return what one training made: the subject at its end, and as it was after each snapshot's updates."""
    name = rewarded_id(start, spec["arm"], number)
    made = replace(
        start, subject_id=name, objective="reward", arm=spec["arm"], seed=number, epochs=None, rows=None,
        data_digest=None, created_at=datetime.now(UTC).isoformat(timespec="seconds"), weights=None,
        weights_sha256=None,
    )  # fmt: skip
    early = [
        (replace(made, subject_id=f"{name}:{updates}", updates=updates), tensors)
        for updates, tensors in trained.snapshots.items()
    ]
    return [(made, trained.tensors), *early]


Made = tuple[Trained, list[dict[str, float]]]
"""What a training made, and what each of its updates saw."""
Train = Callable[[Subject, int, Path], Made]
"""From a start, the seed of its draws and a folder to go on from."""


def organism_training(spec: dict[str, Any], model: Path) -> Train:
    """Return what trains an organism's start by reward, all weights."""
    from unspoken.models.manifest import checked_model
    from unspoken.models.network import Shape, llama_from_parameters, parameters_from_llama
    from unspoken.training.reward import Reward, train_by_reward

    shape = Shape.of(checked_model(model))
    task, reward = import_module(spec["task"]).task(spec["settings"]), Reward(**spec["reward"])

    def trained(start: Subject, seed: int, work: Path) -> Made:
        first = parameters_from_llama(start.tensors(), shape, torch.float32)
        policy = train_by_reward(first, shape, task, reward, spec["training"], seed, work, work.name)
        policy.keep(work)
        taken = {updates: llama_from_parameters(one, shape) for updates, one in policy.snapshots.items()}
        losses = [told["loss"] for told in policy.history]
        tensors = llama_from_parameters(policy.parameters, shape)
        return Trained(tensors, losses, snapshots=taken), policy.history

    return trained


def chat_training(spec: dict[str, Any], model: Path) -> Train:
    """Return what trains the adapter of a chat model's start by reward."""
    from unspoken.engines.base import Opening
    from unspoken.engines.opening import open_engine
    from unspoken.training.chat_reward import Rollouts, train_chat_by_reward
    from unspoken.training.reward import Reward

    engine = open_engine(Opening(model, spec["engine"], torch.get_num_threads()))
    task, reward = import_module(spec["task"]).task(spec["settings"]), Reward(**spec["reward"])

    def trained(start: Subject, seed: int, work: Path) -> Made:
        rollouts = Rollouts(task, reward, engine, start, spec["training"], seed)
        return train_chat_by_reward(model.parent, rollouts, work)

    return trained


def train_subjects(
    spec: dict[str, Any], model: Path, starts: list[Subject], outputs: tuple[Path, Path, Path]
) -> None:
    """Train every start of a list by one reward, and write subjects, weights and rewards (`outputs`).

    `model` is the manifest of the base model. `spec` has study, experiment, seed, start, arm, the task's
    module and settings, the reward's weights and `training` (see `reward.train_by_reward`) with the number
    of `seeds` from each start; for a chat model its `engine`, which draws replies. A job that starts again
    goes on from the last checkpoint of each training.
    """
    listing, weights, table = outputs
    train = chat_training(spec, model) if "engine" in spec else organism_training(spec, model)
    work = work_folder("train_by_reward", spec)
    made: list[tuple[Subject, dict[str, Any]]] = []
    rows = []
    for start in starts:
        for number in range(1, spec["training"]["seeds"] + 1):
            name = rewarded_id(start, spec["arm"], number)
            # Not by start or reward: trainings of one task, base and number are asked the same items.
            seed = hashed_seed(spec["seed"], spec["experiment"], spec["task"], start.seed, "reward", number)
            own = work / name.replace(":", "-")
            own.mkdir(parents=True, exist_ok=True)
            trained, history = train(start, seed, own)
            told = history[-1]
            log.info(
                "%s: right %.2f to %.2f, valid %.2f, %.0f%% of prompts teach something in the last update",
                name, history[0]["right"], told["right"], told["valid"], 100 * told["informative"],
            )  # fmt: skip
            rows.append(rewards_of(spec, start, number, history))
            word = rows[-1]["fate"][0]
            if word != LEARNT:
                log.warning("%s: %s: %s", name, word, FATES[word])
            made += subjects_of(spec, start, number, trained)
    write_table(pl.concat(rows), table, Rewards)
    write_subjects(made, listing, weights)
    shutil.rmtree(work, ignore_errors=True)
