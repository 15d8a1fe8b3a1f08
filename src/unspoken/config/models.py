"""The models of a study: built here, carried by a package, downloaded, or a local directory."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, StringConstraints

from unspoken.config.base import Name, Section

Revision = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class OrganismModel(Section):
    """A small Llama that the workflow pretrains itself on a corpus whose rules are known."""

    kind: Literal["organism"]
    """Where the model comes from."""
    seed: PositiveInt
    """Its initialisation and corpus; an organism is a fixed model, whatever the study's seed."""
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
    classes: list[str] = []
    """What kind of model this is, for the fidelity of a verdict."""


class HubModel(Section):
    """A model of the Hugging Face hub at a pinned revision."""

    kind: Literal["hub"]
    """Where the model comes from."""
    repo: Annotated[str, StringConstraints(pattern=r"^[\w\-.]+/[\w\-.]+$")]
    """`owner/name` on the hub."""
    revision: Revision
    """The commit, 40 hexadecimal digits: a branch name would change under the study."""
    classes: list[str] = []
    """What kind of model this is, for the fidelity of a verdict."""


class LocalModel(Section):
    """A Hugging Face model directory on this machine."""

    kind: Literal["local"]
    """Where the model comes from."""
    path: str
    """The directory; it must hold `config.json`, a tokenizer and safetensors weights."""
    classes: list[str] = []
    """What kind of model this is, for the fidelity of a verdict."""


Model = Annotated[OrganismModel | PackagedModel | HubModel | LocalModel, Field(discriminator="kind")]
