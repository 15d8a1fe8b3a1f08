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
        mem_mb=1000,
        runtime=5,
    params:
        spec=part_of(PLAN.questions_part),
        json=json_of(PLAN.questions_part),
    message:
        "Rendering the questions of {wildcards.experiment}"
    shell:
        "render_questions.py --spec {params.json:q} --threads {threads}"
        " --prompts {output.prompts} &> {log}"


rule render_numbers:
    output:
        prompts="<results>/subliminal/{model}/prompts.parquet",
    log:
        "<logs>/render_numbers/{model}.log",
    benchmark:
        "<benchmarks>/render_numbers/{model}.tsv"
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        spec=part_of(PLAN.numbers_part),
        json=json_of(PLAN.numbers_part),
    message:
        "Rendering the number prompts of {wildcards.model}"
    shell:
        "render_numbers.py --spec {params.json:q} --threads {threads}"
        " --prompts {output.prompts} &> {log}"
