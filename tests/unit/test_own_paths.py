"""Paths of users' own files: odd ones are taken as they are, or refused in one line."""

from pathlib import Path

import pytest

from unspoken.study.paths import own_file

TAKEN = [
    "plain.jsonl", "with space.jsonl", "it's \"quoted\".jsonl", "a & b; c.jsonl", "été #1.jsonl",
    "火星.jsonl", "run{lr=1e-4}.jsonl", "{}.jsonl", "50%.jsonl", "a*b?[c].jsonl", "$HOME.jsonl",
    "~me.jsonl", "-x.jsonl", "a<b.jsonl",
]  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_odd_names_are_taken_as_they_are(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("{}")
    assert own_file(name) == name
    assert own_file(str(tmp_path / name)) == str(tmp_path / name)


REPLACED = {
    "run{1}.jsonl": "{1}",
    "{dataset}.jsonl": "{dataset}",
    "a{ b }.jsonl": "{ b }",
    "a{b,[0-9]+}.jsonl": "{b,[0-9]+}",
    "{x}/plain.jsonl": "{x}",
    "{{x}}.jsonl": "{x}",
    "<results>/a.jsonl": "<results>",
}


@pytest.mark.parametrize("name", REPLACED)
def test_case_23_braces_in_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snakemake has no way to escape a wildcard, so what it would replace is refused, file or not."""
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("{}")
    with pytest.raises(ValueError, match=r"^path: got '") as fault:
        own_file(name)
    said = f"expected a path without {REPLACED[name]}, which Snakemake would replace: rename"
    assert said in str(fault.value)


@pytest.mark.parametrize("name", ["a.jsonl\n", "a\tb.jsonl", " ", "", "a\x00.jsonl"])
def test_names_with_what_cannot_be_seen_are_refused(name: str) -> None:
    with pytest.raises(
        ValueError, match=r"^path: got '.*expected a path without line ends, tabs and the like$"
    ):
        own_file(name)


@pytest.mark.parametrize("name", ["~/a.jsonl", "$HOME/a.jsonl"])
def test_what_a_shell_would_replace_is_said(name: str) -> None:
    with pytest.raises(ValueError, match=r"and there is none; ~ and [$] are taken as written$"):
        own_file(name)


def test_a_wildcard_is_what_snakemake_takes_for_one() -> None:
    """The pattern here is stricter than Snakemake's, never laxer."""
    from snakemake.io import contains_wildcard

    assert not [name for name in TAKEN if contains_wildcard(name)]
    assert [name for name in REPLACED if contains_wildcard(name)] == [*REPLACED][:-1]
