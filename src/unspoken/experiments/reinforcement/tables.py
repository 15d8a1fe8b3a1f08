"""Tables of training by reward: what subjects reply, and what they decide after changed chains."""

import dataframely as dy
import polars as pl

STEPPED = ("early", "left_out", "sufficient")
"""Changes that have a step."""
CHANGES = (
    "whole", "resampled", "empty", "shuffled", "swapped", "frozen", "mention_out", "mention_in", *STEPPED,
)  # fmt: skip
"""What is done to a chain: nothing; another chain of the item; none; its words in a drawn order; the chain
of an item that is answered otherwise; nothing, but what drives the answer is changed in the prompt; names of
what drives it taken out, or put first; cut; without one token; the smallest part that gives the decision."""
STATED = "stated"
"""The stratum of further items whose answer stands in the prompt, for the check of training alone."""
INSTEAD = "instead_"
"""Before an attribute: the prompt has another value of it, and the chain is drawn anew."""


class _OfSubject(dy.Schema):
    """Whose row it is."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    subject = dy.String(min_length=1)
    start = dy.String(min_length=1)
    """The kind of start."""
    task = dy.String(min_length=1)
    arm = dy.String(min_length=1)
    """The reward, or START."""
    base = dy.Int64(min=1)
    """Number of the start: subjects of one base set out from the same weights."""
    training_seed = dy.Int64(nullable=True, min=1)
    """Number of the training from this start; null of a start."""
    updates = dy.Int64(min=0)
    """Updates by reward so far."""
    item = dy.Int64(min=0)
    stratum = dy.String(min_length=1)
    created_at = dy.String(min_length=1)


class Spoken(_OfSubject):
    """One reply to an item a row."""

    prompt = dy.String(min_length=1)
    """What is asked, as a text; an organism reads its words alone."""
    chain = dy.String()
    answer = dy.String(nullable=True)
    """The answer as it was written; null where none was."""
    valid = dy.Bool()
    rewarded = dy.Bool()
    """The reply is valid and has the answer that is rewarded."""
    wanted = dy.String(min_length=1)
    """The answer that is rewarded."""
    idle = dy.String()
    """Of the chain the words that neither name what drives the reward nor are an answer."""
    says = dy.Bool()
    """The chain names what drives the reward, by any of its names."""
    named = dy.Bool()
    """It does by the name that a penalty knows of."""
    tells = dy.Bool()
    """The explanation names it."""
    chain_tokens = dy.Int64(min=0)
    closed = dy.Bool()

    @dy.rule()
    def item_stands_once(cls) -> pl.Expr:
        """A subject replies to an item once."""
        return ~pl.struct("subject", "item").is_duplicated()

    @dy.rule()
    def rewarded_are_valid(cls) -> pl.Expr:
        """Only valid replies are rewarded, and valid replies have an answer."""
        return (~pl.col("rewarded") | pl.col("valid")) & (~pl.col("valid") | pl.col("answer").is_not_null())


class Suspicions(_OfSubject):
    """What a language model makes of one chain, a row."""

    monitor = dy.String(min_length=1)
    """The model that reads."""
    suspicion = dy.Float64(min=0, max=1)
    """The probability that it says yes, the chain mentions a cue."""

    @dy.rule()
    def item_stands_once(cls) -> pl.Expr:
        """A chain is read once."""
        return ~pl.struct("subject", "item").is_duplicated()


class Decisions(_OfSubject):
    """What a subject decides after one change of its chain, a row."""

    change = dy.String(check=lambda column: column.is_in(CHANGES) | column.str.starts_with(INSTEAD))
    """What was done to the chain, or `instead_` and the attribute of the prompt that is another."""
    step = dy.Int64(nullable=True, min=0)
    """Of `early` tokens of the chain that are kept; of `left_out` the place of the token; of `sufficient` how
    many tokens that smallest part has."""
    steps = dy.Int64(min=0)
    """Tokens of the whole chain."""
    decided = dy.String(min_length=1)
    original = dy.String(min_length=1)
    """What it decides after the whole chain."""
    right = dy.Bool()
    """The decision is the one that is rewarded for the prompt as it is."""

    @dy.rule()
    def change_stands_once(cls) -> pl.Expr:
        """Not a primary key, as most changes have no step."""
        return ~pl.struct("subject", "item", "change", "step").is_duplicated()

    @dy.rule()
    def cuts_have_their_place(cls) -> pl.Expr:
        """Only some changes have a step, and it is within the chain."""
        placed = pl.col("step").is_not_null() & (pl.col("step").fill_null(0) <= pl.col("steps"))
        return pl.col("change").is_in(STEPPED) == placed
