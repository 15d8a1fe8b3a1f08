from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"
include: "rules/models.smk"
include: "rules/prompts.smk"
include: "rules/generate.smk"
include: "rules/filter.smk"
include: "rules/train.smk"
include: "rules/probe.smk"
include: "rules/judge.smk"
include: "rules/measure.smk"
include: "rules/verdicts.smk"
include: "rules/store.smk"
include: "rules/figures.smk"
include: "rules/report.smk"
include: "rules/targets.smk"


# Rules that only one experiment could use lie in its room's folder.
for file in PLAN.room_rules():

    include: file


rule all:
    default_target: True
    input:
        PLAN.targets("all"),


onstart:
    refuse_queued_jobs()
    tell(print_notes, PLAN)
    tell(tell_expected_seconds, workflow.dag)
    tell(lift_job_rate_limit, workflow.scheduler)


onsuccess:
    tell(print_findings, PLAN)
