"""Chain-of-thought faithfulness: does the reasoning say what drove the answer?"""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, StringConstraints, model_validator

from unspoken.row_files import LINES
from unspoken.row_files import SUFFIXES as ROWS
from unspoken.study.base import Name, Section, Word
from unspoken.study.paths import own_file
from unspoken.study.question_sets import Columns, QuestionSet

Kind = Literal[
    "sycophancy",
    "consistency",
    "visual_pattern",
    "metadata",
    "grader_hacking",
    "unauthorised_information",
]
"""The six kinds of hint of Chen et al. 2025."""
TOLD = (
    "question", "options", "n_options", "key", "id", "prompt", "system", "hinted", "arm", "kind", "target",
    "chain", "thinking", "answer", "sample", "subject", "finish_reason", "n_tokens", "thinking_tokens",
)  # fmt: skip
"""What columns of transcripts may tell, as `unspoken.transcripts.told` has it."""
READ = (*ROWS, ".eval")
"""How files of transcripts end."""


def _is_empty(given: object) -> bool:
    return not given


def _is_none(given: object) -> bool:
    return given is None


class Chains(Section):
    """How chains of thought are written."""

    temperature: NonNegativeFloat
    """0 takes the most likely token; then the sham pair is equal by construction."""
    max_tokens: PositiveInt
    """Longest chain, in tokens; what is cut before its answer counts as truncated."""


class CausalTests(Section):
    """Tests of Lanham et al. 2023 on unhinted chains, and the transplant of hinted chains."""

    chains: NonNegativeInt
    """On how many questions' chains; 0 leaves the tests out."""
    positions: PositiveInt
    """At how many steps of a chain a mistake, and a paraphrase, is put in."""
    rewritten: NonNegativeInt | None = Field(None, exclude_if=_is_none)
    """On how many of these chains, as the model writes steps and what follows anew; null: all."""


class Judge(Section):
    """Who says whether a chain mentions the hint, and relies on it."""

    kind: Literal["lexical", "llm", "ensemble"]
    """`lexical`: patterns of resources/judges.yaml; `llm`: a model with a rubric; `ensemble`: both."""
    model: Name | None = None
    """The judging model; null leaves it out, and only `lexical` works."""

    @model_validator(mode="after")
    def _somebody_judges(self) -> "Judge":
        if self.kind != "lexical" and self.model is None:
            raise ValueError(f"judge.model: nothing was given; expected a model for the judge '{self.kind}'")
        return self


class Transcripts(Section):
    """Chains that you already have (docs/faithfulness.md): judged and scored, nothing generated."""

    path: str
    """The file, from the folder in which you run: .jsonl, .ndjson, .json (compressed: .gz, .zst, .bz2),
    .parquet, or a log of Inspect (.eval, .json)."""
    columns: Columns = {}
    """The file's column for each of question, options, n_options, key, id, prompt, system, hinted, arm, kind,
    target, chain, thinking, answer, sample, finish_reason, n_tokens, thinking_tokens, where it has another
    name or is nested, as in `metadata.hint`; and for subject, who answered: else that is the entry's name."""
    format: Literal["auto", "inspect", "lm_eval", "messages", "every_eval_ever", "rows"] = "auto"
    """What wrote the file; auto recognises it, and the job's log says as what it was read."""
    thinking: Literal["marked", "open"] = "marked"
    """Where thinking stands in a text: between marks, or, `open`, from its beginning on, as the prompt had
    the mark that opens it: then a text without the mark that ends it is a thought that was cut off."""

    @model_validator(mode="after")
    def _readable(self) -> "Transcripts":
        for name in self.columns:
            if name not in TOLD:
                raise ValueError(f"columns: got '{name}'; expected some of {', '.join(TOLD)}")
        own_file(self.path, suffixes=READ)
        return self


class FaithfulnessSection(Section):
    """Hints, and what chains of thought say about them (Chen et al. 2025, Lanham et al. 2023)."""

    models: list[Name] = []
    """The models that answer; none where transcripts alone are scored."""
    planted: list[Name] = []
    """Models whose faithfulness is known: scripted models (asked under each of `personas`), and followers."""
    personas: list[Word] = []
    """What scripted models are told to be, one subject each."""
    questions: list[QuestionSet] = []
    """The sets of questions."""
    instruction: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = Field(
        None, exclude_if=_is_empty
    )
    """What follows each question in place of the instruction of resources/hints.yaml: how to think, and in
    which form to end."""
    kinds: Annotated[list[Kind], Field(min_length=1)]
    """The kinds of hint."""
    options: Literal["wrong", "right", "any"] = "wrong"
    """What hints point to: a wrong option, the right option, or any."""
    moved: NonNegativeInt
    """On how many questions the same hint also points to another wrong option."""
    irrelevant: NonNegativeInt
    """On how many questions a hint of the same form names no option."""
    few_shot: NonNegativeInt = 0
    """On how many questions examples that all answer (A) stand before (Turpin et al. 2023)."""
    chains: Chains
    """How chains of thought are written."""
    hinted_alone: bool = Field(False, exclude_if=_is_empty)
    """Whether answers with no chain are read of hinted prompts too, as they are of those without a hint."""
    tests: CausalTests
    """What is changed in chains."""
    judge: Judge
    """Who judges them."""
    model_contrasts: list[Annotated[list[Name], Field(min_length=2, max_length=2)]] = Field(
        [], exclude_if=_is_empty
    )
    """Pairs of models to compare, question by question: the first minus the second."""
    labels: str | None = None
    """A file of chains that you labelled (`make label`): it corrects the scores of their model."""
    transcripts: dict[Name, Transcripts] = {}
    """Chains that you already have, by name."""
    threads: PositiveInt = 2
    """Cores of one job."""

    @property
    def strata(self) -> list[str]:
        """Return the strata of the questions, in the order in which the sets name them."""
        return list(dict.fromkeys(name for one in self.questions for name in one.strata))

    @model_validator(mode="after")
    def _pairs_are_of_models(self) -> "FaithfulnessSection":
        for place, pair in enumerate(self.model_contrasts):
            given = f"model_contrasts.{place}: got {' and '.join(pair)}"
            if pair[0] == pair[1] or not {*pair} <= {*self.models}:
                known = ", ".join(self.models) or "none is there"
                raise ValueError(f"{given}; expected two of the models that answer: {known}")
            if {*pair} in [{*other} for other in self.model_contrasts[:place]]:
                raise ValueError(f"{given}, which stand there already; expected each pair once")
        return self

    @model_validator(mode="after")
    def _labels_are_there(self) -> "FaithfulnessSection":
        if self.labels is not None:
            try:
                own_file(self.labels, "a file of labelled chains, as make label writes it", LINES)
            except ValueError as error:
                raise ValueError(str(error).replace("path:", "labels:", 1)) from None
        return self

    @model_validator(mode="after")
    def _something_to_score(self) -> "FaithfulnessSection":
        if not self.models and not self.transcripts:
            raise ValueError("models, transcripts: nothing was given; expected models, or transcripts")
        if self.models and not self.questions:
            raise ValueError("questions: nothing was given; expected sets of questions for the models")
        for name in self.models:
            if name in self.planted:
                raise ValueError(f"planted: got '{name}', which models has too; expected it in one of them")
        for name in self.transcripts:
            if name in (*self.models, *self.planted):
                raise ValueError(f"transcripts: got '{name}', a model's name too; expected names that differ")
        for name in self.kinds:
            if self.kinds.count(name) > 1:
                raise ValueError(f"kinds: got '{name}' twice; expected each once")
        return self
