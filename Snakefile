from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"
include: "rules/models.smk"
include: "rules/prompts.smk"
include: "rules/generate.smk"
include: "rules/filter.smk"
include: "rules/finetune.smk"
include: "rules/distill.smk"
include: "rules/probe.smk"
include: "rules/faithfulness.smk"
include: "rules/mnist.smk"
include: "rules/theorem.smk"
include: "rules/loops.smk"
include: "rules/measure.smk"
include: "rules/verdicts.smk"
include: "rules/store.smk"
include: "rules/figures.smk"
include: "rules/report.smk"
include: "rules/targets.smk"


rule all:
    input:
        PLAN.targets("all"),


onstart:
    refuse_queued_jobs()
    PLAN.print_notes()
    tell_expected_seconds(workflow.dag)
    # Of the limit of 100 jobs a second, which no option takes away, each finished job leaves a timer that
    # wakes the scheduler once a second more: after a hundred jobs, a third of a core.
    workflow.scheduler.job_rate_limiter = None


onsuccess:
    PLAN.print_findings()
