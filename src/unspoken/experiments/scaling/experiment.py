"""Inverse scaling in test-time compute: the room of answers by length of reasoning (Gema et al. 2025)."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.engines.capabilities import PREFIX, STOP, WEIGHTS
from unspoken.experiments.scaling.names import (
    CLAIMED,
    DISTRACTED,
    answering_student,
    model_and_student,
    student_of,
)
from unspoken.experiments.scaling.replicates import replicates_of
from unspoken.experiments.scaling.section import ScalingSection
from unspoken.experiments.scaling.work import ScalingWork
from unspoken.files import digest_of, sha256_of_file
from unspoken.study.keys import CommonKeys
from unspoken.study.models import ScriptedModel
from unspoken.study.project import Part
from unspoken.study.room import REPLIES, TRAINING, Figure, Headline, Needs, Room, Table
from unspoken.study.windows import known_window
from unspoken.yaml_files import read_keys

WHOLE: dict[str, str | bool] = {"level": "all", "items": "all"}
TABLES = "unspoken.experiments.scaling.tables"


class ScalingRoom(Room):
    """Answers of a model by how long it reasoned: asked for, cut, made to go on, or as it comes."""

    name = "scaling"
    section: ScalingSection
    section_class = ScalingSection
    empty = {"models": [], "setups": [], "budgets": [], "shares": []}
    tables = {
        "items": Table("unspoken.experiments.scaling.items:Items", stored="scaling_items"),
        "prompts": Table("unspoken.tables.prompts:Prompts"),
        "replies": REPLIES,
        "training": TRAINING,
        "length_trials": Table(f"{TABLES}:Trials", stored="scaling_trials", dated="created_at"),
        "forced": Table(f"{TABLES}:Forced"),
        "errors": Table(f"{TABLES}:LineErrors"),
        "distracted": Table(f"{TABLES}:Distracted"),
    }
    figures = {
        "scaling_lengths": Figure("figures.lengths"),
        "scaling": Figure("figures.grid"),
        "scaling_failures": Figure("figures.failures"),
        "scaling_features": Figure("figures.features"),
    }
    shown_in = {
        **dict.fromkeys(("trend", "trend_change"), "scaling"),
        **dict.fromkeys(("feature_change", "feature_after_zero", "grade_change"), "scaling_features"),
    }
    headlines = (
        Headline("trend", "Longer reasoning, by tokens used", "log_odds", {**WHOLE, "setup": "asked"}),
        Headline("trend", "One chain cut later, by tokens used", "log_odds", {**WHOLE, "setup": "capped"}),
        Headline(
            "distracted_slope_change",
            "Slope by budget, asked for, after training on distractors minus before",
            conditions={"setup": "asked"},
        ),
        Headline(
            "distracted_slope_change",
            "Slope by budget, chains cut, after training on distractors minus before",
            conditions={"setup": "capped"},
        ),
    )

    @classmethod
    def needs(cls, section: ScalingSection) -> Needs:
        """Return what models need whose reasoning is stopped at a text, ended, and led to an answer."""
        key = f"{cls.name}.models"
        trained = {WEIGHTS: f"{cls.name}.students"} if section.students else {}
        return {model: {PREFIX: key, STOP: key, **trained} for model in section.models}

    @classmethod
    def fault(cls, section: ScalingSection, study: CommonKeys) -> str | None:
        """Say that a model's trend cannot be known, or that its window is too short, in one line."""
        for name in section.known:
            if name in study.models and not isinstance(study.models[name], ScriptedModel):
                return f"scaling.known: got '{name}'; expected scripted models: of others no trend is known"
        key, tokens = section.most_tokens
        for name in section.models:
            window = known_window(study.models[name]) if name in study.models else None
            if window is not None and tokens + section.answer_tokens >= window:
                return (
                    f"scaling.{key}: got {tokens}; expected less: the window of '{name}' has {window} "
                    f"tokens, for a prompt, its reasoning and {section.answer_tokens} of an answer"
                )
        return None

    @property
    def primary(self) -> dict[str, str]:
        """Return how answers that could not be read count: as wrong."""
        return {"unusable": "failure"}

    @property
    def items(self) -> str:
        """Return the table of items."""
        return f"{self.folder}/all/items.parquet"

    def item_files(self) -> list[str]:
        """Return the user's own files that items are made of."""
        return self.section.tasks.own_files() if self.runs else []

    @property
    def students(self) -> list[tuple[str, int]]:
        """Return the model and number of each student."""
        chosen = self.section.students
        return [(model, number) for model in self.models for number in (chosen.seeds if chosen else [])]

    @property
    def answering(self) -> list[str]:
        """Return who answers: models, and below each its students."""
        return [*self.models, *(answering_student(*student) for student in self.students)]

    def subjects(self, model: str | None = None) -> list[str]:
        """Return the lists of students, of one base model or of all."""
        return [
            self._student(of, number, "subject.json") for of, number in self.students if model in (None, of)
        ]

    def _student(self, model: str, number: int | str, name: str) -> str:
        return f"{self.folder}/students/{model}/{number}/{name}"

    def answering_subjects(self, answering: str) -> list[str]:
        """Return the list of the student that answers, if one does."""
        model, student = model_and_student(answering)
        return [self._student(model, student, "subject.json")] if student else []

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table == "training":
            return [self._student(*student, "training.parquet") for student in self.students]
        if table in ("replies", "readings"):
            return [f"{self.folder}/{one}/{table}.parquet" for one in self.answering]
        if table == "asked":
            return [f"{self.folder}/{one}/replied.json" for one in self.answering]
        if table == "items":
            return [self.items] if self.runs else []
        organisms = self.section.organisms if self.runs else None
        # A model's manifest has all that lies beside it, so what is made of the model lies elsewhere.
        place = "retrained" if table == "distracted" else "organisms"
        made = [
            f"{self.folder}/{place}/{number + 1}/{table}.parquet"
            for number in range(organisms.count if organisms else 0)
        ]
        if table in ("length_trials", "forced"):
            own = [f"{self.folder}/{one}/{table}.parquet" for one in self.answering]
            return own + made if table == "length_trials" else own
        if table == "distracted":
            return made if organisms and organisms.retraining else []
        return made if table == "errors" else super().files(table)

    def prompt_items(self, whose: str) -> list[str]:
        """Return the table of items, of which prompts are made."""
        return [self.items]

    def rendered_as(self, whose: str) -> Part:
        """Return the set-ups and lengths under which items are asked."""
        section = self.section
        return {
            "wordings": sha256_of_file(self.own_file("wordings.yaml")),
            "shares": section.shares_read,
            **section.model_dump(mode="json", include={"setups", "budgets", "longest"}),
        }

    def generated_as(self, answering: str) -> Part:
        """Return how chains are drawn and ended, and how often."""
        section, texts = self.section, read_keys(self.own_file("wordings.yaml"))["forced"]
        insert = texts.pop("insert")
        return {
            "draw": "scaling",
            "sampling": {
                "temperature": section.temperature,
                "max_tokens": section.answer_tokens,
                "stop": ["</answer>"],
            },
            "logprobs": False,
            "answering": [
                {"name": DISTRACTED if "/" in answering else "untouched", "system": None, "count": None}
            ],
            "shard": [1, 1],
            "keep": None,
            "reads": None,
            "samples": {"natural": section.samples} if "natural" in section.setups else {},
            "reasoning": {
                **texts,
                "answer_tokens": section.answer_tokens,
                "piece_tokens": section.piece_tokens,
                "insert": {"extended": insert} if "extended" in section.setups else {},
                "shares": {f"share-{share:g}": share for share in section.shares_read},
            },
        }

    def make_items_part(self) -> Part:
        """Return what `make_items` depends on."""
        told = {"study": self.study.study, "seed": self.study.seed, "tasks": self.section.tasks.told()}
        told["texts"] = self._texts("*")
        return self.project.script_part("make_items.py", experiment=self.name, **told)

    def _texts(self, *names: str) -> str:
        """Return the digest of tasks' texts, of some names (`*` is any)."""
        files = {file for name in names for file in self.own_file("tasks").glob(f"{name}.yaml")}
        return digest_of([sha256_of_file(file) for file in sorted(files)])

    def read_trials_part(self, answering: str) -> Part:
        """Return what `read_trials` depends on: its code."""
        return self.project.script_part("read_trials.py", experiment=self.name)

    def train_organism_part(self, number: str) -> Part:
        """Return what `train_organism` depends on: how organisms are trained, and which of them it is."""
        training = self.section.training
        return self.project.script_part(
            "train_organism.py",
            experiment=self.name,
            study=self.study.study,
            seed=self.study.seed,
            number=int(number),
            items=training.items,
            training=training.model_dump(mode="json", exclude={"count", "items", "retraining"}),
        )

    def retrain_organism_part(self, number: str) -> Part:
        """Return what `retrain_organism` depends on: how the organism is trained further."""
        return self.project.script_part(
            "retrain_organism.py",
            experiment=self.name,
            seed=self.study.seed,
            number=int(number),
            items=self.section.training.items,
            retraining=self.section.retraining.model_dump(mode="json"),
        )

    def train_distracted_part(self, model: str, number: str) -> Part:
        """Return what `train_distracted` depends on: what a student learns from, and how."""
        section = self.section
        assert section.students and section.tasks.misleading_math
        return self.project.script_part(
            "train_distracted.py",
            experiment=self.name,
            seed=self.study.seed,
            arm=DISTRACTED,
            model=model,
            number=int(number),
            counts=section.tasks.misleading_math.counts,
            texts=self._texts("misleading_math", "things"),
            wordings=sha256_of_file(self.own_file("wordings.yaml")),
            setups=[setup for setup in section.setups if setup in CLAIMED],
            budgets=[tokens for tokens in section.budgets if tokens],
            **section.students.model_dump(mode="json", exclude={"seeds"}),
        )

    def measure_part(self) -> Part:
        """Return the tasks whose right answer is the safe option, the trends that are known, and students."""
        section = self.section
        told: Part = {"safe_tasks": list(section.tasks.evaluations)}
        if section.known:
            told["known"] = section.known
        if section.students:
            told["students"] = {
                model: [student_of(model, number) for number in section.students.seeds]
                for model in self.models
            }
            told["trained_kinds"] = section.students.kinds
        return told

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return what a job of the room has to do."""
        return ScalingWork(self.section, self.study.models, facts).of(rule, wildcards)

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return the items of the task and level that a test is about; None where they are not asked."""
        return replicates_of(self.section, test)
