"""The house: no circle of imports between files, and no room's name outside of the rooms."""

import re
from pathlib import Path

import grimp

from unspoken.study.rooms import NAMES

ROOT = Path(__file__).parents[2]


def circles_of(imports: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules in which each reaches all others: what is left when ends are cut off."""
    left = {module: set(imported) for module, imported in imports.items()}
    while ends := {module for module, imported in left.items() if not imported & left.keys()}:
        left = {module: imported for module, imported in left.items() if module not in ends}
    return [sorted(left)] if left else []


def test_a_circle_is_seen() -> None:
    assert circles_of({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) == [["a", "b", "c", "d"]]
    assert circles_of({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_no_circle_of_imports() -> None:
    """Imports inside functions count too: a circle of them is one that no reader can take apart."""
    graph = grimp.build_graph("unspoken")
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    assert len(imports) > 200
    assert circles_of(imports) == []


def test_no_stage_names_a_room() -> None:
    """Shown 4 of the issue that built the house: what a room knows is asked of it."""
    named = re.compile(rf"\"({'|'.join(NAMES)})\"|\.({'|'.join(NAMES)})\b")
    rooms = ROOT / "src/unspoken/experiments"
    allowed = {ROOT / "src/unspoken/study/rooms.py", ROOT / "src/unspoken/registry/claims.py"}
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "scripts").glob("*.py"), *(ROOT / "rules").glob("*.smk")]
    lines = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in files
        if rooms not in file.parents and file not in allowed
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if named.search(line)
    ]
    own_scripts = [line for line in lines if re.search(r"unspoken\.experiments\.", line)]
    assert [line for line in lines if line not in own_scripts] == []
