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
    priority: 30  # the longest single job is one of them
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.probe(wildcards.experiment).threads
    resources:
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=answering_gpus,
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


rule probe_chains:
    input:
        model="<models>/{model}/model.json",
        questions="<results>/faithfulness/items.parquet",
        chains="<results>/faithfulness/{model}/chains.parquet",
    output:
        interventions="<results>/faithfulness/{model}/interventions.parquet",
    log:
        "<logs>/probe_chains/{model}.log",
    benchmark:
        "<benchmarks>/probe_chains/{model}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: PLAN.threads("faithfulness")
    resources:
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=answering_gpus,
    params:
        spec=part_of(PLAN.tests_part),
        json=json_of(PLAN.tests_part),
    message:
        "Changing the chains of {wildcards.model}"
    shell:
        "probe_chains.py --spec {params.json:q} --threads {threads} --model {input.model}"
        " --questions {input.questions} --chains {input.chains} --cache results/cache/completions"
        " --interventions {output.interventions} &> {log}"
