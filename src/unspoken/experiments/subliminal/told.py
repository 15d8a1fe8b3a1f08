"""What the jobs of the subliminal experiment are told: of the study exactly what each depends on."""

from unspoken.engines.capabilities import CHOICES
from unspoken.experiments.subliminal.design import Design, dataset_subject, decoding_of
from unspoken.experiments.subliminal.section import Arm
from unspoken.files import digest_of
from unspoken.study.project import Part, Project


class Told:
    """What each job on numbers, teachers and students is told."""

    def __init__(self, name: str, design: Design, project: Project, systems: dict[str, str]) -> None:
        """Take the experiment's name, who teaches whom, the study, and prompted teachers' system prompts."""
        self.name, self.design, self.section = name, design, design.section
        self.project, self.study, self.systems = project, project.study, systems
        self.organism = design.section.style == "organism"

    def rendered(self, whose: str) -> Part:
        """Return how a model's requests are rendered: as many as its largest data set."""
        design = self.design
        most = max(
            design.completions(whose, trait, decoding_of(group))
            for group in design.groups(whose)
            for trait in design.generators(whose, group)
        )
        return {
            "seed": self.study.seed,
            "style": self.section.style,
            "form": self.section.numbers.form,
            "count": most,
            "texts": None if self.organism else digest_of(self.project.texts["numbers"]),
        }

    def generated(self, answering: str) -> Part:
        """Return how the numbers of a group's shard are drawn."""
        model, group, shard = answering.split("/")
        section, design = self.section, self.design
        systems = self.systems if group.startswith("teachers") else {}
        sampling = section.numbers.model_dump(exclude={"completions", "shards", "form"})
        if decoding_of(group) == "greedy":
            sampling["temperature"] = 0.0
        counts = {
            trait: design.completions(model, trait, decoding_of(group))
            for trait in design.generators(model, group)
        }
        return {
            "draw": "generate",
            "sampling": sampling,
            "logprobs": False,
            "answering": [
                {"name": trait, "system": systems.get(trait), "count": counts[trait]}
                for trait in sorted(counts)
            ],
            "shard": [int(number) for number in shard.split("-of-")],
            "keep": None,
            "reads": self._reads() if self.project.can(model, CHOICES) else None,
            "reasoning": None,
        }

    def _reads(self) -> Part:
        """Return which words' probability is read beside how many rows of numbers."""
        return {
            "kind": "words",
            "words": list(self.project.words),
            "choice_format": self.section.probe.choice_format,
            "rows": self.section.probe.carrier_rows,
        }

    def imported(self, dataset: str) -> Part:
        """Return what `import_completions` depends on, beside the file."""
        chosen = self.design.datasets[dataset]
        return self.project.script_part(
            "import_completions.py",
            study=self.study.study,
            experiment=self.name,
            subject=dataset_subject(dataset),
            columns=chosen.columns.model_dump(exclude_none=True),
            trait=chosen.trait,
        )

    def teachers(self, model: str) -> Part:
        """Return what `finetune_teachers` depends on."""
        section = self.section
        return self.project.script_part(
            "finetune_teachers.py",
            seed=self.study.seed,
            model=model,
            style=section.style,
            teachers=[trait for trait in self.design.teachers_of(model) if trait != "untouched"],
            answers=self.project.spellings(organism=self.organism),
            choice_format=section.probe.choice_format,
            teacher=section.teacher.model_dump(exclude={"method"}),
        )

    def students(self, script: str, arm: str, source: str, model: str, batch: str) -> Part:
        """Return what a job that trains students depends on."""
        section, chosen = self.section, self.design.arm(arm)
        order = self.design.order_of(chosen)
        return self.project.script_part(
            script,
            seed=self.study.seed,
            arm=arm,
            objective=chosen.objective,
            shuffle=chosen.shuffle,
            source=source,
            model=model,
            style=section.style,
            members=[list(member) for member in self.design.batches(chosen)[batch]],
            data=None if chosen.dataset is None else dataset_subject(chosen.dataset),
            rows=self.design.student_rows(chosen),
            training=self._training(chosen),
            **({} if order == arm else {"order_of": order}),
        )

    def _training(self, arm: Arm) -> Part:
        """Return how an arm's students are trained: as all are, but for what the arm says itself."""
        training = self.section.student.model_dump()
        for key in ("epochs", "learning_rate"):
            if getattr(arm, key) is not None:
                training[key] = getattr(arm, key)
        if arm.optimizer != "adam":
            training["optimizer"] = arm.optimizer
        if arm.lora_rank is not None and self.organism:
            training["lora_rank"] = arm.lora_rank
        elif arm.lora_rank is not None:
            training["lora"] = {"rank": arm.lora_rank, "alpha": arm.lora_rank}
        return training

    def measure(self) -> Part:
        """Return what the measure is told of arms, traits and models."""
        section = self.section
        return {
            "traits": self.design.traits,
            "words": dict(self.project.words),
            "models": section.models,
            "kind": "organism" if self.organism else "model",
            "described": f"{len(section.models)} organisms" if self.organism else ", ".join(section.models),
            "arms": [
                arm.model_dump() | {"rows": self.design.student_rows(arm), "teacher": section.teacher.method}
                for arm in section.arms
            ],
            "data": [dataset_subject(name) for name in self.design.datasets],
            "compared": [list(pair) for pair in self.design.comparable_arms()],
            "doses": self.design.doses(),
        }
