"""Chain-of-thought faithfulness: the room of Chen et al. 2025, Lanham et al. 2023, Turpin et al. 2023."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.engines.capabilities import CHOICES, PREFIX
from unspoken.experiments.faithfulness.section import FaithfulnessSection, Judge
from unspoken.experiments.faithfulness.shown import FIGURES, HEADLINES, PRIMARY, SHOWN_IN, TALLIES
from unspoken.experiments.faithfulness.work import ChainsWork
from unspoken.files import sha256_of_file
from unspoken.study.keys import CommonKeys
from unspoken.study.models import FollowerModel, ScriptedModel
from unspoken.study.project import Part
from unspoken.study.room import INTERVENTIONS, JUDGEMENTS, REPLIES, Needs, Room, Table
from unspoken.yaml_files import read_keys

ROWS = "unspoken.experiments.faithfulness.tables.trials"


class FaithfulnessRoom(Room):
    """Chain-of-thought faithfulness: hints, causal tests, legibility."""

    name = "faithfulness"
    section: FaithfulnessSection
    section_class = FaithfulnessSection
    empty = {"kinds": [], "judge": Judge(kind="lexical")}
    measure = "measure.measured"
    tables = {
        "replies": REPLIES,
        "trials": Table(f"{ROWS}:Trials", stored="trials", dated="created_at"),
        "sham": Table(f"{ROWS}:ShamVerdicts"),
        "legibility": Table(f"{ROWS}:Legibility"),
        "interventions": INTERVENTIONS,
        "judgements": JUDGEMENTS,
    }
    figures = FIGURES
    shown_in = SHOWN_IN
    headlines = HEADLINES
    tallies = TALLIES

    # What the check of a study asks

    @classmethod
    def fault(cls, section: FaithfulnessSection, study: CommonKeys) -> str | None:
        """Say which planted or judging model the study does not have, if any."""
        judge = [section.judge.model] if section.judge.model is not None else []
        for key, names in (("planted", section.planted), ("judge.model", judge)):
            for name in names:
                if name not in study.models:
                    known = ", ".join(sorted(study.models))
                    return f"faithfulness.{key}: got {name!r}; expected one of: {known}"
        return None

    @classmethod
    def models_of(cls, section: FaithfulnessSection) -> list[str]:
        """Return the models that reason, the models whose faithfulness is known, and the judge."""
        return [*section.models, *section.planted, *filter(None, [section.judge.model])]

    @classmethod
    def needs(cls, section: FaithfulnessSection) -> Needs:
        """Return what causal tests and planted models need.

        Models that reason and that judge give text alone: answers are read from it, and verdicts. Where an
        engine can read probabilities, options are read after the chain too, and the judge's share of yes.
        """
        asking = dict.fromkeys(section.planted, "faithfulness.planted (models whose faithfulness is known)")
        if section.tests.chains:
            tested = "faithfulness.tests.chains (causal tests of its chains; 0 leaves them out)"
            asking |= dict.fromkeys(section.models, tested)
        return {name: {CHOICES: key, PREFIX: key} for name, key in asking.items()}

    # Files

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return read_keys(self.project.root / "resources" / "hints.yaml")

    @property
    def primary(self) -> dict[str, str]:
        """Return how answers that nobody can use count."""
        return dict(PRIMARY)

    @property
    def transcripts(self) -> dict[str, Any]:
        """Return the user's own transcripts of chains of thought by name."""
        return self.section.transcripts if self.runs else {}

    @property
    def answering(self) -> list[str]:
        """Return whose chains are scored: models, planted models, and the user's transcripts, by folder."""
        if not self.runs:
            return []
        section = self.section
        return [*section.models, *section.planted, *(f"transcripts/{name}" for name in section.transcripts)]

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table == "asked":
            own = "transcripts/"
            names = ((one, "asked" if one.startswith(own) else "replied") for one in self.answering)
            return [f"{self.folder}/{one}/{name}.json" for one, name in names]
        if table in ("replies", "trials", "sham", "legibility"):
            return [f"{self.folder}/{one}/{table}.parquet" for one in self.answering]
        if table == "interventions":
            tested = self.models if self.section.tests.chains else []
            return [f"{self.folder}/{model}/{table}.parquet" for model in tested]
        if table == "judgements":
            return [path for one in self.answering for path in self.judgement_files(one)]
        return super().files(table)

    def judgement_files(self, answering: str) -> list[str]:
        """Return the judging model's verdicts on somebody's chains, if a model judges them."""
        judged = self.section.judge.model is not None and answering not in self.section.planted
        return [f"{self.folder}/{answering}/judgements.parquet"] if judged else []

    def readings_of(self, answering: str) -> list[str]:
        """Return the readings beside somebody's chains: transcripts have none."""
        own = answering.startswith("transcripts/")
        return [] if own else [f"{self.folder}/{answering}/readings.parquet"]

    def drawn_figures(self) -> list[str]:
        """Return the figures that the study draws: of strata, and of pairs of models, where it has any."""
        asked = {"necessity": self.section.strata, "model_contrasts": self.section.model_contrasts}
        return [name for name in super().drawn_figures() if asked.get(name, True)]

    def fetched(self) -> list[str]:
        """Return the questions, which may come over the network."""
        return [f"{self.folder}/items.parquet"] if self.runs else []

    def question_files(self) -> list[str]:
        """Return the user's own files of questions."""
        questions = self.section.questions if self.runs else []
        return [one.path for one in questions if one.source in ("own", "truthful_qa")]

    def imported_file(self, name: str) -> str:
        """Return the user's own file of transcripts."""
        return self.section.transcripts[name].path

    def measure_inputs(self) -> list[str]:
        """Return the files that the measure reads."""
        tables = ("trials", "sham", "legibility", "interventions")
        return [path for table in tables for path in self.files(table)]

    # What jobs depend on

    @property
    def judge_model(self) -> str | None:
        """Return the model that judges chains, if one does."""
        return self.section.judge.model

    def prompts_of(self, answering: str) -> str:
        """Return the table of prompts that somebody answers: followers and transcripts have their own."""
        own = answering.startswith("transcripts/") or isinstance(self.study.models[answering], FollowerModel)
        return f"{self.folder}/{answering if own else 'all'}/prompts.parquet"

    def renderer(self, whose: str) -> str:
        """Return the module that renders prompts: followers have one of their own."""
        own = isinstance(self.study.models.get(whose), FollowerModel)
        return f"{self.module}.{'follower_prompts' if own else 'prompts'}"

    def prompt_items(self, whose: str) -> list[str]:
        """Return the questions that prompts are made of: followers make their own."""
        return [f"{self.folder}/items.parquet"] if whose == "all" else []

    def rendered_as(self, whose: str) -> Part:
        """Return how prompts are rendered: a follower's own seed decides its questions."""
        follower = self.study.models.get(whose)
        if isinstance(follower, FollowerModel):
            return {"follower": follower.seed}
        names = {"kinds", "options", "moved", "irrelevant", "few_shot", "instruction"}
        return {
            "seed": self.study.seed,
            "texts": self.project.resource("hints.yaml"),
            **self.section.model_dump(mode="json", include=names),
        }

    def load_questions_part(self) -> Part:
        """Return what `load_questions` depends on, beside the user's own files."""
        embedded = self.project.root / "resources" / "questions" / "knowledge.jsonl"
        return self.project.script_part(
            "load_questions.py",
            study=self.study.study,
            seed=self.study.seed,
            sets=[one.model_dump(mode="json") for one in self.section.questions],
            knowledge=sha256_of_file(embedded),
        )

    def generated_as(self, answering: str) -> Part:
        """Return how a model's chains are drawn: scripted personas read one kind of hint alone."""
        planted = answering in self.section.planted
        scripted = planted and isinstance(self.study.models[answering], ScriptedModel)
        personas = self.section.personas if scripted else []
        people = [{"name": one, "system": one, "count": None} for one in personas]
        return {
            "draw": "chains",
            "sampling": self.section.chains.model_dump(mode="json"),
            "logprobs": not scripted,
            "answering": people or [{"name": "untouched", "system": None, "count": None}],
            "shard": [1, 1],
            "keep": ["sycophancy"] if scripted else None,
            "reads": self._reads() if self.project.can(answering, CHOICES) else None,
            "reasoning": None,
        }

    def _reads(self) -> Part:
        """Return how options are read after a chain, and with none."""
        alone = ["unhinted", *["hint"] * self.section.hinted_alone]
        return {"kind": "options", "answer_prefix": self._hints["answer_prefix"], "alone": alone}

    def import_transcripts_part(self, transcripts: str) -> Part:
        """Return what `import_transcripts` depends on, beside the file."""
        entry = self.section.transcripts[transcripts].model_dump(mode="json", exclude={"path"})
        return self.project.script_part(
            "import_transcripts.py",
            experiment=self.name,
            study=self.study.study,
            entry={"name": transcripts, **entry},
            kinds=list(self._hints["kinds"]),
        )

    def probe_chains_part(self, model: str) -> Part:
        """Return what `probe_chains` depends on."""
        tests = self.section.tests
        return self.project.script_part(
            "probe_chains.py",
            study=self.study.study,
            seed=self.study.seed,
            model=model,
            engine=self.project.engine_of(model),
            sampling=self.section.chains.model_dump(mode="json"),
            answer_prefix=self._hints["answer_prefix"],
            count=tests.chains,
            positions=tests.positions,
            **({} if tests.rewritten is None else {"rewritten": tests.rewritten}),
        )

    def judge_replies_part(self, answering: str) -> Part:
        """Return what `judge_replies` depends on, of one model's chains or of a user's transcripts."""
        judge = self.section.judge.model
        assert judge is not None, "no job judges where the study names no judging model"
        return self.project.script_part(
            "judge_replies.py",
            experiment=self.name,
            study=self.study.study,
            model=judge,
            engine=self.project.engine_of(judge),
            about={kind: fields["about"] for kind, fields in self._hints["kinds"].items()},
            rubric="rubric.yaml",
            texts=self.project.resource("rubric.yaml"),
            **({} if self.project.can(judge, CHOICES) else {"written": True}),
        )

    def pair_trials_part(self, answering: str) -> Part:
        """Return what `pair_trials` depends on."""
        return self.project.script_part(
            "pair_trials.py",
            experiment=self.name,
            judge=self.section.judge.kind,
            patterns=self.project.resource("judges.yaml"),
            marked=isinstance(self.study.models.get(answering), FollowerModel),
        )

    def measure_part(self) -> Part:
        """Return what the measure is told: the judge, its labelled sets, who is planted, who is compared."""
        gold, labels = self.project.root / "resources" / "gold", self.section.labels
        own = {} if labels is None else {"labels": {"path": labels, "sha256": sha256_of_file(Path(labels))}}
        strata, pairs = self.section.strata, self.section.model_contrasts
        return {
            **own,
            **({"strata": strata} if strata else {}),
            **({"model_contrasts": pairs} if pairs else {}),
            "planted": self.section.planted,
            "judge": self.section.judge.kind,
            "patterns": self.project.resource("judges.yaml"),
            "gold": [sha256_of_file(gold / name) for name in ("calibration.jsonl", "challenge.jsonl")],
        }

    # What jobs take, and what tests could show

    def _works(self, facts: Facts) -> ChainsWork:
        return ChainsWork(self.section, self.study.models, self.project.root, facts)

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return what a job has to do."""
        return self._works(facts).of(rule, wildcards)

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return the questions of a test on chains; of causal tests, whose chains are changed."""
        section = self.section
        hint = test["conditions"].get("hint")
        if not section.models or hint not in (None, "all", *section.kinds):
            return None
        questions = self._works(facts).questions()
        if test["metric"] == "transplant" or "test" in test["conditions"]:
            questions = min(questions, section.tests.chains)
        return Replicates("question", questions) if questions else None
