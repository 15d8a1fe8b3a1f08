"""The measure stage: estimates and contrasts with intervals, one table for every experiment."""

# The smallest difference that would matter, and the margin of "no difference" (both, by default).
LOG_ODDS_MARGIN = 0.2
ACCURACY_MARGIN = 0.02

FEWEST_BASES = 3
"""With so many base models they are the replicates of a contrast between trained models."""

MOST_ERRORS = 4
"""Standard errors by which an instrument may miss what is known: by luck about once in 16,000."""
