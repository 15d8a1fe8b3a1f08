"""Faults: what each does to a run, and what is lost (nothing). `make test-faults` prints the table."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "slurm"), str(TESTS / "workflow")]

from cluster_fixture import cluster  # noqa: E402, F401
