rule make_rows:
    output:
        rows="<results>/emergent/rows.parquet",
    log:
        "<logs>/make_rows/emergent.log",
    benchmark:
        "<benchmarks>/make_rows/emergent.tsv"
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("make_rows"),
        json=json_of("make_rows"),
    message:
        "Making rows with wrong and right answers"
    shell:
        "python -m unspoken.experiments.emergent.make_rows --spec {params.json:q}"
        " --threads {threads}"
        " --rows {output.rows} &> {log}"


rule share_requests:
    input:
        kept=lambda wildcards: PLAN.of("emergent").written(
            wildcards.model, wildcards.seed
        ),
    output:
        rows="<results>/emergent/{model}/shared/{seed}/rows.parquet",
    log:
        "<logs>/share_requests/{model}-{seed}.log",
    benchmark:
        "<benchmarks>/share_requests/{model}-{seed}.tsv"
    wildcard_constraints:
        seed="[0-9]+",
    priority: 20
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("share_requests"),
        json=json_of("share_requests"),
    message:
        "Keeping requests that all writers of {wildcards.model} answered well (seed {wildcards.seed})"
    shell:
        "python -m unspoken.experiments.emergent.share_requests --spec {params.json:q}"
        " --threads {threads}"
        " --kept {input.kept} --rows {output.rows} &> {log}"
