"""The measure stage: estimates and contrasts with intervals, one table for every experiment."""

# The smallest difference that would matter, and the margin of "no difference" (both, by default).
LOG_ODDS_MARGIN = 0.2
ACCURACY_MARGIN = 0.02
