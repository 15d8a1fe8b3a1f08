rule measure_subliminal:
    input:
        answers=expand(
            "<results>/subliminal/{model}/answers.parquet",
            model=PLAN.models("subliminal"),
        ),
        subjects=PLAN.trained("subject.json"),
        kept=PLAN.number_tables("kept"),
        dropped=PLAN.number_tables("dropped"),
        carrier=PLAN.number_shards("carrier"),
    output:
        measurements="<results>/subliminal/measurements.parquet",
        groups="<results>/subliminal/groups.parquet",
    log:
        "<logs>/measure_subliminal.log",
    benchmark:
        "<benchmarks>/measure_subliminal.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        spec=part_of(PLAN.measure_part, "subliminal"),
        json=json_of(PLAN.measure_part, "subliminal"),
    message:
        "Measuring the subliminal experiment"
    shell:
        "measure_subliminal.py --spec {params.json:q} --threads {threads}"
        " --answers {input.answers} --subjects {input.subjects} --kept {input.kept}"
        " --dropped {input.dropped} --carrier {input.carrier}"
        " --measurements {output.measurements} --groups {output.groups} &> {log}"


rule measure_probing:
    input:
        answers=expand(
            "<results>/probing/{model}/answers.parquet", model=PLAN.models("probing")
        ),
    output:
        measurements="<results>/probing/measurements.parquet",
        groups="<results>/probing/groups.parquet",
    log:
        "<logs>/measure_probing.log",
    benchmark:
        "<benchmarks>/measure_probing.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of(PLAN.measure_part, "probing"),
        json=json_of(PLAN.measure_part, "probing"),
    message:
        "Measuring trait probing"
    shell:
        "measure_probing.py --spec {params.json:q} --threads {threads}"
        " --answers {input.answers}"
        " --measurements {output.measurements} --groups {output.groups} &> {log}"


rule measure_mnist:
    input:
        accuracies="<results>/mnist/accuracies.parquet",
    output:
        measurements="<results>/mnist/measurements.parquet",
        groups="<results>/mnist/groups.parquet",
    log:
        "<logs>/measure_mnist.log",
    benchmark:
        "<benchmarks>/measure_mnist.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        spec=part_of(PLAN.measure_part, "mnist"),
        json=json_of(PLAN.measure_part, "mnist"),
    message:
        "Measuring MNIST"
    shell:
        "measure_mnist.py --spec {params.json:q} --threads {threads}"
        " --accuracies {input.accuracies}"
        " --measurements {output.measurements} --groups {output.groups} &> {log}"


rule measure_theorem:
    input:
        steps="<results>/theorem/steps.parquet",
    output:
        measurements="<results>/theorem/measurements.parquet",
        groups="<results>/theorem/groups.parquet",
    log:
        "<logs>/measure_theorem.log",
    benchmark:
        "<benchmarks>/measure_theorem.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        spec=part_of(PLAN.measure_part, "theorem"),
        json=json_of(PLAN.measure_part, "theorem"),
    message:
        "Measuring the theorem's steps"
    shell:
        "measure_theorem.py --spec {params.json:q} --threads {threads}"
        " --steps {input.steps}"
        " --measurements {output.measurements} --groups {output.groups} &> {log}"


rule measure_faithfulness:
    input:
        trials=PLAN.chain_files("trials.parquet"),
        sham=PLAN.chain_files("sham.parquet"),
        legibility=PLAN.chain_files("legibility.parquet"),
        interventions=PLAN.tested_files(),
    output:
        measurements="<results>/faithfulness/measurements.parquet",
        groups="<results>/faithfulness/groups.parquet",
    log:
        "<logs>/measure_faithfulness.log",
    benchmark:
        "<benchmarks>/measure_faithfulness.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        spec=part_of(PLAN.measure_part, "faithfulness"),
        json=json_of(PLAN.measure_part, "faithfulness"),
    message:
        "Measuring the faithfulness of chains of thought"
    shell:
        "measure_faithfulness.py --spec {params.json:q} --threads {threads}"
        " --trials {input.trials} --sham {input.sham} --legibility {input.legibility}"
        " --interventions {input.interventions}"
        " --measurements {output.measurements} --groups {output.groups} &> {log}"


rule measure_loops:
    input:
        accuracies=PLAN.loop_tables(),
    output:
        measurements="<results>/loops/measurements.parquet",
        groups="<results>/loops/groups.parquet",
    log:
        "<logs>/measure_loops.log",
    benchmark:
        "<benchmarks>/measure_loops.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        spec=part_of(PLAN.measure_part, "loops"),
        json=json_of(PLAN.measure_part, "loops"),
    message:
        "Measuring looped models"
    shell:
        "measure_loops.py --spec {params.json:q} --threads {threads}"
        " --accuracies {input.accuracies}"
        " --measurements {output.measurements} --groups {output.groups} &> {log}"
