rule generate_numbers:
    input:
        model="<models>/{model}/model.json",
        prompts="<results>/subliminal/{model}/prompts.parquet",
        subjects=lambda wildcards: PLAN.generating_subjects(
            wildcards.model, wildcards.group
        ),
    output:
        completions="<results>/subliminal/{model}/{group}/completions.parquet",
        carrier="<results>/subliminal/{model}/{group}/carrier.parquet",
    log:
        "<logs>/generate_numbers/{model}-{group}.log",
    benchmark:
        "<benchmarks>/generate_numbers/{model}-{group}.tsv"
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=needs_gpu,
    params:
        spec=part_of(PLAN.generate_part),
        json=json_of(PLAN.generate_part),
    message:
        "Generating numbers of {wildcards.model} ({wildcards.group})"
    shell:
        "generate_numbers.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --prompts {input.prompts} --subjects {input.subjects}"
        " --completions {output.completions} --carrier {output.carrier} &> {log}"
