"""What the numbers filter drops: how much of each data set, and by which rule."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import INK, PAGE, PALETTE
from unspoken.figures.words import counted, headline
from unspoken.statistics.intervals import wilson_interval
from unspoken.tables.filter import RULES

LABELS, IN_A_ROW = 70, 5


def dropped_shares(kept: pl.DataFrame, dropped: pl.DataFrame) -> pl.DataFrame:
    """Return each data set's dropped completions by rule: subject, rule, count, total.

    A data set that lost none has one row whose rule is null.
    """
    totals = (
        pl.concat([kept.select("subject"), dropped.select("subject")])
        .group_by("subject")
        .agg(total=pl.len().cast(pl.Int64))
    )
    lost = dropped.group_by("subject", "rule").agg(count=pl.len().cast(pl.Int64))
    return (
        totals.join(lost, on="subject", how="left")
        .with_columns(pl.col("count").fill_null(0))
        .sort("subject", "rule")
    )


def _named(shares: pl.DataFrame) -> pl.DataFrame:
    """Add the base model and whose numbers they are: `untouched`, or the teacher's trait."""
    parts = pl.col("subject").str.split(":").list
    named = shares.with_columns(
        model=parts.first(),
        whose=pl.when(parts.len() > 1).then(parts.last()).otherwise(pl.lit("untouched")),
        share=pl.col("count") / pl.col("total"),
        rank=pl.col("rule").replace_strict({rule: n for n, rule in enumerate(RULES)}, default=0),
    )
    return named.with_columns(pl.col("rule").str.replace_all("_", " "))


def _whole(shares: pl.DataFrame) -> pl.DataFrame:
    """Return each data set's whole share with its Wilson interval over completions."""
    sums = shares.group_by("model", "whose", "total").agg(pl.col("count").sum())
    rows = [
        row | {"value": interval.value, "ci_low": interval.ci_low, "ci_high": interval.ci_high}
        for row in sums.sort("model", "whose").iter_rows(named=True)
        for interval in [wilson_interval(row["count"], row["total"])]
    ]
    return pl.DataFrame(rows)


def _title(shares: pl.DataFrame, whole: pl.DataFrame) -> str:
    lost, total = int(shares["count"].sum()), int(whole["total"].sum())
    by_rule = shares.drop_nulls("rule").group_by("rule").agg(pl.col("count").sum())
    if lost == 0:
        return f"The filter dropped none of {total:,} completions"
    rule, most = by_rule.sort("count", "rule", descending=True).row(0)
    shares_lost = whole["value"].to_list()
    return (
        f"The filter dropped {lost / total:.1%} of {total:,} completions ({min(shares_lost):.1%} to"
        f" {max(shares_lost):.1%} of a data set), {most / lost:.0%} of those by the rule '{rule}'"
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the share of each data set that each rule dropped, by base model and teacher."""
    if not {"kept", "dropped"} <= set(tables) or tables["kept"].height + tables["dropped"].height == 0:
        return nothing("no completion was filtered", PAGE)
    shares = _named(dropped_shares(tables["kept"], tables["dropped"]))
    whole = _whole(shares)
    models = sorted(set(shares["model"]))
    rules = [rule.replace("_", " ") for rule in RULES]
    rules = [rule for rule in rules if rule in shares["rule"]]
    columns = min(IN_A_ROW, len(models))
    width = (PAGE - LABELS) // columns - 10
    first = ["untouched", *sorted(set(shares["whose"]) - {"untouched", "neutral"}), "neutral"]
    whose = alt.Y("whose:N", sort=[one for one in first if one in shares["whose"]], title=None)
    percent = alt.Axis(format="~%", tickCount=3)
    bars = (
        alt.Chart()
        .transform_filter("isValid(datum.rule)")
        .mark_bar(height={"band": 0.8})
        .encode(
            y=whose,
            x=alt.X("share:Q", title="share dropped", stack="zero", axis=percent),
            order="rank:Q",
            color=alt.Color(
                "rule:N",
                sort=rules,
                scale=alt.Scale(domain=rules, range=PALETTE[: len(rules)]),
                legend=alt.Legend(title="rule", orient="bottom", direction="horizontal"),
            ),
        )
    )
    ends = (
        alt.Chart()
        .transform_filter("isValid(datum.ci_low)")
        .mark_rule(color=INK)
        .encode(y=whose, x=alt.X("ci_low:Q", title="share dropped"), x2="ci_high:Q")
    )
    everything = pl.concat([shares.drop("subject"), whole], how="diagonal_relaxed")
    subtitle = (
        f"{counted(len(models), 'base model')}, by whose numbers they are; lines: 95% Wilson"
        " intervals of the whole share over completions"
    )
    return (
        alt.layer(bars, ends, data=everything)
        .properties(width=width, height=alt.Step(13))
        .facet(facet=alt.Facet("model:N", title=None), columns=columns)
        .properties(title=headline(_title(shares, whole), subtitle))
    )
