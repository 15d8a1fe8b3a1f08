"""From measured contrasts and published claims to verdicts: what holds here, and how nearly as published."""
