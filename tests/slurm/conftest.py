"""Tests of a study on a real SLURM cluster."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow")]

from cluster_fixture import cluster  # noqa: E402, F401
