"""The figure of docs/findings.md: every verdict that no gate closed, a panel a unit."""

from collections.abc import Iterable, Mapping
from typing import Any

from unspoken.report.texts import counted, unit_text


def figure_of(verdicts: Iterable[Mapping[str, Any]]) -> str:
    """Return an SVG of verdicts: estimates signed so that above 0 is as published, with 95% intervals."""
    import polars as pl
    import vl_convert

    from unspoken.figures.forest import forest

    rows = [
        {
            "label": f"{row['claim_id']} {row['subject'].split(':')[0]}, {row['study']}",
            "scale": unit_text(row["unit"]),
            "source": "analogue" if row["fidelity"] == "analogue" else "measured",
            "value": row["estimate"],
            "ci_low": row["lo"],
            "ci_high": row["hi"],
        }
        for row in verdicts
    ]
    title = "Verdicts that no gate closed, of registered runs"
    subtitle = f"{counted(len(rows), 'verdict')}; above 0: as published; lines: 95% intervals"
    return str(vl_convert.vegalite_to_svg(forest(pl.DataFrame(rows), title, subtitle).to_dict()))
