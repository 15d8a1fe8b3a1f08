"""Trials in the schema of EvalEval's every_eval_ever: for each subject a log, and its replies one a line.

What the schema has no place for (arm, hint, verdicts, and tokens where those of the prompt are not known)
stands in `metadata`, so that `format: every_eval_ever` reads such a file as it was.
"""

import hashlib
import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl

from unspoken.experiments.faithfulness.tables.trials import Trials
from unspoken.files import written_whole
from unspoken.tables.base import TableError, read_table
from unspoken.tables.prompts import Prompts
from unspoken.tables.replies import Replies
from unspoken.transcripts.every_eval_ever import WRITER
from unspoken.transcripts.said import unmarked

SCHEMA = "0.3.0"
TOLD = (
    "arm", "kind", "target", "prompt_id", "outcome", "mentions", "relies", "switched", "finish_reason",
    "n_tokens", "thinking_tokens", "sample_index",
)  # fmt: skip
"""What `metadata` says of a reply, as texts; null is left out."""


def _exported(folder: Path) -> pl.DataFrame:
    """Return the trials of one folder with their options and the parts of their texts."""
    prompts = folder / "prompts.parquet"
    if not prompts.is_file():
        room = next(one for one in folder.parents if (one / "all").is_dir())
        prompts = room / "all" / "prompts.parquet"
    replies = read_table(folder / "replies.parquet", Replies).select(
        "subject", "prompt_id", "thinking", "reply", "finish_reason", "thinking_tokens", "sample_index"
    )
    options = read_table(prompts, Prompts).select("prompt_id", "options")
    trials = read_table(folder / "trials.parquet", Trials)
    return trials.join(replies, on=["subject", "prompt_id"], maintain_order="left").join(
        options, on="prompt_id", how="left", maintain_order="left"
    )


def instance_of(trial: dict[str, Any], log: dict[str, Any]) -> dict[str, Any]:
    """Return the record of one reply, in the log of its subject."""
    right = trial["answer"] is not None and trial["answer"] == trial["key"]
    asked = {"raw": trial["prompt"], "reference": [trial["key"]]}
    metadata = {name: str(trial[name]) for name in TOLD if trial[name] is not None}
    read = {
        "turn_idx": 0, "source": "output.raw", "extracted_value": trial["answer"],
        "extraction_method": "unspoken.answers", "is_terminal": True,
    }  # fmt: skip
    return {
        "schema_version": SCHEMA,
        "evaluation_id": log["evaluation_id"],
        "model_id": log["model_info"]["id"],
        "evaluation_name": f"{trial['study']}: {trial['arm']}",
        "evaluation_result_id": _result_id(log["evaluation_id"], trial["arm"]),
        "sample_id": trial["question_id"],
        "sample_hash": _sha256(json.dumps(asked, sort_keys=True, separators=(",", ":"))),
        "interaction_type": "single_turn",
        "input": {**asked, "choices": trial["options"] or None},
        "output": {
            "raw": [trial["reply"]],
            "reasoning_trace": [unmarked(trial["thinking"])] if trial["thinking"] else None,
        },
        "answer_attribution": [read] if trial["answer"] else [],
        "evaluation": {"score": float(right), "is_correct": right},
        "metadata": {"written_by": WRITER, **metadata},
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _result_id(evaluation: str, arm: str) -> str:
    return f"{evaluation}#accuracy:{arm}"


def log_of(trials: pl.DataFrame) -> dict[str, Any]:
    """Return the log of one subject's trials, with its accuracy in each arm; unusable replies are wrong."""
    study, subject = trials.row(0, named=True)["study"], str(trials["subject"][0])
    made = str(int(max(map(datetime.fromisoformat, trials["created_at"])).timestamp()))
    evaluation = f"unspoken-{study}/{subject}/{made}"
    right = (pl.col("answer") == pl.col("key")).fill_null(value=False)
    scores = trials.group_by("arm", maintain_order=True).agg(score=right.mean())
    metric = {
        "metric_id": "accuracy", "metric_name": "Accuracy", "lower_is_better": False,
        "score_type": "continuous", "min_score": 0.0, "max_score": 1.0,
    }  # fmt: skip
    return {
        "schema_version": SCHEMA,
        "evaluation_id": evaluation,
        "retrieved_timestamp": made,
        "source_metadata": {
            "source_name": f"Unspoken, study {study}", "source_type": "evaluation_run",
            "source_organization_name": "unknown", "evaluator_relationship": "other",
        },
        "eval_library": {"name": "unspoken", "version": version("unspoken")},
        "model_info": {
            "name": subject, "id": f"unspoken/{_folder(subject)}", "developer": "unspoken",
            "additional_details": {"deployment_type": "unknown", "model_availability": "unknown"},
        },
        "evaluation_results": [
            {
                "evaluation_result_id": _result_id(evaluation, arm),
                "evaluation_name": f"{study}: {arm}",
                "source_data": {"dataset_name": f"unspoken-{study}", "source_type": "other"},
                "metric_config": metric,
                "score_details": {"score": score},
            }
            for arm, score in scores.iter_rows()
        ],
    }  # fmt: skip


def _folder(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in name)


def write_logs(root: Path, into: Path) -> tuple[dict[Path, int], int]:
    """Write each subject's log and replies below `into`, from a study's results below `root`.

    Return the rows of each file of replies, and how many replies have no key and so are left out. Files have
    names by what is in them: a second time the same. Raises TableError where no trials are.
    """
    tables = sorted(root.glob("faithfulness/**/trials.parquet"))
    if not tables:
        raise TableError(f"{root}: no trials there; expected a study with faithfulness that has run")
    trials = pl.concat([_exported(file.parent) for file in tables])
    known = trials.drop_nulls("key")
    written = {}
    for _, own in known.group_by("subject", maintain_order=True):
        log = log_of(own)
        lines = [json.dumps(instance_of(row, log)) for row in own.iter_rows(named=True)]
        text = "".join(f"{line}\n" for line in lines)
        name = UUID(bytes=hashlib.sha256(log["evaluation_id"].encode()).digest()[:16], version=4)
        place = Path("data", _folder(f"unspoken-{own['study'][0]}"), *log["model_info"]["id"].split("/"))
        samples = place / f"{name}_samples.jsonl"
        log["detailed_evaluation_results"] = {
            "format": "jsonl", "file_path": samples.as_posix(), "hash_algorithm": "sha256",
            "checksum": _sha256(text), "total_rows": len(lines),
        }  # fmt: skip
        for file, content in ((samples, text), (place / f"{name}.json", json.dumps(log, indent=2) + "\n")):
            with written_whole(into / file) as temporary:
                temporary.write_text(content, encoding="utf-8")
        written[into / samples] = len(lines)
    return written, trials.height - known.height
