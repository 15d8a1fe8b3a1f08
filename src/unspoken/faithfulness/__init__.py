"""What chains of thought say about what drove the answer: hints, causal tests, judges and their scores."""
