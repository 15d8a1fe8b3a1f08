"""The study: the whole of `config.yaml` as one typed model, built from the list of rooms."""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import create_model, model_validator

from unspoken.study.keys import CommonKeys
from unspoken.study.rooms import ROOMS

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

NAMES = tuple(room.name for room in ROOMS)


class CheckedKeys(CommonKeys):
    """The common keys, checked beside the sections of the rooms."""

    @model_validator(mode="before")
    @classmethod
    def _models_are_known(cls, given: Any) -> Any:
        """Before the sections' own checks, which an unknown model would send elsewhere."""
        known = given.get("models")
        for name, section in given.items():
            models = section.get("models") if isinstance(section, dict) and name != "models" else None
            for model in models if isinstance(models, list) and isinstance(known, dict) else []:
                if isinstance(model, str) and model not in known:
                    raise ValueError(
                        f"{name}.models: got {model!r}; expected one of: {', '.join(sorted(known))}"
                    )
        return given

    @model_validator(mode="after")
    def _experiments_are_configured(self) -> "CheckedKeys":
        for name in self.experiments:
            if self.experiments.count(name) > 1:
                raise ValueError(f"experiments: got '{name}' twice; expected each once")
            if self.section(name) is None:
                raise ValueError(f"experiments: got '{name}'; expected a section '{name}' beside it")
        return self

    @model_validator(mode="after")
    def _sections_fit(self) -> "CheckedKeys":
        for room in ROOMS:
            section = self.section(room.name)
            fault = room.fault(section, self) if section is not None else None
            if fault:
                raise ValueError(fault)
        return self


def _fields() -> dict[str, "tuple[Any, FieldInfo | Any]"]:
    """Return the fields of the study that the rooms bring: the names of experiments, and a section each."""
    from pydantic import Field

    sections = {
        room.name: (room.section_class | None, Field(None, description=room.__doc__)) for room in ROOMS
    }
    described = CommonKeys.model_fields["experiments"].description
    listed = Field(min_length=1, description=described)
    return {"experiments": (list[Literal[NAMES]], listed), **sections}  # type: ignore[valid-type]


Study: type[CheckedKeys] = create_model(
    "Study", __base__=CheckedKeys, __doc__=CommonKeys.__doc__, **_fields()
)  # type: ignore[call-overload]
