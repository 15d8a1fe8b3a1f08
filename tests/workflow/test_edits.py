"""Which jobs an edit of the study, of a text or of the code concerns: exactly these."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from edits import EDITS, OF_DIGITS, OF_PAPER, Edit
from flow import ROOT, copied_checkout, planned, snakemake

from unspoken.study.front_door import merged
from unspoken.study.load import read_yaml


def edited_value(content: Any, key: list[str], value: Any) -> Any:
    """Return a copy of a part of the study with one edit."""
    if not key:
        return value
    name, rest = key[0], key[1:]
    if isinstance(content, list):
        if name == "+":
            return [*content, value]
        at = int(name)
        middle = [] if rest == ["-"] else [edited_value(content[at], rest, value)]
        return [*content[:at], *middle, *content[at + 1 :]]
    return {**content, name: edited_value(content.get(name), rest, value)}


def job_name(rule: str, output: Path, results: Path) -> str:
    """Return a job's name, of the place where its outputs are."""
    inside = output.relative_to(results if output.is_relative_to(results) else "results")
    place = inside.stem if rule == "draw_figure" else str(inside.parent)
    return f"{rule} {place.removeprefix('subliminal/students/')}"


def matching(jobs: set[str], patterns: list[str]) -> set[str]:
    """Return the jobs that some pattern means; each must mean one."""
    found = {}
    for pattern in patterns:
        whole = pattern if " " in pattern else f"{pattern} *"
        found[pattern] = {job for job in jobs if fnmatchcase(job, whole)}
        assert found[pattern], f"no job is a '{pattern}'"
    return set().union(*found.values())


@dataclass
class Shape:
    """A study of empty files, recorded as made by the checkout in `root`."""

    folder: Path
    root: Path
    study: Path
    """Its file, whose name is the study's."""

    def jobs(self, *overlays: Path, root: Path | None = None) -> tuple[set[str], set[str]]:
        """Return the names of all jobs, and of those that a run would do now."""
        files, results = ["--configfile", self.study, *overlays], Path("results/studies", self.study.stem)
        outputs = planned(*files, directory=self.folder, root=root or self.root)
        named = {path: job_name(rule, path, results) for path, (rule, _) in outputs.items()}
        return set(named.values()), {named[path] for path, (_, pending) in outputs.items() if pending}

    def after(self, name: str, edit: Edit | None = None) -> tuple[set[str], set[str]]:
        """Return all jobs and those that an edit concerns."""
        edit, files = edit or EDITS[name], self.folder.parent / name.replace(" ", "-")
        files.mkdir()
        root = self.root
        if edit.text is not None:
            root = copied_checkout(files / "checkout", self.root)
            file, old, new = edit.text
            text = (root / file).read_text()
            assert old in text, f"{file} has no {old!r} any more"
            (root / file).write_text(text.replace(old, new, 1))
        study = whole = merged(read_yaml(self.root / "config.yaml"), read_yaml(self.study))
        for key, value in edit.study.items():
            study = edited_value(study, key.split("."), value)
        overlay = files / "edit.yaml"
        overlay.write_text(json.dumps({key: study[key] for key in study if study[key] != whole[key]}))
        return self.jobs(*([overlay] if edit.study else []), root=root)


def shape_of(study: str, folder: Path) -> Shape:
    """Make the empty files of a shipped study."""
    made = Shape(folder / "work", copied_checkout(folder / "checkout"), ROOT / "studies" / f"{study}.yaml")
    files = ["--configfile", made.study]
    for output in planned(*files, directory=made.folder, root=made.root):
        (made.folder / output).parent.mkdir(parents=True, exist_ok=True)
        (made.folder / output).touch()
    # Without --forceall nothing is recorded, and no edit would ever rerun anything.
    snakemake(*files, "--touch", "--forceall", directory=made.folder, root=made.root, cores=100)
    return made


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory) -> Shape:
    return shape_of("paper_shape", tmp_path_factory.mktemp("shape"))


@pytest.fixture(scope="module")
def after_edits(shape: Shape) -> Iterator[dict[str, Any]]:
    """Return what each edit reruns, asked two at a time."""
    pool = ThreadPoolExecutor(2)
    yield {name: pool.submit(shape.after, name) for name in EDITS}
    pool.shutdown(cancel_futures=True)


def test_a_study_without_edits_reruns_nothing(shape: Shape) -> None:
    jobs, rerun = shape.jobs()
    assert len(jobs) == 315  # a few hundred files
    assert not rerun


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_reruns_exactly_these_jobs(name: str, after_edits: dict[str, Any]) -> None:
    jobs, rerun = after_edits[name].result()
    expected = matching(jobs, EDITS[name].reruns)
    assert {"too many": rerun - expected, "too few": expected - rerun} == {
        "too many": set(),
        "too few": set(),
    }


def test_every_rule_is_rerun_by_some_edit(shape: Shape, after_edits: dict[str, Any]) -> None:
    """A rule that no edit reruns would be one whose params nobody looks at."""
    rules = {job.split(" ")[0] for job in shape.jobs()[0]}
    rerun = {job.split(" ")[0] for asked in after_edits.values() for job in asked.result()[1]}
    assert rules == rerun


def test_edits_of_the_paper_study_rerun_exactly_these_jobs(tmp_path: Path) -> None:
    paper = shape_of("paper", tmp_path)
    for name, reruns in OF_PAPER.items():
        jobs, rerun = paper.after(name)
        assert rerun == matching(jobs, reruns), name


def test_edits_of_variants_rerun_their_own_networks_alone(tmp_path: Path) -> None:
    digits = shape_of("mnist", tmp_path)
    for name, edit in OF_DIGITS.items():
        jobs, rerun = digits.after(name, edit)
        assert rerun == matching(jobs, edit.reruns), name
