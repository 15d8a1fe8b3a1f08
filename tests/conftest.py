"""What holds for all tests: beside each other, each takes one core."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    # Two workers whose torch takes every core take far more than twice as long.
    os.environ["OMP_NUM_THREADS"] = "1"
