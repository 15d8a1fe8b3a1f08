"""What the room's jobs have to do, in tokens."""

from unspoken.cost.work import Facts, Work
from unspoken.experiments.reinforcement.names import START
from unspoken.experiments.reinforcement.section import ReinforcementSection


class RewardWork:
    """The amounts of the room's jobs."""

    def __init__(self, section: ReinforcementSection, facts: Facts) -> None:
        """Take the section, and what is stated of tokens."""
        self.section, self.tokens = section, facts["reinforcement"]

    def of(self, rule: str, start: str | None = None, arm: str | None = None, **_: str) -> Work | None:
        """Return what a job of a rule has to do; None for a rule of another room, whatever its wildcards."""
        section, dose = self.section, self.section.training
        if rule == "measure":
            return Work()
        if start not in section.starts:
            return None
        chat = section.starts[start].model is not None
        if rule == "train_starts":
            steps = section.supervised.steps * section.supervised.rows
            return Work(trained=section.bases * steps * self.tokens["row"])
        if rule == "finetune_starts":
            rows = section.bases * section.chat.rows * section.chat.epochs
            return Work(trained=rows * sum(self.tokens["chat"].values()))
        if rule == "train_by_reward":
            prompts = section.bases * dose.seeds * dose.updates * dose.prompts
            replies = prompts * dose.samples
            if not chat:
                return Work(trained=replies * self.tokens["row"], generated=replies * self.tokens["row"])
            prompt, reply = self.tokens["chat"]["prompt"], self.tokens["chat"]["reply"]
            return Work(trained=prompts * prompt + replies * reply, generated=replies * reply)
        asked = section.items * section.bases * (1 if arm == START else dose.seeds)
        snapshots = 1 if arm == START else 1 + len(dose.snapshots)
        if rule == "ask_subjects":
            decided = asked * self.tokens["decisions"]
            # Twice as many again for the check of training.
            stated = 2 if section.starts[start].task == "steps" else 0
            drawn = asked * (snapshots + stated + self.tokens["drawn"]) * self.tokens["chat"]["reply"]
            return Work(generated=drawn, read=decided * self.tokens["chat"]["prompt"]) if chat else Work()
        return Work(read=asked * snapshots * self.tokens["rubric"]) if rule == "monitor_chains" else None
