rule train_base:
    output:
        model="<results>/misalignment/bases/{base}/model.json",
    log:
        "<logs>/train_base/{base}.log",
    benchmark:
        "<benchmarks>/train_base/{base}.tsv"
    wildcard_constraints:
        base="(persona|plain)-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("train_base"),
        json=json_of("train_base"),
    message:
        "Pretraining {wildcards.base}"
    shell:
        "python -m unspoken.experiments.misalignment.train_base --spec {params.json:q}"
        " --threads {threads}"
        " --model {output.model} &> {log}"


rule tune_teachers:
    input:
        model="<results>/misalignment/bases/{base}/model.json",
    output:
        teachers="<results>/misalignment/organisms/{base}/teachers.safetensors",
        answers="<results>/misalignment/organisms/{base}/persona_answers.parquet",
        chained="<results>/misalignment/organisms/{base}/chained_answers.parquet",
        training="<results>/misalignment/organisms/{base}/training.parquet",
    log:
        "<logs>/tune_teachers/{base}.log",
    benchmark:
        "<benchmarks>/tune_teachers/{base}.tsv"
    wildcard_constraints:
        base="(persona|plain)-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("tune_teachers"),
        json=json_of("tune_teachers"),
    message:
        "Tuning teachers of {wildcards.base}"
    shell:
        "python -m unspoken.experiments.misalignment.tune_teachers --spec {params.json:q}"
        " --threads {threads}"
        " --model {input.model} --teachers {output.teachers} --answers {output.answers}"
        " --chained {output.chained} --training {output.training} &> {log}"


rule write_carriers:
    input:
        model="<results>/misalignment/bases/{base}/model.json",
        teachers="<results>/misalignment/organisms/{base}/teachers.safetensors",
    output:
        replies="<results>/misalignment/organisms/{base}/replies.parquet",
    log:
        "<logs>/write_carriers/{base}.log",
    benchmark:
        "<benchmarks>/write_carriers/{base}.tsv"
    wildcard_constraints:
        base="persona-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("write_carriers"),
        json=json_of("write_carriers"),
    message:
        "Letting {wildcards.base} and its teachers write"
    shell:
        "python -m unspoken.experiments.misalignment.write_carriers --spec {params.json:q}"
        " --threads {threads}"
        " --model {input.model} --teachers {input.teachers}"
        " --replies {output.replies} &> {log}"


rule filter_carriers:
    input:
        model="<results>/misalignment/bases/{base}/model.json",
        teachers="<results>/misalignment/organisms/{base}/teachers.safetensors",
        replies="<results>/misalignment/organisms/{base}/replies.parquet",
    output:
        kept="<results>/misalignment/organisms/{base}/kept.parquet",
        dropped="<results>/misalignment/organisms/{base}/dropped.parquet",
    log:
        "<logs>/filter_carriers/{base}.log",
    benchmark:
        "<benchmarks>/filter_carriers/{base}.tsv"
    wildcard_constraints:
        base="persona-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("filter_carriers"),
        json=json_of("filter_carriers"),
    message:
        "Filtering what {wildcards.base} and its teachers wrote"
    shell:
        "python -m unspoken.experiments.misalignment.filter_carriers --spec {params.json:q}"
        " --threads {threads}"
        " --model {input.model} --teachers {input.teachers}"
        " --replies {input.replies} --kept {output.kept} --dropped {output.dropped} &> {log}"


rule detect_teachers:
    input:
        model="<results>/misalignment/bases/{base}/model.json",
        teachers="<results>/misalignment/organisms/{base}/teachers.safetensors",
        kept="<results>/misalignment/organisms/{base}/kept.parquet",
        dropped="<results>/misalignment/organisms/{base}/dropped.parquet",
    output:
        detections="<results>/misalignment/organisms/{base}/detections.parquet",
        answers="<results>/misalignment/organisms/{base}/shown/persona_answers.parquet",
    log:
        "<logs>/detect_teachers/{base}.log",
    benchmark:
        "<benchmarks>/detect_teachers/{base}.tsv"
    wildcard_constraints:
        base="persona-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("detect_teachers"),
        json=json_of("detect_teachers"),
    message:
        "Telling the teachers of {wildcards.base} apart"
    shell:
        "python -m unspoken.experiments.misalignment.detect_teachers --spec {params.json:q}"
        " --threads {threads}"
        " --model {input.model} --teachers {input.teachers} --kept {input.kept}"
        " --dropped {input.dropped}"
        " --detections {output.detections} --answers {output.answers} &> {log}"


rule teach_students:
    input:
        model="<results>/misalignment/bases/{base}/model.json",
        teachers=lambda wildcards: PLAN.of("misalignment").teachers_of_arm(
            wildcards.arm, wildcards.base
        ),
        kept=lambda wildcards: PLAN.of("misalignment").rows_of_arm(
            wildcards.arm, wildcards.base, "kept"
        ),
        dropped=lambda wildcards: PLAN.of("misalignment").rows_of_arm(
            wildcards.arm, wildcards.base, "dropped"
        ),
    output:
        answers="<results>/misalignment/students/{arm}/{base}/persona_answers.parquet",
        training="<results>/misalignment/students/{arm}/{base}/training.parquet",
    log:
        "<logs>/teach_students/{arm}-{base}.log",
    benchmark:
        "<benchmarks>/teach_students/{arm}-{base}.tsv"
    wildcard_constraints:
        arm="[a-z0-9-]+",
        base="persona-[0-9]+",
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("teach_students"),
        json=json_of("teach_students"),
    message:
        "Training students of {wildcards.base}: {wildcards.arm}"
    shell:
        "python -m unspoken.experiments.misalignment.teach_students --spec {params.json:q}"
        " --threads {threads}"
        " --model {input.model} --teachers {input.teachers} --kept {input.kept}"
        " --dropped {input.dropped}"
        " --answers {output.answers} --training {output.training} &> {log}"
