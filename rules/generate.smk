# Who answers is a model, and below it the group and shard of a job.
rule generate_replies:
    input:
        model=lambda wildcards: model_file(wildcards.answering),
        prompts=lambda wildcards: PLAN.of(wildcards.experiment).prompts_of(
            wildcards.answering
        ),
        subjects=lambda wildcards: PLAN.of(wildcards.experiment).answering_subjects(
            wildcards.answering
        ),
    output:
        replies="<results>/{experiment}/{answering}/replies.parquet",
        readings="<results>/{experiment}/{answering}/readings.parquet",
        asked="<results>/{experiment}/{answering}/replied.json",
    log:
        "<logs>/generate_replies/{experiment}/{answering}.log",
    benchmark:
        "<benchmarks>/generate_replies/{experiment}/{answering}.tsv"
    wildcard_constraints:
        answering=rf"({PLAN.models_pattern()})(/.+)?",
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of(wildcards.experiment).threads
    resources:
        mem_mb=lambda wildcards, attempt: memory_on(
            model_of(wildcards.answering), attempt
        ),
        runtime=growing(240),
        gpu=lambda wildcards: gpus_to_answer(model_of(wildcards.answering)),
    params:
        spec=part_of("generate_replies"),
        json=json_of("generate_replies"),
    message:
        "Generating replies of {wildcards.answering} ({wildcards.experiment})"
    shell:
        "generate_replies.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --prompts {input.prompts} --subjects {input.subjects}"
        " --cache results/cache/completions"
        " --replies {output.replies} --readings {output.readings} --asked {output.asked} &> {log}"


rule import_completions:
    input:
        file=lambda wildcards: PLAN.of(wildcards.experiment).imported_file(
            wildcards.dataset
        ),
    output:
        replies="<results>/{experiment}/datasets/{dataset}/replies.parquet",
        asked="<results>/{experiment}/datasets/{dataset}/asked.json",
    log:
        "<logs>/import_completions/{experiment}-{dataset}.log",
    benchmark:
        "<benchmarks>/import_completions/{experiment}-{dataset}.tsv"
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("import_completions"),
        json=json_of("import_completions"),
    message:
        "Importing the completions of {wildcards.dataset}"
    shell:
        "import_completions.py --spec {params.json:q} --threads {threads}"
        " --file {input.file:q} --replies {output.replies} --asked {output.asked} &> {log}"


rule import_transcripts:
    input:
        file=lambda wildcards: PLAN.of(wildcards.experiment).imported_file(
            wildcards.transcripts
        ),
    output:
        prompts="<results>/{experiment}/transcripts/{transcripts}/prompts.parquet",
        replies="<results>/{experiment}/transcripts/{transcripts}/replies.parquet",
        asked="<results>/{experiment}/transcripts/{transcripts}/asked.json",
    log:
        "<logs>/import_transcripts/{experiment}-{transcripts}.log",
    benchmark:
        "<benchmarks>/import_transcripts/{experiment}-{transcripts}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("import_transcripts"),
        json=json_of("import_transcripts"),
    message:
        "Importing the transcripts {wildcards.transcripts}"
    shell:
        "import_transcripts.py --spec {params.json:q} --threads {threads}"
        " --file {input.file:q} --prompts {output.prompts} --replies {output.replies}"
        " --asked {output.asked} &> {log}"
