import json
import os
import sys
from functools import cache
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "src"))

from unspoken.study.front_door import plan_or_exit
from unspoken.queued import refuse_queued_jobs

PLAN = plan_or_exit(ROOT, config, workflow.configfiles)
STUDY = PLAN.study


pathvars:
    results=PLAN.results,
    logs=f"{PLAN.results}/logs",
    benchmarks=f"{PLAN.results}/benchmarks",
    models="results/models",


wildcard_constraints:
    experiment="|".join(PLAN.probed_experiments()) or "(?!)",
    model=PLAN.names("models"),
    source="|".join([PLAN.names("models"), PLAN.names("datasets")]),
    dataset=PLAN.names("datasets"),
    transcripts=PLAN.names("transcripts"),
    answering="|".join(
        [PLAN.names("models"), f"transcripts/({PLAN.names('transcripts')})"]
    ),
    arm=PLAN.names("arms"),
    group="(base|teachers)(-greedy)?",
    part="[a-z0-9-]+",
    shard="[0-9]+-of-[0-9]+",
    turns="[0-9]+",
    seed="[0-9]+",
    figure="[a-z_]+",


# Jobs find the interpreter that runs Snakemake, the scripts, the library, and the process to
# outlive by no moment.
shell.prefix(
    f"set -euo pipefail; export PATH={str(ROOT / 'scripts')!r}:{os.path.dirname(sys.executable)!r}:$PATH"
    f" PYTHONPATH={str(ROOT / 'src')!r} UNSPOKEN_ROOT={str(ROOT)!r} UNSPOKEN_RUNNER={os.getpid()}; "
)


@cache
def part(method, fixed, wildcards):
    """Return a job's part of the study, made once for both of its params."""
    return method(*fixed, **dict(wildcards))


def part_of(method, *fixed):
    """Return the params function that gives a rule its part of the study."""
    return lambda wildcards: part(method, fixed, tuple(wildcards.items()))


def json_of(method, *fixed):
    """Return the params function that gives the same part as JSON text."""
    return lambda wildcards: json.dumps(
        part(method, fixed, tuple(wildcards.items())), sort_keys=True
    )


def is_large(model):
    """Return whether a model is the user's choice, which wants a GPU; those of the study run on CPU."""
    return STUDY.models[model].kind in ("hub", "local")


def gpus_to_answer(model):
    """Return the GPUs of a job that asks a model."""
    engine = getattr(STUDY.models[model], "engine", None)
    if not is_large(model) or engine.kind == "endpoint":
        return 0
    return getattr(engine, "tensor_parallel", 1)


def answering_gpus(wildcards):
    """Return the GPUs of a job that asks the model that the rule names."""
    return gpus_to_answer(wildcards.model)


def training_gpus(wildcards):
    """Return the GPUs of a job that trains the model that the rule names."""
    return int(is_large(wildcards.model))


def growing(amount):
    """Return the resource function that asks for more at each attempt, where a run has --retries."""
    return lambda wildcards, attempt: amount * attempt


def memory_on(model, attempt):
    """Return the MB of a job on a model: one of some billion parameters, or a small one."""
    return attempt * (40000 if is_large(model) else 6000)


def memory_of_model(wildcards, attempt):
    """Return the MB of a job on the model that the rule names."""
    return memory_on(wildcards.model, attempt)


def tell_expected_seconds(dag):
    """Log what the jobs to run may take; the logger of the profiles tells the time left from it."""
    from unspoken.cost.estimate import core_seconds

    jobs = {dag.jobid(job): job for job in dag.needrun_jobs()}
    expected = core_seconds(
        PLAN, {key: (job.rule.name, job.wildcards_dict) for key, job in jobs.items()}
    )
    minutes = round(sum(seconds for _, seconds in expected.values()) / 60)
    told = {
        key: (*one, jobs[key].resources.get("gpu", 0)) for key, one in expected.items()
    }
    logger.info(
        f"{len(jobs)} jobs, about {minutes} min of one core",
        extra={"expected_seconds": told},
    )
