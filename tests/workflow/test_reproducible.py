"""The same study from nothing, with one core and with two; two studies in turn in one place."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
import yaml
from flow import snakemake

from unspoken.files import digest_of

SMALL = {
    "study": "small",
    "experiments": ["subliminal"],
    "traits": {"draw": 2},
    "models": {"organism-tiny": {"kind": "organism", "seed": 21, "steps": 60}},
    "subliminal": {
        "models": ["organism-tiny"],
        "teacher": {"rows": 320},
        "numbers": {"completions": 500},
        "rows": 96,
        "filter": {"max_count": 1000},
        "student": {"epochs": 1},
        "probe": {"samples": 1, "samples_after_numbers": 0, "carrier_rows": 2},
        "arms": [
            {"name": "tokens", "objective": "tokens", "controls": ["untouched"]},
            {"name": "kl-carrier", "objective": "kl_carrier"},
        ],
    },
}
MEASUREMENTS = "subliminal/measurements.parquet"


def run(folder: Path, study: dict, target: str, cores: int) -> str:
    """Make one target of a study in a folder; return what Snakemake says."""
    overlay = folder.parent / f"{study['study']}.yaml"
    overlay.write_text(yaml.safe_dump(study))
    file = f"results/studies/{study['study']}/{target}"
    return snakemake(file, "--configfile", overlay, directory=folder, cores=cores)


def digest(folder: Path) -> str:
    """Return the digest of a study's measurements that must be bit-equal in a rebuild."""
    measurements = pl.read_parquet(folder / "results" / "studies" / "small" / MEASUREMENTS)
    rows = measurements.filter("reproducible").sort("measurement_id").to_dicts()
    assert len(rows) == measurements.height > 50  # an organism's rows are all reproducible
    return digest_of(rows)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Return the folders of a small study made from nothing with one core and with two.

    Both at a time, so that they also disturb each other.
    """
    folders = {cores: tmp_path_factory.mktemp("cores") / str(cores) for cores in (1, 2)}
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, folder, SMALL, MEASUREMENTS, cores) for cores, folder in folders.items()]
    for made in runs:
        made.result()
    return folders


def test_one_core_and_two_give_the_same_numbers(twice: dict[int, Path]) -> None:
    assert digest(twice[1]) == digest(twice[2])


def test_two_studies_in_turn_leave_each_other_alone(twice: dict[int, Path]) -> None:
    once = twice[2]

    def files() -> dict[Path, int]:
        places = (once / "results" / "studies" / "small", once / "results" / "models")
        found = (path for place in places for path in place.rglob("*"))
        return {path: path.stat().st_mtime_ns for path in found if path.is_file()}

    before = files()
    other = {**SMALL, "study": "other", "seed": 9}
    kept = "subliminal/organism-tiny/base/kept.parquet"
    run(once, other, kept, cores=2)
    assert files() == before
    for name in ("small", "other"):
        folder = once / "results" / "studies" / name / "subliminal" / "organism-tiny" / "base"
        assert set(pl.read_parquet(folder / "1-of-1" / "replies.parquet")["study"]) == {name}
    assert "Nothing to be done" in run(once, SMALL, MEASUREMENTS, cores=2)
    assert "Nothing to be done" in run(once, other, kept, cores=2)
