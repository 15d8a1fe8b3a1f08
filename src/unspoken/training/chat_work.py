"""What a training shows and keeps: its progress bar, checkpoints to go on from, snapshots, result."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm
from transformers import TrainerCallback

from unspoken.files import read_json, write_json, written_whole
from unspoken.training.trained import Trained

SAVE_EVERY_S = 60.0
"""Seconds of training between checkpoints, at least."""
SAVING_SHARE = 0.05
"""Checkpoints of large models are rarer, so that writing them takes at most this share of the time."""

STATE = "trainer_state.json"
"""The file of a checkpoint that is written last."""

Tensors = dict[str, Tensor]


class Progress(TrainerCallback):
    """Shows one progress bar over the optimiser's updates."""

    def __init__(self, show: str) -> None:
        """Take the text before the bar."""
        self.show = show

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Show a bar; a resumed training's starts where it goes on."""
        self.bar = tqdm(desc=self.show, total=state.max_steps, initial=state.global_step, mininterval=5)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count one update."""
        self.bar.update()

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Leave the bar as it is."""
        self.bar.close()


class WorkFolder(TrainerCallback):
    """Keeps what a training has reached, so that a job that starts again goes on from there.

    Where `lasting` is false (nobody will come back to the folder) it keeps snapshots alone.
    """

    def __init__(
        self, folder: Path, snapshots: list[int], tensors_of: Callable[[Any], Tensors], *, lasting: bool
    ) -> None:
        """Take the optimiser updates after which `tensors_of(model)` is kept."""
        self.folder, self.snapshots, self.tensors_of = folder, snapshots, tensors_of
        self.lasting = lasting
        self.saved_at, self.asked_at, self.cost_s = 0.0, 0.0, 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count the time to the first checkpoint from here."""
        self.saved_at = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Write a snapshot if it is due, and then ask for a checkpoint if it is due."""
        if state.global_step in self.snapshots:
            self._write(self.tensors_of(given["model"]), self._snapshot(state.global_step))
        now = time.monotonic()
        due = now - self.saved_at >= max(SAVE_EVERY_S, self.cost_s / SAVING_SHARE)
        if self.lasting and due and state.global_step < state.max_steps:
            control.should_save, self.asked_at = True, now

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Note what the checkpoint cost."""
        self.saved_at = time.monotonic()
        self.cost_s = self.saved_at - self.asked_at

    def checkpoint(self) -> str | None:
        """Return the last whole checkpoint; remove what a killed job wrote in part."""
        found = sorted(self.folder.glob("checkpoint-*"), key=lambda one: int(one.name.split("-")[1]))
        whole = [folder for folder in found if _is_whole(folder)]
        for folder in set(found) - set(whole[-1:]):
            shutil.rmtree(folder)
        return str(whole[-1]) if whole else None

    def result(self) -> Trained | None:
        """Return the result of an earlier run, if it came to its end."""
        if not self._described.exists():
            return None
        tensors = load_file(self._result)
        return Trained(tensors, **read_json(self._described), snapshots=self.taken())

    def keep(self, trained: Trained) -> None:
        """Keep a result for a job that starts again; the checkpoints go."""
        if not self.lasting:
            return
        self._write(trained.tensors, self._result)
        told = {"losses": trained.losses, "form": trained.form, "adapter": trained.adapter}
        write_json(told, self._described)
        for folder in self.folder.glob("checkpoint-*"):
            shutil.rmtree(folder)

    def taken(self) -> dict[int, Tensors]:
        """Return the tensors after each of the snapshots' updates."""
        return {updates: load_file(self._snapshot(updates)) for updates in self.snapshots}

    @property
    def _result(self) -> Path:
        return self.folder / "result.safetensors"

    @property
    def _described(self) -> Path:
        return self.folder / "result.json"

    def _snapshot(self, updates: int) -> Path:
        return self.folder / f"snapshot-{updates}.safetensors"

    def _write(self, tensors: Tensors, path: Path) -> None:
        with written_whole(path) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary)


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / STATE).read_text())
    except (OSError, ValueError):
        return False
    return True
