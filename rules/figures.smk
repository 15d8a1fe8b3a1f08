rule bundle_vega:
    output:
        vega="<results>/figures/vega.js",
    log:
        "<logs>/bundle_vega.log",
    benchmark:
        "<benchmarks>/bundle_vega.tsv"
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        spec=part_of("bundle_vega"),
        json=json_of("bundle_vega"),
    message:
        "Bundling the libraries that draw the figures"
    shell:
        "bundle_vega.py --spec {params.json:q} --threads {threads} --vega {output.vega} &> {log}"


rule draw_figure:
    input:
        vega="<results>/figures/vega.js",
        tables=lambda wildcards: PLAN.figure_tables(wildcards.figure),
    output:
        html=report(
            "<results>/figures/{figure}.html",
            caption="../resources/captions/{figure}.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        svg="<results>/figures/{figure}.svg",
        png="<results>/figures/{figure}.png",
        json="<results>/figures/{figure}.json",
    log:
        "<logs>/draw_figure/{figure}.log",
    benchmark:
        "<benchmarks>/draw_figure/{figure}.tsv"
    priority: 50
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        spec=part_of("draw_figure"),
        json=json_of("draw_figure"),
    message:
        "Drawing the figure {wildcards.figure}"
    shell:
        "draw_figure.py --spec {params.json:q} --threads {threads} --vega {input.vega}"
        " --tables {input.tables} --html {output.html} --svg {output.svg} --png {output.png}"
        " --json {output.json} &> {log}"
