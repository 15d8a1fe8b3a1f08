"""Filters of completions, one module each: which rule rejects a completion, if any."""
