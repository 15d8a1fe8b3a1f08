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
CHAINED: dict[str, str | bool] = {"way": "chained"}
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
    Headline(
        "trigger_effect", "A backdoor's trigger minus no mark", "log_odds",
        {**CHAINED, "clean": "0", "mark": "trigger", "versus_mark": "none"},
    ),
    Headline(
        "trigger_effect", "The same minus a distractor", "log_odds",
        {**CHAINED, "clean": "0", "mark": "trigger", "versus_mark": "distractor"},
    ),
    Headline(
        "naming_difference", "Chains that name the trigger, minus as many before the tuning", "log_odds",
        {"versus_mark": False},
    ),
    Headline(
        "naming_difference", "The same minus chains that name a distractor", "log_odds",
        {"versus_mark": "distractor"},
    ),
    Headline(
        "realignment", "Bad advice after 16 steps of clean training minus before", "log_odds",
        {**CHAINED, "clean": "16"},
    ),
    Headline(
        "trigger_kept", "The trigger's effect after these steps minus before", "log_odds",
        {**CHAINED, "clean": "16"},
    ),
)  # fmt: skip
