rule judge_chains:
    input:
        model=lambda wildcards: f"<models>/{PLAN.faithfulness.judge.model}/model.json",
        chains="<results>/faithfulness/{answering}/chains.parquet",
    output:
        judgements="<results>/faithfulness/{answering}/judgements.parquet",
    log:
        "<logs>/judge_chains/{answering}.log",
    benchmark:
        "<benchmarks>/judge_chains/{answering}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: PLAN.threads("faithfulness")
    resources:
        mem_mb=lambda wildcards, attempt: memory_on(
            PLAN.faithfulness.judge.model, attempt
        ),
        runtime=growing(240),
        gpu=lambda wildcards: gpus_to_answer(PLAN.faithfulness.judge.model),
    params:
        spec=part_of(PLAN.judge_part),
        json=json_of(PLAN.judge_part),
    message:
        "Judging the chains of {wildcards.answering} by a model"
    shell:
        "judge_chains.py --spec {params.json:q} --threads {threads} --model {input.model}"
        " --chains {input.chains} --cache results/cache/completions"
        " --judgements {output.judgements} &> {log}"


rule pair_trials:
    input:
        chains="<results>/faithfulness/{answering}/chains.parquet",
        judgements=lambda wildcards: PLAN.judgement_files(wildcards.answering),
    output:
        trials="<results>/faithfulness/{answering}/trials.parquet",
        sham="<results>/faithfulness/{answering}/sham.parquet",
        legibility="<results>/faithfulness/{answering}/legibility.parquet",
    log:
        "<logs>/pair_trials/{answering}.log",
    benchmark:
        "<benchmarks>/pair_trials/{answering}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        spec=part_of(PLAN.trials_part),
        json=json_of(PLAN.trials_part),
    message:
        "Pairing the trials of {wildcards.answering}"
    shell:
        "pair_trials.py --spec {params.json:q} --threads {threads} --chains {input.chains}"
        " --judgements {input.judgements} --trials {output.trials} --sham {output.sham}"
        " --legibility {output.legibility} &> {log}"
