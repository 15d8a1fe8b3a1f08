import json
import os
import sys
from functools import cache
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "src"))

from unspoken.models.wheels import WEIGHT_BYTES
from unspoken.study.front_door import plan_or_exit
from unspoken.queued import refuse_queued_jobs
from unspoken.study.plan import pattern_of
from unspoken.study.room import model_of
from unspoken.study.said import print_findings, print_notes

PLAN = plan_or_exit(ROOT, config, workflow.configfiles)
STUDY = PLAN.study


pathvars:
    results=PLAN.results,
    logs=f"{PLAN.results}/logs",
    benchmarks=f"{PLAN.results}/benchmarks",
    models="results/models",
    bases=PLAN.bases,


wildcard_constraints:
    experiment=pattern_of(STUDY.experiments),
    model=PLAN.models_pattern(),
    source=rf"{PLAN.models_pattern()}|[a-z0-9_.-]+",
    whose=rf"{PLAN.models_pattern()}|all|open",
    answering=rf"({PLAN.models_pattern()}|transcripts/[^/]+)(/[^/]+)*",
    dataset="[^/]+",
    transcripts="[^/]+",
    batch="[a-z0-9-]+",
    figure="[a-z_]+",


# Jobs find the interpreter that runs Snakemake, the scripts, the library, and the process to
# outlive by no moment.
shell.prefix(
    f"set -euo pipefail; export PATH={str(ROOT / 'scripts')!r}:{os.path.dirname(sys.executable)!r}:$PATH"
    f" PYTHONPATH={str(ROOT / 'src')!r} UNSPOKEN_ROOT={str(ROOT)!r} UNSPOKEN_RUNNER={os.getpid()}; "
)


@cache
def part(rule, wildcards, made):
    """Return a job's part of the study, made once for both of its params."""
    return PLAN.part(rule, **dict(wildcards), **{name: make() for name, make in made})


def part_of(rule, **made):
    """Return the params function that gives a rule its part of the study.

    `made` has functions for what only the workflow knows, by the name under which it is told.
    """
    return lambda wildcards: part(rule, tuple(wildcards.items()), tuple(made.items()))


def json_of(rule, **made):
    """Return the params function that gives the same part as JSON text."""
    told = part_of(rule, **made)
    return lambda wildcards: json.dumps(told(wildcards), sort_keys=True)


def json_with_asking(rule):
    """Return the params function that gives a part as JSON text, with who asks under system prompts.

    Snakemake does not compare what takes `resources`: studies that ask otherwise share the model's files.
    """
    return lambda wildcards, resources: json.dumps(
        {
            **PLAN.part(rule, model=wildcards.model),
            "asking": PLAN.asking_under_systems(wildcards.model),
        },
        sort_keys=True,
    )


def makers():
    """Return (pattern of a path, rule, digest of its script) for every file that the store imports."""
    imported = {}
    for path in rules.build_store.input:
        imported.setdefault(os.path.basename(path), []).append(path)
    return [
        [output.regex().pattern, rule.name, PLAN.code_of(f"{rule.name}.py")]
        for rule in workflow.rules
        for output in rule.output
        if any(
            map(output.regex().fullmatch, imported.get(os.path.basename(output), []))
        )
    ]


def arms_of(*objectives):
    """Return the kinds of students that are trained by some objectives, of every room."""
    return [
        arm.name
        for room in PLAN.rooms
        for arm in room.arms
        if arm.objective in objectives
    ]


def model_file(answering):
    """Return the description of the model that answers."""
    return PLAN.model_file(model_of(answering))


def base_model(wildcards):
    """Return the description of the model that the rule names."""
    return PLAN.model_file(wildcards.model)


def is_large(model):
    """Return whether a model is the user's choice, which wants a GPU; models of the study run on CPU."""
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


def megabytes_of(model):
    """Return the MB of a model's unpacked weights, where the study states how many it has; else 0."""
    return WEIGHT_BYTES * getattr(STUDY.models[model], "weights", 0) / 1e6


def memory_on(model, attempt):
    """Return the MB of a job on a model: a model of some billion parameters, or a small model."""
    small = 6000 + round(1.5 * megabytes_of(model))
    return attempt * (40000 if is_large(model) else small)


def memory_to_fetch(wildcards, attempt):
    """Return the MB of a job that brings a model: to unpack it holds the file and all weights."""
    return attempt * (4000 + round(1.5 * megabytes_of(wildcards.model)))


def memory_of_model(wildcards, attempt):
    """Return the MB of a job on the model that the rule names."""
    return memory_on(wildcards.model, attempt)


def memory_on_start(room, start, attempt):
    """Return the MB of a job on a supervised start of a room: of a model, or an organism of its own."""
    base = PLAN.of(room).base_of(start)
    return attempt * 2000 if base is None else memory_on(base, attempt)


def gpus_on_start(room, start):
    """Return the GPUs of a job on a supervised start: replies are drawn on the one that trains."""
    base = PLAN.of(room).base_of(start)
    return 0 if base is None else int(is_large(base))


def tell_expected_seconds(dag):
    """Log what the jobs to run may take; the logger of the profiles tells the time left from it."""
    from unspoken.cost.estimate import core_seconds

    jobs = {dag.jobid(job): job for job in dag.needrun_jobs()}
    expected = core_seconds(
        PLAN, {key: (job.rule.name, job.wildcards_dict) for key, job in jobs.items()}
    )
    minutes = round(sum(seconds for _, seconds in expected.values()) / 60)
    # A target takes no time; of another job that nothing is stated of, None.
    told = {
        key: (
            job.rule.name,
            expected[key][1] if key in expected else 0.0 if job.is_norun else None,
            job.resources.get("gpu", 0),
        )
        for key, job in jobs.items()
    }
    unknown = sum(seconds is None for _, seconds, _ in told.values())
    logger.info(
        f"{len(jobs)} jobs, about {minutes} min of one core"
        + (f"; {unknown} of them of unknown length" if unknown else ""),
        extra={"expected_seconds": told},
    )


def lift_job_rate_limit(scheduler):
    """Take away Snakemake's limit of 100 jobs a second, which no option does.

    Of it each finished job leaves a timer that wakes the scheduler once a second more: after a hundred
    jobs, a third of a core (upstream: snakemake/snakemake, pull request 3744). tests/unit/test_patches.py
    tells when this is no longer needed.
    """
    if not hasattr(scheduler, "job_rate_limiter"):
        raise AttributeError("the scheduler has no job_rate_limiter to take away")
    scheduler.job_rate_limiter = None


def tell(what, *known):
    """Say something at the start of a run; where that fails, warn and go on: it is no job's business."""
    try:
        what(*known)
    except Exception as error:
        logger.warning(
            f"{what.__name__} failed, and the run goes on: {type(error).__name__}: {error}"
        )
