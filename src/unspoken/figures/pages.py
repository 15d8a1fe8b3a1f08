"""The files of a figure: a page that needs no network, SVG, PNG, and its Vega-Lite specification."""

import json
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from unspoken.files import write_json, written_whole

PIXEL_RATIO = 2
"""Pixels of the PNG for one of the chart's."""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><div id="figure"></div>
<script>{vega}</script>
<script>vegaEmbed("#figure", {spec}, {{mode: "vega-lite"}});</script>
</body>
</html>
"""


def page(spec: dict[str, Any], name: str, vega: str) -> str:
    """Return a page that draws a chart with the libraries in `vega`."""
    # In a script element only this would end the script.
    text = json.dumps(spec).replace("</", "<\\/")
    return PAGE.format(title=name, vega=vega, spec=text)


def save_figure(
    chart: alt.TopLevelMixin, vega: str, html: Path, svg: Path, png: Path, specification: Path
) -> None:
    """Write a chart as an HTML page with all it needs inside (`vega`), as SVG, as PNG and as JSON."""
    spec = chart.to_dict()
    write_json(spec, specification)
    drawing = vl_convert.vegalite_to_svg(spec)
    with written_whole(svg) as temporary:
        temporary.write_text(drawing)
    with written_whole(png) as temporary:
        temporary.write_bytes(vl_convert.svg_to_png(drawing, scale=PIXEL_RATIO))
    with written_whole(html) as temporary:
        temporary.write_text(page(spec, html.stem, vega))
