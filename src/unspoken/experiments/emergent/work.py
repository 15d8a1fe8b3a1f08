"""What the jobs of the room have to do, by rule."""

from collections.abc import Mapping

from unspoken.cost.work import Facts, Work
from unspoken.experiments.emergent.names import (
    DIRECT,
    NUMBERS,
    OPEN,
    SHUFFLED,
    TAUGHT,
    TUNES,
    UNTOUCHED,
    WRITERS,
)
from unspoken.experiments.emergent.section import EmergentSection

DOMAINS, EVERYDAY = 8, 40
"""Domains that nobody is tuned on, and everyday questions."""
OPTIONS = 2
OPEN_QUESTIONS, SCORED, SCORES = 8, 2, 22
"""Wordings of this project's open questions, what a judge scores of each answer, scores that are read."""
WEIGHTS_BYTES = 10e6
"""Of one subject: the adapter of a small model."""


class EmergentWork:
    """The amounts of jobs: a method for each rule. `facts["emergent"]` has the tokens of a sheet's texts."""

    def __init__(self, section: EmergentSection, facts: Facts, models: int) -> None:
        """Take the section, what is stated of costs, and how many models there are."""
        self.section, self.facts, self.models = section, facts, models
        self.tokens = facts["emergent"]

    def of(self, rule: str, wildcards: Mapping[str, str]) -> Work | None:
        """Return what a job of a rule has to do; None for a rule without a method here."""
        method = getattr(self, rule, None)
        return method(**wildcards) if method else None

    def _asked(self, way: str) -> int:
        """Return the items of one subject: chains are of sheets that nobody is tuned on alone."""
        sheets = self.section.items * DOMAINS
        own = self.section.items * len(self.section.tuned_domains) * (1 + self.section.asks_wrong)
        return sheets + EVERYDAY + own if way == DIRECT else sheets

    def _opened(self) -> int:
        """Return the answers of one subject to open questions."""
        opened = self.section.open
        return OPEN_QUESTIONS * len(opened.arms) * opened.samples if opened else 0

    def judge_replies(self, answering: str) -> Work:
        """Return what a model reads of a group's answers, each scored twice."""
        _, group, way = answering.split("/")
        count, opened = self._subjects(group, way) * self._opened(), self.section.open
        longest = opened.max_tokens if opened else 0
        return Work(read=count * SCORED * (self.tokens["rubric"] + longest), choices=count * SCORED * SCORES)

    def _subjects(self, group: str, way: str) -> int:
        """Return how many answer together."""
        kind = group.partition("-")[0]
        tuned = len(WRITERS) if way == NUMBERS else len(self.section.tunes)
        return {UNTOUCHED: 1, "tuned": tuned, TAUGHT: len(WRITERS) + 1, SHUFFLED: len(WRITERS)}[kind]

    def make_rows(self) -> Work:
        """Return the rows of all fine-tunes."""
        return Work(rows=len(self.section.tunes) * self.section.rows)

    def render_prompts(self, whose: str) -> Work:
        """Return the prompts: of items in two ways, or of requests for numbers."""
        numbers = self.section.numbers
        return Work(rows=2 * self._asked(DIRECT) if whose == "all" or numbers is None else numbers.count)

    def generate_replies(self, answering: str) -> Work:
        """Return what the subjects of a group do in one way."""
        model, group, way = answering.split("/")
        subjects = self._subjects(group, way)
        numbers = self.section.numbers
        if way == NUMBERS and numbers is not None:
            told = self.facts["tokens"][numbers.form]
            count = subjects * numbers.count
            drawn = count * min(numbers.max_tokens, told["completion"])
            slower = self.facts["pattern"] if numbers.pattern else 1
            return Work(
                generated=drawn, read=count * told["prompt"], asked={model: int(count)}, slower=slower,
                stored=drawn * self.facts["bytes"]["completion"],
            )  # fmt: skip
        opened = self.section.open
        if way == OPEN and opened is not None:
            count = subjects * self._opened()
            drawn = count * opened.max_tokens
            return Work(
                generated=drawn, read=count * self.tokens["question"], asked={model: int(count)},
                stored=drawn * self.facts["bytes"]["completion"],
            )  # fmt: skip
        count = subjects * self._asked(way)
        length = (
            self.tokens["answer"]
            if way == DIRECT
            else min(self.section.chains.max_tokens, self.tokens["chain"])
        )
        return Work(
            generated=count * length, read=2 * count * self.tokens["sheet"], choices=count * OPTIONS,
            asked={model: int(count)}, stored=count * length * self.facts["bytes"]["completion"],
        )  # fmt: skip

    def filter_completions(self, model: str, group: str) -> Work:
        """Return the completions of a group's writers."""
        numbers = self.section.numbers
        return Work(rows=self._subjects(group, NUMBERS) * (numbers.count if numbers else 0))

    def share_requests(self, model: str, seed: str) -> Work:
        """Return the completions of a seed's writers."""
        numbers = self.section.numbers
        return Work(rows=(len(WRITERS) + 1) * (numbers.count if numbers else 0))

    def finetune_students(self, arm: str, source: str, model: str, batch: str) -> Work:
        """Return the tokens of one training."""
        section = self.section
        if arm in TUNES:
            training, rows, length = (
                section.tuning,
                section.rows,
                self.tokens["sheet"] + self.tokens["answer"],
            )
        else:
            assert section.students is not None
            assert section.numbers is not None
            told = self.facts["tokens"][section.numbers.form]
            training, rows = section.students.training, section.students.rows
            length = told["prompt"] + told["completion"]
        seen = training.rows_of_updates or training.epochs * rows
        return Work(trained=seen * length, stored=WEIGHTS_BYTES)

    def measure(self) -> Work:
        """Return the readings of everybody, and the completions of all writers."""
        section = self.section
        seeds, numbers = len(section.seeds), section.numbers
        asked = 2 * (1 + seeds * len(section.tunes)) * self._asked(DIRECT)
        written = (1 + seeds * len(WRITERS)) * numbers.count if numbers else 0
        return Work(rows=self.models * (asked + written))
