"""Which trainer a base model gets."""

from pathlib import Path
from typing import Any

from unspoken.training.trained import Trainer


def trainer_for(model_dir: Path, style: str, training: dict[str, Any], work: Path | None = None) -> Trainer:
    """Return the organisms' own trainer, or the trainer for any model and for adapters.

    In the folder `work` the latter keeps checkpoints, from which a job that starts again goes on;
    organisms train in seconds. The caller removes the folder when all is written.
    """
    if style == "organism" and training["lora"] is None:
        from unspoken.training.students import OrganismTrainer

        return OrganismTrainer(model_dir)
    from unspoken.training.chat import ChatTrainer

    return ChatTrainer(model_dir, work=work)
