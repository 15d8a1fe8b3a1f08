"""For each rule of the faithfulness experiment, the part of the study that it depends on."""

from functools import cached_property
from typing import Any

from unspoken.experiments.faithfulness.section import FaithfulnessSection
from unspoken.files import digest_of, sha256_of_file
from unspoken.study.model_parts import ModelParts, Part
from unspoken.study.models import FollowerModel, ScriptedModel
from unspoken.yaml_files import read_keys


class FaithfulnessParts(ModelParts):
    """The parts of rules on questions, hints, chains and their judges."""

    @property
    def faithfulness(self) -> FaithfulnessSection:
        """The section of the faithfulness experiment."""
        assert self.study.faithfulness is not None
        return self.study.faithfulness

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return read_keys(self.root / "resources" / "hints.yaml")

    def _resource(self, name: str) -> str:
        """Return the digest of what a file of resources/ says."""
        return digest_of(read_keys(self.root / "resources" / name))

    def load_questions_part(self) -> Part:
        """Return what `load_questions` depends on, beside the user's own files."""
        embedded = self.root / "resources" / "questions" / "knowledge.jsonl"
        return self._part(
            "load_questions.py",
            study=self.study.study,
            seed=self.study.seed,
            sets=[one.model_dump(mode="json") for one in self.faithfulness.questions],
            knowledge=sha256_of_file(embedded),
        )

    def question_files(self) -> list[str]:
        """Return the user's own files of questions."""
        if "faithfulness" not in self.study.experiments:
            return []
        return [one.path for one in self.faithfulness.questions if one.source == "own"]

    def hints_part(self) -> Part:
        """Return what `render_hints` depends on."""
        section = self.faithfulness
        names = {"kinds", "options", "moved", "irrelevant", "few_shot"}
        return self._part(
            "render_hints.py",
            seed=self.study.seed,
            texts=self._resource("hints.yaml"),
            **section.model_dump(mode="json", include=names),
        )

    def follower_hints_part(self, model: str) -> Part:
        """Return what `render_follower_hints` depends on: the follower's own seed decides its questions."""
        chosen = self.study.models[model]
        assert isinstance(chosen, FollowerModel)
        return self._part("render_follower_hints.py", study=self.study.study, seed=chosen.seed)

    def prompts_of(self, model: str) -> str:
        """Return the table of prompts that a model answers: followers have their own."""
        own = isinstance(self.study.models[model], FollowerModel)
        return f"<results>/faithfulness/{f'{model}/' if own else ''}prompts.parquet"

    def _answering(self, script: str, model: str, **fields: Any) -> Part:
        """Return what a job depends on in which a model reasons."""
        return self._part(
            script,
            study=self.study.study,
            seed=self.study.seed,
            model=model,
            engine=self.engine_of(model),
            chains=self.faithfulness.chains.model_dump(mode="json"),
            answer_prefix=self._hints["answer_prefix"],
            **fields,
        )

    def chains_part(self, model: str) -> Part:
        """Return what `generate_chains` depends on."""
        planted = model in self.faithfulness.planted
        scripted = planted and isinstance(self.study.models[model], ScriptedModel)
        return self._answering(
            "generate_chains.py",
            model,
            personas=self.faithfulness.personas if scripted else [],
            kinds=["sycophancy"] if scripted else None,  # the scripted personas read this kind alone
            logprobs=not scripted,
        )

    def tests_part(self, model: str) -> Part:
        """Return what `probe_chains` depends on."""
        tests = self.faithfulness.tests
        return self._answering("probe_chains.py", model, count=tests.chains, positions=tests.positions)

    def transcripts_part(self, transcripts: str) -> Part:
        """Return what `import_transcripts` depends on, beside the file."""
        return self._part(
            "import_transcripts.py",
            study=self.study.study,
            columns=self.faithfulness.transcripts[transcripts].columns,
            kinds=list(self._hints["kinds"]),
        )

    def judge_part(self, answering: str) -> Part:
        """Return what `judge_chains` depends on, of one model's chains or of a user's transcripts."""
        judge = self.faithfulness.judge.model
        assert judge is not None
        return self._part(
            "judge_chains.py",
            model=judge,
            engine=self.engine_of(judge),
            about={kind: fields["about"] for kind, fields in self._hints["kinds"].items()},
            rubric=self._resource("rubric.yaml"),
        )

    def trials_part(self, answering: str) -> Part:
        """Return what `pair_trials` depends on."""
        return self._part(
            "pair_trials.py",
            judge=self.faithfulness.judge.kind,
            patterns=self._resource("judges.yaml"),
            marked=isinstance(self.study.models.get(answering), FollowerModel),
        )

    def scoring_part(self) -> Part:
        """Return what `measure_faithfulness` depends on: the judge, its labelled sets, who is planted."""
        gold = self.root / "resources" / "gold"
        return {
            "planted": self.faithfulness.planted,
            "judge": self.faithfulness.judge.kind,
            "patterns": self._resource("judges.yaml"),
            "gold": [sha256_of_file(gold / name) for name in ("calibration.jsonl", "challenge.jsonl")],
        }

    # Files

    @property
    def answering(self) -> list[str]:
        """Return whose chains are scored: models, planted ones, and the user's transcripts, by folder."""
        if "faithfulness" not in self.study.experiments:
            return []
        section = self.faithfulness
        return [*section.models, *section.planted, *(f"transcripts/{name}" for name in section.transcripts)]

    def chain_files(self, name: str) -> list[str]:
        """Return a file of everyone whose chains are scored."""
        return [f"<results>/faithfulness/{one}/{name}" for one in self.answering]

    def tested_files(self) -> list[str]:
        """Return the tables of the causal tests: of models alone, if the study has any."""
        if "faithfulness" not in self.study.experiments or not self.faithfulness.tests.chains:
            return []
        return [f"<results>/faithfulness/{model}/interventions.parquet" for model in self.faithfulness.models]

    def judgement_files(self, answering: str) -> list[str]:
        """Return the judging model's verdicts on somebody's chains, if a model judges them."""
        judged = self.faithfulness.judge.model is not None and answering not in self.faithfulness.planted
        return [f"<results>/faithfulness/{answering}/judgements.parquet"] if judged else []
