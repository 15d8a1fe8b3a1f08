rule probe_traits:
    input:
        model=base_model,
        questions="<results>/{experiment}/questions.parquet",
        subjects=lambda wildcards: PLAN.of(wildcards.experiment).subjects(
            wildcards.model
        ),
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
    threads: lambda wildcards: PLAN.of(wildcards.experiment).probe.threads
    resources:
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=answering_gpus,
    params:
        spec=part_of("probe_traits"),
        json=json_of("probe_traits"),
    message:
        "Probing the traits of {wildcards.model} ({wildcards.experiment})"
    shell:
        "probe_traits.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --questions {input.questions} --subjects {input.subjects}"
        " --cache results/cache/completions"
        " --answers {output.answers} --asked {output.asked} &> {log}"


rule probe_chains:
    input:
        model=base_model,
        questions="<results>/{experiment}/items.parquet",
        prompts=lambda wildcards: PLAN.of(wildcards.experiment).prompts_of(
            wildcards.model
        ),
        replies="<results>/{experiment}/{model}/replies.parquet",
        readings="<results>/{experiment}/{model}/readings.parquet",
    output:
        interventions="<results>/{experiment}/{model}/interventions.parquet",
    log:
        "<logs>/probe_chains/{experiment}-{model}.log",
    benchmark:
        "<benchmarks>/probe_chains/{experiment}-{model}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of(wildcards.experiment).threads
    resources:
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=answering_gpus,
    params:
        spec=part_of("probe_chains"),
        json=json_of("probe_chains"),
    message:
        "Changing the chains of {wildcards.model} ({wildcards.experiment})"
    shell:
        "probe_chains.py --spec {params.json:q} --threads {threads} --model {input.model}"
        " --questions {input.questions} --prompts {input.prompts} --replies {input.replies}"
        " --readings {input.readings} --cache results/cache/completions"
        " --interventions {output.interventions} &> {log}"
