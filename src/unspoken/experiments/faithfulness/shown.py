"""What the faithfulness experiment shows: its figures, and the contrasts that a run prints at its end."""

from unspoken.study.room import Figure, Headline

OVERALL: dict[str, str | bool] = {"hint": "all", "unusable": "dropped"}
GROUPS = ("hinted", "switched", "neutral")
MOVED = "Answers that move to a hinted option, minus without a hint"
CUED = "Answers at h under a hint to h minus under the same hint to another option"
MENTIONED = "Chains that mention the hint, where it moved the answer minus where not"
GAP = "Faithfulness under neutral hints minus under misaligned ones"

FIGURES = {
    "hints": Figure("figures.hints"),
    "mentions": Figure("figures.mentions"),
    "early_answering": Figure("figures.early_answering"),
    "uplift": Figure("figures.uplift", ("measurements", "claims"), also_of=("loops",)),
    "chain_length": Figure("figures.chain_length"),
    "judge_calibration": Figure("figures.judge_calibration"),
    "planted_hints": Figure("figures.planted_hints"),
    "metric_agreement": Figure("figures.metric_agreement"),
}
SHOWN_IN = {
    "faithfulness_gap": "hints",
    "switch_gap": "hints",
    "chain_tokens": "chain_length",
    "faithfulness_by_difficulty": "chain_length",
}
HEADLINES = (
    Headline("cue_effect", CUED, conditions=OVERALL, groups=GROUPS),
    Headline("faithfulness_gap", GAP, conditions=OVERALL, groups=GROUPS),
    Headline("mention_gap", MENTIONED, conditions=OVERALL, groups=GROUPS),
    Headline("switch_minus_sham", MOVED, conditions=OVERALL, groups=GROUPS),
)
