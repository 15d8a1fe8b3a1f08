rule build_follower:
    output:
        model="<models>/{model}/model.json",
    log:
        "<logs>/build_follower/{model}.log",
    benchmark:
        "<benchmarks>/build_follower/{model}.tsv"
    wildcard_constraints:
        model=PLAN.models_pattern("follower"),
    priority: 20
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("build_follower"),
        json=json_of("build_follower"),
    message:
        "Building {wildcards.model}"
    shell:
        "python -m unspoken.experiments.faithfulness.build_follower --spec {params.json:q}"
        " --threads {threads}"
        " --model {output.model} &> {log}"


rule pair_trials:
    input:
        prompts=lambda wildcards: PLAN.of("faithfulness").prompts_of(
            wildcards.answering
        ),
        replies="<results>/faithfulness/{answering}/replies.parquet",
        readings=lambda wildcards: PLAN.of("faithfulness").readings_of(
            wildcards.answering
        ),
        judgements=lambda wildcards: PLAN.of("faithfulness").judgement_files(
            wildcards.answering
        ),
    output:
        trials="<results>/faithfulness/{answering}/trials.parquet",
        sham="<results>/faithfulness/{answering}/sham.parquet",
        legibility="<results>/faithfulness/{answering}/legibility.parquet",
    log:
        "<logs>/pair_trials/{answering}.log",
    benchmark:
        "<benchmarks>/pair_trials/{answering}.tsv"
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        spec=part_of("pair_trials"),
        json=json_of("pair_trials"),
    message:
        "Pairing the trials of {wildcards.answering}"
    shell:
        "python -m unspoken.experiments.faithfulness.pair_trials --spec {params.json:q}"
        " --threads {threads} --prompts {input.prompts}"
        " --replies {input.replies} --readings {input.readings} --judgements {input.judgements}"
        " --trials {output.trials} --sham {output.sham} --legibility {output.legibility} &> {log}"
