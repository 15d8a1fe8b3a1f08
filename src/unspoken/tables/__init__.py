"""The tables between the stages, each with its schema."""

import sys
from importlib import import_module

if "sqlalchemy" not in sys.modules:
    # dataframely loads SQLAlchemy where it is installed, as it is beside Snakemake. No table here needs
    # it, and it takes every job longer than Polars does.
    sys.modules["sqlalchemy"] = None  # type: ignore[assignment]
    import_module("dataframely")
    del sys.modules["sqlalchemy"]
