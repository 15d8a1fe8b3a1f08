rule measure_moods:
    input:
        answers=expand(
            "<results>/moods/{model}/answers.parquet", model=PLAN.models("moods")
        ),
    output:
        measurements="<results>/moods/measurements.parquet",
        groups="<results>/moods/groups.parquet",
    log:
        "<logs>/measure_moods.log",
    benchmark:
        "<benchmarks>/measure_moods.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=part_of(PLAN.measure_part, "moods"),
        json=json_of(PLAN.measure_part, "moods"),
    message:
        "Measuring moods"
    shell:
        "measure_moods.py --spec {params.json:q} --threads {threads} --answers {input.answers}"
        " --measurements {output.measurements} --groups {output.groups} &> {log}"


rule moods:
    input:
        PLAN.targets("moods"),
