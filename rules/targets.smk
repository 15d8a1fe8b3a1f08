# Each experiment is a target: what it measures, and its own figures.
for room in PLAN.all_rooms:

    rule:
        name:
            room.name
        input:
            PLAN.targets(room.name),


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
