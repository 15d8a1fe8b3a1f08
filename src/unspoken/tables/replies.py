"""Table of replies: what a subject wrote to each prompt, one contract for numbers, chains and the rest."""

import dataframely as dy
import polars as pl

FINISH_REASONS = ("stop", "length", "content_filter")
"""At the end of the turn or at a stop text; at the limit of tokens; by a server's own filter."""


class Replies(dy.Schema):
    """One reply a row, with all that it was drawn from: null where a user's own file does not tell."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    reply_id = dy.String(min_length=1)
    """`{subject}:{prompt_id}:{sample_index}`, with `greedy` for the index of a reply without chance."""
    subject = dy.String(primary_key=True, min_length=1)
    prompt_id = dy.String(primary_key=True, min_length=1)
    sample_index = dy.Int64(primary_key=True, min=0)
    system = dy.String(nullable=True)
    """The system prompt as it was read: the subject's, the prompt's own, or both."""
    prompt = dy.String(min_length=1)
    thinking = dy.String(nullable=True)
    """All up to the mark that ends the thinking, marks and all; the whole text where it never ended. Null
    where nothing is marked, and where all that is said stands before the thoughts."""
    reply = dy.String()
    """What follows: thinking and reply make the whole text (`answers.thinking`). Further thoughts may stand
    in it; `answers.said` leaves them out."""
    finish_reason = dy.String(nullable=True, check=lambda column: column.is_in(FINISH_REASONS))
    n_tokens = dy.Int64(nullable=True, min=0)
    """Tokens of thinking and reply."""
    budget = dy.Int64(nullable=True, min=0)
    """Most tokens that it could think with: the prompt's budget."""
    thinking_tokens = dy.Int64(nullable=True, min=0)
    """Tokens of the thinking alone, where a budget counted them, with what was inserted."""
    was_cut = dy.Bool(nullable=True)
    """Whether the thinking that was read stops before its own end; null without a budget."""
    inserted = dy.Int64(nullable=True, min=0)
    """How often it was made to think on; null where it was not to be."""
    mean_logprob = dy.Float64(nullable=True)
    """Of the tokens under the subject itself, in nats."""
    stated = dy.String(nullable=True, regex="^[A-Z]$")
    """The answer that a user's own transcript gives."""
    temperature = dy.Float64(nullable=True, min=0)
    max_tokens = dy.Int64(nullable=True, min=1)
    seed = dy.Int64(nullable=True)
    engine = dy.String()
    engine_version = dy.String()
    reproducible = dy.Bool()
    created_at = dy.String()

    @dy.rule()
    def thinking_has_no_more_tokens_than_the_whole(cls) -> pl.Expr:
        """Tokens of the thinking are counted among the tokens of the text."""
        return (pl.col("thinking_tokens") <= pl.col("n_tokens")).fill_null(value=True)
