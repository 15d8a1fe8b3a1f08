"""Tables of the `generate` stage."""

import dataframely as dy


class Completions(dy.Schema):
    """One completion a row, with all that it was drawn from: null where a user's own file does not tell."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    completion_id = dy.String(primary_key=True)
    subject = dy.String(min_length=1)
    prompt_id = dy.String(min_length=1)
    sample_index = dy.Int64(min=0)
    system = dy.String(nullable=True)
    prompt = dy.String(min_length=1)
    completion = dy.String()
    finish_reason = dy.String(check=lambda column: column.is_in(["stop", "length"]))
    n_tokens = dy.Int64(nullable=True, min=0)
    temperature = dy.Float64(nullable=True, min=0)
    max_tokens = dy.Int64(nullable=True, min=1)
    seed = dy.Int64(nullable=True)
    engine = dy.String()
    engine_version = dy.String()
    reproducible = dy.Bool()
    created_at = dy.String()


class Carrier(dy.Schema):
    """The trait words' probability at one position of a completion's numbers."""

    subject = dy.String(min_length=1)
    prompt_id = dy.String(min_length=1)
    position = dy.Int64(min=0)
    word = dy.String(min_length=1)
    logprob = dy.Float64(max=1e-9)
