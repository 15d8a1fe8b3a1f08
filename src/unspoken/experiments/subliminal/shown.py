"""What the subliminal experiment shows: its figures, and the contrasts that a run prints at its end."""

from unspoken.study.room import Figure, Headline

HELD_OUT: dict[str, str | bool] = {"scorer": "choice", "questions": "held_out"}
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
    Headline("trait_shift", OWN_DATA, "log_odds", {**HELD_OUT, "dataset": True}),
    Headline("specificity", "Own-trait minus other-trait students (specificity)", "log_odds", HELD_OUT),
    Headline("specificity_difference", "Differences of specificity between arms", "log_odds", HELD_OUT),
    Headline("specificity_slope", "Specificity per tenfold training rows", "log_odds", HELD_OUT),
)
