"""Which trainer a base model gets."""

from pathlib import Path
from typing import Any

from unspoken.training.trained import Trainer


def trainer_for(model_dir: Path, style: str, training: dict[str, Any]) -> Trainer:
    """Return the organisms' own trainer, or the one for any model and for adapters."""
    if style == "organism" and training["lora"] is None:
        from unspoken.training.students import OrganismTrainer

        return OrganismTrainer(model_dir)
    from unspoken.training.chat import ChatTrainer

    return ChatTrainer(model_dir)
