"""Ten tiny models through both engines: `make test-models` prints the table."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
