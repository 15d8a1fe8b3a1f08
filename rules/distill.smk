rule distill_students:
    input:
        model="<models>/{model}/model.json",
        teachers=lambda wildcards: PLAN.tuned_teachers(wildcards.source),
        kept=lambda wildcards: PLAN.kept_of(
            wildcards.arm, wildcards.source, wildcards.part
        ),
    output:
        subjects="<results>/subliminal/students/{arm}/{source}/{model}/{part}/subject.json",
        weights="<results>/subliminal/students/{arm}/{source}/{model}/{part}/weights.safetensors",
        training="<results>/subliminal/students/{arm}/{source}/{model}/{part}/training.parquet",
    log:
        "<logs>/distill_students/{arm}-{source}-{model}-{part}.log",
    benchmark:
        "<benchmarks>/distill_students/{arm}-{source}-{model}-{part}.tsv"
    wildcard_constraints:
        arm=PLAN.names("arms", "kl_carrier", "kl_full"),
    conda:
        "../envs/cpu.yaml"
    threads: PLAN.threads("subliminal")
    resources:
        mem_mb=memory_of_model,
        runtime=growing(480),
        gpu=training_gpus,
    params:
        spec=part_of(PLAN.students_part, "distill_students.py"),
        json=json_of(PLAN.students_part, "distill_students.py"),
    message:
        "Distilling students: {wildcards.arm}, {wildcards.source} to {wildcards.model}"
    shell:
        "distill_students.py --spec {params.json:q} --threads {threads}"
        " --model {input.model} --teachers {input.teachers}"
        " --kept {input.kept}"
        " --subjects {output.subjects} --weights {output.weights} --training {output.training}"
        " &> {log}"
