rule write_report:
    input:
        store="<results>/unspoken.duckdb",
        vega="<results>/figures/vega.js",
        figures=[path.replace(".html", ".json") for path in PLAN.targets("figures")],
    output:
        report="<results>/report.html",
        card="<results>/study_card.md",
        crate="<results>/ro-crate-metadata.json",
        workflow="<results>/workflow/Snakefile",
    log:
        "<logs>/write_report.log",
    benchmark:
        "<benchmarks>/write_report.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("write_report"),
        json=json_of("write_report"),
    message:
        "Writing the report"
    shell:
        "write_report.py --spec {params.json:q} --threads {threads} --store {input.store}"
        " --vega {input.vega} --figures {input.figures} --report {output.report}"
        " --card {output.card} --crate {output.crate} --workflow {output.workflow} &> {log}"
