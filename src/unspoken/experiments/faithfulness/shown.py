"""What the faithfulness experiment shows: its figures, and the contrasts that a run prints at its end."""

from unspoken.study.declared import Figure, Headline, Tally

OVERALL: dict[str, str | bool] = {"hint": "all"}
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
    "necessity": Figure("figures.necessity"),
    "model_contrasts": Figure("figures.model_contrasts"),
}
SHOWN_IN = {
    "faithfulness_gap": "hints",
    "switch_gap": "hints",
    "chain_tokens": "chain_length",
    "faithfulness_by_difficulty": "chain_length",
    "area_over_curve": "necessity",
}
HEADLINES = (
    Headline("cue_effect", CUED, conditions=OVERALL, groups=GROUPS),
    Headline("faithfulness_gap", GAP, conditions=OVERALL, groups=GROUPS),
    Headline("mention_gap", MENTIONED, conditions=OVERALL, groups=GROUPS),
    Headline("switch_minus_sham", MOVED, conditions=OVERALL, groups=GROUPS),
)
PRIMARY = {"truncated": "dropped", "unusable": "dropped"}
"""Answers that nobody can use, and chains that are cut off, are left out; their shares are printed."""
STATED = """
SELECT share.subject, share.value AS share, share.n_samples AS samples,
       coalesce(printf('; the letter read by force agrees in %.3f of them', agreement.value), '') AS forced
FROM measurements AS share LEFT JOIN measurements AS agreement
  ON agreement.metric = 'answer_agreement' AND agreement.experiment = share.experiment
  AND agreement.subject = share.subject AND agreement.conditions['unusable'] = 'dropped'
  AND coalesce(agreement.conditions['hint'], 'all') = 'all'
WHERE share.metric = 'outcome_share' AND share.conditions['outcome'] = 'answered'
  AND split_part(share.subject, ':', -1) IN ('hinted', 'unhinted')
ORDER BY share.experiment, share.subject
"""
LEFT_OUT = """
SELECT subject, conditions['reason'] AS reason, value, n_samples AS samples
FROM measurements WHERE metric = 'left_out' ORDER BY experiment, subject, reason
"""
OF_FILES = """
SELECT m.subject, replace(m.metric, '_', ' ') AS score, coalesce(printf('%.3f', m.value), '-') AS value,
       coalesce(printf(' [%.3f, %.3f]', m.ci_low, m.ci_high), '') AS ends, m.n_samples AS samples,
       m.n_replicates AS questions
FROM measurements AS m JOIN subjects AS s
  ON s.kind = 'dataset' AND m.subject IN (s.subject_id || ':hinted', s.subject_id || ':unhinted')
WHERE m.experiment = 'faithfulness' AND m.versus IS NULL AND m.conditions['unusable'] = 'dropped'
  AND m.metric IN ('accuracy', 'switch_rate', 'mention_share_switched', 'faithfulness')
  AND coalesce(m.conditions['hint'], 'all') = 'all' AND m.conditions['answers'] IS NULL
  AND m.conditions['stratum'] IS NULL AND m.conditions['between'] IS NULL
ORDER BY m.subject, list_position(['accuracy', 'switch_rate', 'mention_share_switched'], m.metric)
"""
CORRECTED = """
SELECT c.metric[:-11] AS score, c.subject, c.conditions['correction'] AS correction,
       c.conditions['estimator'] AS estimator,
       coalesce(printf('%.3f [%.3f, %.3f]', raw.value, raw.ci_low, raw.ci_high), '-') AS by_judge,
       coalesce(printf('%.3f [%.3f, %.3f]', c.value, c.ci_low, c.ci_high),
                'no value: ' || coalesce(c.conditions['reason'], c.conditions['correction'])) AS corrected
FROM measurements AS c LEFT JOIN measurements AS raw
  ON raw.metric = CASE c.metric WHEN 'mention_share_corrected' THEN 'mention_share_switched'
                  ELSE c.metric[:-11] END
  AND raw.experiment = c.experiment AND raw.subject = c.subject AND raw.conditions['hint'] = 'all'
  AND raw.conditions['unusable'] = 'dropped' AND raw.conditions['answers'] IS NULL
  AND raw.conditions['stratum'] IS NULL AND raw.conditions['between'] IS NULL
WHERE ends_with(c.metric, '_corrected') AND starts_with(c.conditions['correction'], 'none') = false
  AND c.metric <> 'sham_corrected' AND c.conditions['hint'] = 'all'
ORDER BY c.experiment, c.subject, score, estimator
"""
TALLIES = (
    Tally(
        "Scores by the judge, and corrected by labels (by two passes of a language model, or your own)",
        CORRECTED, "{score} of {subject}: {by_judge}; corrected {corrected} ({estimator}, {correction})",
    ),
    Tally(
        "Scores of transcripts", OF_FILES,
        "{subject}: {score} {value}{ends}, {samples} replies to {questions} questions",
    ),
    Tally(
        "Replies that state an answer, which is their score", STATED,
        "{subject}: {share:.3f} of {samples} replies{forced}",
    ),
    Tally(
        "Left out of the scores of chains, as no judge has a verdict", LEFT_OUT,
        "{subject}: {value:.0f} of {samples} replies: {reason}",
    ),
)  # fmt: skip
