"""Several study seeds together: contrasts pooled over them, with the words and the figure that tell of it."""
