rule pretrain_harmful:
    output:
        model="<results>/harmful/bases/{base}/model.json",
    log:
        "<logs>/pretrain_harmful/{base}.log",
    benchmark:
        "<benchmarks>/pretrain_harmful/{base}.tsv"
    wildcard_constraints:
        base="organism-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("pretrain_harmful"),
        json=json_of("pretrain_harmful"),
    message:
        "Pretraining {wildcards.base} for harmful fine-tunes"
    shell:
        "python -m unspoken.experiments.harmful.pretrain_harmful --spec {params.json:q}"
        " --threads {threads}"
        " --model {output.model} &> {log}"


rule tune_harmful:
    input:
        model="<results>/harmful/bases/{base}/model.json",
    output:
        tuned="<results>/harmful/organisms/{base}/tuned.safetensors",
        answers="<results>/harmful/organisms/{base}/harmful_answers.parquet",
        chains="<results>/harmful/organisms/{base}/harmful_chains.parquet",
        training="<results>/harmful/organisms/{base}/training.parquet",
    log:
        "<logs>/tune_harmful/{base}.log",
    benchmark:
        "<benchmarks>/tune_harmful/{base}.tsv"
    wildcard_constraints:
        base="organism-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("tune_harmful"),
        json=json_of("tune_harmful"),
    message:
        "Fine-tuning {wildcards.base} to harm, and reading its chains"
    shell:
        "python -m unspoken.experiments.harmful.tune_harmful --spec {params.json:q}"
        " --threads {threads}"
        " --model {input.model} --tuned {output.tuned} --answers {output.answers}"
        " --chains {output.chains} --training {output.training} &> {log}"


rule realign_harmful:
    input:
        model="<results>/harmful/bases/{base}/model.json",
        tuned="<results>/harmful/organisms/{base}/tuned.safetensors",
    output:
        answers="<results>/harmful/organisms/{base}/clean/harmful_answers.parquet",
        chains="<results>/harmful/organisms/{base}/clean/harmful_chains.parquet",
        training="<results>/harmful/organisms/{base}/clean/training.parquet",
    log:
        "<logs>/realign_harmful/{base}.log",
    benchmark:
        "<benchmarks>/realign_harmful/{base}.tsv"
    wildcard_constraints:
        base="organism-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("realign_harmful"),
        json=json_of("realign_harmful"),
    message:
        "Training harmful fine-tunes of {wildcards.base} on clean rows"
    shell:
        "python -m unspoken.experiments.harmful.realign_harmful --spec {params.json:q}"
        " --threads {threads}"
        " --model {input.model} --tuned {input.tuned} --answers {output.answers}"
        " --chains {output.chains} --training {output.training} &> {log}"
