"""Which rule made which file: for the store's table of provenance."""

from collections.abc import Callable

from unspoken.experiments.subliminal.experiment import Design

MODEL_RULES = {
    "organism": "build_organism", "follower": "build_follower", "package": "unpack_model",
    "served": "declare_model", "scripted": "declare_model",
}  # fmt: skip


def makers(design: Design, code_of: Callable[[str], str]) -> list[list[str]]:
    """Return (pattern of a path, rule, digest of its code), the first that fits a path holds."""
    sampled = [arm.name for arm in design.arms if arm.objective == "tokens"]
    patterns = {
        "*/datasets/*/completions.parquet": "import_completions",
        "*/datasets/*/subject.json": "import_completions",
        "*/completions.parquet": "generate_numbers",
        "*/kept.parquet": "filter_completions",
        "*/dropped.parquet": "filter_completions",
        "*/teachers/subject.json": "finetune_teachers",
        "*/teachers/training.parquet": "finetune_teachers",
        **{f"*/students/{name}/*": "finetune_students" for name in sampled},
        "*/students/*": "distill_students",
        "*/answers.parquet": "probe_traits",
        "*/faithfulness/transcripts/*": "import_transcripts",
        "*/faithfulness/*/asked.json": "generate_chains",
        "*/chains.parquet": "generate_chains",
        "*/trials.parquet": "pair_trials",
        "*/asked.json": "probe_traits",
        "*/claims.parquet": "judge_claims",
        "*/verdicts.parquet": "judge_claims",
        **{f"*/{name}/*.parquet": f"measure_{name}" for name in design.study.experiments},
        **{
            f"*/{name}/model.json": MODEL_RULES.get(model.kind, "fetch_model")
            for name, model in design.study.models.items()
        },
    }
    return [[pattern, rule, code_of(f"{rule}.py")] for pattern, rule in patterns.items()]
