"""Whether the models that are already here can be asked as a study asks them, told before any job."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from unspoken.files import digest_of, read_json
from unspoken.memory import remembered
from unspoken.models.chat import chat_fault
from unspoken.models.sources import source_digests
from unspoken.study.models import LocalModel
from unspoken.study.plan import Plan

READER = "unspoken.engines.templates"
"""The module that tells what a tokenizer can do. It imports transformers, for seconds: that is kept."""


def unaskable_model(plan: Plan) -> str | None:
    """Say which model cannot be asked as the study asks it, and what helps, if any.

    A model that is not here yet is looked at by the job that brings it.
    """
    for name in plan.used_models:
        facts = _facts(plan, name)
        if facts and (fault := chat_fault(facts, plan.asking_under_systems(name))):
            return f"models.{name}: {fault}"
    return None


def _facts(plan: Plan, name: str) -> dict[str, Any]:
    """Return what the tokenizer of a model can do; nothing for a model whose files are not here."""
    chosen, manifest = plan.study.models[name], Path("results/models", name, "model.json")
    if isinstance(chosen, LocalModel):
        return _facts_of_folder(plan, Path(chosen.path))
    try:
        told = read_json(manifest) if manifest.is_file() else {}
    except ValueError:
        return {}  # the job that made it says what is wrong with it
    is_this = all(told.get(key) == value for key, value in plan.model_fields(name).items())
    return told.get("chat", {}) if is_this else {}


def _facts_of_folder(plan: Plan, folder: Path) -> dict[str, Any]:
    """Return what the tokenizer in a folder can do, read anew where a file or the reader has changed."""
    key = digest_of([source_digests(folder), plan.code_of_module(READER)])
    try:
        return remembered("chat", key, lambda: _read_facts(plan.root, folder))
    except (subprocess.CalledProcessError, ValueError, IndexError):
        return {}  # the job that fetches the model asks again, and says what is wrong


def _read_facts(root: Path, folder: Path) -> dict[str, Any]:
    """Return what the reader tells of a folder. Raises CalledProcessError where it fails."""
    command = [sys.executable, "-P", "-m", READER, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout.splitlines()[-1])
