rule train_loops:
    output:
        model="<results>/loops/{turns}-{seed}/model.json",
        accuracies="<results>/loops/{turns}-{seed}/accuracies.parquet",
    log:
        "<logs>/train_loops/{turns}-{seed}.log",
    benchmark:
        "<benchmarks>/train_loops/{turns}-{seed}.tsv"
    wildcard_constraints:
        turns="[0-9]+",
        seed="[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("train_loops"),
        json=json_of("train_loops"),
    message:
        "Training a looped model of {wildcards.turns} turns, seed {wildcards.seed}"
    shell:
        "python -m unspoken.experiments.loops.train_loops --spec {params.json:q}"
        " --threads {threads}"
        " --model {output.model} --accuracies {output.accuracies} &> {log}"
