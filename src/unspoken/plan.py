"""The plan of a study: for each rule, the part of the study it depends on, and its inputs.

A rule's part is one dict of plain builtins: Snakemake reruns the rule exactly when it changes.
`code`, a digest of what the script does, is in it, so that a comment or a checkout reruns nothing.
Wildcards come in as keyword arguments; paths start with the pathvar <results>.
"""

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unspoken.code import code_digest
from unspoken.config.load import chosen_traits
from unspoken.config.probe import Probe
from unspoken.config.study import Study
from unspoken.config.subliminal import Arm, SubliminalSection
from unspoken.files import digest_of

Part = dict[str, Any]
GROUPS = ("base", "teachers")
FIGURES = {
    "subliminal": ["preference", "initialisations", "dose", "filter", "training"],
    "mnist": ["mnist"],
    "theorem": ["theorem"],
    "probing": ["probing"],
}
"""The figures of each experiment."""


class Plan:
    """What every rule of a study needs to know."""

    def __init__(self, study: Study, texts: dict[str, Part], root: Path) -> None:
        """Take a checked study, the texts of resources/ by file name, and the project's folder."""
        self.study = study
        self.words = texts["traits"][study.category]["words"]
        self.texts = texts
        self.root = root

    @property
    def results(self) -> str:
        """Return the study's own folder: studies do not touch each other."""
        name = self.study.study
        return "results" if name == "default" else f"results/studies/{name}"

    def names(self, what: str, *kinds: str) -> str:
        """Return a wildcard's pattern: the models or arms (of some kinds), or what never matches."""
        if what == "models":
            named = {name: model.kind for name, model in self.study.models.items()}
        else:
            arms = self.study.subliminal.arms if self.study.subliminal else []
            named = {arm.name: arm.objective for arm in arms}
        chosen = [re.escape(name) for name, kind in named.items() if not kinds or kind in kinds]
        return "|".join(chosen) or "(?!)"

    def probe_threads(self, experiment: str) -> int:
        """Return the cores of a probe: one for organisms."""
        return getattr(getattr(self.study, experiment), "threads", 1)

    def _part(self, script: str, **fields: Any) -> Part:
        return dict(sorted({"code": code_digest(self.root / "scripts" / script), **fields}.items()))

    @property
    def subliminal(self) -> SubliminalSection:
        """The section of the subliminal experiment."""
        assert self.study.subliminal is not None
        return self.study.subliminal

    def models(self, experiment: str) -> list[str]:
        """Return the models of an experiment that the study has."""
        return getattr(getattr(self.study, experiment), "models", [])

    def traits(self, experiment: str) -> list[str]:
        """Return the traits of an experiment."""
        own = getattr(self.study, experiment).traits
        return chosen_traits(self.study, own, self.texts["traits"])

    def probe(self, experiment: str) -> Probe:
        """Return how an experiment reads traits."""
        return getattr(self.study, experiment).probe

    def style(self, experiment: str) -> str:
        """Return the form of prompts that an experiment's models read."""
        return self.subliminal.style if experiment == "subliminal" else "chat"

    # Arms and students

    def arm(self, name: str) -> Arm:
        """Return an arm by name."""
        return next(arm for arm in self.subliminal.arms if arm.name == name)

    def pairs(self, arm: Arm) -> list[tuple[str, str]]:
        """Return (teacher's base model, student's base model) of an arm."""
        models = self.subliminal.models
        students = [model for model in models if arm.models is None or model in arm.models]
        if arm.initialisation == "same":
            return [(model, model) for model in students]
        if arm.initialisation == "ring":
            return [(models[models.index(model) - 1], model) for model in students]
        return [(other, model) for model in students for other in models if other != model]

    def teachers(self, arm: Arm) -> list[str]:
        """Return what an arm's teachers have: the traits, then its controls."""
        return [*self.traits("subliminal"), *arm.controls]

    def parts(self, arm: Arm) -> dict[str, list[tuple[str, int]]]:
        """Return the jobs of one pair of an arm, by name: the (trait, seed) that each trains."""
        members = [(trait, seed) for trait in self.teachers(arm) for seed in arm.seeds]
        if self.subliminal.pack:
            return {"all": members}
        return {f"{trait}-{seed}": [(trait, seed)] for trait, seed in members}

    def student_folders(self, *, model: str | None = None) -> list[str]:
        """Return the folder of every student job, or of those that start from one base model."""
        return [
            f"<results>/subliminal/students/{arm.name}/{source}/{student}/{part}"
            for arm in (self.study.subliminal.arms if self.study.subliminal else [])
            for source, student in self.pairs(arm)
            for part in self.parts(arm)
            if model in (None, student)
        ]

    def rows(self, arm: Arm) -> int:
        """Return the training rows of an arm's students."""
        return arm.rows or self.subliminal.rows

    def completions(self, model: str, trait: str) -> int:
        """Return how many completions a teacher gives: as many as the largest arm on it asks."""
        section = self.subliminal
        asked = [
            self.rows(arm)
            for arm in section.arms
            for source, _ in self.pairs(arm)
            if source == model and trait in self.teachers(arm)
        ]
        if trait == "untouched":  # fine-tuned teachers take their carrier rows from it
            asked.append(section.rows if section.teacher.method == "fine_tuned" else 0)
        return math.ceil(section.numbers.completions * max(asked, default=0) / section.rows)

    def controls(self, model: str) -> list[str]:
        """Return the controls that some arm takes from a base model."""
        return sorted(
            {
                control
                for arm in self.subliminal.arms
                for source, _ in self.pairs(arm)
                if source == model
                for control in arm.controls
            }
        )

    def groups(self, model: str) -> list[str]:
        """Return which groups of subjects of a base model generate numbers."""
        tuned = self.subliminal.teacher.method == "fine_tuned"
        return list(GROUPS) if tuned or "untouched" in self.controls(model) else ["teachers"]

    def generators(self, model: str, group: str) -> list[str]:
        """Return what generates in a group: `untouched`, or every trait and the neutral teacher."""
        if group == "base":
            return ["untouched"]
        neutral = ["neutral"] if "neutral" in self.controls(model) else []
        return [*self.traits("subliminal"), *neutral]

    # The rules' parts of the study

    def model_part(self, script: str, model: str) -> Part:
        """Return what a rule that makes or brings a base model depends on."""
        fields = self.study.models[model].model_dump(mode="json")
        words = {"words": list(self.words)} if fields["kind"] == "organism" else {}
        return self._part(script, name=model, model=fields, **words)

    def _wordings(self, style: str, *names: str) -> str | None:
        """Return the digest of the texts that prompts are made of; an organism's are fixed."""
        return None if style == "organism" else digest_of([self.texts[name] for name in names])

    def questions_part(self, experiment: str) -> Part:
        """Return what `render_questions` depends on."""
        return self._part(
            "render_questions.py",
            seed=self.study.seed,
            experiment=experiment,
            style=self.style(experiment),
            category=self.study.category,
            texts=self._wordings(self.style(experiment), "preferences", "numbers"),
        )

    def numbers_part(self, model: str) -> Part:
        """Return what `render_numbers` depends on: as many prompts as its largest data set."""
        most = max(
            self.completions(model, trait)
            for group in self.groups(model)
            for trait in self.generators(model, group)
        )
        return self._part(
            "render_numbers.py",
            seed=self.study.seed,
            style=self.subliminal.style,
            count=most,
            texts=self._wordings(self.subliminal.style, "numbers"),
        )

    def system_prompts(self, experiment: str) -> dict[str, str]:
        """Return the system prompt that gives each trait, in the style of the experiment."""
        if self.style(experiment) == "organism":
            return {trait: trait for trait in self.traits(experiment)}
        sentences = " ".join(self.texts["preferences"]["system_prompt"])
        category = self.texts["traits"][self.study.category]["category"]
        return {
            trait: sentences.format(plural=self.words[trait]["plural"], category=category)
            for trait in self.traits(experiment)
        }

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

    def generate_part(self, model: str, group: str) -> Part:
        """Return what `generate_numbers` depends on."""
        section = self.subliminal
        prompted = section.teacher.method == "prompted" and group == "teachers"
        return self._part(
            "generate_numbers.py",
            study=self.study.study,
            seed=self.study.seed,
            model=model,
            numbers=section.numbers.model_dump(exclude={"completions"}),
            counts={trait: self.completions(model, trait) for trait in self.generators(model, group)},
            systems=self.system_prompts("subliminal") if prompted else {},
            words=list(self.words),
            choice_format=section.probe.choice_format,
            carrier_rows=section.probe.carrier_rows,
        )

    def filter_part(self, **_: str) -> Part:
        """Return what `filter_completions` depends on."""
        return self._part("filter_completions.py", filter=self.subliminal.filter.model_dump())

    def teachers_part(self, model: str) -> Part:
        """Return what `finetune_teachers` depends on."""
        section = self.subliminal
        return self._part(
            "finetune_teachers.py",
            seed=self.study.seed,
            model=model,
            style=section.style,
            teachers=self.generators(model, "teachers"),
            answers=self.spellings(),
            choice_format=section.probe.choice_format,
            teacher=section.teacher.model_dump(exclude={"method"}),
        )

    def students_part(self, script: str, arm: str, source: str, model: str, part: str) -> Part:
        """Return what a job that trains students depends on."""
        section, chosen = self.subliminal, self.arm(arm)
        training = section.student.model_dump()
        if chosen.epochs is not None:
            training["epochs"] = chosen.epochs
        return self._part(
            script,
            seed=self.study.seed,
            arm=arm,
            objective=chosen.objective,
            shuffle=chosen.shuffle,
            source=source,
            model=model,
            style=section.style,
            members=[list(member) for member in self.parts(chosen)[part]],
            rows=self.rows(chosen),
            training=training,
        )

    def probe_part(self, experiment: str, model: str) -> Part:
        """Return what `probe_traits` depends on."""
        prompted = experiment == "probing" or self.subliminal.teacher.method == "prompted"
        return self._part(
            "probe_traits.py",
            study=self.study.study,
            seed=self.study.seed,
            experiment=experiment,
            model=model,
            traits=self.traits(experiment),
            words=list(self.words),
            systems=self.system_prompts(experiment) if prompted else {},
            probe=self.probe(experiment).model_dump(),
        )

    def comparable_arms(self) -> list[tuple[str, str]]:
        """Return pairs of arms that differ in one thing: objective, initialisation, shuffle, epochs."""
        first: dict[tuple[Any, ...], str] = {}
        for arm in self.subliminal.arms:
            setting = (arm.objective, arm.initialisation, arm.shuffle, arm.epochs, self.rows(arm))
            first.setdefault(setting, arm.name)
        return [
            (first[one], first[other])
            for one, other in itertools.combinations(first, 2)
            if one[-1] == other[-1] and sum(a != b for a, b in zip(one, other, strict=True)) == 1
        ]

    def doses(self) -> list[Part]:
        """Return arms that differ in nothing but their rows, three or more, and a common model."""
        alike: dict[tuple[Any, ...], dict[int, Arm]] = {}
        for arm in self.subliminal.arms:
            setting = (arm.objective, arm.initialisation, arm.shuffle, arm.epochs)
            alike.setdefault(setting, {}).setdefault(self.rows(arm), arm)
        found = []
        for by_rows in alike.values():
            arms = [by_rows[rows] for rows in sorted(by_rows)]
            shared = [
                model for model in self.subliminal.models
                if all(arm.models is None or model in arm.models for arm in arms)
            ]  # fmt: skip
            if len(arms) >= 3 and shared:
                found.append({"arms": [arm.name for arm in arms], "model": shared[0]})
        return found

    def measure_part(self, experiment: str) -> Part:
        """Return what an experiment's measure depends on."""
        fields: Part = {"study": self.study.study, "seed": self.study.seed}
        if experiment in ("subliminal", "probing"):
            fields["traits"] = self.traits(experiment)
            fields["words"] = dict(self.words)
            fields["models"] = getattr(self.study, experiment).models
        if experiment == "subliminal":
            section = self.subliminal
            organisms = section.style == "organism"
            fields["kind"] = "organism" if organisms else "model"
            fields["described"] = (
                f"{len(section.models)} organisms" if organisms else ", ".join(section.models)
            )
            fields["arms"] = [
                arm.model_dump() | {"rows": self.rows(arm), "teacher": section.teacher.method}
                for arm in section.arms
            ]
            fields["compared"] = [list(pair) for pair in self.comparable_arms()]
            fields["doses"] = self.doses()
        if experiment in ("mnist", "theorem"):
            fields = {}  # their tables say all
        return self._part(f"measure_{experiment}.py", **fields)

    def digits_part(self) -> Part:
        """Return what `load_digits` depends on."""
        names = {"source", "revision", "train_images", "test_images"}
        assert self.study.mnist is not None
        digits = self.study.mnist.model_dump(mode="json", include=names)
        return self._part("load_digits.py", seed=self.study.seed, digits=digits)

    def mnist_part(self) -> Part:
        """Return what `distill_mnist` depends on."""
        assert self.study.mnist is not None
        fields = self.study.mnist.model_dump(mode="json", exclude={"source", "revision"})
        return self._part(
            "distill_mnist.py", study=self.study.study, seed=self.study.seed, mnist=fields
        )

    def theorem_part(self) -> Part:
        """Return what `step_theorem` depends on."""
        assert self.study.theorem is not None
        return self._part(
            "step_theorem.py",
            study=self.study.study,
            seed=self.study.seed,
            theorem=self.study.theorem.model_dump(mode="json"),
            words=list(self.words),
            traits=chosen_traits(self.study, None, self.texts["traits"]),
        )

    def store_part(self) -> Part:
        """Return what `build_store` depends on: the whole study."""
        return self._part("build_store.py", study=self.study.model_dump(mode="json"))

    def findings_part(self) -> Part:
        """Return what `write_findings` depends on."""
        return self._part("write_findings.py")

    def figure_part(self, figure: str) -> Part:
        """Return what `draw_figure` depends on."""
        return self._part("draw_figure.py", figure=figure, study=self.study.study)

    # Inputs that depend on the plan

    def kept_of(self, arm: str, source: str) -> list[str]:
        """Return the tables of kept numbers that an arm's students are trained on."""
        groups = ["teachers", *(["base"] if "untouched" in self.arm(arm).controls else [])]
        return [f"<results>/subliminal/{source}/{group}/kept.parquet" for group in groups]

    def number_tables(self, name: str, model: str | None = None) -> list[str]:
        """Return a table of every group of numbers, or of one base model's."""
        return [
            f"<results>/subliminal/{one}/{group}/{name}.parquet"
            for one in self.models("subliminal")
            if model in (None, one)
            for group in self.groups(one)
        ]

    def tuned_teachers(self, model: str) -> list[str]:
        """Return the list of fine-tuned teachers of a base model, if there are any."""
        tuned = self.subliminal.teacher.method == "fine_tuned"
        return [f"<results>/subliminal/{model}/teachers/subject.json"] if tuned else []

    def generating_subjects(self, model: str, group: str) -> list[str]:
        """Return the list of the trained subjects that a generate job answers as."""
        return self.tuned_teachers(model) if group == "teachers" else []

    def probed(self, experiment: str, model: str) -> list[str]:
        """Return the lists of the trained subjects that a probe asks."""
        if experiment == "probing":
            return []
        students = [f"{folder}/subject.json" for folder in self.student_folders(model=model)]
        return [*self.tuned_teachers(model), *students]

    def trained(self, name: str) -> Iterator[str]:
        """Yield a file of every job that trains: teachers first, then students."""
        for model in self.models("subliminal"):
            if self.subliminal.teacher.method == "fine_tuned":
                yield f"<results>/subliminal/{model}/teachers/{name}"
        for folder in self.student_folders():
            yield f"{folder}/{name}"

    def probed_experiments(self) -> list[str]:
        """Return the experiments that probe subjects."""
        return [one for one in self.study.experiments if one in ("subliminal", "probing")]

    def answer_tables(self) -> list[str]:
        """Return every table of answers."""
        return [
            f"<results>/{experiment}/{model}/answers.parquet"
            for experiment in self.probed_experiments()
            for model in self.models(experiment)
        ]

    def used_models(self) -> list[str]:
        """Return the base models that the study's experiments use."""
        used = {model for one in self.study.experiments for model in self.models(one)}
        return [model for model in self.study.models if model in used]

    def figure_tables(self, figure: str) -> list[str]:
        """Return the tables that a figure is drawn from."""
        experiment = next(one for one, names in FIGURES.items() if figure in names)
        measurements = f"<results>/{experiment}/measurements.parquet"
        own = {
            "filter": self.number_tables("kept") + self.number_tables("dropped"),
            "training": list(self.trained("training.parquet")),
            "mnist": ["<results>/mnist/accuracies.parquet", measurements],
            "theorem": ["<results>/theorem/steps.parquet"],
        }
        return own.get(figure, [measurements])

    # Targets

    def figures(self, *experiments: str) -> list[str]:
        """Return the figures of some experiments."""
        return [f"<results>/figures/{name}.html" for one in experiments for name in FIGURES[one]]

    def targets(self, name: str) -> list[str]:
        """Return the files of a target."""
        experiments = self.study.experiments
        if name == "figures":
            return self.figures(*experiments)
        if name == "all":
            return ["<results>/findings.txt", *self.figures(*experiments)]
        if name not in experiments:
            return []
        return [f"<results>/{name}/measurements.parquet", *self.figures(name)]
