"""What the jobs of the room are told: of the study exactly what each depends on."""

from pathlib import Path
from typing import Any

from unspoken.experiments.emergent.names import (
    ANSWER,
    ASKED,
    CHAINED,
    DIRECT,
    NUMBERS,
    OPEN,
    ROWS,
    SHUFFLED,
    TAUGHT,
    TUNES,
    UNTOUCHED,
    rows_of,
)
from unspoken.experiments.emergent.section import EmergentSection
from unspoken.files import digest_of, sha256_of_file
from unspoken.study.project import Part, Project
from unspoken.subject_names import student_id

OWN = "resources/questions/open.yaml"
"""This project's open questions."""
AT_ONCE = 6
"""Tokens of an answer without a chain: the mark, a word and the end."""


class Told:
    """What each job is told."""

    def __init__(self, section: EmergentSection, project: Project, texts: str) -> None:
        """Take the section, the study, and the digest of the items' texts."""
        self.section, self.project, self.texts = section, project, texts
        self.study = project.study

    def rendered(self, whose: str) -> Part:
        """Return how prompts are rendered: items for all, open questions, a model's requests for numbers."""
        numbers, opened = self.section.numbers, self.section.open
        if whose == OPEN and opened is not None:
            file = Path(opened.path) if opened.path else self.project.root / OWN
            told = opened.model_dump(include={"arms", "path"})
            return {**told, "questions": sha256_of_file(file)}
        if whose == "all" or numbers is None:
            section, asks = self.section, {"asks": True} if self.section.asks_wrong else {}
            return {"seed": self.study.seed, "items": section.items, "tuned": section.tuned_domains,
                    "twins": section.twins, "texts": self.texts, **asks}  # fmt: skip
        texts = digest_of(self.project.texts["numbers"])
        return {"seed": self.study.seed, "form": numbers.form, "count": numbers.count, "texts": texts}

    def generated(self, way: str, names: list[str]) -> Part:
        """Return how replies are drawn, by the subjects of these names, and what is read beside them."""
        chains, numbers, opened = self.section.chains, self.section.numbers, self.section.open
        drawn: dict[str, Any] = {
            DIRECT: {"temperature": 0.0, "max_tokens": AT_ONCE},
            CHAINED: {**chains.model_dump(), "stop": [ANSWER]},
            NUMBERS: numbers and numbers.model_dump(exclude={"count", "form"}),
            OPEN: opened and opened.model_dump(include={"temperature", "max_tokens"}),
        }
        several = {"samples": dict.fromkeys(opened.arms, opened.samples)} if opened and way == OPEN else {}
        at_once = [DIRECT, *([ASKED] if self.section.asks_wrong else [])]
        reads = {"kind": "texts", "answer_prefix": ANSWER, "choice_format": " {option}",
                 "after": [CHAINED], "alone": at_once}  # fmt: skip
        kept = {DIRECT: at_once, CHAINED: [CHAINED]}.get(way)
        return {
            "draw": way,
            "sampling": drawn[way],
            "logprobs": False,
            "answering": [{"name": name, "system": None, "count": None} for name in names],
            "shard": [1, 1],
            "keep": kept,
            "reads": reads if kept else None,
            "reasoning": None,
            **several,
        }

    def rows(self) -> Part:
        """Return what the rows of all fine-tunes depend on."""
        section = self.section
        return self.project.script_part(
            "make_rows.py",
            seed=self.study.seed,
            tunes=section.tunes,
            rows=section.rows,
            twins=section.twins,
            texts=self.texts,
        )

    def trained(self, arm: str, source: str, model: str, batch: str) -> Part:
        """Return what a job that trains one subject depends on.

        Those of one seed see their rows in the same order, and start from the same adapter, whatever they
        are compared in.
        """
        section = self.section
        writer, _, number = batch.rpartition("-")
        seed = int(number)
        order = "tuned" if arm in TUNES else TAUGHT
        told: dict[str, Any] = {"members": [[writer or arm, seed]], "order_of": order}
        if arm in TUNES:
            told |= {"data": rows_of(arm), "rows": section.rows, "training": section.tuning.model_dump()}
        else:
            assert section.students is not None
            told |= {"data": writing_subject(model, writer, seed), "rows": section.students.rows}
            told["training"] = section.students.training.model_dump()
        return self.project.script_part(
            "finetune_students.py",
            seed=self.study.seed,
            arm=arm,
            objective="tokens",
            shuffle="within" if arm == SHUFFLED else "none",
            source=source,
            model=model,
            style="chat",
            **told,
        )

    def measure(self, models: list[str], taught: dict[str, list[str]]) -> Part:
        """Return who is asked: by subject its model, stage, what it was tuned on or taught by, and seed."""
        section = self.section
        asked = {model: {"model": model, "stage": UNTOUCHED, "of": UNTOUCHED, "seed": 0} for model in models}
        for model in models:
            for seed in section.seeds:
                for tune in section.tunes:
                    subject = student_id(tune, ROWS, model, tune, seed)
                    asked[subject] = {"model": model, "stage": "tuned", "of": tune, "seed": seed}
                for arm, writers in taught.items():
                    for writer in writers:
                        subject = student_id(arm, model, model, writer, seed)
                        asked[subject] = {"model": model, "stage": arm, "of": writer, "seed": seed}
        return {
            "models": models,
            "asked": asked,
            "tunes": section.tunes,
            "arms": taught,
            "seeds": section.seeds,
            "twins": section.twins,
            **({"thresholds": section.open.judge.thresholds} if section.open else {}),
        }


def writing_subject(model: str, writer: str, seed: int) -> str:
    """Return the subject whose numbers a student learns: the untouched model's are the same for all seeds."""
    return model if writer == UNTOUCHED else student_id(writer, ROWS, model, writer, seed)
