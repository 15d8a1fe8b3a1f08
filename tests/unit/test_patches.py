"""What this project changes in other libraries: each test fails when a change is no longer needed."""

import inspect
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from snakemake.scheduling import job_scheduler


def test_snakemake_still_leaves_a_timer_of_each_job() -> None:
    """If it does not, delete `lift_job_rate_limit` in rules/common.smk."""
    source = inspect.getsource(job_scheduler)
    assert "self.job_rate_limiter = (" in source
    assert "self._schedule_reevalutation(self.job_rate_limiter.timespan)" in source


def test_transformers_still_asks_for_all_distributions_at_its_import() -> None:
    """If it does not, delete `_distributions` in src/unspoken/jobs.py."""
    package = find_spec("transformers")
    assert package is not None and package.origin is not None
    source = (Path(package.origin).parent / "utils/import_utils.py").read_text()
    assert "PACKAGE_DISTRIBUTION_MAPPING = importlib.metadata.packages_distributions()" in source


def test_torch_still_multiplies_single_precision_without_onednn() -> None:
    """If it does not, take torch's own products in src/unspoken/models/products.py."""
    start = "import torch; from unspoken.models.products import product; a = torch.ones(64, 64); "
    told = os.environ | {"ONEDNN_VERBOSE": "1", "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    said = [
        subprocess.run(
            [sys.executable, "-c", start + way], env=told, capture_output=True, text=True, check=True
        ).stdout
        for way in ("product(a, a)", "a @ a")
    ]
    assert [",exec," in one for one in said] == [True, False]
