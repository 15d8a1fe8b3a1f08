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
}
SHOWN_IN = {
    "trait_shift": "preference",
    "specificity": "initialisations",
    "specificity_difference": "initialisations",
    "specificity_slope": "dose",
}
HEADLINES = (
    Headline("trait_shift", OWN_DATA, "log_odds", {"dataset": True}),
    Headline("specificity", "Own-trait minus other-trait students (specificity)", "log_odds"),
    Headline("specificity_difference", "Differences of specificity between arms", "log_odds"),
    Headline("specificity_slope", "Specificity per tenfold training rows", "log_odds"),
)
TAUGHT = ("*:own_trait", "*:other_trait")
"""Students of teachers that have a trait."""
OF_STUDENTS = ("trait_shift", "specificity", "specificity_difference", "specificity_slope")
GUARDS = (
    # Training on numbers may move a trait by itself: then a shift from the base says nothing of the teacher.
    # What students are compared with is trained alike in the other contrasts.
    Guard("neutral_shift", ("trait_shift",), TAUGHT, "*:base", "*:neutral", ("objective",), "log_odds"),
    Guard("teacher_preference", OF_STUDENTS, TAUGHT),
    Guard("valid_share", OF_STUDENTS, TAUGHT),
)
