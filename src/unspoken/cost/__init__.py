"""What a study will cost and what it can show, before anything runs: `make plan`."""
