"""The claims of a paper as `resources/claims/*.yaml` and a user's own files hold them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, model_validator

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Unit = Literal[
    "fraction", "probability", "percent", "percentage points", "relative percent", "ratio", "log_odds",
    "logits", "accuracy", "correlation", "tokens", "rows", "count", "nats", "entropy", "kappa", "auroc",
    "area over curve", "grade points", "text",
]  # fmt: skip
Kind = Literal[
    "direction", "null", "size", "bound", "order", "trend", "count", "protocol", "argument"
]  # fmt: skip
Reason = Literal[
    "not usable", "argument", "closed model", "needs GPU study", "needs data", "not built"
]  # fmt: skip
"""Why a claim has no test; of several, the first. `closed model` and `needs GPU study` are of claims about
this model alone: another model of its class cannot stand in for it. `needs data`: the metric is measured
here, on other data. `not built`: no metric here says it of any model."""
NEEDS_THE_MODEL = ("closed model", "needs GPU study")


class Part(BaseModel):
    """A section of a claims file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Value(Part):
    """One published number, or words where the source gives none."""

    of: str | None = None
    """What the number is of, where a claim has several."""
    value: float | None = None
    bound: Literal["<", "<=", ">", ">=", "~"] | None = None
    """Set where the source gives a limit (or, `~`, an approximate value)."""
    low: float | None = None
    """Lower end of the published interval, in the unit of the value."""
    high: float | None = None
    interval: str | None = None
    """What the published interval is: `95% t over seeds`, `standard error`, `range`."""
    text: str | None = None
    """The published outcome in words."""
    unit: Unit
    """`text` where there is no number."""

    @model_validator(mode="after")
    def _number_or_text(self) -> "Value":
        if (self.value is None and self.low is None) != (self.unit == "text"):
            raise ValueError("unit: expected 'text' exactly where there is neither a value nor an interval")
        if self.unit == "text" and not self.text:
            raise ValueError("text: nothing was given; expected words where there is no number")
        if (self.low is None) != (self.high is None):
            raise ValueError("low, high: expected both ends of an interval or none")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low, high: got {self.low} above {self.high}; expected the lower end first")
        return self


class PublishedN(Part):
    """How many replicates the published number rests on."""

    n: PositiveInt
    of: Literal["base", "teacher", "training_seed", "question", "text"]


class Needs(Part):
    """What a measured row must share with the claim to be more than an analogue of it."""

    objective: str | None = None
    teacher: str | None = None
    carrier: str | None = None
    scorer: str | None = None
    data: str | None = None
    """The original's data, such as `60000 images`."""


class Match(Part):
    """Which rows of `measurements` speak to a claim. `*` in a subject stands for anything."""

    conditions: dict[str, str] = {}
    """Conditions that a row must have, with these values. It may have others beside them, but for those
    of rows that stand aside (`tables.measurements.ASIDE`), which are to be named."""
    subject: Text = "*"
    versus: Text | None = None


class Counterpart(Part):
    """The test that has to be shown in a study before a null says something there."""

    claim: Id
    """The claim whose test it is."""
    conditions: dict[str, str] = {}
    """Conditions that its row must have; in all others it is like the null's."""
    effect: Annotated[float, Field(gt=0)] | None = None
    """Its effect on development seeds, in the unit of both tests: a margin is at most half of it. Null: none
    was shown there."""


class Test(Match):
    """A declarative test: which measured contrasts it reads, and what counts as small."""

    experiment: Text
    metric: Text
    unit: Text
    """The unit of the measured row: probability, log_odds, accuracy, ..."""
    sign: Literal["+", "-"] = "+"
    """The published direction: `+` when the contrast is published as positive."""
    sesoi: Annotated[float, Field(gt=0)] | None = None
    """The smallest effect that would matter, fixed before measuring; null: the default."""
    margin: Annotated[float, Field(gt=0)] | None = None
    """The equivalence margin, fixed before measuring; null: the default."""
    counterpart: Counterpart | None = None
    """Of a null: what has to be shown beside it. A null without one is never informative."""
    adjacent: list[Match] = []
    """For the kind `order`: the adjacent contrasts, each of which must be shown."""
    unlike: list[Text] = Field([], exclude_if=lambda names: not names)
    """Of the claim's `subject_models`, those of which it says something else: their rows say nothing of the
    direction that it gives for the others."""
    needs: Needs = Needs()


class Claim(Part):
    """One claim of a paper."""

    id: Id
    statement: Text
    """The claim as one sentence, in our own words."""
    where: Text
    """Section, table or figure."""
    source_kind: Literal["primary_text", "authors_code", "verified_extract", "third_party_notes", "none"]
    source: Text
    """What was read."""
    read: date | None
    """The day on which statement and values were last held against the text of the source; null: they
    were not."""
    unread: Text | None = None
    """Why they were not."""
    confidence: Literal["seen in source", "inferred", "from memory"]
    tier: Annotated[int, Field(ge=1, le=3)]
    """1 headline, 2 supporting, 3 descriptive."""
    experiment: Text
    metric: Text
    definition: str | None = None
    """How the published metric is computed."""
    model: Text
    """The published subject, as the paper names it."""
    condition: Text
    direction: Text
    """The published direction, in words."""
    values: Annotated[list[Value], Field(min_length=1)]
    correction: str | None = None
    """Where the value was read if not where the source first gave it."""
    kind: Kind
    scope: Literal["this model", "models of its class", "any network"]
    subject_models: list[Text] = []
    """Hub ids of the published subjects: `owner/name`, or `owner/name@revision`."""
    class_: Annotated[str, Field(alias="class")]
    """The class of models that the claim is about."""
    published_n: PublishedN | None = None
    usable: Literal["full", "direction", "no"]
    conflicts_with: list[Id] = []
    test: Test | None = None
    reason: Reason | None = None
    """Why there is no test."""
    lacks: Text | None = None
    """What is to be measured or brought before it can be tested."""

    @model_validator(mode="after")
    def _tested_or_not(self) -> "Claim":
        if (self.test is None) == (self.reason is None):
            raise ValueError("test, reason: expected a test, or the reason that there is none")
        if (self.usable == "no") != (self.reason == "not usable"):
            raise ValueError(
                f"usable: got {self.usable!r}, and the reason {self.reason!r}; expected "
                "the reason 'not usable' exactly where usable is 'no'"
            )
        if (self.kind == "argument") and self.test is not None:
            raise ValueError("kind: got 'argument' with a test; an argument has none")
        if self.lacks is not None and self.test is not None:
            raise ValueError("lacks: got words beside a test; expected them where a test is not possible yet")
        return self

    @model_validator(mode="after")
    def _reason_fits(self) -> "Claim":
        if self.kind == "argument" and self.reason not in ("argument", "not usable"):
            raise ValueError(f"reason: got {self.reason!r}; expected 'argument' for the kind 'argument'")
        if self.reason == "argument" and self.kind not in ("argument", "protocol"):
            raise ValueError(f"reason: got 'argument' for a {self.kind}; expected why it is not measured")
        if self.reason in NEEDS_THE_MODEL and self.scope != "this model":
            raise ValueError(
                f"reason: got {self.reason!r} with the scope {self.scope!r}; expected it of 'this model' only"
            )
        return self

    @model_validator(mode="after")
    def _read_or_not(self) -> "Claim":
        if (self.read is None) != (self.unread is not None):
            raise ValueError(
                "read, unread: expected the day on which the source was last read, or null and why it was not"
            )
        return self

    @model_validator(mode="after")
    def _test_fits(self) -> "Claim":
        if self.test is None:
            return self
        if (self.kind == "order") != bool(self.test.adjacent):
            raise ValueError("test.adjacent: expected the adjacent contrasts exactly for the kind 'order'")
        strangers = [name for name in self.test.unlike if name not in self.subject_models]
        if strangers:
            raise ValueError(f"test.unlike: got {strangers[0]!r}; expected some of its subject_models")
        if self.test.counterpart is not None and self.kind != "null":
            raise ValueError(f"test.counterpart: got one for a {self.kind}; expected it for a null alone")
        published = self.values[0]
        numeric = self.kind in ("size", "bound", "count", "protocol")
        if numeric and published.value is None:
            raise ValueError(f"values.0.value: nothing was given; a {self.kind} is tested against a number")
        if numeric and published.unit != self.test.unit:
            raise ValueError(
                f"values.0.unit: got {published.unit!r}, and the test reads {self.test.unit!r}; "
                f"expected one unit for a {self.kind}"
            )
        if self.kind == "bound" and published.bound not in ("<", "<=", ">", ">="):
            raise ValueError("values.0.bound: expected <, <=, > or >= for a bound")
        if numeric and self.kind != "size" and self.usable == "direction":
            raise ValueError(
                f"usable: got 'direction'; a {self.kind} is tested against its number: none can be"
            )
        return self


class Paper(Part):
    """A paper and its claims: one file."""

    paper: Id
    """Its key: `cloud2025`."""
    cited: Text
    """How it is cited in text: `Cloud et al. 2025`."""
    title: Text
    year: Annotated[int, Field(ge=1900, le=2100)] | None
    """Null where the source could not be located."""
    url: Text
    """arXiv id, DOI or address."""
    pillar: Literal[
        "subliminal learning", "faithfulness", "vestigial reasoning", "inverse scaling",
        "latent reasoning", "legibility", "answer order", "other",
    ]  # fmt: skip
    question: Text
    """What it asks, in one sentence."""
    protocol: Annotated[list[Text], Field(max_length=5)] = []
    """How it asks, in at most five lines."""
    claims: Annotated[list[Claim], Field(min_length=1)]
