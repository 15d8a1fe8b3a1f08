rule build_store:
    input:
        measurements=PLAN.measured("measurements.parquet"),
        groups=PLAN.measured("groups.parquet"),
        models=PLAN.model_files(),
        subjects=PLAN.subjects(),
        asked=PLAN.files("asked"),
        claims="<results>/claims.parquet",
        verdicts="<results>/verdicts.parquet",
        tables=PLAN.stored_tables(),
    output:
        store="<results>/unspoken.duckdb",
    log:
        "<logs>/build_store.log",
    benchmark:
        "<benchmarks>/build_store.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        spec=part_of("build_store", makers=makers),
        json=json_of("build_store", makers=makers),
    message:
        "Building the store"
    shell:
        "build_store.py --spec {params.json:q} --threads {threads} --models {input.models}"
        " --subjects {input.subjects} --asked {input.asked} --groups {input.groups}"
        " --measurements {input.measurements} --claims {input.claims}"
        " --verdicts {input.verdicts} --tables {input.tables} --store {output.store} &> {log}"


rule write_findings:
    input:
        store="<results>/unspoken.duckdb",
    output:
        findings="<results>/findings.txt",
    log:
        "<logs>/write_findings.log",
    benchmark:
        "<benchmarks>/write_findings.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        spec=part_of("write_findings"),
        json=json_of("write_findings"),
    message:
        "Writing the findings"
    shell:
        "write_findings.py --spec {params.json:q} --threads {threads}"
        " --store {input.store} --findings {output.findings} &> {log}"
