"""The registry of claims: what the papers published, and how this project tests it."""
