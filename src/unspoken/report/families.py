"""Families of claims: what was published and measured of one metric, side by side."""

from typing import TYPE_CHECKING, Any

from unspoken.report.contents import Contents
from unspoken.report.texts import LIMITS, contrast_text, unit_text

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]
Family = tuple[str, str, str]
"""Experiment, metric and unit of the tests of its claims."""
NOT_DRAWN = ("text", "count", "rows", "ratio", "relative percent")
"""Units of published values for which no axis beside measured values would mean anything."""
SCALES = {"percent": ("fraction", 0.01), "percentage points": ("difference of fractions", 0.01)}
MEASURED = {"probability": "difference of fractions"}


def family_of(claim: Row) -> Family | None:
    """Return the family of a claim, None for one without a test."""
    test = claim["test"]
    return test and (test["experiment"], test["metric"], test["unit"])


def families_of(claims: list[Row]) -> list[Family]:
    """Return the families of some claims, families of the most claims first."""
    found = [family for claim in claims if (family := family_of(claim)) is not None]
    return sorted(dict.fromkeys(found), key=lambda family: (-found.count(family), family))


def measured_scale(measured: Row) -> str:
    """Return what the axis of a measured number says: of a contrast, that it is a difference."""
    unit = measured["unit"]
    if measured["kind"] != "contrast":
        return "fraction" if unit == "probability" else unit
    return MEASURED.get(unit, f"difference in {unit_text(unit)}")


def _published_rows(claim: Row, family: Family, source: str) -> list[Row]:
    """Return a claim's published numbers in the unit of the first.

    The first is what the test measures, and in its unit stands on its scale.
    """
    rows = []
    for place, value in enumerate(claim["values"]):
        unit = value["unit"]
        if unit in NOT_DRAWN or unit != claim["values"][0]["unit"] or value["value"] is None:
            continue
        scale, factor = SCALES.get(unit, (unit, 1.0))
        if place == 0 and unit == family[2]:
            scale = MEASURED.get(unit, f"difference in {unit_text(unit)}")
        of = f" {value['value_of']}" if value["value_of"] else ""
        of += f", {LIMITS[value['bound']].strip()}" if value["bound"] else ""
        ends = (value["value_low"], value["value_high"])
        low, high = (None if end is None else end * factor for end in ends)
        rows.append(
            {
                "label": f"{claim['claim_id']}{of}", "scale": scale, "source": source,
                "value": value["value"] * factor, "ci_low": low, "ci_high": high,
            }
        )  # fmt: skip
    return rows


def _measured_rows(claims: list[Row]) -> list[Row]:
    """Return the measured numbers that some claims read, each once."""
    rows: dict[str, Row] = {}
    for claim in claims:
        for verdict in claim["verdicts"]:
            measured = verdict["measured"]
            if measured is None or measured["value"] is None:
                continue
            rows[measured["measurement_id"]] = {
                "label": contrast_text(measured["subject"], measured["versus"]),
                "scale": measured_scale(measured),
                "source": "analogue" if verdict["fidelity"] == "analogue" else "measured",
                **{name: measured[name] for name in ("value", "ci_low", "ci_high")},
            }
    return sorted(rows.values(), key=lambda row: row["label"])


def forest_rows(contents: Contents, family: Family, paper: str) -> "pl.DataFrame":
    """Return the rows of a family's forest plot in the section of a paper: measured first.

    They are the paper's own claims and, where it is the paper whose experiment is measured, those of
    the others that repeat it. Columns as `figures.forest.forest` takes them; labels are unique.
    """
    import polars as pl

    members = [claim for claim in contents.claims.values() if family_of(claim) == family]
    if contents.sources.get(family[0]) != paper:
        members = [claim for claim in members if claim["paper"] == paper]
    rows = _measured_rows(members)
    for claim in sorted(members, key=lambda claim: (claim["paper"] != paper, claim["claim_id"])):
        rows += _published_rows(claim, family, "published" if claim["paper"] == paper else "elsewhere")
    texts = dict.fromkeys(("label", "scale", "source"), pl.String)
    frame = pl.DataFrame(rows, schema=texts | dict.fromkeys(("value", "ci_low", "ci_high"), pl.Float64))
    again = pl.int_range(pl.len()).over("label")
    return frame.with_columns(
        label=pl.when(again == 0).then("label").otherwise(pl.format("{} ({})", "label", again + 1))
    )
