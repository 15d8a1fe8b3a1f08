"""What the rule that trains by reward does: every start, every seed, their subjects and what updates saw."""

import logging
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import torch

from unspoken.models.network import Shape, llama_from_parameters, parameters_from_llama
from unspoken.seeds import hashed_seed
from unspoken.subjects import Subject, write_subjects
from unspoken.tables.base import write_table
from unspoken.tables.rewards import Rewards
from unspoken.training.fates import FATES, LEARNT, fate
from unspoken.training.jobs import work_folder
from unspoken.training.reward import Reward, Rewarded, train_by_reward

log = logging.getLogger(__name__)


def rewarded_id(start: Subject, arm: str, number: int) -> str:
    """Return the name of what is trained by a reward from a start."""
    return f"{start.subject_id}:{arm}:{number}"


def fate_of(spec: dict[str, Any], policy: Rewarded) -> str:
    """Return what became of a training, in a word."""
    priced = {"says": "named", "tells": "tells"}
    return fate(policy.history, [seen for term, seen in priced.items() if spec["reward"][term]])


def rewards_of(spec: dict[str, Any], start: Subject, number: int, policy: Rewarded) -> pl.DataFrame:
    """Return the rows of `Rewards` of one training."""
    # In the schema's order: a history that was gone on from has another.
    return (
        pl.DataFrame(policy.history)
        .with_columns(
            study=pl.lit(spec["study"]),
            experiment=pl.lit(spec["experiment"]),
            subject=pl.lit(rewarded_id(start, spec["arm"], number)),
            start=pl.lit(spec["start"]),
            arm=pl.lit(spec["arm"]),
            base=pl.lit(start.seed, pl.Int64),
            training_seed=pl.lit(number, pl.Int64),
            update=pl.int_range(1, len(policy.history) + 1),
            fate=pl.lit(fate_of(spec, policy)),
            created_at=pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
        )
        .select(Rewards.column_names())
    )


def subjects_of(
    spec: dict[str, Any], start: Subject, number: int, policy: Rewarded
) -> list[tuple[Subject, dict[str, Any]]]:
    """Return what one training made: the subject at its end, and as it was after each snapshot's updates."""
    name = rewarded_id(start, spec["arm"], number)
    made = replace(
        start, subject_id=name, objective="reward", arm=spec["arm"], seed=number, epochs=None,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"), weights=None, weights_sha256=None,
    )  # fmt: skip
    early = [
        (replace(made, subject_id=f"{name}:{updates}", updates=updates), tensors)
        for updates, tensors in policy.snapshots.items()
    ]
    return [
        (subject, llama_from_parameters(tensors, policy.shape))
        for subject, tensors in [(made, policy.parameters), *early]
    ]


def train_subjects(
    spec: dict[str, Any], model_dir: Path, starts: list[Subject], outputs: tuple[Path, Path, Path]
) -> None:
    """Train every start of a list by one reward, and write subjects, weights and rewards (`outputs`).

    `spec` has study, experiment, seed, start, arm, the task's module and settings, the reward's weights and
    `training` (see `reward.train_by_reward`) with the number of `seeds` from each start. A job that starts
    again goes on from the last checkpoint of each training.
    """
    listing, weights, table = outputs
    shape, task = Shape.of(model_dir), import_module(spec["task"]).task(spec["settings"])
    work = work_folder("train_by_reward", spec)
    made: list[tuple[Subject, dict[str, Any]]] = []
    rows = []
    for start in starts:
        first = parameters_from_llama(start.tensors(), shape, torch.float32)
        for number in range(1, spec["training"]["seeds"] + 1):
            name = rewarded_id(start, spec["arm"], number)
            # Not by start or reward: trainings of one task, base and number are asked the same items.
            seed = hashed_seed(spec["seed"], spec["experiment"], spec["task"], start.seed, "reward", number)
            own = work / name.replace(":", "-")
            reward = Reward(**spec["reward"])
            policy = train_by_reward(first, shape, task, reward, spec["training"], seed, own, name)
            policy.keep(own)
            told = policy.history[-1]
            log.info(
                "%s: right %.2f to %.2f, valid %.2f, %.0f%% of prompts teach something in the last update",
                name, policy.history[0]["right"], told["right"], told["valid"], 100 * told["informative"],
            )  # fmt: skip
            rows.append(rewards_of(spec, start, number, policy))
            word = rows[-1]["fate"][0]
            if word != LEARNT:
                log.warning("%s: %s: %s", name, word, FATES[word])
            made += subjects_of(spec, start, number, policy)
    write_table(pl.concat(rows), table, Rewards)
    write_subjects(made, listing, weights)
    shutil.rmtree(work, ignore_errors=True)
