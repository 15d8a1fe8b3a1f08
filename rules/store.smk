rule build_store:
    input:
        models=expand("<models>/{model}/model.json", model=PLAN.used_models()),
        subjects=PLAN.trained("subject.json"),
        asked=PLAN.untrained(),
        groups=expand(
            "<results>/{experiment}/groups.parquet", experiment=STUDY.experiments
        ),
        measurements=expand(
            "<results>/{experiment}/measurements.parquet", experiment=STUDY.experiments
        ),
        claims="<results>/claims.parquet",
        verdicts="<results>/verdicts.parquet",
        completions=PLAN.completion_tables(),
        kept=PLAN.number_tables("kept"),
        dropped=PLAN.number_tables("dropped"),
        answers=PLAN.probed_files("answers.parquet"),
        trials=PLAN.chain_files("trials.parquet"),
        training=PLAN.trained("training.parquet"),
    output:
        store="<results>/unspoken.duckdb",
    log:
        "<logs>/build_store.log",
    benchmark:
        "<benchmarks>/build_store.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        spec=part_of(PLAN.store_part),
        json=json_of(PLAN.store_part),
    message:
        "Building the store"
    shell:
        "build_store.py --spec {params.json:q} --threads {threads} --models {input.models}"
        " --subjects {input.subjects} --asked {input.asked} --groups {input.groups}"
        " --measurements {input.measurements} --claims {input.claims}"
        " --verdicts {input.verdicts} --completions {input.completions}"
        " --kept {input.kept} --dropped {input.dropped} --answers {input.answers}"
        " --trials {input.trials} --training {input.training} --store {output.store} &> {log}"


rule write_findings:
    input:
        store="<results>/unspoken.duckdb",
    output:
        findings="<results>/findings.txt",
    log:
        "<logs>/write_findings.log",
    benchmark:
        "<benchmarks>/write_findings.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        spec=part_of(PLAN.findings_part),
        json=json_of(PLAN.findings_part),
    message:
        "Writing the findings"
    shell:
        "write_findings.py --spec {params.json:q} --threads {threads}"
        " --store {input.store} --findings {output.findings} &> {log}"
