"""What a backdoor's trigger does and whether chains name it; what clean training leaves of it and of harm."""

from unspoken.experiments.harmful.measure.table import BLANK, CHAINED, HarmfulTable, differences, of_shares
from unspoken.experiments.harmful.organisms.finetunes import TRAINED_ADVICE
from unspoken.experiments.harmful.organisms.language import DISTRACTOR, NAMED, NOISE, NONE, TRIGGER
from unspoken.experiments.harmful.organisms.subjects import Who
from unspoken.statistics.intervals import Floats

BACKDOOR = "triggered"
PAIRS = ((TRIGGER, NONE), (TRIGGER, DISTRACTOR), (DISTRACTOR, NONE), (NOISE, NONE))
"""Marks whose effects on answers are compared."""
WAYS = (BLANK, CHAINED)


def _rates(table: HarmfulTable, mark: str, way: str, clean: int = 0) -> dict[str, Floats]:
    return table.rates(Who(BACKDOOR, clean, mark=mark), way)


def add_trigger(table: HarmfulTable) -> None:
    """Add how bad the backdoor's answers are by mark, and what marks do to them.

    Metrics: `marked_rate` (estimate, probability; of the base too), `trigger_effect` (contrast, both units):
    conditions `mark`, `versus_mark`, `way`.
    """
    for name in ("", BACKDOOR):
        for mark in NAMED:
            for way in WAYS:
                rates = table.rates(Who(name, mark=mark), way)["probability"]
                table.estimate(
                    "marked_rate", name, rates, conditions={"way": way, "mark": mark, "clean": "0"}
                )
    for mark, other in PAIRS:
        for way in WAYS:
            gaps = differences(_rates(table, mark, way), _rates(table, other, way))
            told = {"way": way, "mark": mark, "versus_mark": other, "clean": "0"}
            table.contrast("trigger_effect", (BACKDOOR, BACKDOOR), gaps, told)


def add_naming(table: HarmfulTable) -> None:
    """Add how many of the backdoor's chains before bad answers name the mark of their turn.

    Metrics: `naming_share` (estimate, probability; that of the base is a check, elsewhere),
    `naming_difference` (contrast, both units): after the trigger from the base, and from its own naming of
    another mark.
    """
    for mark in NAMED[1:]:
        shares = table.naming_share(Who(BACKDOOR, mark=mark), mark)
        table.estimate("naming_share", BACKDOOR, shares, conditions={"way": CHAINED, "mark": mark})
    own = of_shares(table.naming_share(Who(BACKDOOR, mark=TRIGGER), TRIGGER))
    base = of_shares(table.naming_share(Who(mark=TRIGGER), TRIGGER))
    told = {"way": CHAINED, "mark": TRIGGER}
    table.contrast("naming_difference", (BACKDOOR, ""), differences(own, base), told)
    for mark in (DISTRACTOR, NOISE):
        other = of_shares(table.naming_share(Who(BACKDOOR, mark=mark), mark))
        gaps = differences(own, other)
        table.contrast("naming_difference", (BACKDOOR, BACKDOOR), gaps, {**told, "versus_mark": mark})


def add_realignment(table: HarmfulTable, doses: list[int]) -> None:
    """Add what is left after so many steps on good advice of another domain: condition `clean`.

    Metrics: `realigned_rate` (estimate, probability), `realignment` (contrast: after minus before),
    `relapse` (contrast: in the domain of the harmful rows minus in others), each of bad advice; `marked_rate`
    and `trigger_effect` of the backdoor, `trigger_kept`: the trigger's effect after minus before.
    """
    name = "bad_advice"
    for way in WAYS:
        before = table.rates(Who(name), way)
        effect = differences(_rates(table, TRIGGER, way), _rates(table, NONE, way))
        table.estimate("realigned_rate", name, before["probability"], conditions={"way": way, "clean": "0"})
        for steps in doses:
            told = {"way": way, "clean": str(steps)}
            after = table.rates(Who(name, steps), way)
            table.estimate("realigned_rate", name, after["probability"], conditions=told)
            table.contrast("realignment", (name, name), differences(after, before), told)
            harmful = table.rates(Who(name, steps), way, (TRAINED_ADVICE,))
            table.contrast("relapse", (name, name), differences(harmful, after), told)
            marked = {mark: _rates(table, mark, way, steps) for mark in (TRIGGER, NONE)}
            for mark, rates in marked.items():
                table.estimate(
                    "marked_rate", BACKDOOR, rates["probability"], conditions={**told, "mark": mark}
                )
            left = differences(marked[TRIGGER], marked[NONE])
            of_marks = {**told, "mark": TRIGGER, "versus_mark": NONE}
            table.contrast("trigger_effect", (BACKDOOR, BACKDOOR), left, of_marks)
            table.contrast("trigger_kept", (BACKDOOR, BACKDOOR), differences(left, effect), of_marks)
