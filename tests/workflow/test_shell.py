"""What a study says reaches its jobs through Snakemake's shell as it was written, and runs nothing."""

import json
import re
from pathlib import Path

import polars as pl
from flow import snakemake

SHELL = "'; touch pwned; \" $(touch pwned) `touch pwned` & | > pwned # {wildcards.model} %s \\"
FILE = "my '; touch pwned; $(touch pwned) & rows.jsonl"
ANSWERS = Path("results/studies/shell/probing/echo/answers.parquet")
IMPORTED = Path("results/studies/shell/subliminal/datasets/mine/replies.parquet")
STUDY = {
    "study": "shell",
    "experiments": ["probing", "subliminal"],
    "traits": ["owl", "wolf"],
    "models": {
        "organism-a": {"kind": "organism", "seed": 1},
        "echo": {
            "kind": "scripted",
            "rules": [
                # Found only in a prompt that ends in the very text.
                {"when": f"{re.escape(SHELL)}$", "answers": {"owl": 1}},
                {"when": "", "answers": {"wolf": 1}},
            ],
        },
    },
    "subliminal": {
        "models": ["organism-a"],
        "datasets": {
            "mine": {
                "path": FILE,
                "columns": {"prompt": "prompt", "completion": "completion"},
                "trait": "owl",
            }
        },
        "arms": [{"name": "own", "objective": "tokens", "dataset": "mine"}],
    },
    "probing": {
        "models": ["echo"],
        "questions": 1,
        "probe": {"samples": 1, "answer_prefix": SHELL, "shuffled_orders": 0},
    },
}


def test_shell_code_in_values_and_file_names_stays_text(tmp_path: Path) -> None:
    rows = [{"prompt": "1 2 3", "completion": SHELL}, {"prompt": SHELL, "completion": "4 5 6"}]
    (tmp_path / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "shell.json").write_text(json.dumps(STUDY))
    snakemake(ANSWERS, IMPORTED, "--configfile", tmp_path / "shell.json", directory=tmp_path)
    imported = pl.read_parquet(tmp_path / IMPORTED)
    assert imported.select("prompt", completion="reply").rows(named=True) == rows
    choices = pl.read_parquet(tmp_path / ANSWERS).filter(kind="choice")
    assert choices.filter(pl.col("answer").str.strip_chars() == "owl")["logprob"].to_list() == [0.0] * 3
    assert not list(tmp_path.rglob("pwned"))
