"""One look for all figures: sizes for a paper's columns, fonts, colours that all can tell apart.

A pixel of a chart is a point of the page: 72 to the inch.
"""

import altair as alt

# One column of a paper (3.3 inches) and two (6.7 inches), in pixels.
COLUMN, PAGE = 238, 482

FONT = "Arial, Helvetica, Liberation Sans, DejaVu Sans, sans-serif"
SMALL, TEXT, TITLE = 8, 9, 11

# Okabe and Ito 2008, in the order in which a legend uses them.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, ORANGE, BLACK, YELLOW = "#56B4E9", "#E69F00", "#000000", "#F0E442"
PALETTE = [BLUE, VERMILLION, GREEN, PURPLE, SKY, ORANGE, BLACK, YELLOW]
# Below 0, at 0, above 0: light enough for black text on each.
DIVERGING = [SKY, "#FFFFFF", ORANGE]
GREY, PALE, INK = "#767676", "#E6E6E6", "#222222"


@alt.theme.register("unspoken", enable=True)
def unspoken_theme() -> alt.theme.ThemeConfig:
    """Return the theme; importing this module enables it."""
    return {
        "config": {
            "font": FONT,
            "background": "white",
            "padding": 4,
            "view": {"stroke": "#BBBBBB", "strokeWidth": 0.5},
            "title": {
                "anchor": "start",
                "fontSize": TITLE,
                "fontWeight": "bold",
                "color": INK,
                "subtitleFontSize": TEXT,
                "subtitleColor": "#444444",
                "subtitlePadding": 4,
                "lineHeight": 14,
                "subtitleLineHeight": 12,
                "offset": 8,
            },
            "axis": {
                "labelFontSize": SMALL,
                "titleFontSize": TEXT,
                "titleFontWeight": "normal",
                "labelColor": INK,
                "titleColor": INK,
                "domainColor": GREY,
                "tickColor": GREY,
                "tickSize": 3,
                "gridColor": "#EEEEEE",
                "gridWidth": 0.5,
                "titlePadding": 4,
                "labelLimit": 200,
            },
            "axisQuantitative": {"labelOverlap": "greedy", "labelSeparation": 4, "labelFlush": False},
            "header": {
                "labelFontSize": TEXT,
                "labelFontWeight": "bold",
                "labelColor": INK,
                "titleFontSize": TEXT,
                "labelPadding": 3,
            },
            "legend": {
                "labelFontSize": SMALL,
                "titleFontSize": SMALL,
                "titleFontWeight": "normal",
                "labelColor": INK,
                "titleColor": INK,
                "labelLimit": 200,
                "symbolSize": 40,
                "rowPadding": 1,
                "columnPadding": 6,
                "padding": 0,
                "offset": 6,
            },
            "range": {"category": PALETTE, "diverging": DIVERGING},
            "text": {"fontSize": SMALL, "color": INK},
            "point": {"filled": True, "size": 28, "opacity": 1},
            "rule": {"strokeWidth": 1.2},
            "line": {"strokeWidth": 1.5},
            "concat": {"spacing": 12},
            "facet": {"spacing": 8},
        }
    }
