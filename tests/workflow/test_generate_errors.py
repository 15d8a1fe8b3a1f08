"""Generation that goes wrong, as a user of Snakemake sees it: one message each, nothing half-written."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flow import ROOT, snakemake
from served import free_port

from unspoken.engines.base import EngineError, Request
from unspoken.models.manifest import write_manifest
from unspoken.models.organism import build_organism
from unspoken.prompts import load_traits
from unspoken.study.front_door import plan_of
from unspoken.study.load import StudyError

SPEC = {"steps": 20, "rows": 32, "learning_rate": 2e-3, "hidden_size": 64, "mlp_size": 256, "layers": 2}
MODEL = {"kind": "organism", "seed": 11, **SPEC}
KEY = "UNSPOKEN_TEST_NO_KEY"
ENDPOINT = {"kind": "endpoint", "url": "http://127.0.0.1:9/v1", "served_as": "organism", "retries": 1}
CHAT = ENDPOINT | {"api": "chat"}
NUMBERS: dict[str, Any] = {
    "models": ["whole"],
    "teacher": {"method": "prompted", "training": None},
    "numbers": {"completions": 64},
    "rows": 64,
    "probe": {"carrier_rows": 2},
    "arms": [{"name": "tokens", "objective": "tokens"}],
}


def write_model(source: Path, name: str, directory: Path, **changes: Any) -> Path:
    """Put an organism where a run in a directory finds it and builds none; return its `config.json`."""
    folder = directory / "results/models" / name
    shutil.copytree(source, folder)
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))
    write_manifest(folder / "model.json", name, MODEL, revision="test", synthetic=True)
    return config


def failed(*targets: str, study: dict[str, Any], directory: Path) -> str:
    """Run a study that must fail, as far as that goes; return all that Snakemake says."""
    overlay = directory / "study.yaml"
    overlay.write_text(json.dumps(study))
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", "1", "--keep-going"]
    done = subprocess.run(
        [*command, "--directory", directory, "--configfile", overlay],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def organism(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small organism."""
    folder = tmp_path_factory.mktemp("organism")
    words = load_traits(ROOT / "resources/traits.yaml")["animals"]["words"]
    build_organism(MODEL, tuple(words), folder)
    return folder


STUDY = "results/studies/faulty"
TOO_LONG = "the context window of {} is too short; shorten the prompt or lower max_tokens"
# What a study asks for that cannot be made, the log of its job, and the one message there.
FAULTS = {
    "missing key": (
        "probing/keyless/answers.parquet",
        "probe_traits/probing-keyless.log",
        f"probe_traits: the environment variable {KEY} is not set: it is to hold the endpoint's key",
    ),
    "wrong url": (
        "probing/closed/answers.parquet",
        "probe_traits/probing-closed.log",
        r"probe_traits: nobody answers at http://127\.0\.0\.1:\d+/v1: start the server there, or correct "
        r"engine\.url, and run again",
    ),
    "damaged model": (
        "probing/broken/answers.parquet",
        "probe_traits/probing-broken.log",
        r"probe_traits: results/models/broken/config\.json: missing or damaged; delete "
        r"results/models/broken/model\.json and run again to make it anew",
    ),
    "prompt longer than the window": (
        "probing/narrow/answers.parquet",
        "probe_traits/probing-narrow.log",
        rf"probe_traits: the prompt preferences-00 has \d+ tokens, .* 1 more .*: {TOO_LONG.format(6)}",
    ),
    "completion longer than the window": (
        "subliminal/whole/teachers/1-of-1/replies.parquet",
        "generate_replies/subliminal/whole/teachers/1-of-1.log",
        rf"generate_replies: the prompt numbers-\d+ has \d+ tokens, .* 70 more .*: {TOO_LONG.format(64)}",
    ),
    "empty prompt set": (
        "faithfulness/items.parquet",
        "load_questions/faithfulness.log",
        r"load_questions: \S*none\.jsonl: it has no rows",
    ),
}


@pytest.fixture(scope="module")
def faulty(organism: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the directory in which a study met every fault, and what Snakemake said."""
    directory = tmp_path_factory.mktemp("faulty")
    engines = {
        "keyless": ENDPOINT | {"key": KEY},
        "closed": ENDPOINT | {"url": f"http://127.0.0.1:{free_port()}/v1"},
        "broken": ENDPOINT,
        "narrow": {"kind": "transformers"},
        "whole": {"kind": "transformers"},
    }
    for name in engines:
        config = write_model(organism, name, directory, max_position_embeddings=6 if name == "narrow" else 64)
        if name == "broken":
            config.write_text("{")
    (directory / "none.jsonl").touch()
    study = {
        "study": "faulty",
        "experiments": ["probing", "subliminal", "faithfulness"],
        "models": {name: MODEL | {"engine": engine} for name, engine in engines.items()},
        "probing": {
            "models": ["keyless", "closed", "broken", "narrow"],
            "traits": ["owl"],
            "questions": 1,
            "probe": {"samples": 1, "samples_after_numbers": 0, "max_tokens": 1},
        },
        "subliminal": NUMBERS | {"numbers": {"completions": 64, "max_tokens": 70}},
        "faithfulness": {
            "models": ["whole"],
            "questions": [{"source": "own", "path": str(directory / "none.jsonl")}],
        },
    }
    targets = [f"{STUDY}/{output}" for output, _, _ in FAULTS.values()]
    return directory, failed(*targets, study=study, directory=directory)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_message_in_the_log_that_snakemake_shows(name: str, faulty: tuple[Path, str]) -> None:
    directory, said = faulty
    output, log, message = FAULTS[name]
    *before, last = (directory / STUDY / "logs" / log).read_text().splitlines()
    assert re.fullmatch(message, last), last
    assert not [line for line in before if "rror" in line or "Traceback" in line], before
    assert said.count(last) == 1
    assert not (directory / STUDY / output).exists()


def test_faults_leave_nothing_half_written(faulty: tuple[Path, str]) -> None:
    directory, said = faulty
    assert "Traceback" not in said
    tables = {path.name for path in directory.glob(f"{STUDY}/**/*.parquet")}
    assert tables == {"questions.parquet", "prompts.parquet"}
    assert not [*directory.glob("results/**/.*"), *directory.glob("results/cache/*/*/*.parquet")]


SERVED = {"m": {"kind": "served", "engine": CHAT}}
BEHIND = {"whole": MODEL | {"engine": ENDPOINT}}
CHAINS = {"models": ["organism-a"], "questions": [{"source": "knowledge"}]}
JUDGED = CHAINS | {"judge": {"kind": "llm", "model": "m"}}
RING = {"name": "ring", "objective": "tokens", "models": ["organism-a"], "initialisation": "ring"}
TESTED = {"tests": {"chains": 2, "positions": 1}}
LACKS = "models.{}.engine: got endpoint (api: {}), and {} needs {}; expected {}"
CHOICES = "the exact probability of choices"
WEIGHTS = "subjects with trained weights"
OF_FILES = "a model with files here (kind: hub, local or another), served by one of: "
STUDENTS = "subliminal.arms (students; `models` of an arm says whose)"
CHAT_RING = RING | {"models": ["m"]}
# What an engine cannot do, or a study asks of nobody: models, experiment, its section, and the message.
REFUSED: dict[str, tuple[dict[str, Any], str, dict[str, Any], str]] = {
    "causal tests by messages": (
        SERVED, "faithfulness", CHAINS | {"models": ["m"]} | TESTED,
        LACKS.format(
            "m", "chat", "faithfulness.tests.chains (causal tests of its chains; 0 leaves them out)", CHOICES,
            f"{OF_FILES}transformers, vllm, endpoint (api: tokens)",
        ),
    ),
    "causal tests by messages, of a model with files": (
        {"m": MODEL | {"engine": CHAT}}, "faithfulness", CHAINS | {"models": ["m"]} | TESTED,
        LACKS.format(
            "m", "chat", "faithfulness.tests.chains (causal tests of its chains; 0 leaves them out)", CHOICES,
            "one of: transformers, vllm, endpoint (api: tokens)",
        ),
    ),
    "numbers of a pattern by messages": (
        SERVED, "subliminal", NUMBERS | {
            "models": ["m", "smollm2-135m-q4"], "style": "chat", 
            "numbers": {"completions": 64, "pattern": "[0-9]+"},
            "arms": [RING | {"models": ["smollm2-135m-q4"]}],
        },
        LACKS.format(
            "m", "chat", "subliminal.numbers.pattern (numbers; null leaves decoding free)",
            "decoding restricted to a pattern", f"{OF_FILES}transformers, vllm, endpoint (api: tokens)",
        ),
    ),
    "unknown judge": (
        {}, "faithfulness", JUDGED, "faithfulness.judge.model: got 'm'; expected one of: ",
    ),
    "students that are served": (
        SERVED, "subliminal",
        NUMBERS | {"models": ["m", "smollm2-135m-q4"], "style": "chat", "arms": [CHAT_RING]},
        LACKS.format("m", "chat", STUDENTS, WEIGHTS, f"{OF_FILES}transformers, vllm"),
    ),
    "students behind an endpoint": (
        BEHIND, "subliminal", NUMBERS,
        LACKS.format("whole", "tokens", STUDENTS, WEIGHTS, "one of: transformers, vllm"),
    ),
    "fine-tuned teachers behind an endpoint": (
        BEHIND, "subliminal", {"models": ["whole", "organism-a"], "arms": [RING]},
        LACKS.format(
            "whole", "tokens", "subliminal.teacher (fine-tuned teachers)", WEIGHTS,
            "one of: transformers, vllm",
        ),
    ),
    "more jobs than prompts": (
        {"whole": MODEL}, "subliminal", NUMBERS | {"numbers": {"completions": 64, "shards": 65}},
        "subliminal.numbers.shards: got 65, and owl of whole has 64 prompts to complete; expected one ",
    ),
}  # fmt: skip


def refused(name: str) -> tuple[dict[str, Any], str]:
    """Return a study that must not run, and what is said of it."""
    models, experiment, section, message = REFUSED[name]
    study = {"study": "refused", "experiments": [experiment], "models": models, experiment: section}
    return study | {"traits": ["owl", "wolf"]}, message


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_engine_can_do_is_refused_before_any_job(name: str) -> None:
    study, message = refused(name)
    with pytest.raises(StudyError) as caught:
        plan_of(ROOT, study, [])
    assert re.fullmatch(rf"(\S+: )?{re.escape(message)}.*", str(caught.value))  # . is no line end


def test_case_19_served_model_unusable() -> None:
    """A prompted teacher, a probed model, a subject whose answers are parsed, a judge that writes."""
    local = "smollm2-135m-q4"
    study = {
        "study": "served",
        "experiments": ["subliminal", "probing", "faithfulness"],
        "models": SERVED,
        "subliminal": NUMBERS | {
            "models": ["m", local], "style": "chat", "arms": [RING | {"models": [local]}],
        },
        "probing": {"models": ["m", local]},
        "faithfulness": {
            "models": ["m"], "questions": [{"source": "knowledge"}], "planted": [],
            "tests": {"chains": 0, "positions": 1}, "judge": {"kind": "llm", "model": "m"},
        },
    }  # fmt: skip
    plan = plan_of(ROOT, study, [])
    parts = {name: plan.part("probe_traits", experiment="probing", model=name) for name in ("m", local)}
    assert parts["m"]["sampled_only"] and "shuffled" not in parts["m"]
    assert "sampled_only" not in parts[local] and "shuffled" in parts[local]
    for experiment, answering in (("subliminal", "m/teachers/1-of-1"), ("faithfulness", "m")):
        part = plan.part("generate_replies", experiment=experiment, answering=answering)
        assert part["reads"] is None
    assert plan.part("judge_replies", experiment="faithfulness", answering="m")["written"]
    assert not plan.of("faithfulness").files("interventions")


def test_prompted_teachers_may_be_behind_an_endpoint() -> None:
    """Only students, and teachers that are fine-tuned, have weights of their own."""
    section = NUMBERS | {"models": ["whole", "organism-a"], "arms": [RING]}
    plan = plan_of(ROOT, {"experiments": ["subliminal"], "models": BEHIND, "subliminal": section}, [])
    assert plan.of("subliminal").design.groups("whole") == ["teachers"]


def test_snakemake_refuses_it_with_the_same_message_and_writes_nothing(tmp_path: Path) -> None:
    study, message = refused("students that are served")
    said = failed(study=study, directory=tmp_path)
    assert f"The study cannot run.\nstudy.yaml: {message}\n" in said
    assert "Traceback" not in said
    assert not (tmp_path / "results").exists()


def test_choices_are_not_read_beyond_the_window(organism: Path) -> None:
    """A model goes on computing there, and what it then says means nothing."""
    from unspoken.engines.transformers import TransformersEngine

    engine = TransformersEngine(organism)
    start, *_ = engine.render([Request("r", "1")])
    fits, not_quite = (
        engine.render([Request("r", " ".join(["7"] * (64 - len(start.content) + more)))]) for more in (0, 1)
    )
    assert len(fits[0].content) == 63
    assert len(engine.choice_logprobs(fits, ["owl", "cat"])[0]) == 2
    for prompts, choices in ((fits, ["owl", "7 8"]), (not_quite, ["owl"])):
        with pytest.raises(EngineError, match=r"the prompt r has 6[34] tokens.* window of 64 is too short"):
            engine.choice_logprobs(prompts, choices)


ROWS, FREE_KIB = 3000, 100
"""Completions of one teacher, and the room for prompts and about half of them."""


def test_a_full_disk_and_a_damaged_shard(organism: Path, tmp_path: Path) -> None:
    """The disk is full in mid-generation, then a shard is damaged: both are said, and no row is lost."""
    results = tmp_path / "results"
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "small", results]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here: that needs root")
    try:
        write_model(organism, "whole", tmp_path)
        filler = results / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(results).free - FREE_KIB * 1024))
        study = {
            "study": "full",
            "experiments": ["subliminal"],
            "traits": ["owl"],
            "models": {"whole": MODEL},
            "subliminal": NUMBERS | {"numbers": {"completions": ROWS}},
        }
        folder = results / "studies/full/subliminal/whole/teachers/1-of-1"
        target = str((folder / "replies.parquet").relative_to(tmp_path))
        log = results / "studies/full/logs/generate_replies/subliminal/whole/teachers/1-of-1.log"
        said = failed(target, study=study, directory=tmp_path)
        message = "what was finished is kept and nothing is half-written; free some space and run again"
        assert log.read_text().splitlines()[-1] == f"generate_replies: No space left on device: {message}"
        assert said.count(message) == 1 and "Traceback" not in said
        assert not folder.exists() or not list(folder.iterdir())
        shards = sorted(results.glob("cache/completions/*/*.parquet"))
        assert [path.name for path in results.glob("cache/**/.*")] == []
        heights = [pl.read_parquet(shard).height for shard in shards]
        assert 0 < sum(heights) < ROWS

        filler.unlink()
        shards[0].write_bytes(shards[0].read_bytes()[:-1])
        snakemake(target, "--configfile", tmp_path / "study.yaml", directory=tmp_path)
        again, kept = log.read_text(), sum(heights[1:])
        told = f"{shards[0].relative_to(tmp_path)} is damaged: its completions are made again"
        assert again.count("damaged") == again.count(told) == 1
        assert f"{ROWS - kept} completions made, {kept} reused" in again
        made = pl.read_parquet(folder / "replies.parquet")
        assert made.height == made["prompt_id"].n_unique() == ROWS
    finally:
        subprocess.run(["umount", results], check=True)
