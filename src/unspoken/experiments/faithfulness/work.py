"""What the jobs of the faithfulness experiment have to do, by rule."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unspoken.cost.work import Facts, Work, class_of, rows_of_file
from unspoken.experiments.faithfulness.section import FaithfulnessSection
from unspoken.study.models import FollowerModel, ScriptedModel

LETTERS = 4
"""Options that a question of the shipped sets has."""
REWRITING_TOKENS = 30
"""About what a step of a chain is rewritten in."""


class ChainsWork:
    """The amounts of jobs on questions, hints, chains and their judges: a method for each rule."""

    def __init__(
        self, section: FaithfulnessSection, models: Mapping[str, Any], root: Path, facts: Facts
    ) -> None:
        """Take the section, the study's models, the project's folder, and what is stated of costs."""
        self.section, self.models, self.root, self.facts = section, models, root, facts

    def of(self, rule: str, wildcards: Mapping[str, str]) -> Work | None:
        """Return what a job of a rule has to do; None for a rule without a method here."""
        method = getattr(self, rule, None)
        return method(**wildcards) if method else None

    def questions(self) -> int:
        """Return how many questions there are; of a set without a count, what is stated or its lines."""
        return sum(one.count or self._whole_set(one) for one in self.section.questions)

    def _whole_set(self, chosen: Any) -> int:
        """Return the size of a set of questions that is taken whole."""
        if chosen.source == "hub":
            return self.facts["questions"][chosen.layout]
        shipped = self.root / "resources" / "questions" / "knowledge.jsonl"
        return rows_of_file(shipped if chosen.source == "knowledge" else Path(chosen.path))

    def _prompts(self) -> int:
        """Return the prompts of a model: every question unhinted, as a sham, and with each kind of hint."""
        section, asked = self.section, self.questions()
        extra = min(section.moved, asked) + min(section.irrelevant, asked)
        few_shot = 2 * min(section.few_shot, asked) * (LETTERS - 1) / LETTERS
        return round(asked * (2 + len(section.kinds)) + extra * len(section.kinds) + few_shot)

    def _asked(self, answering: str) -> tuple[int, int]:
        """Return the prompts that somebody reasons about, and how many are read without a chain."""
        if answering.startswith("transcripts/"):
            return self.facts["transcripts"], 0
        section, chosen = self.section, self.models[answering]
        if isinstance(chosen, FollowerModel):
            return self.facts["follower"]["prompts"], self.facts["follower"]["questions"]
        asked = self.questions()
        if isinstance(chosen, ScriptedModel) and answering in section.planted:
            people = len(section.personas)
            extra = min(section.moved, asked) + min(section.irrelevant, asked)
            return people * (3 * asked + extra), people * asked
        return self._prompts(), asked

    def _answering(self) -> list[str]:
        """Return whose chains are scored."""
        section = self.section
        return [*section.models, *section.planted, *(f"transcripts/{name}" for name in section.transcripts)]

    def import_transcripts(self, transcripts: str) -> Work:
        """Return the rows of a user's own transcripts."""
        return Work(rows=self.facts["transcripts"])

    def trials(self) -> int:
        """Return the chains of everyone who is scored."""
        return sum(self._asked(answering)[0] for answering in self._answering())

    def _chain_tokens(self, answering: str) -> float:
        """Return the tokens of a chain: what is stated of the model's class, or the study's limit."""
        if answering.startswith("transcripts/"):
            return self.facts["tokens"]["chain"]["endpoint"]
        chosen = self.models[answering]
        which = "reasoning" if "reasoning model" in chosen.classes else class_of(chosen)
        return min(self.section.chains.max_tokens, self.facts["tokens"]["chain"][which])

    def load_questions(self) -> Work:
        """Return the questions that are read or made."""
        return Work(rows=self.questions())

    def render_prompts(self, whose: str) -> Work:
        """Return the prompts that are written: a follower's are stated."""
        return Work(rows=self._prompts() if whose == "all" else self.facts["follower"]["prompts"])

    def generate_replies(self, answering: str) -> Work:
        """Return the chains of a model on every prompt, and the choices that are read after them."""
        prompts, bare = self._asked(answering)
        tokens, prompt = self._chain_tokens(answering), self.facts["tokens"]["hinted"]
        return Work(
            generated=prompts * tokens,
            read=prompts * (2 * prompt + tokens) + bare * prompt,
            choices=(prompts + bare) * LETTERS,
            asked={answering: prompts},
            stored=prompts * self.facts["bytes"]["chain"],
        )

    def probe_chains(self, model: str) -> Work:
        """Return what it takes to cut, falsify and paraphrase a model's chains and read its answers."""
        tests, steps = self.section.tests, self.facts["chain_steps"]
        tokens, prompt = self._chain_tokens(model), self.facts["tokens"]["hinted"]
        count = min(tests.chains, self.questions())
        anew = count if tests.rewritten is None else min(tests.rewritten, count)
        rewritten = anew * (tests.positions + steps)
        continued = anew * 2 * tests.positions
        changed = count * 2 * steps + anew * 4 * tests.positions
        return Work(
            generated=rewritten * REWRITING_TOKENS + continued * tokens / 2,
            read=(rewritten + continued + changed) * (prompt + tokens / 2),
            choices=changed * LETTERS,
            asked={model: rewritten + continued},
            stored=changed * self.facts["bytes"]["chain"],
        )

    def judge_replies(self, answering: str) -> Work:
        """Return what a model reads of somebody's hinted chains: whether each mentions, whether it relies."""
        section = self.section
        asked, _ = self._asked(answering)
        if not answering.startswith("transcripts/"):
            questions = self.questions()
            asked = len(section.kinds) * (questions + min(section.moved, questions))
        length = self.facts["tokens"]["hinted"] * 2 + self._chain_tokens(answering)
        # The second question finds what comes before it in the engine's cache.
        read = asked * (length + self.facts["tokens"]["chat"]["question"])
        return Work(read=read, choices=asked * 2 * 2)

    def pair_trials(self, answering: str) -> Work:
        """Return the chains that are paired and judged by their words."""
        rows, _ = self._asked(answering)
        return Work(rows=rows, stored=rows * self.facts["bytes"]["chain"])

    def measure(self) -> Work:
        """Return the chains of everyone who is scored."""
        return Work(rows=self.trials())
