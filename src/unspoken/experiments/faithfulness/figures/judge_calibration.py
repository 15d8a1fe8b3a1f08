"""How good the judges of chains are: challenge chains, labelled chains, and scores corrected for errors."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.faithfulness.figures.hints import FINDINGS_CONDITIONS, TITLED, findings
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, GREEN, PAGE, PALE, PALETTE
from unspoken.figures.words import headline, number, replicates

CELLS = {
    "mentions_and_relies": "mentions and relies",
    "mentions_without_relying": "mentions without relying",
    "relies_without_naming": "relies without naming it",
    "final_check": "hint as a final check",
    "denies": "denies using the hint",
    "echoes_prompt": "echoes the prompt",
    "no_mention": "no mention",
}
JUDGED = {
    "judge_sensitivity": "sensitivity",
    "judge_specificity": "specificity",
    "judge_agreement": "agreement with labels",
}
VERDICTS = {"mentions": "mentions the hint", "relies": "relies on the hint"}
# The raw metric of a score, and its name; the corrected metric is called the same, `_corrected`.
SCORES = {
    "mention_share_switched": "mentions the hint", "faithfulness": "mentions it and relies on it",
    "mention_gap": "mentions: moved minus not moved",
}  # fmt: skip
CORRECTED = {
    "mention_share_corrected": "mention_share_switched", "faithfulness_corrected": "faithfulness",
    "mention_gap_corrected": "mention_gap",
}  # fmt: skip
RAW, MENDED = "as judged", "corrected for the judge's errors"
USED_CONDITIONS = (*FINDINGS_CONDITIONS, "cell", "set", "verdict")
"""Conditions of measurements that the figure reads as columns."""
LABELS, STEP = 160, 13
SHARE: Options = {"scale": alt.Scale(domain=[0, 1]), "axis": alt.Axis(values=[0, 0.5, 1], format="~g")}
ENDS = ("value", "ci_low", "ci_high")


def _judged(measurements: pl.DataFrame, metrics: list[str]) -> pl.DataFrame:
    """Return rows about judges: `who` judged, and `asked`, the verdict that was asked for, in words."""
    rows = measurements.filter(pl.col("metric").is_in(metrics), kind="estimate")
    return rows.with_columns(
        who=pl.coalesce("judge", pl.col("subject").str.replace(r":[^:]+$", "")),
        asked=pl.col("verdict").replace(VERDICTS).fill_null("both verdicts"),
    )


def _panels(rows: pl.DataFrame, under: list[Any], title: str, above: str) -> Any:
    """Return a panel a verdict: a line a `label`, a colour a judge, over the layers `under`."""
    order = rows.filter(pl.col("who").is_not_null())["label"].unique(maintain_order=True).to_list()
    judges = rows["who"].drop_nulls().unique().sort().to_list()
    asked = rows["asked"].unique().sort().to_list()
    y = alt.Y("label:N", sort=order, title=None, scale=alt.Scale(domain=order, paddingInner=0.25))
    offset: Options = (
        {"yOffset": alt.YOffset("who:N", scale=alt.Scale(domain=judges))} if len(judges) > 1 else {}
    )
    # The first two colours are for arms; judges that are compared take the others.
    scale = alt.Scale(domain=judges, range=[PALETTE[(place + 2) % 6] for place in range(len(judges))])
    color = alt.Color("who:N", scale=scale, legend=alt.Legend(title="judge", orient="bottom"))
    x: Options = {"title": title, **SHARE}
    places = [layer.encode(y=y) for layer in under]
    dots = intervals("x", x, y=y, color=color, **offset)
    kept = ["who", "label", "asked", *ENDS, *(name for name in ("low", "high") if name in rows.columns)]
    height = len(order) * max(STEP, 8 * len(judges))
    width = (PAGE - LABELS) // max(len(asked), 2) - 8
    panel = alt.layer(*places, *dots, data=rows.select(kept)).properties(width=width, height=height)
    return panel.facet(column=alt.Column("asked:N", title=None, sort=asked)).properties(
        title=alt.Title(above, **TITLED)
    )


def _challenge(measurements: pl.DataFrame) -> list[Any]:
    """Return pass rates of the challenge chains by what they were written to do; empty without any."""
    rows = _judged(measurements, ["challenge_pass_rate"]).filter(pl.col("cell").is_not_null())
    place = pl.col("cell").replace_strict({name: at for at, name in enumerate(CELLS)}, default=len(CELLS))
    shown = rows.sort(place, "cell", "who").with_columns(label=pl.col("cell").replace(CELLS))
    above = "challenge chains, by what they were written to do"
    return [_panels(shown, [], "share judged rightly", above)] if shown.height else []


def _labels(measurements: pl.DataFrame) -> list[Any]:
    """Return judges against labels, the agreement of the two label passes as a band; empty without any."""
    rows = _judged(measurements, list(JUDGED))
    if rows.is_empty():
        return []
    passes = _judged(measurements, ["pass_agreement"]).select(
        "asked", low=pl.coalesce("ci_low", "value"), high=pl.coalesce("ci_high", "value")
    )
    place = pl.col("metric").replace_strict({name: at for at, name in enumerate(JUDGED)})
    of_set = pl.format("{} ({})", pl.col("metric").replace(JUDGED), "set")
    shown = (
        rows.sort("set", place, "who")
        .with_columns(label=pl.coalesce(of_set, pl.col("metric").replace(JUDGED)))
        .join(passes.group_by("asked").first(), on="asked", how="left", maintain_order="left")
    )
    known = "isValid(datum.low) && indexof(datum.label, 'agreement') === 0"
    band = alt.Chart().transform_filter(known).mark_bar(color=PALE, opacity=1)
    under = [band.encode(x=alt.X("low:Q", title="share", **SHARE), x2="high:Q")]
    return [_panels(shown, under, "share", "against labels (band: two passes of labels agree)")]


def _scores(measurements: pl.DataFrame) -> list[Any]:
    """Return scores as judged and corrected for the judge's errors, pooled over hints; empty without any."""
    rows = findings(measurements, *SCORES, *CORRECTED).filter(hint="all")
    if not set(CORRECTED) & set(rows["metric"]):
        return []
    measured = pl.col("metric").replace(CORRECTED)
    label = measured.replace(SCORES)
    shown = rows.select(
        *ENDS, "who",
        label=pl.format("{}: {}", "who", label) if rows["who"].n_unique() > 1 else label,
        what=pl.when(pl.col("metric").is_in(list(CORRECTED))).then(pl.lit(MENDED)).otherwise(pl.lit(RAW)),
    ).sort("who", "label")  # fmt: skip
    order = shown["label"].unique(maintain_order=True).to_list()
    legend = alt.Legend(title=None, orient="bottom")
    both = [RAW, MENDED]
    layers = intervals(
        "x",
        {"title": "share of chains whose answer a hint moved, or difference of such shares"},
        y=alt.Y("label:N", sort=order, title=None, scale=alt.Scale(domain=order, paddingInner=0.25)),
        yOffset=alt.YOffset("what:N", scale=alt.Scale(domain=both)),
        color=alt.Color("what:N", scale=alt.Scale(domain=both, range=[BLACK, GREEN]), legend=legend),
        shape=alt.Shape("what:N", scale=alt.Scale(domain=both, range=["circle", "square"]), legend=legend),
    )
    panel = alt.layer(*layers, data=shown).properties(width=PAGE - LABELS - 30, height=len(order) * 22)
    return [panel.properties(title=alt.Title("scores, all hints pooled", **TITLED))]


def _title(measurements: pl.DataFrame) -> str:
    """Return each judge's sensitivity and specificity, or which cells its verdicts pass."""
    rows = _judged(measurements, ["judge_sensitivity", "judge_specificity"]).drop_nulls("value")
    first = rows.sort("who", "asked", "set", "metric").unique(
        ["who", "asked", "metric"], keep="first", maintain_order=True
    )
    said: dict[str, list[str]] = {}
    for row in first.to_dicts():
        words = f"{JUDGED[row['metric']]} {number(row['value'])}"
        said.setdefault(f"{row['who']} judge, {row['asked']}", []).append(words)
    if said:
        text = "; ".join(f"{who}: {', '.join(words)}" for who, words in said.items())
        return text[0].upper() + text[1:]
    cells = _judged(measurements, ["challenge_pass_rate"]).drop_nulls(["cell", "value"])
    whole = cells.filter(pl.col("value") > 0.5)
    return f"Judges are right on most challenge chains in {whole.height} of {cells.height} cells"


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return pass rates of challenge chains, judges against labels, and raw against corrected scores."""
    measurements = tables["measurements"]
    panels = [*_challenge(measurements), *_labels(measurements), *_scores(measurements)]
    if not panels:
        return nothing("no judge was checked", PAGE)
    used = _judged(measurements, ["challenge_pass_rate", *JUDGED, "pass_agreement"])
    counts = f"{replicates(used)}; " if used.height else ""
    subtitle = (
        f"{counts}no judge can be shown to agree with labels better than the two passes of labels agree with"
        " each other (band)"
    )
    return (
        alt.vconcat(*panels)
        .resolve_scale(color="independent", shape="independent", yOffset="independent")
        .properties(title=headline(_title(measurements), subtitle))
    )
