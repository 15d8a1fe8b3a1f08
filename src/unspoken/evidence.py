"""How much stands behind a number: fixed before its data or not, and over how many study seeds."""


def evidence(registered: str, seeds: int) -> str:
    """Return `registered, 5 seeds` or `exploratory, 1 seed`, as every line of findings says it."""
    return f"{registered}, {seeds} seed{'' if seeds == 1 else 's'}"
