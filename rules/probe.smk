rule probe_traits:
    input:
        model="<models>/{model}/model.json",
        questions="<results>/{experiment}/questions.parquet",
        subjects=lambda wildcards: PLAN.probed(wildcards.experiment, wildcards.model),
    output:
        answers="<results>/{experiment}/{model}/answers.parquet",
        asked="<results>/{experiment}/{model}/asked.json",
    log:
        "<logs>/probe_traits/{experiment}-{model}.log",
    benchmark:
        "<benchmarks>/probe_traits/{experiment}-{model}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.threads(wildcards.experiment)
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=needs_gpu,
    params:
        spec=part_of(PLAN.probe_part),
        json=json_of(PLAN.probe_part),
    message:
        "Probing the traits of {wildcards.model} ({wildcards.experiment})"
    shell:
        "probe_traits.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --questions {input.questions} --subjects {input.subjects}"
        " --cache results/cache/completions"
        " --answers {output.answers} --asked {output.asked} &> {log}"
