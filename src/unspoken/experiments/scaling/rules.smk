rule make_items:
    input:
        files=lambda wildcards: PLAN.of("scaling").item_files(),
    output:
        item_table="<results>/scaling/all/items.parquet",
    log:
        "<logs>/make_items.log",
    benchmark:
        "<benchmarks>/make_items.tsv"
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("make_items"),
        json=json_of("make_items"),
    message:
        "Making the items of the scaling tasks"
    shell:
        "python -m unspoken.experiments.scaling.make_items --spec {params.json:q}"
        " --threads {threads} --items {output.item_table} &> {log}"


rule read_trials:
    input:
        item_table="<results>/scaling/all/items.parquet",
        prompts="<results>/scaling/all/prompts.parquet",
        replies="<results>/scaling/{model}/replies.parquet",
    output:
        trials="<results>/scaling/{model}/trials.parquet",
        forced="<results>/scaling/{model}/forced.parquet",
    log:
        "<logs>/read_trials/{model}.log",
    benchmark:
        "<benchmarks>/read_trials/{model}.tsv"
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("read_trials"),
        json=json_of("read_trials"),
    message:
        "Reading the answers of {wildcards.model} (scaling)"
    shell:
        "python -m unspoken.experiments.scaling.read_trials --spec {params.json:q}"
        " --threads {threads} --items {input.item_table} --prompts {input.prompts}"
        " --replies {input.replies} --trials {output.trials} --forced {output.forced} &> {log}"
