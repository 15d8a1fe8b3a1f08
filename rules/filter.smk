rule filter_completions:
    input:
        completions=lambda wildcards: PLAN.completions_of(
            wildcards.model, wildcards.group
        ),
    output:
        kept="<results>/subliminal/{model}/{group}/kept.parquet",
        dropped="<results>/subliminal/{model}/{group}/dropped.parquet",
    log:
        "<logs>/filter_completions/{model}-{group}.log",
    benchmark:
        "<benchmarks>/filter_completions/{model}-{group}.tsv"
    # A user's own data lie in datasets/{name}, as generated ones in {model}/{group}.
    wildcard_constraints:
        model="|".join(["datasets", PLAN.names("models")]),
        group="|".join(["(base|teachers)(-greedy)?", PLAN.names("datasets")]),
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of(PLAN.filter_part),
        json=json_of(PLAN.filter_part),
    message:
        "Filtering numbers of {wildcards.model} ({wildcards.group})"
    shell:
        "filter_completions.py --spec {params.json:q} --threads {threads}"
        " --completions {input.completions} --kept {output.kept} --dropped {output.dropped}"
        " &> {log}"
