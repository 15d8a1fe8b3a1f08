rule load_digits:
    output:
        digits="<results>/mnist/digits.safetensors",
    log:
        "<logs>/load_digits.log",
    benchmark:
        "<benchmarks>/load_digits.tsv"
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        spec=part_of("load_digits"),
        json=json_of("load_digits"),
    message:
        "Loading MNIST digits"
    shell:
        "load_digits.py --spec {params.json:q} --threads {threads} --digits {output.digits} &> {log}"


rule distill_mnist:
    input:
        digits="<results>/mnist/digits.safetensors",
    output:
        accuracies="<results>/mnist/accuracies.parquet",
        training="<results>/mnist/training.parquet",
    log:
        "<logs>/distill_mnist.log",
    benchmark:
        "<benchmarks>/distill_mnist.tsv"
    priority: 30
    conda:
        "../../../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(6000),
        runtime=growing(120),
    params:
        spec=part_of("distill_mnist"),
        json=json_of("distill_mnist"),
    message:
        "Training MNIST teachers and distilling their students"
    shell:
        "distill_mnist.py --spec {params.json:q} --threads {threads} --digits {input.digits}"
        " --accuracies {output.accuracies} --training {output.training} &> {log}"
