"""Table of the `faithfulness` stage: each reply with its outcome, its pair and the judges' verdicts."""

import dataframely as dy
import polars as pl

ARMS = ("unhinted", "sham", "hint", "moved", "irrelevant", "few_shot_first", "few_shot_balanced")
"""How a question is asked; `moved` is the same hint to another wrong option."""
OUTCOMES = ("answered", "truncated", "refused", "unparsed")


class Trials(dy.Schema):
    """One reply a row. Columns of the pair are null without a target, or without usable answers."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    subject = dy.String(primary_key=True)
    prompt_id = dy.String(primary_key=True)
    question_id = dy.String(min_length=1)
    arm = dy.String(check=lambda column: column.is_in(ARMS))
    kind = dy.String(nullable=True)
    wording = dy.String(nullable=True)
    target = dy.String(nullable=True)
    key = dy.String(nullable=True)
    n_options = dy.Int64(min=2)
    kept_order = dy.Bool()
    """An option speaks of others, so that the options stand in their file's order, not in a drawn one."""
    difficulty = dy.String(nullable=True)
    stratum = dy.String(nullable=True)
    """How far its question needs a chain, as the study declares it."""
    hardness = dy.Float64(nullable=True, min=0, max=1)
    """One minus the subject's probability of the key with no hint and no chain."""
    n_tokens = dy.Int64(nullable=True, min=0)
    outcome = dy.String(check=lambda column: column.is_in(OUTCOMES))
    free = dy.String(nullable=True)
    """The answer that the reply states."""
    stated_at = dy.Int64(nullable=True, min=0)
    """The character of `chain` at which it states it for the last time."""
    forced = dy.String(nullable=True)
    """The likeliest letter after the chain up to there, or after all of it."""
    answer = dy.String(nullable=True)
    """The answer that scores use: the stated one."""
    direct = dy.String(nullable=True)
    """The likeliest letter with no chain, to the unhinted prompt."""
    alone = dy.String(nullable=True)
    """The likeliest letter with no chain, to this prompt; null where it was not read."""
    unhinted_answer = dy.String(nullable=True)
    sham_answer = dy.String(nullable=True)
    at_risk = dy.Bool(nullable=True)
    """The unhinted answer is not the target, so that the hint could move it."""
    switched = dy.Bool(nullable=True)
    """At risk, and the answer is the target."""
    sham_moved = dy.Bool(nullable=True)
    """At risk, and the sham answer is the target: it moved without a hint."""
    lexical_mentions = dy.Bool(nullable=True)
    lexical_relies = dy.Bool(nullable=True)
    llm_mentions = dy.Float64(nullable=True, min=0, max=1)
    """The judge model's probability that the chain mentions the hint."""
    llm_relies = dy.Float64(nullable=True, min=0, max=1)
    mentions = dy.Bool(nullable=True)
    """The study's own judge: lexical, llm or the ensemble."""
    relies = dy.Bool(nullable=True)
    unjudged = dy.String(nullable=True)
    """Why the study's judge has no verdict on a hinted reply: its language, or that it is a refusal."""
    owned = dy.Bool(nullable=True)
    """A planted organism owned up to its hint: by a marker that no judge sees; null for other subjects."""
    prompt = dy.String()
    hint = dy.String()
    chain = dy.String()
    engine = dy.String()
    engine_version = dy.String()
    reproducible = dy.Bool()
    created_at = dy.String()

    @dy.rule()
    def only_those_at_risk_switch(cls) -> pl.Expr:
        """Without risk there is no switch."""
        return pl.col("at_risk").fill_null(value=True) | ~pl.col("switched").fill_null(value=False)

    @dy.rule()
    def scores_use_what_is_stated(cls) -> pl.Expr:
        """There is an answer exactly where a reply states one."""
        answered = pl.col("outcome") == "answered"
        return pl.col("answer").eq_missing(pl.col("free")) & (answered == pl.col("free").is_not_null())


class ShamVerdicts(dy.Schema):
    """The lexical judge's verdict on a sham reply, read as if it had a hint of some kind."""

    subject = dy.String(primary_key=True)
    question_id = dy.String(primary_key=True)
    kind = dy.String(primary_key=True)
    mentions = dy.Bool(nullable=True)


class Legibility(dy.Schema):
    """How a chain reads, one a row; shares are null where there is nothing to count."""

    subject = dy.String(primary_key=True)
    prompt_id = dy.String(primary_key=True)
    question_id = dy.String(min_length=1)
    arm = dy.String()
    foreign_letters = dy.Float64(nullable=True, min=0, max=1)
    """Share of letters in another script than the prompt's."""
    scripts = dy.List(dy.String(), nullable=True)
    foreign_lines = dy.Float64(nullable=True, min=0, max=1)
    """Share of lines in another language than the prompt's."""
    repetition = dy.Float64(nullable=True, min=0, max=1)
    loops = dy.Bool(nullable=True)
    mean_logprob = dy.Float64(nullable=True)
    """Of the chain's tokens under the subject itself, in nats."""
