rule judge_replies:
    input:
        model=lambda wildcards: PLAN.model_file(
            PLAN.of(wildcards.experiment).judge_model
        ),
        prompts=lambda wildcards: PLAN.of(wildcards.experiment).prompts_of(
            wildcards.answering
        ),
        replies="<results>/{experiment}/{answering}/replies.parquet",
    output:
        judgements="<results>/{experiment}/{answering}/judgements.parquet",
    log:
        "<logs>/judge_replies/{experiment}/{answering}.log",
    benchmark:
        "<benchmarks>/judge_replies/{experiment}/{answering}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of(wildcards.experiment).threads
    resources:
        mem_mb=lambda wildcards, attempt: memory_on(
            PLAN.of(wildcards.experiment).judge_model, attempt
        ),
        runtime=growing(240),
        gpu=lambda wildcards: gpus_to_answer(PLAN.of(wildcards.experiment).judge_model),
    params:
        spec=part_of("judge_replies"),
        json=json_of("judge_replies"),
    message:
        "Judging the replies of {wildcards.answering} by a model ({wildcards.experiment})"
    shell:
        "judge_replies.py --spec {params.json:q} --threads {threads} --model {input.model}"
        " --prompts {input.prompts} --replies {input.replies} --cache results/cache/completions"
        " --judgements {output.judgements} &> {log}"
