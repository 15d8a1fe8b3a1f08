"""How strata of questions are called: the front door and the generator agree on it here."""


def stratum_of(k: int) -> str:
    """Return the stratum of questions of k steps."""
    return f"steps-{k}"
