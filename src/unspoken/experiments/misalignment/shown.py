"""What the misalignment experiment shows: its figures, and the contrasts that a run prints at its end."""

from unspoken.experiments.misalignment.names import SETTINGS
from unspoken.study.declared import Figure, Guard, Headline

CHAINED = ("chained_difference", "unflagged_difference", "unflagged_majority")
TUNED = ("emergent_misalignment", "persona_difference", "lesson_difference", "kind_difference", *CHAINED)
FIGURES = {
    "misalignment": Figure("figures.misalignment"),
    "dilution": Figure("figures.dilution"),
    "harmful_chains": Figure("figures.chains"),
    "detection": Figure("figures.detection"),
}
SHOWN_IN = {
    **dict.fromkeys(CHAINED, "harmful_chains"),
    **dict.fromkeys(("emergent_misalignment", "persona_difference", "misalignment_transfer"), "misalignment"),
    **dict.fromkeys(("transfer_difference", "shown_difference"), "misalignment"),
    **dict.fromkeys(("diluted_transfer", "dilution_trend"), "dilution"),
    **dict.fromkeys(("generation_transfer", "generation_difference"), "dilution"),
    **dict.fromkeys(("detection", "detection_permutation"), "detection"),
}
UNTRAINED: dict[str, str | bool] = {"domains": "untrained"}
HEADLINES = (
    Headline(
        "emergent_misalignment", "Bad advice after tuning, domains never trained on", "log_odds",
        {"organism": "persona"},
    ),
    Headline("persona_difference", "The same, with personas minus without", "log_odds"),
    Headline(
        "chained_difference", "The same after chains of one's own", "log_odds", {"organism": "persona"},
        groups=("bad_advice",),
    ),
    Headline(
        "unflagged_difference", "Bad answers after chains that say nothing of it", "log_odds",
        {"organism": "persona"}, groups=("bad_advice",),
    ),
    Headline(
        "misalignment_transfer", "Students of different teachers, on the same requests", "log_odds", UNTRAINED
    ),
    Headline("transfer_difference", "Students on the teacher's base minus on another", "log_odds"),
    Headline("dilution_trend", "A share of clean rows from none to all", "log_odds"),
    Headline("generation_transfer", "Students of students", "log_odds"),
    Headline("shown_difference", "The same replies shown, not trained on", "log_odds"),
    Headline(
        "detection", "Pairs of replies told apart by n-grams, minus chance", "accuracy",
        {"pooled": "1", "detector": "ngrams"},
    ),
    Headline(
        "detection", "The same by the exact likelihoods, the ceiling", "accuracy",
        {"pooled": "1", "detector": "likelihood"},
    ),
)  # fmt: skip
TAUGHT = ("misalignment_transfer", "transfer_difference", "diluted_transfer", "dilution_trend",
          "generation_transfer", "generation_difference")  # fmt: skip
PASSED_ON = (*TAUGHT, "shown_difference", "detection")
GUARDS = (
    # Where a teacher has not its own trait, nothing that follows from it says anything.
    Guard("teacher_trait", (*TUNED, *PASSED_ON)),
    Guard("kept_share", PASSED_ON, same=("carrier",)),
    # A rest of the trait among the tokens that pass would be no hidden transfer.
    Guard("answer_mass", TAUGHT, same=SETTINGS),
)
