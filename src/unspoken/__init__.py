"""Unspoken: what language models transmit and what their reasoning leaves out."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unspoken.store import open_store

__all__ = ["open_store"]


def __getattr__(name: str) -> object:
    """Import `open_store` when it is first used: the front door imports nothing heavy."""
    if name == "open_store":
        from unspoken.store import open_store

        return open_store
    raise AttributeError(f"module 'unspoken' has no attribute '{name}'")
