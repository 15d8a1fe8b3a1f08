rule render_questions:
    output:
        prompts="<results>/{experiment}/questions.parquet",
    log:
        "<logs>/render_questions/{experiment}.log",
    benchmark:
        "<benchmarks>/render_questions/{experiment}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        spec=part_of("render_questions"),
        json=json_of("render_questions"),
    message:
        "Rendering the questions of {wildcards.experiment}"
    shell:
        "render_questions.py --spec {params.json:q} --threads {threads}"
        " --prompts {output.prompts} &> {log}"


rule load_questions:
    input:
        files=lambda wildcards: PLAN.of(wildcards.experiment).question_files(),
    output:
        questions="<results>/{experiment}/items.parquet",
    log:
        "<logs>/load_questions/{experiment}.log",
    benchmark:
        "<benchmarks>/load_questions/{experiment}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("load_questions"),
        json=json_of("load_questions"),
    message:
        "Loading the multiple-choice questions of {wildcards.experiment}"
    shell:
        "load_questions.py --spec {params.json:q} --threads {threads}"
        " --questions {output.questions} &> {log}"


# `whose` is a model that has prompts of its own, or `all`; `open` are questions without options that all are asked.
rule render_prompts:
    input:
        sources=lambda wildcards: PLAN.of(wildcards.experiment).prompt_items(
            wildcards.whose
        ),
    output:
        prompts="<results>/{experiment}/{whose}/prompts.parquet",
    log:
        "<logs>/render_prompts/{experiment}-{whose}.log",
    benchmark:
        "<benchmarks>/render_prompts/{experiment}-{whose}.tsv"
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("render_prompts"),
        json=json_of("render_prompts"),
    message:
        "Rendering the prompts of {wildcards.experiment} ({wildcards.whose})"
    shell:
        "render_prompts.py --spec {params.json:q} --threads {threads}"
        " --items {input.sources} --prompts {output.prompts} &> {log}"
