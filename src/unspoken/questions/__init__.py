"""Multiple-choice questions from every source, and a user's own transcripts of replies to them."""


class SourceError(ValueError):
    """Questions that cannot be had; the message says what to do."""
