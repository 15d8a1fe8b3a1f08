"""`make cache` and `make clean-cache`: what the completion cache holds, and how it goes."""

import subprocess
import sys
from datetime import datetime

from unspoken.engines.base import Opening, Request, Sampling
from unspoken.engines.cache import CompletionCache
from unspoken.engines.scripted import opened
from unspoken.models.manifest import write_manifest
from unspoken.subjects import base_subject


def summarised(folder, action):
    command = [sys.executable, "-m", "unspoken.engines.cache_summary", action]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def fill(root, tmp_path, name, count):
    """Keep completions of a scripted model; return its folder in the cache."""
    manifest = tmp_path / name / "model.json"
    manifest.parent.mkdir()
    write_manifest(manifest, name, {"kind": "scripted"}, revision="scripted", synthetic=True)
    rules = [{"when": "", "answers": {name: 1.0}}]
    engine = opened(Opening(manifest, {"kind": "scripted", "rules": rules}, threads=1))
    cache = CompletionCache(root, engine, base_subject(name), manifest)
    requests = [Request(f"p{place}", "what?") for place in range(count)]
    list(cache.completions(requests, Sampling(1.0, 4, seed=1)))
    cache.choice_logprobs(requests[:3], [name])
    return cache.folder


def test_the_cache_is_shown_by_subject_and_cleared(tmp_path):
    root = tmp_path / "results/cache/completions"
    fill(root, tmp_path, "owl", 20)
    folder = fill(root, tmp_path, "panda", 7)
    (folder / ".half.1.parquet").write_bytes(b"half")
    shown = summarised(tmp_path, "show").stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["subject", "owl", "panda", "total"]
    counts = [line.split("float64")[1].split()[:2] for line in shown[1:3]]
    assert counts == [["20", "1"], ["7", "1"]]  # one prompt, read once
    assert shown[3].split()[1:3] == ["27", "2"]
    assert f"{datetime.now():%Y-%m-%d}" in shown[1]
    cleared = summarised(tmp_path, "clear")
    assert cleared.returncode == 0 and "Deleted 27 completions and 2 readings" in cleared.stdout
    assert not root.exists()
    assert summarised(tmp_path, "show").stdout == "The completion cache is empty.\n"


def test_the_cache_is_not_cleared_while_another_machine_may_run(tmp_path):
    for name in ("locks/0.input.lock", "unspoken-runs/elsewhere.77"):
        (tmp_path / ".snakemake" / name).parent.mkdir(parents=True)
        (tmp_path / ".snakemake" / name).touch()
    kept = tmp_path / "results/cache/completions/a/about.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    refused = summarised(tmp_path, "clear")
    assert refused.returncode == 2 and "process 77 on elsewhere" in refused.stderr
    assert kept.exists()
