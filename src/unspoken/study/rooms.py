"""The rooms: the only list of experiments. A new experiment is its folder, and one line here."""

from importlib import import_module

from unspoken.study.room import Room

NAMES = (
    "subliminal",
    "mnist",
    "theorem",
    "probing",
    "faithfulness",
    "loops",
    "scaling",
    "reinforcement",
    "misalignment",
    "harmful",
    "emergent",
)


def room_in(name: str) -> type[Room]:
    """Return the room in a folder of `unspoken.experiments`: the class that its `experiment.py` defines.

    Raises TypeError where the module defines none, or several, or one of another name than its folder.
    """
    module = import_module(f"unspoken.experiments.{name}.experiment")
    defined = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Room)]
    own = [one for one in defined if one.__module__ == module.__name__]
    if len(own) != 1 or own[0].name != name:
        raise TypeError(f"{module.__file__}: expected one class derived from Room whose name is '{name}'")
    return own[0]


ROOMS: tuple[type[Room], ...] = tuple(map(room_in, NAMES))
