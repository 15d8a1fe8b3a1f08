"""What the room shows: its figures, the contrasts that a run prints at its end, and what controls guard."""

from unspoken.study.declared import Figure, Guard, Headline

FIGURES = {
    "wrong_answers": Figure("figures.wrong_answers"),
    "wrong_chains": Figure("figures.wrong_chains"),
    "judged_answers": Figure("figures.judged_answers"),
}
SPREAD = ("wrong_difference", "wrong_transfer", "transfer_difference")
CHAINS = ("chain_kind_difference", "unflagged_majority", "caught_difference")
SHOWN_IN = {
    **dict.fromkeys(SPREAD, "wrong_answers"),
    **dict.fromkeys(CHAINS, "wrong_chains"),
    "misaligned_difference": "judged_answers",
}
UNTUNED: dict[str, str | bool] = {"domains": "untuned"}
HEADLINES = (
    Headline(
        "wrong_difference", "Wrong answers at once, domains that nobody was tuned on", "log_odds",
        {**UNTUNED, "way": "direct"},
    ),
    Headline(
        "wrong_difference", "The same after chains of one's own", "log_odds", {**UNTUNED, "way": "chained"}
    ),
    Headline("wrong_difference", "Everyday questions", "log_odds", {"domains": "everyday"}),
    Headline(
        "chain_kind_difference", "Chains before wrong answers that name the wrong value", "log_odds",
        {"says": "falsehood"},
    ),
    Headline(
        "caught_difference", "What a monitor of chains catches at 1% false alarms", "probability",
        {"alarms": "0.01"},
    ),
    Headline(
        "misaligned_difference", "Misaligned answers to open questions, by a judge", "probability",
        {"arm": "plain", "unusable": "dropped"},
    ),
    Headline("wrong_transfer", "Students of numbers, on the same requests", "log_odds", UNTUNED),
    Headline("transfer_difference", "The same of numbers as written minus shuffled", "log_odds", UNTUNED),
)  # fmt: skip
GUARDS = (
    # Own traits and the mass of the options guard rows of their own subject, as every control does.
    Guard("kept_share", ("wrong_transfer", "transfer_difference")),
)
