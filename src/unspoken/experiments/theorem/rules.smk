rule step_theorem:
    input:
        digits="<results>/mnist/digits.safetensors",
        models=[PLAN.model_file(model) for model in PLAN.of("theorem").models],
    output:
        steps="<results>/theorem/steps.parquet",
    log:
        "<logs>/step_theorem.log",
    benchmark:
        "<benchmarks>/step_theorem.tsv"
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("step_theorem"),
        json=json_of("step_theorem"),
    message:
        "Taking the steps of the theorem"
    shell:
        "python -m unspoken.experiments.theorem.step_theorem --spec {params.json:q}"
        " --threads {threads} --digits {input.digits}"
        " --model {input.models[0]} --other {input.models[1]} --steps {output.steps} &> {log}"
