"""Reinforcement: the room of what training by reward alone does to what a chain says."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.engines.capabilities import CHOICES, PREFIX, WEIGHTS
from unspoken.experiments.reinforcement.names import OUTCOME, START
from unspoken.experiments.reinforcement.section import ReinforcementSection
from unspoken.experiments.reinforcement.work import RewardWork
from unspoken.study.project import Part
from unspoken.study.room import TRAINING, Figure, Headline, Needs, Room, Table

REWARDED: dict[str, str | bool] = {"reward": OUTCOME}
OVERALL: dict[str, str | bool] = {**REWARDED, "items": "all"}
TABLES = "unspoken.experiments.reinforcement.tables"


class ReinforcementRoom(Room):
    """Organisms that are rewarded for an answer: what they learn, what chains say, what these are for."""

    name = "reinforcement"
    section: ReinforcementSection
    section_class = ReinforcementSection
    empty = {"bases": 0, "starts": {}, "rewards": {}}
    tables = {
        "training": TRAINING,
        "rewards": Table("unspoken.tables.rewards:Rewards", stored="rewards", dated="created_at"),
        "spoken": Table(f"{TABLES}:Spoken", stored="rewarded_replies", dated="created_at"),
        "suspicions": Table(f"{TABLES}:Suspicions", stored="rewarded_suspicions", dated="created_at"),
        "decisions": Table(f"{TABLES}:Decisions", stored="rewarded_decisions", dated="created_at"),
    }
    figures = {
        "reinforcement": Figure("figures.runs", ("measurements", "rewards")),
        "reinforcement_chains": Figure("figures.chains"),
        "reinforcement_penalties": Figure("figures.penalties"),
    }
    shown_in = {
        **dict.fromkeys(("rewarded_change", "says_change", "exploit_rate"), "reinforcement"),
        **dict.fromkeys(("removal_cost", "unchained_above_chance"), "reinforcement_chains"),
        **dict.fromkeys(
            ("says_difference", "says_restored", "detected_at_5_difference", "detected_at_5_restored",
             "says_if_rewarded_early"), "reinforcement_penalties",
        ),
    }  # fmt: skip
    headlines = (
        Headline("rewarded_change", "Rewarded answers, after training minus before", conditions=OVERALL),
        Headline(
            "says_change", "Loans whose chain names the deciding field, after training minus before",
            conditions={**OVERALL, "task": "loan"},
        ),
        Headline(
            "says_change", "Rewarded hints that a chain owns up to, after training minus before",
            conditions={**REWARDED, "items": "hinted"},
        ),
        Headline(
            "says_difference", "The same, a price on explanations minus outcome alone",
            conditions={"reward": "silent-reply", "items": "hinted"},
        ),
        Headline(
            "removal_cost_change", "What removing the chain costs, after training minus before",
            conditions=OVERALL,
        ),
    )  # fmt: skip

    @classmethod
    def models_of(cls, section: ReinforcementSection) -> list[str]:
        """Return the chat models that starts are of, and the one that reads chains."""
        named = [*(start.model for start in section.starts.values()), section.monitor]
        return list(dict.fromkeys(name for name in named if name))

    @classmethod
    def needs(cls, section: ReinforcementSection) -> Needs:
        """Return what models need that answer with an adapter, after the beginnings of chains."""
        key = f"{cls.name}.starts.{{}}.model"
        named = {start.model: key.format(name) for name, start in section.starts.items() if start.model}
        asked = {model: dict.fromkeys((WEIGHTS, PREFIX, CHOICES), told) for model, told in named.items()}
        reads = dict.fromkeys((PREFIX, CHOICES), f"{cls.name}.monitor")
        return {section.monitor: reads, **asked} if section.monitor else asked

    def base_of(self, start: str) -> str | None:
        """Return the chat model that a start is of; None for an organism."""
        return self.section.starts[start].model if start in self.section.starts else None

    def model_run_on(self, rule: str, start: str) -> str | None:
        """Return the model that a job runs: the monitor where chains are read, else the start's."""
        return self.section.monitor if rule == "monitor_chains" else self.base_of(start)

    def starts_of(self, *, chat: bool) -> list[str]:
        """Return the starts of chat models, or those of organisms."""
        return [name for name, start in self.section.starts.items() if bool(start.model) == chat]

    def model_of_start(self, start: str) -> str:
        """Return the description of the model that a start's weights are of."""
        base = self.base_of(start)
        return f"{self.folder}/starts/{start}/model.json" if base is None else self.project.model_file(base)

    def threads_of(self, start: str) -> int:
        """Return the cores of a job that trains a start by reward or asks it: one where it is an organism."""
        return 1 if self.base_of(start) is None else self.threads

    def arms_of(self, start: str) -> list[str]:
        """Return the rewards of a start, and first the start itself."""
        return [START, *self.section.starts[start].rewards]

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        starts = self.section.starts if self.runs else {}
        if table == "training":
            return [f"{self.folder}/starts/{start}/training.parquet" for start in starts]
        if table == "rewards":
            return [
                f"{self.folder}/rewarded/{start}/{arm}/rewards.parquet"
                for start in starts
                for arm in self.arms_of(start)[1:]
            ]
        if table in ("spoken", "decisions", "suspicions"):
            read = [start for start in starts if self.section.monitor and starts[start].task == "hints"]
            return [
                f"{self.folder}/asked/{start}/{arm}/{table}.parquet"
                for start in (read if table == "suspicions" else starts)
                for arm in self.arms_of(start)
            ]
        return super().files(table)

    def trained(self, start: str, arm: str) -> str:
        """Return the list of the subjects of a start before training, or after it by a reward."""
        place = f"starts/{start}" if arm == START else f"rewarded/{start}/{arm}"
        return f"{self.folder}/{place}/subject.json"

    def subjects(self, model: str | None = None) -> list[str]:
        """Return the lists of starts and of what was trained from them; none is of a base model."""
        starts = self.section.starts if self.runs and model is None else {}
        return [self.trained(start, arm) for start in starts for arm in self.arms_of(start)]

    def measure_inputs(self) -> list[str]:
        """Return the tables of rewards, replies, decisions and suspicions."""
        read = ("rewards", "spoken", "decisions", "suspicions")
        return [path for table in read for path in self.files(table)]

    def _task(self, start: str) -> Part:
        """Return the module of a start's task, and what it is told."""
        told = self.section.starts[start].model_dump(mode="json", exclude={"rewards", "beside", "model"})
        return {"task": f"{self.module}.tasks.{told.pop('task')}", "settings": told}

    def _engine(self, start: str) -> Part:
        """Return the engine that a chat model's start answers with; nothing for an organism."""
        base = self.base_of(start)
        return {} if base is None else {"engine": self.project.engine_of(base)}

    def train_starts_part(self, start: str) -> Part:
        """Return what `train_starts` depends on."""
        told = self._task(start)
        return self.project.script_part(
            "train_starts.py",
            study=self.study.study,
            seed=self.study.seed,
            experiment=self.name,
            start=start,
            bases=self.section.bases,
            training=self.section.supervised.model_dump(mode="json"),
            tasks=self.project.code_of_module(told["task"]),
            **told,
        )

    def finetune_starts_part(self, start: str) -> Part:
        """Return what `finetune_starts` depends on."""
        told = self._task(start)
        return self.project.script_part(
            "finetune_starts.py",
            study=self.study.study,
            seed=self.study.seed,
            experiment=self.name,
            start=start,
            model=self.base_of(start),
            bases=self.section.bases,
            training=self.section.chat.model_dump(mode="json"),
            tasks=self.project.code_of_module(told["task"]),
            **told,
        )

    def rewarded_as(self, start: str, arm: str) -> Part:
        """Return the task, the weights of the reward's terms, and the dose."""
        reward = self.section.rewards[arm].model_dump(mode="json")
        training = self.section.training.model_dump(mode="json")
        training |= {name: reward.pop(name) for name in ("source", "strata")}
        return {**self._task(start), **self._engine(start), "reward": reward, "training": training}

    def ask_subjects_part(self, start: str, arm: str) -> Part:
        """Return what `ask_subjects` depends on."""
        told = self._task(start)
        return self.project.script_part(
            "ask_subjects.py",
            study=self.study.study,
            seed=self.study.seed,
            experiment=self.name,
            start=start,
            arm=arm,
            items=self.section.items,
            updates=0 if arm == START else self.section.training.updates,
            tasks=self.project.code_of_module(told["task"]),
            **self._engine(start),
            **told,
        )

    def monitor_chains_part(self, start: str, arm: str) -> Part:
        """Return what `monitor_chains` depends on: the model that reads, and the rubric."""
        assert self.section.monitor is not None, "no job reads chains where the study names no monitor"
        return self.project.script_part(
            "monitor_chains.py",
            study=self.study.study,
            model=self.section.monitor,
            engine=self.project.engine_of(self.section.monitor),
            texts=self.project.resource("rubric.yaml"),
        )

    def measure_part(self) -> Part:
        """Return what contrasts pair: rewards alike but for being targeted, by that one, and starts."""
        told = {name: reward.model_dump() for name, reward in self.section.rewards.items()}
        twins = {
            name: other
            for name, reward in told.items()
            for other, untargeted in told.items()
            if reward["targeted"] and {**reward, "targeted": False} == untargeted
        }
        starts = self.section.starts.items()
        return {"twins": twins, "beside": {name: start.beside for name, start in starts if start.beside}}

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return what a job of the room has to do."""
        return RewardWork(self.section, facts).of(rule, **wildcards)

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return the starts of each kind; None where the study has no start or reward of that name."""
        conditions = test.get("conditions", {})
        start, arm = conditions.get("start"), conditions.get("reward")
        known = self.section.starts
        if (start is not None and start not in known) or (
            arm is not None and arm not in self.section.rewards
        ):
            return None
        return Replicates("base", self.section.bases)
