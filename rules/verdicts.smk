rule judge_claims:
    input:
        measurements=PLAN.measured("measurements.parquet"),
        groups=PLAN.measured("groups.parquet"),
        models=PLAN.model_files(),
        subjects=PLAN.subjects(),
        asked=PLAN.files("asked"),
        made=PLAN.dated_tables(),
    output:
        claims="<results>/claims.parquet",
        verdicts="<results>/verdicts.parquet",
    log:
        "<logs>/judge_claims.log",
    benchmark:
        "<benchmarks>/judge_claims.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        spec=part_of("judge_claims"),
        json=json_of("judge_claims"),
    message:
        "Judging the claims of the papers"
    shell:
        "judge_claims.py --spec {params.json:q} --threads {threads}"
        " --measurements {input.measurements} --groups {input.groups} --models {input.models}"
        " --subjects {input.subjects} --asked {input.asked} --made {input.made}"
        " --claims {output.claims} --verdicts {output.verdicts} &> {log}"
