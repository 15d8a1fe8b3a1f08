"""The one reader of YAML files: what it returns, and one line for each thing that can be wrong."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.prompts import ResourceError, read_resource
from unspoken.registry.load import ClaimsError, read_paper
from unspoken.study.front_door import plan_of
from unspoken.study.load import StudyError, read_yaml
from unspoken.yaml_files import KeysError, read_keys

ROOT = Path(__file__).parents[2]
SHIPPED = [
    ROOT / "config.yaml",
    *sorted(
        file for folder in ("resources", "studies", "profiles") for file in ROOT.glob(f"{folder}/**/*.yaml")
    ),
]


def fault_of(folder: Path, content: str | bytes) -> str:
    """Return the message for a file with this content, without the folder."""
    file = folder / "mine.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(KeysError) as fault:
        read_keys(file)
    assert "\n" not in str(fault.value)
    return str(fault.value).replace(f"{folder}/", "")


TWICE: dict[str, tuple[str, str]] = {
    "at the top": ("seed: 1\nstudy: a\nseed: 2\n", "line 1 and line 3: 'seed'"),
    "the same value": ("seed: 1\nseed: 1\n", "line 1 and line 2: 'seed'"),
    "nested": ("models:\n  a: {b: 1}\n\n  c: 3\n  a: 4\n", "line 2 and line 5: 'a'"),
    "in a list": ("arms:\n- name: x\n- name: y\n  seed: 1\n  name: z\n", "line 3 and line 5: 'name'"),
    "in a list of lists": ("a:\n- - {b: 1,\n     b: 2}\n", "line 2 and line 3: 'b'"),
    "in one line": ("a: {b: 1, b: 2}\n", "line 1: 'b'"),
    "in quotes": ("seed: 1\n'seed': 2\n", "line 1 and line 2: 'seed'"),
    "in both quotes": ("'seed': 1\n\"s\\u0065ed\": 2\n", "line 1 and line 2: 'seed'"),
    "a number": ("1: a\n0x1: b\n", "line 1 and line 2: 1"),
    "yes and true": ("yes: a\ntrue: b\n", "line 1 and line 2: True"),
    "null and nothing": ("null: a\n? \n: b\n", "line 1 and line 2: None"),
    "behind an anchor": ("a: &x {b: 1}\nc: {<<: *x, d: 1,\n  d: 2}\n", "line 2 and line 3: 'd'"),
    "within what is anchored": ("a: &x\n  b: 1\n  b: 2\nc: *x\n", "line 2 and line 3: 'b'"),
    "merge keys": ("a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n", "line 3 and line 4: '<<'"),
    "within a key": ("? {a: 1, a: 2}\n: b\n", "line 1: 'a'"),
}


@pytest.mark.parametrize("case", TWICE)
def test_case_22_a_key_that_stands_twice_is_named_with_both_lines(case: str, tmp_path: Path) -> None:
    text, said = TWICE[case]
    assert fault_of(tmp_path, text) == f"mine.yaml, {said} stands twice; expected each key once"


KEYS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(content=st.dictionaries(KEYS, VALUES, min_size=1), flow=st.booleans())
def test_what_is_written_once_comes_back(content: dict[str, Any], flow: bool, tmp_path_factory: Any) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text(yaml.safe_dump(content, default_flow_style=flow), encoding="utf-8")
    assert read_keys(file) == content


@settings(deadline=None)
@given(
    names=st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True),
    above=st.lists(st.sampled_from(["deeper:", "-"]), max_size=6),
    quote=st.sampled_from(["", "'", '"']),
    data=st.data(),
)
def test_a_key_that_is_written_again_is_refused_however_deep(
    names: list[str], above: list[str], quote: str, data: Any, tmp_path_factory: Any
) -> None:
    again = data.draw(st.sampled_from(names))
    above = ["top:", *above]
    lines = [" " * depth + part for depth, part in enumerate(above)]
    lines += [" " * len(above) + f"{name}: 1" for name in (*names, f"{quote}{again}{quote}")]
    file = tmp_path_factory.getbasetemp() / "twice.yaml"
    file.write_text("\n".join(lines))
    first = len(above) + names.index(again) + 1
    with pytest.raises(KeysError, match=f"line {first} and line {len(lines)}: '{again}' stands twice"):
        read_keys(file)


WRONG: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", ": expected keys and values, got nothing"),
    "comments alone": ("# seed: 1\n", ": expected keys and values, got nothing"),
    "a list": ("- a\n", ": expected keys and values, got list"),
    "a text": ("seed=1\n", ": expected keys and values, got str"),
    "not UTF-8": (
        b"seed: 1\nstudy: caf\xe9\n",
        ", line 2: not UTF-8 (byte 0xe9); expected a file saved as UTF-8",
    ),
    "UTF-16": (
        "seed: 1\n".encode("utf-16"),
        ", line 1: not UTF-8 (byte 0xff); expected a file saved as UTF-8",
    ),
    "a bracket left open": ("a: [1,\nb: 3\n", ", line 3: not valid YAML: did not find expected ',' or ']'"),
    "a tab": ("a:\n\t- b\n", ", line 2: not valid YAML: found character that cannot start any token"),
    "a control character": (
        "a: \x07",
        ": not valid YAML: unacceptable character #x0007: control characters are not allowed "
        'in "<unicode string>", position 3',
    ),
    "a day that is none": ("a: 2025-13-01\n", ": not valid YAML: month must be in 1..12"),
    "an object": (
        "a: !!python/name:os.system\n",
        ", line 1: not valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/name:os.system'",
    ),
    "a list as a key": ("? [a]\n: b\n", ", line 1: not valid YAML: found unhashable key"),
    "a number to the base of eight": (
        "a: 1\nseed: 010\n",
        ", line 2: YAML reads 010 as 8; expected 8, or '010' for a text",
    ),
    "a number to the base of sixty": (
        "a: [1:30]\n",
        ", line 1: YAML reads 1:30 as 90; expected 90, or '1:30' for a text",
    ),
    "two documents": ("a: 1\n---\nb: 2\n", ", line 2: not valid YAML: but found another document"),
    "lists without end": (
        "a: " + "[" * 100_000,
        ": not valid YAML: more than 100 lists and keys within each other",
    ),
    "lists of lists": ("- " * 5000 + "a", ": not valid YAML: more than 100 lists and keys within each other"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_named_in_one_line(case: str, tmp_path: Path) -> None:
    content, said = WRONG[case]
    assert fault_of(tmp_path, content) == f"mine.yaml{said}"


def test_a_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match=r"no\.yaml: cannot be read: No such file or directory$"):
        read_keys(tmp_path / "no.yaml")
    with pytest.raises(KeysError, match=r"cannot be read: Is a directory$"):
        read_keys(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1, c: [2]}\nd: {<<: *x, c: 3}\ne: *x\n",
        "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y], f: 4}\n",
        "a: &x {b: 1}\nc: &y {<<: *x, d: 2}\ne:\n  <<: *y\n",
        "=: 1\n'1': a\n1: b\n",
        "a: {b: 1}\nc: {b: 1}\n",
    ],
)
def test_anchors_and_merge_keys_say_what_yaml_says(text: str, tmp_path: Path) -> None:
    (tmp_path / "fine.yaml").write_text(text)
    assert read_keys(tmp_path / "fine.yaml") == yaml.safe_load(text)


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "fine.yaml").write_bytes(b"\xef\xbb\xbfa: caf\xc3\xa9\r\nb: |\r\n  c\r\n")
    assert read_keys(tmp_path / "fine.yaml") == {"a": "café", "b": "c\n"}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_that_is_shipped_is_read_as_yaml_reads_it(file: Path) -> None:
    assert read_keys(file) == yaml.safe_load(file.read_text(encoding="utf-8"))


def test_each_reader_has_its_own_error_and_the_same_message(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("paper: a\npaper: b\n")
    said = rf"^{file}, line 1 and line 2: 'paper' stands twice; expected each key once$"
    for read, fault in ((read_resource, ResourceError), (read_yaml, StudyError), (read_paper, ClaimsError)):
        with pytest.raises(fault, match=said):
            read(file)


def test_case_22_a_study_with_a_key_twice_does_not_run_though_snakemake_took_the_last(tmp_path: Path) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("seed: 1\nsubliminal:\n  rows: 100\n  pack: true\n  rows: 200\n")
    read_by_snakemake = yaml.safe_load(overlay.read_text())
    with pytest.raises(StudyError, match=rf"^{overlay}, line 3 and line 5: 'rows' stands twice"):
        plan_of(ROOT, read_by_snakemake, [overlay])


def test_the_reader_needs_nothing_but_yaml() -> None:
    heavy = "{'pydantic', 'polars', 'numpy'} & set(sys.modules)"
    code = f"import sys, unspoken.yaml_files; sys.exit(str({heavy}) if {heavy} else 0)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_nobody_else_reads_yaml() -> None:
    sources = [*ROOT.glob("src/**/*.py"), *ROOT.glob("scripts/*.py"), ROOT / "Snakefile"]
    assert [file.name for file in sources if "import yaml" in file.read_text()] == ["yaml_files.py"]


def test_case_22_duplicate_keys(tmp_path: Path) -> None:
    """Of two sections, or two transcripts, of one name the first would be lost in silence."""
    transcripts = "  transcripts:\n    mine: {path: a.jsonl}\n"
    twice = {
        "a section": (
            f"study: b22\nfaithfulness:\n{transcripts}faithfulness:\n{transcripts}",
            "line 2 and line 5",
            "faithfulness",
        ),
        "a transcript": (
            f"study: b22\nfaithfulness:\n{transcripts}    mine: {{path: b.jsonl}}\n",
            "line 4 and line 5",
            "mine",
        ),
    }
    for name, (text, lines, key) in twice.items():
        overlay = tmp_path / f"{name}.yaml"
        overlay.write_text(text)
        with pytest.raises(StudyError) as fault:
            plan_of(ROOT, yaml.safe_load(text), [overlay])
        assert str(fault.value) == f"{overlay}, {lines}: '{key}' stands twice; expected each key once"
    claims = tmp_path / "claims.yaml"
    claims.write_text("paper: p\nclaims:\n- {id: a, tier: 1,\n   tier: 2}\n")
    with pytest.raises(ClaimsError, match="line 3 and line 4: 'tier' stands twice"):
        read_paper(claims)
