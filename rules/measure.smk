# What is measured says the room's own module; a table's name is that of its file.
rule measure:
    input:
        tables=lambda wildcards: PLAN.of(wildcards.experiment).measure_inputs(),
    output:
        measurements="<results>/{experiment}/measurements.parquet",
        groups="<results>/{experiment}/groups.parquet",
    log:
        "<logs>/measure/{experiment}.log",
    benchmark:
        "<benchmarks>/measure/{experiment}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        spec=part_of("measure"),
        json=json_of("measure"),
    message:
        "Measuring {wildcards.experiment}"
    shell:
        "measure.py --spec {params.json:q} --threads {threads} --tables {input.tables}"
        " --measurements {output.measurements} --groups {output.groups} &> {log}"
