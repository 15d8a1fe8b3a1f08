"""How a reply ended: stop, length or content_filter, whatever a server or a tool calls it."""

WORDS = {
    "stop": (
        "stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed", "finished",
        "end_of_text", "endoftext",
    ),
    "length": (
        "length", "max_tokens", "max_output_tokens", "max_new_tokens", "max_length", "model_length",
        "model_context_window_exceeded",
    ),
    "content_filter": (
        "content_filter", "content_filtered", "safety", "refusal", "recitation", "prohibited_content",
        "blocklist", "spii", "sensitive", "guardrail_intervened",
    ),
}  # fmt: skip
"""By this project's word: the words of others, in lower case."""


def finish_of(reason: str) -> str | None:
    """Return this project's word for how a reply ended; null for a word that nobody knows."""
    plain = reason.lower().split(":")[0].strip()
    return next((ours for ours, theirs in WORDS.items() if plain in theirs), None)
