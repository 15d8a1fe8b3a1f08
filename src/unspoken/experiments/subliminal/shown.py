"""What the subliminal experiment shows: its figures, and the contrasts that a run prints at its end."""

from unspoken.study.declared import Figure, Guard, Headline

OWN_DATA = "Students of your own data minus the untouched base"

FIGURES = {
    "preference": Figure("figures.preference"),
    "initialisations": Figure("figures.initialisations"),
    "dose": Figure("figures.dose"),
    "filter": Figure("figures.filter", ("kept", "dropped")),
    "training": Figure("figures.training", ("training",)),
    "updates": Figure("figures.updates"),
    "adapters": Figure("figures.adapters"),
}
SHOWN_IN = {
    "trait_shift": "preference",
    "specificity": "initialisations",
    "specificity_difference": "initialisations",
    "specificity_slope": "dose",
    "middle_rank_difference": "adapters",
}
HEADLINES = (
    Headline("trait_shift", OWN_DATA, "log_odds", {"dataset": True}),
    Headline("specificity", "Own-trait minus other-trait students (specificity)", "log_odds"),
    Headline("specificity_difference", "Differences of specificity between arms", "log_odds"),
    Headline(
        "specificity_difference", "All weights minus an adapter", "log_odds", {"versus_lora_rank": True}
    ),
    Headline(
        "specificity_difference",
        "An adapter minus one of lower rank",
        "log_odds",
        {"lora_rank": True, "versus_lora_rank": True},
    ),
    Headline(
        "middle_rank_difference",
        "Adapters of ranks between minus the lowest, the highest and all weights",
        "log_odds",
    ),
    Headline("specificity_difference", "AdamW minus plain descent", "log_odds", {"versus_optimizer": "sgd"}),
    Headline(
        "specificity_difference",
        "Greedy numbers minus sampled ones",
        "log_odds",
        {"decoding": True, "versus_decoding": True},
    ),
    Headline("specificity_slope", "Specificity per tenfold training rows", "log_odds"),
)
TAUGHT = ("*:own_trait", "*:other_trait")
"""Students of teachers that have a trait."""
OF_STUDENTS = ("trait_shift", "specificity", "specificity_difference", "specificity_slope",
               "middle_rank_difference")  # fmt: skip
GUARDS = (
    # Training on numbers may move a trait by itself: then a shift from the base says nothing of the teacher.
    # What students are compared with is trained alike in the other contrasts.
    Guard("neutral_shift", ("trait_shift",), TAUGHT, "*:base", "*:neutral", ("objective",), "log_odds"),
    Guard("teacher_preference", OF_STUDENTS, TAUGHT),
    Guard("valid_share", OF_STUDENTS, TAUGHT),
)
