"""Files of keys and values whose keys and types are known: what is wrong in a file, key by key."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from unspoken.expected import said_of
from unspoken.yaml_files import read_keys


class Keys(BaseModel):
    """A section of a file: unknown keys are errors, and a number is no text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Kind = TypeVar("Kind", bound=BaseModel)


def typed_keys(kind: type[Kind], path: Path, fault: type[ValueError]) -> Kind:
    """Return what a YAML file says, as the model that it must fit.

    Raises `fault`, which names the file, for one that cannot be read, and with a line for each key that
    is wrong.
    """
    content = read_keys(path, fault)
    try:
        return kind.model_validate(content)
    except ValidationError as errors:
        lines = []
        for error in errors.errors(include_url=False):
            *above, last = error["loc"]
            if last == "[key]":  # the key itself is wrong: pydantic may have made a number of it
                above[-1:], last = [], error["input"]
            lines.append(f"{path}: {'.'.join(map(str, [*above, last]))}: {said_of(error, kind)}")
        raise fault("\n".join(lines)) from None
