"""Names that the room's declaration and its other modules share."""

MAIN = "main"
"""The variant of the study's own settings."""
SLOPE = "accuracy_slope"
"""The metric of accuracy over the number of auxiliary logits."""
