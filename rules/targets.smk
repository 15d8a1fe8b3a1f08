rule subliminal:
    input:
        PLAN.targets("subliminal"),


rule mnist:
    input:
        PLAN.targets("mnist"),


rule theorem:
    input:
        PLAN.targets("theorem"),


rule probing:
    input:
        PLAN.targets("probing"),


rule faithfulness:
    input:
        PLAN.targets("faithfulness"),


rule loops:
    input:
        PLAN.targets("loops"),


rule figures:
    input:
        PLAN.targets("figures"),


rule store:
    input:
        "<results>/unspoken.duckdb",


# Before a run on nodes that have no network (docs/cluster.md).
rule fetch:
    input:
        PLAN.fetched(),
