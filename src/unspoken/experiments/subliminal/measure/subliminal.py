"""Estimates and contrasts of the subliminal experiment (Cloud et al. 2025, section 3).

Bases are the replicates wherever an arm has three or more; on fewer, its teachers (one a trait)
are, and for the arm with several seeds its training seeds.
"""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from unspoken.statistics import FEWEST_BASES
from unspoken.statistics.intervals import (
    Interval,
    label_permutation_p,
    own_minus_others,
    t_interval,
)
from unspoken.statistics.report import Report

SCALES = {"log_odds": "log_odds", "probability": "probability"}
Key = dict[str, str]
USUAL: dict[str, Any] = {"decoding": "sampled", "lora_rank": None, "optimizer": "adam"}
"""How students are trained where no condition says otherwise."""
ALL_WEIGHTS = "full"
"""The rank of students that are trained without an adapter."""


def subject_frame(listings: list[list[dict[str, Any]]]) -> pl.DataFrame:
    """Return the trained subjects of several lists as one frame."""
    names = ["subject_id", "kind", "model", "source_model", "trait", "arm", "seed", "rows", "updates"]
    rows = [{name: row[name] for name in names} for listing in listings for row in listing]
    schema = dict.fromkeys(names, pl.String) | dict.fromkeys(("seed", "rows", "updates"), pl.Int64)
    return pl.DataFrame(rows, schema=schema)


class TraitMeasure:
    """Measures traits from cells (`answers.traits.trait_cells`) joined to their subjects."""

    def __init__(
        self, report: Report, cells: pl.DataFrame, subjects: pl.DataFrame, spec: dict[str, Any]
    ) -> None:
        """Take the cells of every subject, the trained subjects, and the measure's part of the study."""
        self.report = report
        self.cells = cells
        students = subjects.filter(kind="student")
        on: Any = {"left_on": "subject", "right_on": "subject_id", "maintain_order": "left"}
        self._joined = cells.join(students, **on)
        self.students = self._joined.filter(pl.col("updates").is_null())
        self.updates: int | None = None
        self.subjects = subjects
        self.traits: list[str] = spec["traits"]
        self.models: list[str] = spec["models"]
        self.arms: dict[str, dict[str, Any]] = {arm["name"]: arm for arm in spec["arms"]}
        self.unlike: set[str] = set()
        """Arms that did not learn their data as others did: their differences say nothing (`learning`)."""
        self.kind: str = spec["kind"]
        self.sizes: str = spec["described"]

    def snapshots(self) -> "Iterator[TraitMeasure]":
        """Yield this measure of students as they were after some updates of their training."""
        for updates in self._joined["updates"].drop_nulls().unique().sort():
            early = copy.copy(self)
            early.updates = updates
            early.students = self._joined.filter(updates=updates)
            yield early

    def score_keys(self) -> Iterator[Key]:
        """Yield every scorer with its question set and its treatment of unusable answers."""
        found = self.cells.select("scorer", "questions", "unusable").unique().sort(pl.all())
        for scorer, questions, unusable in found.iter_rows():
            key = {"scorer": scorer, "questions": questions}
            yield key | ({"unusable": unusable} if unusable else {})

    def chosen(self, frame: pl.DataFrame, key: Key) -> pl.DataFrame:
        """Return the cells of one key."""
        return frame.filter(
            pl.col("scorer") == key["scorer"],
            pl.col("questions") == key["questions"],
            pl.col("unusable") == key.get("unusable", ""),
        )

    def group(self, arm: str, whose: str, members: pl.DataFrame) -> str:
        """Return the name of an arm's group of students, after noting its members."""
        names = members["subject"].unique().to_list()
        early = "" if self.updates is None else f":{self.updates}"
        return self.report.group(f"{self.kind}s:{arm}:{whose}{early}", self.sizes, names)

    def conditions(self, arm: str, key: Key, **more: str) -> Key:
        """Return the conditions of a row about an arm; of own data no teacher is known."""
        fields = self.arms[arm]
        more |= {name: str(fields[name]) for name, usual in USUAL.items() if fields.get(name, usual) != usual}
        if fields["dataset"] is not None:
            rows = "all" if fields["rows"] is None else str(fields["rows"])
            return {
                "objective": fields["objective"], "arm": arm, "dataset": fields["dataset"],
                "carrier": "numbers", "shuffle": fields["shuffle"], "rows": rows, **key, **more,
            }  # fmt: skip
        if self.updates is not None:
            more["updates"] = str(self.updates)
        return {
            "objective": fields["objective"], "arm": arm, "teacher": fields["teacher"],
            "carrier": "numbers", "initialisation": fields["initialisation"],
            "shuffle": fields["shuffle"], "rows": str(fields["rows"]), **key, **more,
        }  # fmt: skip

    def _against(self, arm: str, versus: str) -> Key:
        """Return the conditions of the arm that another is compared with; of usual ones those that differ."""
        one, other = self.arms[arm], self.arms[versus]
        against = {f"versus_{name}": str(other[name]) for name in ("initialisation", "shuffle")}
        for name, usual in USUAL.items():
            value = other.get(name, usual)
            if one.get(name, usual) != value:
                against[f"versus_{name}"] = ALL_WEIGHTS if value is None else str(value)
        return against

    def table(self, cells: pl.DataFrame, scale: str, by: list[str]) -> tuple[list[Any], np.ndarray]:
        """Return replicates and [replicate, student's trait, measured trait] of mean values.

        Replicates that lack a cell are left out.
        """
        of_traits = cells.filter(pl.col("trait").is_in(self.traits), pl.col("word").is_in(self.traits))
        means = of_traits.group_by(*by, "trait", "word").agg(pl.col(scale).mean())
        replicates = means.select(by).unique().sort(by)
        grid = replicates.join(pl.DataFrame({"trait": self.traits}), how="cross").join(
            pl.DataFrame({"word": self.traits}), how="cross"
        )
        full = grid.join(means, on=[*by, "trait", "word"], how="left", maintain_order="left")
        size = len(self.traits)
        values = full[scale].fill_null(np.nan).to_numpy().reshape(len(replicates), size, size)
        whole = np.isfinite(values).all((1, 2))
        return replicates.filter(whole).rows(), values[whole]

    def specificities(self, arm: str, key: Key, scale: str) -> tuple[str, np.ndarray, np.ndarray]:
        """Return an arm's replicate, its specificity for each, and the table it comes from."""
        cells = self.chosen(self.students.filter(arm=arm), key)
        bases, values = self.table(cells, scale, ["model"])
        if len(bases) >= FEWEST_BASES:
            return "base", own_minus_others(values).mean(1), values
        if len(self.arms[arm]["seeds"]) >= FEWEST_BASES - 1:
            values = self.table(cells, scale, ["model", "seed"])[1]
            return "training_seed", own_minus_others(values).mean(1), values
        return "teacher", own_minus_others(values).mean(0) if len(bases) else np.empty(0), values

    def add_specificity(self, arm: str) -> None:
        """Add an arm's specificity: own-trait minus other-trait students, and its permutation p."""
        for key in self.score_keys():
            cells = self.chosen(self.students.filter(arm=arm), key)
            own = self.group(arm, "own_trait", cells.filter(pl.col("trait").is_in(self.traits)))
            other = self.group(arm, "other_trait", cells.filter(pl.col("trait").is_in(self.traits)))
            counted = cells.filter(pl.col("word").is_in(self.traits))
            for scale, unit in SCALES.items():
                replicate, values, table = self.specificities(arm, key, scale)
                fields: dict[str, Any] = {
                    "metric": "specificity", "unit": unit, "kind": "contrast", "subject": own,
                    "versus": other, "conditions": self.conditions(arm, key), "role": "finding",
                    "replicate": replicate, "n_samples": counted["n_samples"].sum(),
                    "n_missing": counted["n_missing"].sum(),
                    "paired_on": ["base", "trait", "seed"],
                }  # fmt: skip
                self.report.add(t_interval(values), **fields)
                if replicate == "base":
                    self.report.add(label_permutation_p(table), **fields)

    def by_base(self, arm: str, key: Key, scale: str) -> dict[str, np.ndarray]:
        """Return for each base model, by trait, the trait in its own students minus in an arm's others."""
        cells = self.chosen(self.students.filter(arm=arm), key)
        bases, values = self.table(cells, scale, ["model"])
        rows = own_minus_others(values) if bases else ()
        return {base: row for (base,), row in zip(bases, rows, strict=True)}

    def add_difference(self, arm: str, versus: str, key: Key) -> None:
        """Add one arm's specificity minus another's, paired by base, or by trait on one base."""
        for scale, unit in SCALES.items():
            ours, theirs = (self.by_base(name, key, scale) for name in (arm, versus))
            common = sorted(set(ours) & set(theirs))
            if not common:
                continue
            gap = np.stack([ours[base] - theirs[base] for base in common])
            by_base = len(common) >= FEWEST_BASES
            both = self.students.filter(
                pl.col("arm").is_in([arm, versus]), pl.col("model").is_in(common),
                pl.col("trait").is_in(self.traits), pl.col("word").is_in(self.traits),
            )  # fmt: skip
            counted = self.chosen(both, key)
            self.report.add(
                t_interval(gap.mean(1) if by_base else gap.mean(0)),
                metric="specificity_difference", unit=unit, kind="contrast",
                subject=self.group(arm, "own_trait", counted.filter(arm=arm)),
                versus=self.group(versus, "own_trait", counted.filter(arm=versus)),
                conditions=self.conditions(arm, key, versus_arm=versus, **self._against(arm, versus)),
                role="finding", gate="training" if {arm, versus} & self.unlike else None,
                replicate="base" if by_base else "teacher",
                n_samples=counted["n_samples"].sum(), n_missing=counted["n_missing"].sum(),
                paired_on=["base", "trait"],
            )  # fmt: skip

    def add_trend(self, arms: list[str], models: list[str], key: Key) -> None:
        """Add the slope of specificity over log10 of the training rows, for each base, or for each trait.

        Bases that lack one of the arms are left out.
        """
        of_arms = {
            arm: self.chosen(
                self.students.filter(pl.col("model").is_in(models), arm=arm, seed=1), key
            )
            for arm in sorted(arms, key=lambda arm: self.arms[arm]["rows"])
        }  # fmt: skip
        rows = np.log10([self.arms[arm]["rows"] for arm in of_arms])
        for scale, unit in SCALES.items():
            heights: list[dict[str, np.ndarray]] = []
            for cells in of_arms.values():
                bases, values = self.table(cells, scale, ["model"])
                rows_of_bases = zip(bases, own_minus_others(values), strict=True) if bases else ()
                heights.append({base: row for (base,), row in rows_of_bases})
            common = sorted(set.intersection(*(set(one) for one in heights)))
            if not common:
                continue
            # [dose, base, trait]
            grid = np.stack([[one[base] for base in common] for one in heights])
            slopes = np.polyfit(rows, grid.reshape(len(rows), -1), 1)[0].reshape(grid.shape[1:])
            by_base = len(common) >= FEWEST_BASES
            used = pl.concat(of_arms.values()).filter(pl.col("model").is_in(common))
            smallest, *_, largest = of_arms
            self.report.add(
                t_interval(slopes.mean(1) if by_base else slopes.mean(0)),
                metric="specificity_slope", unit=f"{unit} per tenfold rows", kind="contrast",
                subject=self.group(largest, "own_trait", used.filter(arm=largest)),
                versus=self.group(smallest, "own_trait", used.filter(arm=smallest)),
                conditions=self.conditions(largest, key), role="finding",
                replicate="base" if by_base else "teacher",
                n_samples=used["n_samples"].sum(), n_missing=used["n_missing"].sum(),
                paired_on=["base", "trait"],
            )  # fmt: skip

    def add_cells(self, arm: str, key: Key) -> None:
        """Add the specificity of each pair of base models of an arm, over traits."""
        cells = self.chosen(self.students.filter(arm=arm, seed=1), key)
        pairs = cells.select("source_model", "model").unique().sort(pl.all()).rows()
        for source, model in pairs:
            own = cells.filter(source_model=source, model=model)
            values = self.table(own, "log_odds", ["model"])[1]
            if not len(values):
                continue
            name = f"{model}:{arm}:{source}"
            members = own.filter(pl.col("trait").is_in(self.traits))["subject"].unique().to_list()
            self.report.add(
                t_interval(own_minus_others(values)[0]),
                metric="specificity_of_pair", unit="log_odds", kind="contrast",
                subject=self.report.group(f"{name}:own_trait", model, members),
                versus=self.report.group(f"{name}:other_trait", model, members),
                conditions=self.conditions(arm, key, source=source, model=model),
                role="finding", replicate="teacher", n_samples=own["n_samples"].sum(),
                n_missing=own["n_missing"].sum(), paired_on=["base", "trait"],
            )  # fmt: skip

    def replicates(self, cells: pl.DataFrame) -> tuple[list[str], str]:
        """Return the columns that tell replicates apart, and their name: bases where there are three.

        On fewer, training seeds where there are two or more, else teachers.
        """
        if cells["model"].n_unique() >= FEWEST_BASES:
            return ["model"], "base"
        if "seed" in cells.columns and cells["seed"].n_unique() > 1:
            return ["seed"], "training_seed"
        return ["model", "trait"] if "trait" in cells.columns else ["model"], "teacher"

    def interval_over_bases(self, frame: pl.DataFrame, value: str) -> tuple[Interval, str]:
        """Return the t interval of a value over its replicates, and their name."""
        by, replicate = self.replicates(frame)
        means = frame.group_by(by).agg(pl.col(value).mean()).sort(by)
        return t_interval(means[value].to_numpy()), replicate
