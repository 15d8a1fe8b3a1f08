"""What a run says at its start ends no run; what must end a run does."""

from pathlib import Path

import pytest
from flow import RESULTS, TEST_STUDY, attempted, copied_checkout

VEGA = RESULTS / "figures" / "vega.js"


def test_a_note_that_cannot_be_said_is_a_warning_and_the_run_goes_on(tmp_path: Path) -> None:
    root, work = copied_checkout(tmp_path / "checkout"), tmp_path / "work"
    notes = root / "src/unspoken/study/said.py"
    said = "    kinds = {plan.study.models[name].engine.kind for name in plan.used_models}\n"
    assert said in notes.read_text()
    broken = said.replace("kinds = ", 'raise RuntimeError("no ink"); kinds = ')
    notes.write_text(notes.read_text().replace(said, broken))
    status, told = attempted(VEGA, "--configfile", TEST_STUDY, directory=work, root=root)
    assert status == 0, told
    assert (work / VEGA).is_file()
    assert "print_notes failed, and the run goes on: RuntimeError: no ink" in told


def test_jobs_in_the_queue_end_a_run_before_its_first_job(tmp_path: Path) -> None:
    root, work = copied_checkout(tmp_path / "checkout"), tmp_path / "work"
    (work / ".snakemake" / "slurm_logs").mkdir(parents=True)
    queued = root / "src/unspoken/queued.py"
    asked = "if jobs := queued_jobs(directory):"
    assert asked in queued.read_text()
    queued.write_text(queued.read_text().replace(asked, 'if jobs := ["4711"]:'))
    status, told = attempted(VEGA, "--configfile", TEST_STUDY, directory=work, root=root)
    assert status != 0
    assert "Jobs of an earlier run of this folder are in SLURM's queue: 4711" in told
    assert not (work / VEGA).exists()


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ("subliminal", "A target stands before the options: snakemake subliminal --cores 1 --directory"),
        ("studies/tets.yaml", "--configfile: there is no file 'studies/tets.yaml'\n"),
    ],
)
def test_a_target_after_the_studies_files_is_told_where_it_stands(
    after: str, told: str, tmp_path: Path
) -> None:
    """Snakemake takes it for a file; should it one day tell that itself, this hook can go."""
    status, said = attempted("--dry-run", "--configfile", TEST_STUDY, after, directory=tmp_path)
    assert status != 0
    assert told in said
    assert "Traceback" not in said
    if "options" in told:
        assert said.rstrip().endswith(f"--dry-run --configfile {TEST_STUDY}")
        right = ("subliminal", "--dry-run", "--quiet", "--configfile", TEST_STUDY)
        assert attempted(*right, directory=tmp_path)[0] == 0
