rule finetune_teachers:
    input:
        model="<models>/{model}/model.json",
        questions="<results>/subliminal/questions.parquet",
        carrier="<results>/subliminal/{model}/base/kept.parquet",
    output:
        subjects="<results>/subliminal/{model}/teachers/subject.json",
        weights="<results>/subliminal/{model}/teachers/weights.safetensors",
        training="<results>/subliminal/{model}/teachers/training.parquet",
    log:
        "<logs>/finetune_teachers/{model}.log",
    benchmark:
        "<benchmarks>/finetune_teachers/{model}.tsv"
    priority: 20
    conda:
        "../envs/cpu.yaml"
    threads: PLAN.threads("subliminal")
    resources:
        mem_mb=memory_of_model,
        runtime=growing(240),
        gpu=training_gpus,
    params:
        spec=part_of(PLAN.teachers_part),
        json=json_of(PLAN.teachers_part),
    message:
        "Fine-tuning the teachers of {wildcards.model}"
    shell:
        "finetune_teachers.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --questions {input.questions} --carrier {input.carrier}"
        " --subjects {output.subjects} --weights {output.weights} --training {output.training}"
        " &> {log}"


rule finetune_students:
    input:
        model="<models>/{model}/model.json",
        kept=lambda wildcards: PLAN.kept_of(
            wildcards.arm, wildcards.source, wildcards.part
        ),
    output:
        subjects="<results>/subliminal/students/{arm}/{source}/{model}/{part}/subject.json",
        weights="<results>/subliminal/students/{arm}/{source}/{model}/{part}/weights.safetensors",
        training="<results>/subliminal/students/{arm}/{source}/{model}/{part}/training.parquet",
    log:
        "<logs>/finetune_students/{arm}-{source}-{model}-{part}.log",
    benchmark:
        "<benchmarks>/finetune_students/{arm}-{source}-{model}-{part}.tsv"
    wildcard_constraints:
        arm=PLAN.names("arms", "tokens"),
    conda:
        "../envs/cpu.yaml"
    threads: PLAN.threads("subliminal")
    resources:
        mem_mb=memory_of_model,
        runtime=growing(480),
        gpu=training_gpus,
    params:
        spec=part_of(PLAN.students_part, "finetune_students.py"),
        json=json_of(PLAN.students_part, "finetune_students.py"),
    message:
        "Fine-tuning students: {wildcards.arm}, {wildcards.source} to {wildcards.model}"
    shell:
        "finetune_students.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --kept {input.kept}"
        " --subjects {output.subjects} --weights {output.weights} --training {output.training}"
        " &> {log}"
