"""From requests through the completion cache to rows: the loop that every stage shares that asks a model."""
