"""What `make plan` prints, as text tables for a terminal."""

import textwrap
from collections.abc import Sequence

from unspoken.cost.holding import Holding
from unspoken.cost.power import Power
from unspoken.cost.study_plan import RuleCost, StudyPlan

WIDEST = 28
"""Characters of a cell of names."""
WIDTH = 110
"""Characters of a line of text."""
UNKNOWN = "unknown"
MARKS = {"this test": "", "this metric": "~", "default": "*"}
LEGEND = (
    "spread: standard deviation of one replicate in a store, of this test (~: of its metric), or stated (*), "
    "which is of organisms and of SmolLM2. detects: the effect found with 80% power at the 5% level, before "
    "Holm's adjustment. matters: the smallest that would count (of 'to show none' its margin), and the "
    "replicates that would find it; published: the claim's own effect, where it states one in this unit, "
    "likewise."
)

HOLDING = (
    "A control holds, and a null is shown, if its 90% interval lies inside its bound (of a control half of "
    "the smallest effect that would matter, of a null its margin); it fails if its 95% interval lies wholly "
    "outside, and is undecided else. broken by: the smallest effect that counts; holds, fails: how often "
    "then; needs: the replicates with which it would hold in 80% of studies when there is no effect at all."
)


def table(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return rows as aligned text; the first `left` columns to the left, the others to the right."""
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def duration(seconds: float) -> str:
    """Return a time as people say it: `50 s`, `21 min`, `4 h 30 min`, `12 days`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 72 * 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds / 86400:.1f} days"


def size(megabytes: float) -> str:
    """Return a size in MB or GB; nothing for less than a tenth of a MB."""
    if megabytes < 0.1:
        return ""
    return f"{megabytes:.{int(megabytes < 10)}f} MB" if megabytes < 1000 else f"{megabytes / 1000:,.1f} GB"


def count(number: float) -> str:
    """Return a whole number, in millions from ten thousand up; nothing for none."""
    if not number:
        return ""
    return f"{number:,.0f}" if number < 10_000 else f"{number / 1e6:,.2f} M"


def hours(number: float) -> str:
    """Return hours with the digits that mean something; nothing for none."""
    return "" if not number else f"{number:.3f}" if number < 1 else f"{number:,.1f}"


def amount(number: float | None) -> str:
    """Return an effect in three digits; a dash for none."""
    return "-" if number is None else f"{number:.3g}"


def _said(text: str, one: RuleCost) -> str:
    """Return an amount of a rule's jobs: unknown where nobody states what they take, not nothing."""
    if one.unknown == one.jobs:
        return UNKNOWN
    return f"{text} + {UNKNOWN}" if one.unknown else text


def _rule_row(one: RuleCost) -> list[str]:
    return [
        one.rule, str(one.jobs), str(one.to_run or ""),
        *(_said(text, one) for text in (
            count(one.completions), count(one.generated), count(one.trained), hours(one.core_hours),
            hours(one.gpu_hours), size(one.memory_mb), size(one.stored_mb),
        )),
        UNKNOWN if one.unknown else "measured" if one.measured else "stated",
    ]  # fmt: skip


def costs_text(plan: StudyPlan) -> str:
    """Return the first table of `make plan`: what each rule's jobs take, and the sum."""
    head = ["rule", "jobs", "to run", "completions", "tokens drawn", "tokens trained", "core-h", "GPU-h",
            "memory", "disk", "speed"]  # fmt: skip
    rules = plan.rules
    total = [
        "total", str(sum(one.jobs for one in rules)), str(sum(one.to_run for one in rules) or ""),
        count(sum(one.completions for one in rules)), count(sum(one.generated for one in rules)),
        count(sum(one.trained for one in rules)), hours(plan.whole.core_hours), hours(plan.whole.gpu_hours),
        size(max(one.memory_mb for one in rules)), size(sum(one.stored_mb for one in rules)), "",
    ]  # fmt: skip
    return table([head, *map(_rule_row, rules), total])


def summary_text(plan: StudyPlan) -> str:
    """Return what the costs come to, what is there already, and where the speeds come from."""
    places = f"{plan.cores} core{'s' * (plan.cores > 1)}"
    if plan.whole.gpu_hours:
        places += f" and {plan.gpus} GPU{'s' * (plan.gpus > 1)}"
    left = sum(one.to_run for one in plan.rules)
    unknown = [f"{one.unknown} of {one.rule}" for one in plan.rules if one.unknown]
    about = "more than" if unknown else "about"
    lines = [
        f"From nothing on {places}: {about} {duration(plan.whole.seconds)}, at most "
        f"{size(plan.whole.memory_mb)} of memory at a time.",
        f"Left to run: {left} jobs, {about} {duration(plan.left.seconds)}."
        if left
        else "Nothing is left to run.",
    ]
    if plan.completions:
        lines.append(
            f"They ask for {plan.completions:,} completions; the cache has at most {plan.cached:,} of them."
        )
    if unknown:
        lines.append(f"Not counted, as nobody states what they take: jobs {', '.join(unknown)}.")
    lines += [f"Speeds: {source}." for source in plan.sources]
    return "\n".join(textwrap.fill(line, WIDTH) for line in lines)


def _spread(one: Power | Holding) -> str:
    """Return a spread, marked by whose it is."""
    return amount(one.spread) + MARKS[one.source] * (one.spread is not None)


def _power_row(one: Power) -> tuple[str, ...]:
    counted = UNKNOWN if one.n is None else f"{one.n:,} {one.replicate}{'s' * (one.n != 1)}".replace("_", " ")
    return (
        f"{one.metric} ({one.unit})", "to show none" if one.kind == "null" else one.kind,
        counted + " (too few)" * one.gate, _spread(one),
        amount(one.detects), amount(one.matters), f"{one.needs:,}" if one.needs else "-",
        amount(one.published), f"{one.needs_published:,}" if one.needs_published else "-",
    )  # fmt: skip


def claims_text(claims: Sequence[Power]) -> str:
    """Return the second table of `make plan`: claims whose tests are alike stand on one line."""
    if not claims:
        return "No claim of the registry has a test in this study."
    alike: dict[tuple[str, ...], list[str]] = {}
    for one in claims:
        alike.setdefault(_power_row(one), []).append(one.claim)
    head = ["claims", "metric (unit)", "test", "replicates", "spread", "detects", "matters", "needs",
            "published", "needs"]  # fmt: skip
    rows = [[shortened(", ".join(names)), *row] for row, names in alike.items()]
    return table([head, *rows], left=4)


def _rate(number: float | None) -> str:
    """Return a share in whole percent; a dash for none."""
    return "-" if number is None else f"{number:.0%}"


def holdings_text(holdings: Sequence[Holding]) -> str:
    """Return the third table of `make plan`: controls and nulls that are alike stand on one line."""
    if not holdings:
        return "No negative control and no null of the registry is in this study."
    alike: dict[tuple[str, ...], list[str]] = {}
    for one in holdings:
        counted = UNKNOWN if one.n is None else f"{one.n:,} {one.replicate}s".replace("_", " ")
        row = (
            one.kind, f"{one.metric} ({one.unit})", counted,
            _spread(one), amount(one.bound), amount(one.broken_by), _rate(one.holds_broken),
            _rate(one.fails_broken), _rate(one.holds_sound), f"{one.needs:,}" if one.needs else "-",
        )  # fmt: skip
        alike.setdefault(row, []).append(one.name)
    head = ["control or claims", "kind", "metric (unit)", "replicates", "spread", "bound", "broken by",
            "holds", "fails", "holds if sound", "needs"]  # fmt: skip
    return table([head, *([shortened(", ".join(names)), *row] for row, names in alike.items())], left=4)


def shortened(text: str, width: int = WIDEST) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= width else f"{text[: width - 4]} ..."


def plan_text(plan: StudyPlan) -> str:
    """Return all that `make plan` prints."""
    parts = [
        f"Study {plan.study}: what it takes", costs_text(plan), summary_text(plan),
        f"Study {plan.study}: what it can show", claims_text(plan.claims),
        textwrap.fill(LEGEND, WIDTH), f"Study {plan.study}: how often its controls and nulls would hold",
        holdings_text(plan.holdings), textwrap.fill(HOLDING, WIDTH),
    ]  # fmt: skip
    return "\n\n".join(parts)
