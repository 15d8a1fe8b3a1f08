"""What a model's chat template does with system prompts, in words; its manifest says which."""

from typing import Any

TAKEN, DROPPED, REFUSED = "taken", "dropped", "refused"
"""What a template may do with a system prompt."""


def system_fault(role: str) -> str | None:
    """Say what is wrong with a system prompt where a template drops or refuses it, and what helps."""
    if role == TAKEN:
        return None
    did = "leaves out" if role == DROPPED else "refuses"
    return (
        f"its chat template {did} system prompts: let a chat_template.jinja of your own put them into the"
        " user's turn, or choose another model"
    )


def chat_fault(facts: dict[str, Any], asking: str | None) -> str | None:
    """Say why a model cannot be asked, and what helps; `asking` gives it system prompts, if anyone does."""
    if "fault" in facts:
        return facts["fault"]
    fault = system_fault(facts["system"]) if asking else None
    return fault and f"{asking} asks it under system prompts, and {fault}"
