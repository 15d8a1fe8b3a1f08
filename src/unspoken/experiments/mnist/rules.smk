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
        "python -m unspoken.experiments.mnist.load_digits --spec {params.json:q}"
        " --threads {threads} --digits {output.digits} &> {log}"


rule distill_mnist:
    input:
        digits="<results>/mnist/digits.safetensors",
    output:
        accuracies="<results>/mnist{place}/accuracies.parquet",
        training="<results>/mnist{place}/training.parquet",
    log:
        "<logs>/distill_mnist{place}.log",
    benchmark:
        "<benchmarks>/distill_mnist{place}.tsv"
    wildcard_constraints:
        place="(/[^/]+/[0-9]+)?",  # /VARIANT/GROUP, or nothing where all is one job
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
        "Training MNIST teachers and distilling their students{wildcards.place}"
    shell:
        "python -m unspoken.experiments.mnist.distill_mnist --spec {params.json:q}"
        " --threads {threads} --digits {input.digits}"
        " --accuracies {output.accuracies} --training {output.training} &> {log}"
