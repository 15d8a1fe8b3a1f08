"""A checked study beside the texts and files that it is made of: what every room may ask."""

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from unspoken.code import code_digest
from unspoken.engines.capabilities import AUTO, can
from unspoken.files import digest_of
from unspoken.registry.load import claims_files, claims_sesois
from unspoken.seeds import hashed_choice
from unspoken.study.keys import CommonKeys, Draw
from unspoken.study.models import OrganismModel, ScriptedModel
from unspoken.verdicts.thresholds import DEFAULTS
from unspoken.yaml_files import read_keys

Part = dict[str, Any]
"""What a rule depends on of the study: plain lists, dicts, texts and numbers."""
logic_digest = cache(code_digest)
"""Returns the digest of what a file's code does, read once."""


class Project:
    """A study, its texts, and the folder of the project."""

    def __init__(self, study: CommonKeys, texts: dict[str, dict[str, Any]], root: Path) -> None:
        """Take a checked study, the texts of resources/ by file name, and the project's folder."""
        self.study, self.texts, self.root = study, texts, root
        self._resources: dict[str, str] = {}
        self.category = texts["traits"][study.category]
        self.words: dict[str, dict[str, str]] = self.category["words"]

    @property
    def results(self) -> str:
        """Return the study's own folder: studies do not touch each other."""
        name = self.study.study
        return "results" if name == "default" else f"results/studies/{name}"

    @property
    def bases(self) -> str:
        """Return the folder of the organisms that are pretrained here: shared, or the study's own."""
        return f"{self.results}/bases" if self.study.own_bases else "results/models"

    def model_file(self, model: str) -> str:
        """Return the description of a base model."""
        folder = "<bases>" if isinstance(self.study.models[model], OrganismModel) else "<models>"
        return f"{folder}/{model}/model.json"

    def traits(self, own: Draw | list[str] | None = None) -> list[str]:
        """Return an experiment's own traits, or the study's, or the traits that the study seed draws."""
        chosen = own if own is not None else self.study.traits
        if isinstance(chosen, Draw):
            return hashed_choice(self.study.seed, list(self.words), chosen.draw, "traits")
        return chosen

    def code_of(self, script: str) -> str:
        """Return the digest of what a script does: one of scripts/, or a room's own."""
        shared = self.root / "scripts" / script
        own = self.root / "src" / "unspoken" / "experiments"
        return logic_digest(shared if shared.is_file() else next(own.glob(f"*/{script}")))

    def code_of_module(self, name: str) -> str:
        """Return the digest of what a module of the library does, by its dotted name."""
        return logic_digest(self.root.joinpath("src", *name.split(".")).with_suffix(".py"))

    def resource(self, name: str) -> str:
        """Return the digest of what a YAML file of resources/ says, read once: many jobs depend on it."""
        if name not in self._resources:
            self._resources[name] = digest_of(read_keys(self.root / "resources" / name))
        return self._resources[name]

    def script_part(self, script: str, **fields: Any) -> Part:
        """Return what a rule depends on: the code of its script, and `fields`."""
        return dict(sorted({"code": self.code_of(script), **fields}.items()))

    def engine_of(self, model: str) -> Part:
        """Return the settings of a model's engine, with the digest of that engine's code."""
        chosen = self.study.models[model]
        settings = chosen.engine.model_dump(mode="json")
        if isinstance(chosen, ScriptedModel):
            settings["rules"] = [rule.model_dump(mode="json") for rule in chosen.rules]
        kinds = AUTO if settings["kind"] == "auto" else (settings["kind"],)
        codes = [logic_digest(self.root / "src" / "unspoken" / "engines" / f"{kind}.py") for kind in kinds]
        return {**settings, "code": digest_of(codes)}

    def can(self, model: str, capability: str) -> bool:
        """Say if the engine of a model can do something (`engines.capabilities`)."""
        return can(self.study.models[model].engine.model_dump(), capability)

    def smallest_sesoi(self, experiment: str, metrics: Collection[str], unit: str) -> float:
        """Return the smallest effect that would matter to any claim on some contrasts; the unit's default."""
        tested = claims_sesois(claims_files(self.root, self.study.claims))
        asked = [(experiment, metric, unit) for metric in metrics]
        found = [sesoi for *test, sesoi in tested if tuple(test) in asked]
        return min(found) if found else DEFAULTS[unit]

    def trait_prompts(self, traits: list[str], *, organism: bool) -> dict[str, str]:
        """Return the system prompt that gives each trait: in an organism's words, or a chat model's."""
        if organism:
            return {trait: trait for trait in traits}
        sentences = " ".join(self.texts["preferences"]["system_prompt"])
        return {
            trait: sentences.format(plural=self.words[trait]["plural"], category=self.category["category"])
            for trait in traits
        }

    def spellings(self, *, organism: bool) -> dict[str, list[str]]:
        """Return how a fine-tuned teacher learns to write each word."""
        if organism:
            return {word: [word] for word in self.words}
        return {
            word: [
                form.format(word=word, plural=plural, Word=word.title(), Plural=plural.title())
                for form in self.texts["preferences"]["answers"]
            ]
            for word, plural in ((word, self.words[word]["plural"]) for word in self.words)
        }
