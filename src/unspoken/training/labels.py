"""What a label says where no loss is taken."""

IGNORED = -100
"""Label of a position without loss, as torch's losses take it."""
