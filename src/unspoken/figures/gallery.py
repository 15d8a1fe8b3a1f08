"""Every figure by name, and its three files: a page that needs no network, SVG, PNG."""

from collections.abc import Callable
from pathlib import Path

import altair as alt
import vl_convert

from unspoken.figures.dose import dose
from unspoken.figures.filter import filter_audit
from unspoken.figures.initialisations import initialisations
from unspoken.figures.mnist import mnist
from unspoken.figures.preference import preference
from unspoken.figures.probing import probing
from unspoken.figures.tables import Tables
from unspoken.figures.theorem import theorem
from unspoken.figures.training import training
from unspoken.files import written_whole

FIGURES: dict[str, Callable[[Tables], alt.TopLevelMixin]] = {
    "preference": preference,
    "initialisations": initialisations,
    "dose": dose,
    "filter": filter_audit,
    "training": training,
    "mnist": mnist,
    "theorem": theorem,
    "probing": probing,
}
PIXEL_RATIO = 2
"""Pixels of the PNG for one of the chart's."""


def save_figure(chart: alt.TopLevelMixin, html: Path, svg: Path, png: Path) -> None:
    """Write a chart as an HTML page with all it needs inside, as SVG and as PNG."""
    spec = chart.to_dict()
    drawing = vl_convert.vegalite_to_svg(spec)
    with written_whole(svg) as temporary:
        temporary.write_text(drawing)
    with written_whole(png) as temporary:
        temporary.write_bytes(vl_convert.svg_to_png(drawing, scale=PIXEL_RATIO))
    with written_whole(html) as temporary:
        temporary.write_text(vl_convert.vegalite_to_html(spec, bundle=True))
