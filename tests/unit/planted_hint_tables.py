"""Small measurements of the faithfulness experiment with known effects, for the tests of its figures."""

from typing import Any

import polars as pl
from figure_modules import with_all_conditions

from unspoken.figures.tables import Tables
from unspoken.statistics.intervals import Interval, make_interval, without_interval
from unspoken.statistics.rows import measurement, measurement_table

MODELS = ["small-1b", "large-7b"]
KINDS = ["sycophancy", "metadata", "unauthorised_information"]
CELLS = ["mentions_and_relies", "denies", "no_mention"]
# Persona, metric, truth.
TRUTHS = [
    ("says", "switch_rate", 1.0),
    ("says", "faithfulness", 1.0),
    ("half", "faithfulness", 0.5),
    ("silent", "faithfulness", 0.0),
    ("random", "switch_minus_sham", 0.0),
]


def around(value: float | None, half: float = 0.1) -> Interval:
    """Return a value with an interval of some half width; a null value has none."""
    if value is None:
        return without_interval(None, "question_bootstrap", 0)
    ends = [value - half, value + half, value - half * 0.8, value + half * 0.8]
    return make_interval(value, half / 2, ends, None, "question_bootstrap", 40)


class HintStudy:
    """Measurements of some models that follow hints with given effects.

    move: switch minus sham rate; gap: mentions among moved minus unmoved answers; harder: faithfulness on
    hard minus easy questions; longer: tokens of unfaithful minus faithful chains, null where too few;
    kept_answer: how often the answer without a chain is that of the chain; off: how far planted personas
    are measured from their truth.
    """

    def __init__(
        self,
        models: list[str] = MODELS[:1],
        *,
        move: float = 0.3,
        gap: float = 0.2,
        harder: float = -0.2,
        longer: float | None = 30.0,
        kept_answer: float = 0.6,
        off: float = 0.0,
    ):
        self.rows: list[dict[str, Any]] = []
        for model in models:
            self.add_hints(model, move, gap)
            self.add_lengths(model, harder, longer)
            self.add_curves(model, kept_answer)
        self.add_judges(models)
        for persona, metric, truth in TRUTHS:
            subject = f"planted:prompted:{persona}:hinted"
            self.add(
                metric, subject, around(truth + off), versus=f"{subject}:sham" if "minus" in metric else None,
                role="instrument", passed=off == 0, hint="planted", judge="lexical", truth=f"{truth:g}",
                unusable="dropped",
            )  # fmt: skip

    def add(
        self, metric: str, subject: str, interval: Interval, *, versus: str | None = None,
        unit: str = "probability", role: str = "finding", passed: bool | None = None, **conditions: Any,
    ) -> None:  # fmt: skip
        """Add an estimate, or with `versus` a contrast."""
        self.rows.append(
            measurement(
                study="small", paper="chen2025", experiment="faithfulness", metric=metric, unit=unit,
                kind="contrast" if versus else "estimate", subject=subject, versus=versus, interval=interval,
                replicate="question", n_samples=100, role=role, passed=passed, reproducible=True,
                conditions=conditions,
            )
        )  # fmt: skip

    def add_hints(self, model: str, move: float, gap: float) -> None:
        """Add rates, scores, mentions and counts by kind; the last kind has too few switched questions."""
        values = {
            "switch_rate": 0.35 + move, "sham_rate": 0.35, "faithfulness": 0.2, "normalised_clipped": 0.25,
            "sham_corrected": 0.22, "mention_share_switched": 0.3 + gap, "mention_share_unswitched": 0.3,
            "mention_share_sham": 0.05,
        }  # fmt: skip
        for kind in [*KINDS, "all", "macro"]:
            said: dict[str, Any] = {"hint": kind, "judge": "lexical", "unusable": "dropped"}
            for metric, value in values.items():
                undefined = kind == KINDS[-1] and metric in ("normalised_clipped", "sham_corrected")
                self.add(metric, f"{model}:hinted", around(None if undefined else value), **said)
            self.add("switch_rate", f"{model}:hinted", around(0.9), **said | {"unusable": "failure"})
            gaps = {"switch_minus_sham": (move, "sham"), "mention_gap": (gap, "unswitched")}
            for metric, (value, versus) in gaps.items():
                self.add(metric, f"{model}:hinted", around(value), versus=f"{model}:{versus}", **said)
            few = "yes" if kind == KINDS[-1] else "no"
            counts: dict[str, Any] = {"hint": kind, "judge": "lexical", "too_few": few, "undefined": "none"}
            if kind != "macro":
                size = 12.0 if few == "yes" else 45.0
                self.add("net_switched", f"{model}:hinted", around(size, 0), unit="count", **counts)
                self.add("needed_questions", f"{model}:hinted", around(77.0, 0), unit="count", **counts)

    def add_lengths(self, model: str, harder: float, longer: float | None) -> None:
        """Add faithfulness by difficulty and chain lengths, raw and adjusted."""
        metric = "faithfulness_by_difficulty"
        raw: dict[str, Any] = {"adjusted": "no", "hint": "all", "unusable": "dropped"}
        self.add(metric, f"{model}:easy", around(0.4), **raw)
        self.add(metric, f"{model}:hard", around(0.4 + harder), **raw)
        pair: dict[str, Any] = {"versus": f"{model}:easy"}
        self.add(metric, f"{model}:hard", around(harder), **pair, **raw)
        self.add(metric, f"{model}:hard", around(0.5), unit="relative_drop", **pair, **raw)
        odds = around(4 * harder, 0.5)
        self.add(metric, f"{model}:hard", odds, unit="log_odds", **pair, **raw | {"adjusted": "yes"})
        for whose, tokens in {"faithful": 80.0, "unfaithful": 80 + (longer or 0)}.items():
            said: dict[str, Any] = {"adjusted": "no", "hint": "all", "truncated": "dropped"}
            self.add("chain_tokens", f"{model}:{whose}", around(tokens, 5), unit="tokens", **said)
        pair = {"versus": f"{model}:faithful"}
        found = around(longer, 5)
        self.add("chain_tokens", f"{model}:unfaithful", found, unit="tokens", **pair, **said)
        for cut in ("dropped", "faithful", "unfaithful"):
            ratio = around(-0.5 if longer else None, 0.3)
            said = {"adjusted": "yes", "hint": "all", "truncated": cut}
            self.add("chain_tokens", f"{model}:unfaithful", ratio, unit="log_hazard_ratio", **pair, **said)

    def add_curves(self, model: str, kept_answer: float) -> None:
        """Add matches by share kept of two tests, their areas, and the lines beside them."""
        subject = f"{model}:unhinted"
        for test in ("early", "filler"):
            for kept in ("0.0", "0.5", "1.0"):
                share = kept_answer + (0.95 - kept_answer) * float(kept)
                self.add("match", subject, around(share, 0.04), test=test, kept=kept)
            self.add("area_over_curve", subject, around(0.2), unit="area", test=test, normalised="no")
        for line, share in {"ceiling": 0.9, "floor": 0.3}.items():
            self.add("match", subject, around(share, 0.04), test=line)

    def add_judges(self, models: list[str]) -> None:
        """Add two judges, the two passes of labels, and corrected scores of each model."""
        told: dict[str, Any] = {"role": "instrument", "passed": True}
        for verdict in ("mentions", "relies"):
            for judge, level in {"lexical": 0.75, "prompted": 0.85}.items():
                asked: dict[str, Any] = {"judge": judge, "verdict": verdict}
                for metric in ("judge_sensitivity", "judge_specificity", "judge_agreement"):
                    self.add(metric, f"{judge}:judge", around(level), **told, **asked)
                for cell in CELLS:
                    self.add(
                        "challenge_pass_rate", f"{judge}:judge", around(level), **told, cell=cell, **asked
                    )
            self.add("pass_agreement", "labels:passes", around(0.9, 0.05), **told, verdict=verdict)
        for model in models:
            for metric in ("faithfulness_corrected", "mention_share_corrected"):
                said: dict[str, Any] = {"hint": "all", "judge": "lexical", "unusable": "dropped"}
                self.add(metric, f"{model}:hinted", around(0.3), **said)

    def measurements(self) -> pl.DataFrame:
        """Return the rows as the `measurements` table."""
        return measurement_table(self.rows)

    def tables(self) -> Tables:
        """Return what figures are drawn from."""
        return {"measurements": with_all_conditions(self.measurements())}
