"""Names that the room gives to arms, in what it plans, measures and draws."""

START = "start"
"""The arm of a start before any training by reward."""
OUTCOME = "outcome"
"""The reward that others are compared with."""
