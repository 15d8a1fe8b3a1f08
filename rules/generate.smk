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
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=answering_gpus,
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
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of(PLAN.dataset_part),
        json=json_of(PLAN.dataset_part),
    message:
        "Importing the completions of {wildcards.dataset}"
    shell:
        "import_completions.py --spec {params.json:q} --threads {threads}"
        " --file {input.file:q} --completions {output.completions} --subject {output.subject}"
        " &> {log}"


rule generate_chains:
    input:
        model="<models>/{model}/model.json",
        prompts=lambda wildcards: PLAN.prompts_of(wildcards.model),
    output:
        chains="<results>/faithfulness/{model}/chains.parquet",
        asked="<results>/faithfulness/{model}/asked.json",
    log:
        "<logs>/generate_chains/{model}.log",
    benchmark:
        "<benchmarks>/generate_chains/{model}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: PLAN.threads("faithfulness")
    resources:
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=answering_gpus,
    params:
        spec=part_of(PLAN.chains_part),
        json=json_of(PLAN.chains_part),
    message:
        "Generating chains of thought of {wildcards.model}"
    shell:
        "generate_chains.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --prompts {input.prompts} --cache results/cache/completions"
        " --chains {output.chains} --asked {output.asked} &> {log}"


rule import_transcripts:
    input:
        file=lambda wildcards: PLAN.faithfulness.transcripts[wildcards.transcripts].path,
    output:
        chains="<results>/faithfulness/transcripts/{transcripts}/chains.parquet",
        asked="<results>/faithfulness/transcripts/{transcripts}/asked.json",
    log:
        "<logs>/import_transcripts/{transcripts}.log",
    benchmark:
        "<benchmarks>/import_transcripts/{transcripts}.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of(PLAN.transcripts_part),
        json=json_of(PLAN.transcripts_part),
    message:
        "Importing the transcripts {wildcards.transcripts}"
    shell:
        "import_transcripts.py --spec {params.json:q} --threads {threads}"
        " --file {input.file:q} --chains {output.chains} --asked {output.asked} &> {log}"
