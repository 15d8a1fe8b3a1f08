"""The base of every section of the study's typed model."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# Names become folders and wildcards: no slash, no dot at the start, nothing to escape.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.\-]*$", max_length=60)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]+$", max_length=30)]


class Section(BaseModel):
    """A section of the study: unknown keys are errors, values cannot be changed after the check."""

    model_config = ConfigDict(extra="forbid", frozen=True)
