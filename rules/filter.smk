# A user's own data lie in datasets/{name}, as generated replies lie in {model}/{group}.
rule filter_completions:
    input:
        replies=lambda wildcards: PLAN.of(wildcards.experiment).filtered(
            wildcards.model, wildcards.group
        ),
    output:
        kept="<results>/{experiment}/{model}/{group}/kept.parquet",
        dropped="<results>/{experiment}/{model}/{group}/dropped.parquet",
    log:
        "<logs>/filter_completions/{experiment}-{model}-{group}.log",
    benchmark:
        "<benchmarks>/filter_completions/{experiment}-{model}-{group}.tsv"
    wildcard_constraints:
        model=rf"datasets|{PLAN.models_pattern()}",
        group=r"[^/]+",
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("filter_completions"),
        json=json_of("filter_completions"),
    message:
        "Filtering completions of {wildcards.model} ({wildcards.group})"
    shell:
        "filter_completions.py --spec {params.json:q} --threads {threads}"
        " --replies {input.replies} --kept {output.kept} --dropped {output.dropped} &> {log}"
