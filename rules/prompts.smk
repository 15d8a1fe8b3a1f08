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
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        spec=part_of(PLAN.numbers_part),
        json=json_of(PLAN.numbers_part),
    message:
        "Rendering the number prompts of {wildcards.model}"
    shell:
        "render_numbers.py --spec {params.json:q} --threads {threads}"
        " --prompts {output.prompts} &> {log}"


rule load_questions:
    input:
        files=PLAN.question_files(),
    output:
        questions="<results>/faithfulness/items.parquet",
    log:
        "<logs>/load_questions.log",
    benchmark:
        "<benchmarks>/load_questions.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of(PLAN.load_questions_part),
        json=json_of(PLAN.load_questions_part),
    message:
        "Loading the multiple-choice questions"
    shell:
        "load_questions.py --spec {params.json:q} --threads {threads}"
        " --questions {output.questions} &> {log}"


rule render_hints:
    input:
        questions="<results>/faithfulness/items.parquet",
    output:
        prompts="<results>/faithfulness/prompts.parquet",
    log:
        "<logs>/render_hints.log",
    benchmark:
        "<benchmarks>/render_hints.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of(PLAN.hints_part),
        json=json_of(PLAN.hints_part),
    message:
        "Rendering the questions with and without hints"
    shell:
        "render_hints.py --spec {params.json:q} --threads {threads}"
        " --questions {input.questions} --prompts {output.prompts} &> {log}"


rule render_follower_hints:
    output:
        prompts="<results>/faithfulness/{model}/prompts.parquet",
    log:
        "<logs>/render_follower_hints/{model}.log",
    benchmark:
        "<benchmarks>/render_follower_hints/{model}.tsv"
    wildcard_constraints:
        model=PLAN.names("models", "follower"),
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of(PLAN.follower_hints_part),
        json=json_of(PLAN.follower_hints_part),
    message:
        "Rendering the questions of {wildcards.model} with and without hints"
    shell:
        "render_follower_hints.py --spec {params.json:q} --threads {threads}"
        " --prompts {output.prompts} &> {log}"
