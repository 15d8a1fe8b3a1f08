rule generate_numbers:
    input:
        model="<models>/{model}/model.json",
        prompts="<results>/subliminal/{model}/prompts.parquet",
        subjects=lambda wildcards: PLAN.generating_subjects(
            wildcards.model, wildcards.group
        ),
    output:
        completions="<results>/subliminal/{model}/{group}/{shard}/completions.parquet",
        carrier="<results>/subliminal/{model}/{group}/{shard}/carrier.parquet",
    log:
        "<logs>/generate_numbers/{model}-{group}-{shard}.log",
    benchmark:
        "<benchmarks>/generate_numbers/{model}-{group}-{shard}.tsv"
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: PLAN.threads("subliminal")
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=needs_gpu,
    params:
        spec=part_of(PLAN.generate_part),
        json=json_of(PLAN.generate_part),
    message:
        "Generating numbers of {wildcards.model} ({wildcards.group}, shard {wildcards.shard})"
    shell:
        "generate_numbers.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --prompts {input.prompts} --subjects {input.subjects}"
        " --cache results/cache/completions"
        " --completions {output.completions} --carrier {output.carrier} &> {log}"


rule import_completions:
    input:
        file=lambda wildcards: PLAN.datasets[wildcards.dataset].path,
    output:
        completions="<results>/subliminal/datasets/{dataset}/completions.parquet",
        subject="<results>/subliminal/datasets/{dataset}/subject.json",
    log:
        "<logs>/import_completions/{dataset}.log",
    benchmark:
        "<benchmarks>/import_completions/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=part_of(PLAN.dataset_part),
        json=json_of(PLAN.dataset_part),
    message:
        "Importing the completions of {wildcards.dataset}"
    shell:
        "import_completions.py --spec {params.json:q} --threads {threads}"
        " --file {input.file:q} --completions {output.completions} --subject {output.subject}"
        " &> {log}"
