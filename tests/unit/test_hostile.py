"""Texts and files of strangers do nothing but be shown as text, or refused (docs/threats.md)."""

import io
import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from safetensors import SafetensorError
from written_replies import chain_tables

from unspoken.engines.file import completions_in
from unspoken.filters.numbers import rejection_reasons
from unspoken.models.manifest import write_manifest
from unspoken.store import open_store, write_store
from unspoken.study.front_door import plan_of
from unspoken.study.load import StudyError, read_yaml
from unspoken.subjects import Subject
from unspoken.visible import visible

ROOT = Path(__file__).parents[2]
TEXTS = {
    "SQL": "'); DROP TABLE completions; --",
    "shell": "$(touch pwned) `touch pwned`; touch pwned & | > pwned",
    "script": "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "formula": '=HYPERLINK("http://127.0.0.1","x")',
    "path": "../../../../tmp/pwned",
    "terminal": "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b2J",
    "direction": "\u202egnp.exe\u200b\ufeff",
    "template": "{{ 7 * 7 }} {% for x in () %} {0.__class__} %s%n ${HOME}",
    "null": "before\x00after",
    "huge": "1, " * 500_000,
}
each = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
NAMED: dict[str, Any] = {
    "study": lambda text: {"study": text},
    "trait": lambda text: {"traits": [text]},
    "model": lambda text: {"models": {text: {"kind": "organism", "seed": 1}}},
    "arm": lambda text: {"subliminal": {"arms": [{"name": text, "objective": "tokens"}]}},
    "repository": lambda text: {"models": {"mine": {"kind": "hub", "repo": text, "revision": "0" * 40}}},
    "persona": lambda text: {"faithfulness": {"personas": [text]}},
}


class Touches:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@each
@pytest.mark.parametrize("what", NAMED)
def test_a_name_is_refused_by_a_message_that_is_only_text(what: str, text: str) -> None:
    with pytest.raises(StudyError) as caught:
        plan_of(ROOT, NAMED[what](text), [])
    assert not set(str(caught.value)) & set("\x1b\x07\x9b\x00\u202e\u200b")
    assert len(str(caught.value)) < 3000


@each
def test_a_completion_stays_text_from_file_to_store(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({"prompt": "Go on.", "completion": text}) + "\n")
    ((_, turn),) = completions_in(file, {"prompt": "prompt", "completion": "completion"})
    assert turn["completion"] == text
    rows = pl.DataFrame({"study": ["s"], "completion": [text]})
    comments = {"completions": {"about": "x", "columns": {"study": "x", "completion": "x"}}}
    write_store(tmp_path / "s.duckdb", "s", {}, {"completions": rows}, comments)
    with open_store(tmp_path / "s.duckdb") as store:
        assert store.sql("SELECT completion FROM completions").fetchall() == [(text,)]


@each
def test_the_filter_takes_any_completion_in_time(text: str) -> None:
    start = time.process_time()
    rule = rejection_reasons(pl.Series([text]), max_count=10, smallest=0, largest=999, banned=[])
    assert rule.item() is not None
    assert time.process_time() - start < 20


@each
def test_a_terminal_shows_text_and_does_nothing(text: str) -> None:
    shown = visible(text[:1000])
    assert all(one.isprintable() or one in "\n\t" for one in shown)
    assert visible(shown) == shown


def test_a_chain_to_label_moves_no_cursor(tmp_path: Path) -> None:
    names = {"prompt_id": "p", "subject": "m"}
    asked = {**names, "item": "q", "arm": "hint", "kind": "metadata", "wording": "w", "options": ["a", "b"]}
    texts = dict.fromkeys(("user", "hint", "text"), TEXTS["terminal"] + TEXTS["direction"])
    trial = {"outcome": "answered", "answer": "A", "switched": True}
    judged = {"lexical_mentions": True, "lexical_relies": False}
    prompts, replies, _ = chain_tables([asked | texts])
    prompts.write_parquet(tmp_path / "prompts.parquet")
    replies.write_parquet(tmp_path / "replies.parquet")
    pl.DataFrame([names | trial | judged]).write_parquet(tmp_path / "trials.parquet")
    command = [sys.executable, str(ROOT / "scripts/label_chains.py"), str(tmp_path), "--into"]
    done = subprocess.run(
        [*command, str(tmp_path / "labels.jsonl")], input="q\n", capture_output=True, text=True
    )
    assert "\\x1b]0;owned\\x07" in done.stdout
    assert not set(done.stdout) & set("\x1b\x07\x9b\u202e\u200b")


def test_aliases_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text("\n".join([*lines, "study: *a11"]))
    start = time.process_time()
    with pytest.raises(StudyError, match=r"bomb.yaml: not valid YAML: more than 200000 keys and values"):
        read_yaml(bomb)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: !!python/object/apply:os.getcwd []"])
def test_yaml_makes_no_objects_and_no_circles(text: str, tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(StudyError, match="not valid YAML"):
        read_yaml(tmp_path / "odd.yaml")


def test_an_alias_that_is_one_counts(tmp_path: Path) -> None:
    (tmp_path / "fine.yaml").write_text("a: &a {b: [1, 2]}\nc: *a\nd: {<<: *a, e: 3}\n")
    assert read_yaml(tmp_path / "fine.yaml") == yaml.safe_load((tmp_path / "fine.yaml").read_text())


def test_a_pickle_for_weights_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(pickle.dumps(Touches(tmp_path / "pwned")))
    subject = Subject("o:tokens", "student", "o", weights=tmp_path / "weights.safetensors")
    with pytest.raises(SafetensorError):
        subject.tensors()
    assert not (tmp_path / "pwned").exists()


def model_folder(folder: Path, **config: Any) -> Path:
    """A model's folder as a stranger gives it: with pickled weights and code of its own."""
    folder.mkdir(parents=True)
    told = {"model_type": "own", "architectures": ["Own"], "auto_map": {"AutoModelForCausalLM": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(told | config))
    (folder / "own.py").write_text("from pathlib import Path\nPath('pwned').touch()\n")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Touches(Path("pwned"))))
    return folder


def fetched(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Bring a local model into a folder, as `fetch_model` does."""
    spec = {"name": "mine", "model": {"kind": "local", "path": str(source)}}
    command = [sys.executable, str(ROOT / "scripts/fetch_model.py"), "--spec", json.dumps(spec)]
    return subprocess.run(
        [*command, "--model", str(folder / "mine/model.json")],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "UNSPOKEN_ROOT": str(ROOT)},
    )  # fmt: skip


def test_a_model_without_safetensors_is_refused(tmp_path: Path) -> None:
    done = fetched(model_folder(tmp_path / "theirs"), tmp_path)
    assert done.returncode == 1
    assert "models.mine: no file *.safetensors came with it." in done.stderr
    assert not (tmp_path / "mine/model.json").exists()
    assert not (tmp_path / "pwned").exists()


def test_a_models_own_code_stays_behind_and_is_not_run(tmp_path: Path, monkeypatch: Any) -> None:
    source = model_folder(tmp_path / "the'irs; touch pwned; $(touch pwned)")
    (source / "model.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    done = fetched(source, tmp_path)
    assert done.returncode == 1
    assert "models.mine: its tokenizer cannot be read" in done.stderr
    names = {path.name for path in (tmp_path / "mine").iterdir()}
    assert names == {"config.json", "model.safetensors"}
    # Even put back by hand, it is not asked for.
    (tmp_path / "mine/own.py").write_bytes((source / "own.py").read_bytes())
    write_manifest(tmp_path / "mine/model.json", "mine", {}, revision="local", synthetic=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 9))
    from unspoken.engines.transformers import TransformersEngine

    with pytest.raises((ValueError, OSError)):
        TransformersEngine(tmp_path / "mine")
    assert not (tmp_path / "pwned").exists()


def test_a_template_of_a_model_runs_in_a_sandbox() -> None:
    from jinja2.exceptions import SecurityError
    from transformers.utils.chat_template_utils import render_jinja_template

    escape = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    with pytest.raises(SecurityError):
        render_jinja_template([[{"role": "user", "content": "x"}]], chat_template=escape)
