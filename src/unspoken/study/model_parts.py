"""For the rules that make models and ask them, the part of the study that each depends on."""

from functools import cache
from typing import Any

from unspoken.code import code_digest
from unspoken.engines.capabilities import AUTO
from unspoken.experiments.subliminal.experiment import Design, decoding_of
from unspoken.files import digest_of
from unspoken.study.models import OrganismModel, ScriptedModel

Part = dict[str, Any]
logic_digest = cache(code_digest)
"""Returns the digest of what a file's code does, read once."""


class ModelParts(Design):
    """The parts of rules on models; a rule's wildcards come in as arguments."""

    def code_of(self, script: str) -> str:
        """Return the digest of what a script does."""
        return logic_digest(self.root / "scripts" / script)

    def _part(self, script: str, **fields: Any) -> Part:
        return dict(sorted({"code": self.code_of(script), **fields}.items()))

    def model_part(self, script: str, model: str) -> Part:
        """Return what a rule that makes or brings a base model depends on: not its classes, a label."""
        chosen = self.study.models[model]
        fields = chosen.model_dump(mode="json", exclude={"classes", "category", "engine", "rules"})
        words = {}
        if isinstance(chosen, OrganismModel):
            words["words"] = list(self.texts["traits"][chosen.category]["words"])
        return self._part(script, name=model, model=fields, **words)

    def engine_of(self, model: str) -> Part:
        """Return the settings of a model's engine, with the digest of that engine's code."""
        chosen = self.study.models[model]
        settings = chosen.engine.model_dump(mode="json")
        if isinstance(chosen, ScriptedModel):
            settings["rules"] = [rule.model_dump(mode="json") for rule in chosen.rules]
        kinds = AUTO if settings["kind"] == "auto" else (settings["kind"],)
        codes = [logic_digest(self.root / "src" / "unspoken" / "engines" / f"{kind}.py") for kind in kinds]
        return {**settings, "code": digest_of(codes)}

    def questions_part(self, experiment: str) -> Part:
        """Return what `render_questions` depends on."""
        style = self.style(experiment)
        texts = {
            "organism": None,  # they are fixed
            "chat": [self.texts["preferences"]["questions"], self.texts["numbers"]],
            "listed": self.texts.get(experiment),
        }
        return self._part(
            "render_questions.py",
            seed=self.study.seed,
            experiment=experiment,
            style=style,
            category=None if style == "listed" else self.study.category,
            questions=getattr(getattr(self.study, experiment), "questions", None),
            texts=texts[style] and digest_of(texts[style]),
        )

    def numbers_part(self, model: str) -> Part:
        """Return what `render_numbers` depends on: as many prompts as its largest data set."""
        most = max(
            self.completions(model, trait, decoding_of(group))
            for group in self.groups(model)
            for trait in self.generators(model, group)
        )
        return self._part(
            "render_numbers.py",
            seed=self.study.seed,
            style=self.subliminal.style,
            form=self.subliminal.numbers.form,
            count=most,
            texts=None if self.subliminal.style == "organism" else digest_of(self.texts["numbers"]),
        )

    def system_prompts(self, experiment: str) -> dict[str, str]:
        """Return the system prompt that gives each trait, or those of the experiment's own section."""
        own = getattr(getattr(self.study, experiment), "systems", None)
        if own is not None:
            return own
        if self.style(experiment) == "organism":
            return {trait: trait for trait in self.traits(experiment)}
        sentences = " ".join(self.texts["preferences"]["system_prompt"])
        category = self.texts["traits"][self.study.category]["category"]
        return {
            trait: sentences.format(plural=self.words[trait]["plural"], category=category)
            for trait in self.traits(experiment)
        }

    def choices(self, experiment: str) -> list[str]:
        """Return the words whose exact probability a probe reads: the traits', or a section's own."""
        return getattr(getattr(self.study, experiment), "choices", None) or list(self.words)

    def spellings(self) -> dict[str, list[str]]:
        """Return how a fine-tuned teacher learns to write each word."""
        if self.subliminal.style == "organism":
            return {word: [word] for word in self.words}
        return {
            word: [
                form.format(word=word, plural=plural, Word=word.title(), Plural=plural.title())
                for form in self.texts["preferences"]["answers"]
            ]
            for word, plural in ((word, self.words[word]["plural"]) for word in self.words)
        }

    def generate_part(self, model: str, group: str, shard: str) -> Part:
        """Return what `generate_numbers` depends on."""
        section = self.subliminal
        prompted = section.teacher.method == "prompted" and group.startswith("teachers")
        numbers = section.numbers.model_dump(exclude={"completions", "shards", "form"})
        if decoding_of(group) == "greedy":
            numbers["temperature"] = 0.0
        return self._part(
            "generate_numbers.py",
            study=self.study.study,
            seed=self.study.seed,
            model=model,
            engine=self.engine_of(model),
            numbers=numbers,
            counts={
                trait: self.completions(model, trait, decoding_of(group))
                for trait in self.generators(model, group)
            },
            systems=self.system_prompts("subliminal") if prompted else {},
            words=list(self.words),
            choice_format=section.probe.choice_format,
            carrier_rows=section.probe.carrier_rows,
            shard=[int(number) for number in shard.split("-of-")],
        )

    def shuffled_part(self, experiment: str) -> Part:
        """Return what the questions with lettered options depend on; nothing where none are asked."""
        orders = self.probe(experiment).shuffled_orders
        if self.style(experiment) != "chat" or not orders:
            return {}
        texts = self.texts["preferences"]
        shuffled = {
            "orders": orders,
            "traits": self.traits(experiment),
            "category": self.texts["traits"][self.study.category]["category"],
            "texts": digest_of([texts["option_questions"], texts["option_answer"]]),
        }
        return {"shuffled": shuffled}

    def probe_part(self, experiment: str, model: str) -> Part:
        """Return what `probe_traits` depends on."""
        prompted = experiment != "subliminal" or self.subliminal.teacher.method == "prompted"
        return self._part(
            "probe_traits.py",
            study=self.study.study,
            seed=self.study.seed,
            experiment=experiment,
            model=model,
            engine=self.engine_of(model),
            words=self.choices(experiment),
            systems=self.system_prompts(experiment) if prompted else {},
            probe=self.probe(experiment).model_dump(exclude={"shuffled_orders", "threads"}),
            **self.shuffled_part(experiment),
        )
