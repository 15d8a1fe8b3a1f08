"""Multiple-choice questions from every source."""


class SourceError(ValueError):
    """Questions that cannot be had; the message says what to do."""
