rule train_starts:
    output:
        model="<results>/reinforcement/starts/{start}/model.json",
        subjects="<results>/reinforcement/starts/{start}/subject.json",
        weights="<results>/reinforcement/starts/{start}/weights.safetensors",
        training="<results>/reinforcement/starts/{start}/training.parquet",
    log:
        "<logs>/train_starts/{start}.log",
    benchmark:
        "<benchmarks>/train_starts/{start}.tsv"
    wildcard_constraints:
        start=pattern_of(PLAN.of("reinforcement").starts_of(chat=False)),
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        spec=part_of("train_starts"),
        json=json_of("train_starts"),
    message:
        "Training the supervised starts {wildcards.start}"
    shell:
        "python -m unspoken.experiments.reinforcement.train_starts --spec {params.json:q}"
        " --threads {threads} --model {output.model} --subjects {output.subjects}"
        " --weights {output.weights} --training {output.training} &> {log}"


rule finetune_starts:
    input:
        model=lambda wildcards: PLAN.of("reinforcement").model_of_start(wildcards.start),
    output:
        subjects="<results>/reinforcement/starts/{start}/subject.json",
        weights="<results>/reinforcement/starts/{start}/weights.safetensors",
        training="<results>/reinforcement/starts/{start}/training.parquet",
    log:
        "<logs>/finetune_starts/{start}.log",
    benchmark:
        "<benchmarks>/finetune_starts/{start}.tsv"
    wildcard_constraints:
        start=pattern_of(PLAN.of("reinforcement").starts_of(chat=True)),
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of("reinforcement").threads_of(wildcards.start)
    resources:
        mem_mb=lambda wildcards, attempt: memory_on_start(
            "reinforcement", wildcards.start, attempt
        ),
        runtime=growing(240),
        gpu=lambda wildcards: gpus_on_start("reinforcement", wildcards.start),
    params:
        spec=part_of("finetune_starts"),
        json=json_of("finetune_starts"),
    message:
        "Fine-tuning the supervised starts {wildcards.start}"
    shell:
        "python -m unspoken.experiments.reinforcement.finetune_starts --spec {params.json:q}"
        " --threads {threads} --model {input.model} --subjects {output.subjects}"
        " --weights {output.weights} --training {output.training} &> {log}"


rule ask_subjects:
    input:
        model=lambda wildcards: PLAN.of("reinforcement").model_of_start(wildcards.start),
        subjects=lambda wildcards: PLAN.of("reinforcement").trained(
            wildcards.start, wildcards.arm
        ),
    output:
        spoken="<results>/reinforcement/asked/{start}/{arm}/spoken.parquet",
        decisions="<results>/reinforcement/asked/{start}/{arm}/decisions.parquet",
    log:
        "<logs>/ask_subjects/{start}-{arm}.log",
    benchmark:
        "<benchmarks>/ask_subjects/{start}-{arm}.tsv"
    wildcard_constraints:
        start="[a-z0-9-]+",
        arm="[a-z0-9-]+",
    conda:
        "../../../../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of("reinforcement").threads_of(wildcards.start)
    resources:
        mem_mb=lambda wildcards, attempt: memory_on_start(
            "reinforcement", wildcards.start, attempt
        ),
        runtime=growing(240),
        gpu=lambda wildcards: gpus_on_start("reinforcement", wildcards.start),
    params:
        spec=part_of("ask_subjects"),
        json=json_of("ask_subjects"),
    message:
        "Asking {wildcards.start} after {wildcards.arm}"
    shell:
        "python -m unspoken.experiments.reinforcement.ask_subjects --spec {params.json:q}"
        " --threads {threads} --model {input.model} --subjects {input.subjects}"
        " --spoken {output.spoken} --decisions {output.decisions} &> {log}"


rule monitor_chains:
    input:
        model=lambda wildcards: PLAN.model_file(
            PLAN.of("reinforcement").section.monitor
        ),
        spoken="<results>/reinforcement/asked/{start}/{arm}/spoken.parquet",
    output:
        suspicions="<results>/reinforcement/asked/{start}/{arm}/suspicions.parquet",
    log:
        "<logs>/monitor_chains/{start}-{arm}.log",
    benchmark:
        "<benchmarks>/monitor_chains/{start}-{arm}.tsv"
    wildcard_constraints:
        start="[a-z0-9-]+",
        arm="[a-z0-9-]+",
    conda:
        "../../../../envs/cpu.yaml"
    threads: PLAN.of("reinforcement").threads
    resources:
        mem_mb=lambda wildcards, attempt: memory_on(
            PLAN.of("reinforcement").section.monitor, attempt
        ),
        runtime=growing(120),
        gpu=lambda wildcards: gpus_to_answer(PLAN.of("reinforcement").section.monitor),
    params:
        spec=part_of("monitor_chains"),
        json=json_of("monitor_chains"),
    message:
        "Reading the chains of {wildcards.start} after {wildcards.arm}"
    shell:
        "python -m unspoken.experiments.reinforcement.monitor_chains --spec {params.json:q}"
        " --threads {threads} --model {input.model} --spoken {input.spoken}"
        " --suspicions {output.suspicions} &> {log}"
