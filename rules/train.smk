rule finetune_teachers:
    input:
        model=base_model,
        questions="<results>/{experiment}/questions.parquet",
        carrier="<results>/{experiment}/{model}/base/kept.parquet",
    output:
        subjects="<results>/{experiment}/{model}/teachers/subject.json",
        weights="<results>/{experiment}/{model}/teachers/weights.safetensors",
        training="<results>/{experiment}/{model}/teachers/training.parquet",
    log:
        "<logs>/finetune_teachers/{experiment}-{model}.log",
    benchmark:
        "<benchmarks>/finetune_teachers/{experiment}-{model}.tsv"
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of(wildcards.experiment).threads
    resources:
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=training_gpus,
    params:
        spec=part_of("finetune_teachers"),
        json=json_of("finetune_teachers"),
    message:
        "Fine-tuning the teachers of {wildcards.model}"
    shell:
        "finetune_teachers.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --questions {input.questions} --carrier {input.carrier}"
        " --subjects {output.subjects} --weights {output.weights} --training {output.training}"
        " &> {log}"


rule finetune_students:
    input:
        model=base_model,
        kept=lambda wildcards: PLAN.of(wildcards.experiment).training_rows(
            wildcards.arm, wildcards.source, wildcards.batch
        ),
    output:
        subjects="<results>/{experiment}/students/{arm}/{source}/{model}/{batch}/subject.json",
        weights="<results>/{experiment}/students/{arm}/{source}/{model}/{batch}/weights.safetensors",
        training="<results>/{experiment}/students/{arm}/{source}/{model}/{batch}/training.parquet",
    log:
        "<logs>/finetune_students/{experiment}-{arm}-{source}-{model}-{batch}.log",
    benchmark:
        "<benchmarks>/finetune_students/{experiment}-{arm}-{source}-{model}-{batch}.tsv"
    wildcard_constraints:
        arm=pattern_of(arms_of("tokens")),
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of(wildcards.experiment).threads
    resources:
        mem_mb=memory_of_model,
        runtime=growing(480),
        gpu=training_gpus,
    params:
        spec=part_of("finetune_students"),
        json=json_of("finetune_students"),
    message:
        "Fine-tuning students: {wildcards.arm}, {wildcards.source} to {wildcards.model}"
    shell:
        "finetune_students.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --kept {input.kept}"
        " --subjects {output.subjects} --weights {output.weights} --training {output.training}"
        " &> {log}"


rule distill_students:
    input:
        model=base_model,
        teachers=lambda wildcards: PLAN.of(wildcards.experiment).tuned_teachers(
            wildcards.source
        ),
        kept=lambda wildcards: PLAN.of(wildcards.experiment).training_rows(
            wildcards.arm, wildcards.source, wildcards.batch
        ),
    output:
        subjects="<results>/{experiment}/students/{arm}/{source}/{model}/{batch}/subject.json",
        weights="<results>/{experiment}/students/{arm}/{source}/{model}/{batch}/weights.safetensors",
        training="<results>/{experiment}/students/{arm}/{source}/{model}/{batch}/training.parquet",
    log:
        "<logs>/distill_students/{experiment}-{arm}-{source}-{model}-{batch}.log",
    benchmark:
        "<benchmarks>/distill_students/{experiment}-{arm}-{source}-{model}-{batch}.tsv"
    wildcard_constraints:
        arm=pattern_of(arms_of("kl_carrier", "kl_full")),
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of(wildcards.experiment).threads
    resources:
        mem_mb=memory_of_model,
        runtime=growing(480),
        gpu=training_gpus,
    params:
        spec=part_of("distill_students"),
        json=json_of("distill_students"),
    message:
        "Distilling students: {wildcards.arm}, {wildcards.source} to {wildcards.model}"
    shell:
        "distill_students.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --teachers {input.teachers}"
        " --kept {input.kept}"
        " --subjects {output.subjects} --weights {output.weights} --training {output.training}"
        " &> {log}"


# What is rewarded says a task of the room; a start is a supervised model, of which there are several.
rule train_by_reward:
    input:
        model=lambda wildcards: PLAN.of(wildcards.experiment).model_of_start(
            wildcards.start
        ),
        starts="<results>/{experiment}/starts/{start}/subject.json",
        weights="<results>/{experiment}/starts/{start}/weights.safetensors",
    output:
        subjects="<results>/{experiment}/rewarded/{start}/{arm}/subject.json",
        weights="<results>/{experiment}/rewarded/{start}/{arm}/weights.safetensors",
        rewards="<results>/{experiment}/rewarded/{start}/{arm}/rewards.parquet",
    log:
        "<logs>/train_by_reward/{experiment}-{start}-{arm}.log",
    benchmark:
        "<benchmarks>/train_by_reward/{experiment}-{start}-{arm}.tsv"
    wildcard_constraints:
        start="[a-z0-9-]+",
        arm="[a-z0-9-]+",
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of(wildcards.experiment).threads_of(wildcards.start)
    resources:
        mem_mb=lambda wildcards, attempt: memory_on_start(
            wildcards.experiment, wildcards.start, attempt
        ),
        runtime=growing(480),
        gpu=lambda wildcards: gpus_on_start(wildcards.experiment, wildcards.start),
    params:
        spec=part_of("train_by_reward"),
        json=json_of("train_by_reward"),
    message:
        "Training by reward: {wildcards.arm}, from {wildcards.start}"
    shell:
        "train_by_reward.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --starts {input.starts}"
        " --subjects {output.subjects} --weights {output.weights} --rewards {output.rewards}"
        " &> {log}"
