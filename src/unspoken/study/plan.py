"""The plan of a study: wildcards, inputs and targets of the workflow's rules.

Paths start with the pathvar <results>, the study's own folder.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from unspoken.engines.support import vllm_fault
from unspoken.files import digest_of, sha256_of_file
from unspoken.study.parts import Part, Parts

FIGURES = {
    "subliminal": ["preference", "initialisations", "dose", "filter", "training", "updates"],
    "mnist": ["mnist"],
    "theorem": ["theorem"],
    "probing": ["probing"],
    "faithfulness": [
        "hints",
        "mentions",
        "early_answering",
        "uplift",
        "chain_length",
        "judge_calibration",
        "planted_hints",
        "metric_agreement",
    ],
    "loops": ["loops"],
}
"""The figures of each experiment."""
ACROSS = {"uplift": ["faithfulness", "loops"]}
"""Figures drawn from the claims and several experiments: no target of one experiment draws them."""


class Plan(Parts):
    """What every rule of a study needs to know."""

    def names(self, what: str, *kinds: str) -> str:
        """Return a wildcard's pattern: of models or arms (of some kinds), of files by name, or of nothing."""
        if what == "models":
            named: dict[str, str] = {name: model.kind for name, model in self.study.models.items()}
        elif what == "datasets":
            named = dict.fromkeys(self.datasets, "file")
        elif what == "transcripts":
            named = dict.fromkeys(self.transcripts, "file")
        else:
            named = {arm.name: arm.objective for arm in self.arms}
        chosen = [re.escape(name) for name, kind in named.items() if not kinds or kind in kinds]
        return "|".join(chosen) or "(?!)"

    def threads(self, experiment: str) -> int:
        """Return the cores of a job of an experiment that generates, trains or judges, or changes chains."""
        return getattr(getattr(self.study, experiment), "threads", 1)

    def student_folders(self, *, model: str | None = None) -> list[str]:
        """Return the folder of every student job, or of those that start from one base model."""
        return [
            f"<results>/subliminal/students/{arm.name}/{source}/{student}/{part}"
            for arm in self.arms
            for source, student in self.pairs(arm)
            for part in self.parts(arm)
            if model in (None, student)
        ]

    def kept_of(self, arm: str, source: str, part: str) -> list[str]:
        """Return the tables of kept numbers that the students of one job are trained on."""
        if self.arm(arm).dataset is not None:
            return [f"<results>/subliminal/datasets/{source}/kept.parquet"]
        teachers = {trait for trait, _ in self.parts(self.arm(arm))[part]}
        groups = ["teachers"] if teachers != {"untouched"} else []
        groups += ["base"] if "untouched" in teachers else []
        suffix = "-greedy" if self.arm(arm).decoding == "greedy" else ""
        return [f"<results>/subliminal/{source}/{group}{suffix}/kept.parquet" for group in groups]

    def number_tables(self, name: str, model: str | None = None) -> list[str]:
        """Return a table of every group of numbers and data set, or of one base model's groups."""
        generated = [
            f"<results>/subliminal/{one}/{group}/{name}.parquet"
            for one in self.models("subliminal")
            if model in (None, one)
            for group in self.groups(one)
        ]
        return generated + (self.dataset_files(f"{name}.parquet") if model is None else [])

    def dataset_files(self, name: str) -> list[str]:
        """Return a file of every data set of the user's own."""
        return [f"<results>/subliminal/datasets/{dataset}/{name}" for dataset in self.datasets]

    def completions_of(self, model: str, group: str) -> list[str]:
        """Return the tables of completions that one filter job reads; `datasets` stands for a model."""
        if model == "datasets":
            return [f"<results>/subliminal/datasets/{group}/completions.parquet"]
        return self.shards_of("completions", model, group)

    def shards_of(self, name: str, model: str, group: str) -> list[str]:
        """Return a table of each job that generates a group's numbers: they share its prompts."""
        count = self.subliminal.numbers.shards
        folder = f"<results>/subliminal/{model}/{group}"
        return [f"{folder}/{number}-of-{count}/{name}.parquet" for number in range(1, count + 1)]

    def completion_tables(self) -> list[str]:
        """Return every table of completions: generated, and of the user's own."""
        return [*self.number_shards("completions"), *self.dataset_files("completions.parquet")]

    def number_shards(self, name: str) -> list[str]:
        """Return a table of every job that generates numbers."""
        return [
            path
            for model in self.models("subliminal")
            for group in self.groups(model)
            for path in self.shards_of(name, model, group)
        ]

    def tuned_teachers(self, model: str) -> list[str]:
        """Return the list of fine-tuned teachers of a base model, if there are any."""
        tuned = self.subliminal.teacher.method == "fine_tuned" and self.arms_on(model)
        return [f"<results>/subliminal/{model}/teachers/subject.json"] if tuned else []

    def generating_subjects(self, model: str, group: str) -> list[str]:
        """Return the list of the trained subjects that a generate job answers as."""
        return self.tuned_teachers(model) if group.startswith("teachers") else []

    def probed(self, experiment: str, model: str) -> list[str]:
        """Return the lists of the trained subjects that a probe asks."""
        if experiment != "subliminal":
            return []
        students = [f"{folder}/subject.json" for folder in self.student_folders(model=model)]
        return [*self.tuned_teachers(model), *students]

    def trained(self, name: str) -> Iterator[str]:
        """Yield a file of every job that trains: teachers first, then students."""
        for model in self.models("subliminal"):
            if self.tuned_teachers(model):
                yield f"<results>/subliminal/{model}/teachers/{name}"
        for folder in self.student_folders():
            yield f"{folder}/{name}"

    def probed_experiments(self) -> list[str]:
        """Return the experiments that probe subjects."""
        return [one for one in self.study.experiments if hasattr(getattr(self.study, one), "probe")]

    def probed_files(self, name: str) -> list[str]:
        """Return a file of every job that probes."""
        return [
            f"<results>/{experiment}/{model}/{name}"
            for experiment in self.probed_experiments()
            for model in self.models(experiment)
        ]

    def untrained(self) -> list[str]:
        """Return the lists of subjects that nobody trained: those asked, and the user's own data."""
        own = [*self.dataset_files("subject.json"), *self.chain_files("asked.json")]
        return [*self.probed_files("asked.json"), *own]

    def loop_tables(self) -> list[str]:
        """Return the accuracies of every looped model."""
        if self.study.loops is None:
            return []
        seeds = range(1, self.study.loops.seeds + 1)
        return [
            f"<results>/loops/{turns}-{seed}/accuracies.parquet"
            for turns in self.study.loops.turns
            for seed in seeds
        ]

    def dated_tables(self) -> list[str]:
        """Return the tables whose rows tell when they were made."""
        own = {"mnist": "<results>/mnist/accuracies.parquet", "theorem": "<results>/theorem/steps.parquet"}
        return [
            *self.completion_tables(),
            *self.probed_files("answers.parquet"),
            *self.chain_files("trials.parquet"),
            *(path for name, path in own.items() if name in self.study.experiments),
            *(self.loop_tables() if "loops" in self.study.experiments else []),
        ]

    def used_models(self) -> list[str]:
        """Return the base models that the study's experiments use."""
        used = {model for one in self.study.experiments for model in self.models(one)}
        if "faithfulness" in self.study.experiments:
            used |= {*self.faithfulness.planted, *filter(None, [self.faithfulness.judge.model])}
        return [model for model in self.study.models if model in used]

    def figures_of(self, experiment: str) -> list[str]:
        """Return the figures of an experiment: `updates` only where students are kept during training."""
        drawn = FIGURES[experiment]
        during = experiment != "subliminal" or bool(self.subliminal.student.snapshots)
        return drawn if during else [name for name in drawn if name != "updates"]

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
        if figure in ACROSS:
            drawn = [one for one in ACROSS[figure] if one in self.study.experiments]
            own[figure] = [
                *(f"<results>/{one}/measurements.parquet" for one in drawn),
                "<results>/claims.parquet",
            ]
        return own.get(figure, [measurements])

    def report_part(self) -> Part:
        """Return what `write_report` depends on: its templates, the Snakefile, what is said of the papers."""
        carried = [*sorted((self.root / "resources" / "report").iterdir()), self.root / "Snakefile"]
        return self._part(
            "write_report.py",
            figures={experiment: self.figures_of(experiment) for experiment in self.study.experiments},
            claims=self.claims_digest,
            files=self.study.claims,
            carried=digest_of({path.name: sha256_of_file(path) for path in carried}),
        )

    # Targets

    def figures(self, *experiments: str) -> list[str]:
        """Return the figures of some experiments."""
        return [f"<results>/figures/{name}.html" for one in experiments for name in self.figures_of(one)]

    def targets(self, name: str) -> list[str]:
        """Return the files of a target."""
        experiments = self.study.experiments
        if name == "figures":
            return self.figures(*experiments)
        if name == "all":
            return ["<results>/findings.txt", *self.figures(*experiments), "<results>/report.html"]
        if name not in experiments:
            return []
        across = {f"<results>/figures/{figure}.html" for figure in ACROSS}
        figures = [path for path in self.figures(name) if path not in across]
        return [f"<results>/{name}/measurements.parquet", *figures]

    def fetched(self) -> list[str]:
        """Return what may come over the network: the user's models, MNIST's digits, sets of questions."""
        asked = [name for name in self.used_models() if self.study.models[name].kind in ("hub", "local")]
        data = {"mnist": "digits.safetensors", "faithfulness": "items.parquet"}
        return [
            *(f"<models>/{name}/model.json" for name in asked),
            *(f"<results>/{one}/{file}" for one, file in data.items() if one in self.study.experiments),
        ]

    def print_notes(self) -> None:
        """Print what a user should know before a run: which engine stands in for another."""
        kinds = {self.study.models[name].engine.kind for name in self.used_models()}
        fault = vllm_fault() if "auto" in kinds else None
        if fault:
            print(
                f"Note: transformers serves the models with `engine: auto`; vLLM cannot: {fault}",
                file=sys.stderr,
            )

    def print_findings(self) -> None:
        """Print the main findings, and where everything is."""
        findings = Path(self.results) / "findings.txt"
        if findings.is_file():
            print(f"\n{findings.read_text()}")
            print(f"Report: {self.results}/report.html    Store: {self.results}/unspoken.duckdb")
            print(f"Figures: {self.results}/figures/")
