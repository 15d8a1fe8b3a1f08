"""For each rule, the part of the study that it depends on.

A part is one dict of plain builtins: Snakemake reruns the rule exactly when it changes. `code`, a
digest of what the script does, is in it, so that a comment or a checkout reruns nothing.
"""

import hashlib
from functools import cached_property
from pathlib import Path

from unspoken.experiments.faithfulness.experiment import FaithfulnessParts
from unspoken.files import digest_of, read_json
from unspoken.registry.load import claims_digest, claims_files
from unspoken.study.load import chosen_traits
from unspoken.study.makers import makers
from unspoken.study.model_parts import Part, logic_digest


class Parts(FaithfulnessParts):
    """The parts of the study, by rule; a rule's wildcards come in as arguments."""

    def filter_part(self, **_: str) -> Part:
        """Return what `filter_completions` depends on."""
        return self._part("filter_completions.py", filter=self.subliminal.filter.model_dump())

    def dataset_part(self, dataset: str) -> Part:
        """Return what `import_completions` depends on, beside the file."""
        chosen = self.datasets[dataset]
        return self._part(
            "import_completions.py",
            study=self.study.study,
            subject=self.dataset_subject(dataset),
            columns=chosen.columns.model_dump(exclude_none=True),
            trait=chosen.trait,
        )

    def teachers_part(self, model: str) -> Part:
        """Return what `finetune_teachers` depends on."""
        section = self.subliminal
        return self._part(
            "finetune_teachers.py",
            seed=self.study.seed,
            model=model,
            style=section.style,
            teachers=[trait for trait in self.teachers_of(model) if trait != "untouched"],
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
            data=None if chosen.dataset is None else self.dataset_subject(chosen.dataset),
            rows=self.student_rows(chosen),
            training=training,
        )

    def loops_part(self, turns: str, seed: str) -> Part:
        """Return what `train_loops` depends on: of the turns and seeds its own."""
        assert self.study.loops is not None
        section = self.study.loops.model_dump(mode="json", include={"task", "training", "questions"})
        return self._part(
            "train_loops.py",
            study=self.study.study,
            seed=self.study.seed,
            turns=int(turns),
            training_seed=int(seed),
            **section,
        )

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
                arm.model_dump() | {"rows": self.student_rows(arm), "teacher": section.teacher.method}
                for arm in section.arms
            ]
            fields["data"] = [self.dataset_subject(name) for name in self.datasets]
            fields["compared"] = [list(pair) for pair in self.comparable_arms()]
            fields["doses"] = self.doses()
        if experiment == "faithfulness":
            fields |= self.scoring_part()
        if experiment == "mnist":
            assert self.study.mnist is not None
            fields = {"train_images": self.study.mnist.train_images}
        if experiment == "loops":
            assert self.study.loops is not None
            fields = {"study": self.study.study, "modulus": self.study.loops.task.modulus}
        if experiment == "theorem":
            fields = {}  # its table says all
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
        return self._part("distill_mnist.py", study=self.study.study, seed=self.study.seed, mnist=fields)

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

    @cached_property
    def claims_digest(self) -> str:
        """Return a digest of what the registry and the study's own claims files say."""
        return claims_digest(claims_files(self.root, self.study.claims))

    @property
    def registration_file(self) -> Path:
        """Return where `make register` writes what was fixed before the study's data were made."""
        return self.root / "resources" / "registrations" / f"{self.study.study}.json"

    @cached_property
    def registration(self) -> Part | None:
        """Return what was registered for the study, if anything was."""
        return read_json(self.registration_file) if self.registration_file.is_file() else None

    def verdicts_part(self) -> Part:
        """Return what `judge_claims` depends on: the claims, and what was registered before the run."""
        return self._part(
            "judge_claims.py",
            study=self.study.study,
            classes={name: self.study.models[name].classes for name in self.study.models},
            claims=self.claims_digest,
            files=self.study.claims,
            facts=self.registered_facts(),
            registration=self.registration,
        )

    def registered_facts(self) -> Part:
        """Return what a registration fixes beside the tests: study, seed, and the analysis' code."""
        scripts = sorted(f"measure_{experiment}.py" for experiment in self.study.experiments)
        codes = [self.code_of(script) for script in (*scripts, "judge_claims.py")]
        return {
            "study": digest_of(self.study.model_dump(mode="json")),
            "seed": self.study.seed,
            "code": digest_of(codes),
        }

    def store_part(self) -> Part:
        """Return what `build_store` depends on: the whole study, who made which file, the comments."""
        comments = (self.root / "resources" / "store.yaml").read_bytes()
        return self._part(
            "build_store.py",
            study=self.study.model_dump(mode="json"),
            benchmarks=f"{self.results}/benchmarks",
            makers=makers(self, self.code_of),
            comments=hashlib.sha256(comments).hexdigest()[:16],
            costs=self._resource("throughputs.yaml"),
        )

    def findings_part(self) -> Part:
        """Return what `write_findings` depends on."""
        return self._part("write_findings.py")

    def vega_part(self) -> Part:
        """Return what `bundle_vega` depends on."""
        return self._part("bundle_vega.py")

    def figure_part(self, figure: str) -> Part:
        """Return what `draw_figure` depends on: of the figures' modules its own."""
        drawn = logic_digest(self.root / "src" / "unspoken" / "figures" / f"{figure}.py")
        return self._part("draw_figure.py", drawn=drawn, figure=figure, study=self.study.study)
