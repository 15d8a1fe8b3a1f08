rule make_items:
    input:
        files=lambda wildcards: PLAN.of("scaling").item_files(),
    output:
        item_table="<results>/scaling/all/items.parquet",
    log:
        "<logs>/make_items.log",
    benchmark:
        "<benchmarks>/make_items.tsv"
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("make_items"),
        json=json_of("make_items"),
    message:
        "Making the items of the scaling tasks"
    shell:
        "python -m unspoken.experiments.scaling.make_items --spec {params.json:q}"
        " --threads {threads} --items {output.item_table} &> {log}"


rule read_trials:
    input:
        item_table="<results>/scaling/all/items.parquet",
        prompts="<results>/scaling/all/prompts.parquet",
        replies="<results>/scaling/{answering}/replies.parquet",
    output:
        trials="<results>/scaling/{answering}/length_trials.parquet",
        forced="<results>/scaling/{answering}/forced.parquet",
    log:
        "<logs>/read_trials/{answering}.log",
    benchmark:
        "<benchmarks>/read_trials/{answering}.tsv"
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("read_trials"),
        json=json_of("read_trials"),
    message:
        "Reading the answers of {wildcards.answering} (scaling)"
    shell:
        "python -m unspoken.experiments.scaling.read_trials --spec {params.json:q}"
        " --threads {threads} --items {input.item_table} --prompts {input.prompts}"
        " --replies {input.replies} --trials {output.trials} --forced {output.forced} &> {log}"


rule train_organism:
    output:
        model="<results>/scaling/organisms/{number}/model.json",
        trials="<results>/scaling/organisms/{number}/length_trials.parquet",
        errors="<results>/scaling/organisms/{number}/errors.parquet",
    log:
        "<logs>/train_organism/{number}.log",
    benchmark:
        "<benchmarks>/train_organism/{number}.tsv"
    wildcard_constraints:
        number="[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("train_organism"),
        json=json_of("train_organism"),
    message:
        "Training and asking an organism of known trends, number {wildcards.number}"
    shell:
        "python -m unspoken.experiments.scaling.train_organism --spec {params.json:q}"
        " --threads {threads} --model {output.model} --trials {output.trials}"
        " --errors {output.errors} &> {log}"


rule retrain_organism:
    input:
        model="<results>/scaling/organisms/{number}/model.json",
    output:
        distracted="<results>/scaling/retrained/{number}/distracted.parquet",
    log:
        "<logs>/retrain_organism/{number}.log",
    benchmark:
        "<benchmarks>/retrain_organism/{number}.tsv"
    wildcard_constraints:
        number="[0-9]+",
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("retrain_organism"),
        json=json_of("retrain_organism"),
    message:
        "Training organism {wildcards.number} on distracted notes with right answers"
    shell:
        "python -m unspoken.experiments.scaling.retrain_organism --spec {params.json:q}"
        " --threads {threads} --model {input.model} --distracted {output.distracted} &> {log}"


rule train_distracted:
    input:
        model=base_model,
    output:
        subjects="<results>/scaling/students/{model}/{number}/subject.json",
        weights="<results>/scaling/students/{model}/{number}/weights.safetensors",
        training="<results>/scaling/students/{model}/{number}/training.parquet",
    log:
        "<logs>/train_distracted/{model}-{number}.log",
    benchmark:
        "<benchmarks>/train_distracted/{model}-{number}.tsv"
    wildcard_constraints:
        number="[0-9]+",
    priority: 20
    conda:
        "../../../../envs/cpu.yaml"
    threads: lambda wildcards: PLAN.of("scaling").threads
    resources:
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=training_gpus,
    params:
        spec=part_of("train_distracted"),
        json=json_of("train_distracted"),
    message:
        "Training student {wildcards.number} of {wildcards.model} on distracted items with right answers"
    shell:
        "python -m unspoken.experiments.scaling.train_distracted --spec {params.json:q}"
        " --threads {threads} --model {input.model} --subjects {output.subjects}"
        " --weights {output.weights} --training {output.training} &> {log}"
