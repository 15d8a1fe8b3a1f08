"""The digest of code: it changes with what the code does, and with nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from unspoken import code

SCRIPT = '''#!/usr/bin/env python
"""Count."""
from unspoken.jobs import start

def main():
    from unspoken.counts import count
    start(count([1, 2]))
'''
PARTS = '''"""Parts."""
STEP = 1

def count(values):
    """Count."""
    return sum(values) + STEP
'''
ROOM_DECLARES = ("experiment", "section", "design", "work", "replicates")
RECORDS = '''from dataclasses import dataclass, field


@dataclass(frozen=True)
class Record:
    """A record."""

    name: str
    share: float = 1.0
    limit: int | None = None
    """At most so many."""


class Row:
    name: str
    limit: int | None = None
'''
LIBRARY = {
    "records.py": RECORDS,
    "__init__.py": "",
    "jobs.py": "def start(value):\n    print(value)\n",
    "counts/__init__.py": "from unspoken.counts.parts import count\n",
    "counts/parts.py": PARTS,
    "other.py": "from unspoken.study import keys\nSTEP = 1\n",
    "study/__init__.py": "",
    "study/keys.py": "LEAST = 1\n",
    "experiments/__init__.py": "",
    "experiments/one/__init__.py": "",
    "experiments/one/parts.py": "HALF = 2\n",
    **{f"experiments/one/{name}.py": "LEAST = 1\n" for name in ROOM_DECLARES},
}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A library and a script of its own, in place of this project's."""
    source = tmp_path / "unspoken"
    for name, text in LIBRARY.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    (tmp_path / "count.py").write_text(SCRIPT)
    monkeypatch.setattr(code, "SOURCE", source)
    yield tmp_path
    code._file.cache_clear()
    code._module_files.cache_clear()


def digest(house: Path) -> str:
    code._file.cache_clear()
    code._module_files.cache_clear()
    return code.code_digest(house / "count.py")


def edited(house: Path, name: str, old: str, new: str) -> bool:
    """Edit a file; return whether that changed the digest."""
    before, path = digest(house), house / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return digest(house) != before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("count.py", "[1, 2]", "[1, 3]"),
        ("unspoken/jobs.py", "print(value)", "print(value, flush=True)"),
        ("unspoken/counts/parts.py", "STEP = 1", "STEP = 2"),  # imported by way of a package, in a function
        ("unspoken/counts/__init__.py", "import count", "import count, STEP"),
        ("unspoken/counts/parts.py", "return sum(values) + STEP", "return STEP + sum(values)"),
    ],
)
def test_a_change_of_logic_counts(house: Path, name: str, old: str, new: str) -> None:
    assert edited(house, name, old, new)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("count.py", '"""Count."""', '"""Count the values."""'),
        ("count.py", "def main():", "# The story.\ndef main():"),
        ("unspoken/counts/parts.py", '    """Count."""\n', ""),
        ("unspoken/counts/parts.py", '"""Parts."""', "# Parts."),
        ("unspoken/counts/parts.py", "sum(values) + STEP", "(sum(values)  +  STEP)"),
        ("unspoken/other.py", "STEP = 1", "STEP = 2"),  # of another script
    ],
)
def test_comments_docstrings_layout_and_other_scripts_code_do_not(
    house: Path, name: str, old: str, new: str
) -> None:
    assert not edited(house, name, old, new)


def test_file_times_and_places_do_not(house: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = digest(house)
    for path in house.rglob("*.py"):
        path.touch()
    assert digest(house) == before
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "house"
    shutil.copytree(house, elsewhere)
    code.SOURCE = elsewhere / "unspoken"  # put back by the fixture
    assert digest(elsewhere) == before


def test_a_module_that_becomes_imported_counts(house: Path) -> None:
    assert edited(house, "unspoken/jobs.py", "def start", "from unspoken import other\n\ndef start")
    assert edited(house, "unspoken/other.py", "STEP = 1", "STEP = 2")


def test_scripts_of_this_project_have_digests_of_their_own() -> None:
    scripts = sorted((Path(__file__).parents[2] / "scripts").glob("*.py"))
    digests = {code.code_digest(script) for script in scripts}
    assert len(scripts) == len(digests) > 15


def test_what_a_study_may_ask_is_no_part_of_what_a_job_does(house: Path) -> None:
    assert edited(house, "unspoken/counts/parts.py", "STEP = 1", "from unspoken.other import STEP")
    assert edited(house, "unspoken/other.py", "STEP = 1", "STEP = 2")
    assert not edited(house, "unspoken/study/keys.py", "LEAST = 1", "LEAST = 2")


@pytest.mark.parametrize("name", ROOM_DECLARES)
def test_what_a_room_declares_is_no_part_of_what_a_job_does_and_its_other_parts_are(
    house: Path, name: str
) -> None:
    room = "from unspoken.experiments.one"
    imports = f"{room} import {name}, parts\n{room}.{name} import LEAST\n"
    assert edited(house, "unspoken/counts/parts.py", "STEP = 1", f"{imports}STEP = 1")
    assert not edited(house, f"unspoken/experiments/one/{name}.py", "LEAST = 1", "LEAST = 2")
    assert edited(house, "unspoken/experiments/one/parts.py", "HALF = 2", "HALF = 3")


# Optional fields of a dataclass

LIMIT = '    """At most so many."""\n'
SCRIPTS_RECORD = "from unspoken.records import Record\n"


@pytest.fixture
def recorder(house: Path) -> Path:
    """The script makes records, and names no optional field of them."""
    script = house / "count.py"
    script.write_text(script.read_text().replace("def main", f"{SCRIPTS_RECORD}def main"))
    return house


@pytest.mark.parametrize(
    "default",
    ["int | None = None", "bool = False", "float = 0.0", 'str = ""', "tuple[str, ...] = ()",
     "list[str] = field(default_factory=list)"],
)  # fmt: skip
def test_a_new_optional_field_changes_nothing_until_code_names_it(recorder: Path, default: str) -> None:
    records = "unspoken/records.py"
    assert not edited(recorder, records, LIMIT, f"{LIMIT}    fresh: {default}\n")
    assert edited(recorder, "unspoken/jobs.py", "print(value)", "print(value.fresh)")
    assert edited(recorder, records, f"fresh: {default}", "fresh: int = 7")  # its default counts now


@pytest.mark.parametrize("use", ["start(1, fresh=2)", 'getattr(start, "fresh")', "start.fresh = 1"])
def test_each_way_to_name_a_field_counts(recorder: Path, use: str) -> None:
    plain = recorder / "count.py"
    plain.write_text(plain.read_text().replace("start(count([1, 2]))", use))
    assert edited(recorder, "unspoken/records.py", LIMIT, f"{LIMIT}    fresh: int | None = None\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LIMIT, f"{LIMIT}    fresh: int = 7\n"),  # a default that asks for something
        ("    share: float", "    fresh: int | None = None\n    share: float"),  # moves the others' places
        ("class Row:\n", "class Row:\n    fresh: int | None = None\n"),  # no dataclass: something may read it
        ("    share: float = 1.0", "    share: float = 0.5"),
    ],
)
def test_other_declarations_count(recorder: Path, old: str, new: str) -> None:
    assert edited(recorder, "unspoken/records.py", old, new)
