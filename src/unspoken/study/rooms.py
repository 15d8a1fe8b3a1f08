"""The rooms: the only list of experiments. A new one is its folder, and one line here."""

from unspoken.experiments.faithfulness.experiment import FaithfulnessRoom
from unspoken.experiments.loops.experiment import LoopsRoom
from unspoken.experiments.mnist.experiment import MnistRoom
from unspoken.experiments.probing.experiment import ProbingRoom
from unspoken.experiments.subliminal.experiment import SubliminalRoom
from unspoken.experiments.theorem.experiment import TheoremRoom
from unspoken.study.room import Room

ROOMS: tuple[type[Room], ...] = (
    SubliminalRoom,
    MnistRoom,
    TheoremRoom,
    ProbingRoom,
    FaithfulnessRoom,
    LoopsRoom,
)
