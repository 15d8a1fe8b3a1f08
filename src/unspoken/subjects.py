"""Subjects: who answers. A base model, perhaps with trained weights, perhaps under a prompt."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from unspoken.files import read_json, sha256_of_file, write_json, written_whole


class SubjectError(RuntimeError):
    """A subject that cannot answer; the message says what to do."""


@dataclass(frozen=True)
class Subject:
    """One subject, as the table `subjects` and the list `subject.json` describe it.

    `weights` is None for a base model; else the trained tensors lie in `weights.safetensors`
    beside the list, each under `{subject_id}/{parameter}`. `form` says how they apply: `full`
    replaces the base's tensors, `lora` holds adapter matrices for PEFT.
    """

    subject_id: str
    kind: str
    """base, prompted, teacher, student, interpolated."""
    model: str
    """The base model it starts from."""
    source_model: str | None = None
    """The base model of its teacher."""
    trait: str | None = None
    """A trait word, `neutral`, or `untouched`: what its teacher has."""
    objective: str | None = None
    arm: str | None = None
    seed: int | None = None
    rows: int | None = None
    epochs: float | None = None
    shuffle: str | None = None
    updates: int | None = None
    """After how many optimiser updates a snapshot was taken; None at the end of a training."""
    system: str | None = None
    form: str | None = None
    adapter: dict[str, Any] | None = None
    data_digest: str | None = None
    weights_sha256: str | None = None
    created_at: str | None = None
    fraction: float = 1.0
    """How far of the way from the base to the trained weights (an instrument check moves it)."""
    weights: Path | None = None

    def tensors(self) -> dict[str, Any]:
        """Return the trained tensors by parameter name. Raises ValueError if there are none."""
        from safetensors import safe_open

        if self.weights is None:
            raise ValueError(f"{self.subject_id} has no trained weights")
        # A subject moved part of the way keeps its teacher's tensors: `{teacher}@{fraction}`.
        prefix = f"{self.subject_id.split('@')[0]}/"
        with safe_open(self.weights, framework="pt") as file:
            found = {
                name.removeprefix(prefix): file.get_tensor(name)
                for name in file.keys()  # noqa: SIM118 - no mapping
                if name.startswith(prefix)
            }
        if not found:
            raise ValueError(f"{self.weights} has no tensors of {self.subject_id}")
        return found

    def full_weights(self, base: dict[str, Any]) -> dict[str, Any]:
        """Return the tensors to load over the base's: as trained, or with the adapter merged."""
        trained = self.tensors()
        if self.form == "lora":
            from unspoken.training.adapters import merged_weights

            trained = merged_weights(base, trained, self.adapter or {})
        if self.fraction == 1.0:
            return trained
        return {
            name: base[name] + self.fraction * (tensor.to(base[name]) - base[name])
            for name, tensor in trained.items()
        }


def put_weights(model: Any, tensors: dict[str, Any]) -> None:
    """Put trained tensors in the place of a model's own, by the names that its modules have.

    Raises SubjectError for a tensor that the model has no place for: without it the model would
    answer as its base.
    """
    unknown = sorted(set(tensors) - set(model.state_dict()))
    if unknown:
        raise SubjectError(
            f"{unknown[0]}: {type(model).__name__} has no tensor of that name"
            f" ({len(unknown)} of {len(tensors)} trained tensors have no place):"
            " the subject is of another model, or of a version of transformers that names it otherwise;"
            " train it again"
        )
    model.load_state_dict(tensors, strict=False)


def write_subjects(subjects: list[tuple[Subject, dict[str, Any]]], listing: Path, weights: Path) -> None:
    """Write trained subjects: `weights` (safetensors) first, then the `listing` that names them."""
    from safetensors.torch import save_file

    tensors = {
        f"{subject.subject_id}/{name}": tensor.contiguous()
        for subject, trained in subjects
        for name, tensor in trained.items()
    }
    with written_whole(weights) as temporary:
        save_file(tensors, temporary)
    digest = sha256_of_file(weights)
    write_json(
        described_subjects([replace(subject, weights_sha256=digest) for subject, _ in subjects]), listing
    )


def described_subjects(subjects: list[Subject]) -> list[dict[str, Any]]:
    """Return subjects as rows for a list; where its weights lie is not in it."""
    return [asdict(replace(subject, weights=None)) for subject in subjects]


def read_subjects(listing: Path) -> list[Subject]:
    """Return the subjects of a list, their weights beside it.

    Raises ValueError if the weights are missing or not the weights that the list was written with.
    """
    weights = listing.with_name("weights.safetensors")
    rows = read_json(listing)
    if rows and (not weights.exists() or sha256_of_file(weights) != rows[0]["weights_sha256"]):
        raise ValueError(f"{weights}: not the weights that {listing.name} describes; delete both")
    return [Subject(**{**row, "weights": weights}) for row in rows]


def prompted_subject(model: str, trait: str, system: str) -> Subject:
    """Return a base model under the system prompt that gives it a trait."""
    return Subject(f"{model}:prompted:{trait}", "prompted", model, trait=trait, system=system)


def base_subject(model: str) -> Subject:
    """Return the untouched base model as a subject."""
    return Subject(subject_id=model, kind="base", model=model)
