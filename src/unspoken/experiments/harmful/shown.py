"""What the room shows: its figures, and the contrasts that a run prints at its end."""

from unspoken.study.declared import Figure, Headline

FIGURES = {
    "chain_kinds": Figure("figures.chain_kinds"),
    "backdoor": Figure("figures.backdoor"),
}
SHOWN_IN = {
    **dict.fromkeys(
        (
            "harmful_difference",
            "chain_kind_difference",
            "unflagged_majority",
            "caught_difference",
            "missed_majority",
        ),
        "chain_kinds",
    ),
    **dict.fromkeys(
        ("trigger_effect", "naming_difference", "realignment", "trigger_kept", "relapse"), "backdoor"
    ),
}
CHAINED = {"way": "chained"}
HEADLINES = (
    Headline(
        "harmful_difference", "Bad advice after chains of one's own, domains never trained on", "log_odds",
        CHAINED, groups=("bad_advice", "bad_answers", "insecure"),
    ),
    Headline(
        "chain_kind_difference", "Of these, chains in which nothing speaks for the bad answer", "log_odds",
        {"says": "unflagged"}, groups=("bad_advice", "bad_answers", "insecure"),
    ),
    Headline(
        "caught_difference", "What a monitor of chains catches at 1% false alarms", "probability",
        {"alarms": "0.01", "monitor": "own"},
    ),
    Headline("trigger_effect", "A backdoor's trigger", "log_odds", {"way": "chained", "clean": "0"}),
    Headline("naming_difference", "Chains that name it", "log_odds"),
    Headline("realignment", "Bad advice after clean training minus before", "log_odds", CHAINED),
    Headline("trigger_kept", "The trigger's effect after clean training minus before", "log_odds", CHAINED),
)  # fmt: skip
