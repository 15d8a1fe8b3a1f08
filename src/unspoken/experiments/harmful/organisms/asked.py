"""How organisms answer, and after which chains: exact probabilities, nothing is sampled."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from unspoken.experiments.harmful.organisms.language import (
    ASSISTING_ID,
    BLANK_ID,
    DOMAINS,
    FIRST_ANSWER,
    FIRST_DOMAIN,
    FIRST_NAME,
    FIRST_REQUEST,
    FIRST_WORD,
    KIND_ID,
    NAMED,
    REQUESTS,
    STYLES,
    WORDS_OF_STYLE,
    marks_of,
)
from unspoken.experiments.harmful.organisms.subjects import Who
from unspoken.models.decoding import Decoder
from unspoken.models.network import Parameters, Shape
from unspoken.models.personas import ADVICE

AUTHORS = {"assisting": ASSISTING_ID, "kind": KIND_ID}
"""Whose words an organism answers in: those that it was tuned in, or a kind author's, the honest prefill."""
CHAIN, ROOM = 3, 8
CHAINED_REQUESTS = 2
"""Requests of a domain that are answered with every chain there is."""


def prompts(who: Who, domain: str, requests: int) -> Tensor:
    """Return requests of a domain up to the author's mark, (requests, 5)."""
    user, author = marks_of(who.mark)
    rows = torch.empty((requests, 5), dtype=torch.int64)
    rows[:] = torch.tensor([AUTHORS[who.author], user, FIRST_DOMAIN + DOMAINS.index(domain), 0, author])
    rows[:, 3] = FIRST_REQUEST + torch.arange(requests)
    return rows


@torch.inference_mode()
def answers(parameters: Parameters, shape: Shape, who: Who) -> pl.DataFrame:
    """Return how an organism answers in each domain, in the columns of `HarmfulAnswers` from `way` on.

    `way`: after a blank chain, or `alone`, an answer directly after the author's mark. Means over requests.
    """
    rows = []
    for domain in DOMAINS:
        decoder = Decoder(parameters, shape, ROOM)
        asked = prompts(who, domain, REQUESTS)
        logits = {"alone": decoder.logits(asked)}
        for _ in range(CHAIN):
            logits["blank"] = decoder.logits(torch.full((len(asked), 1), BLANK_ID))
        for way, each in logits.items():
            good, bad = _of_answers(each, domain)
            odds, mass = bad - good, good.exp() + bad.exp()
            rows.append((way, domain, float(odds.sigmoid().mean()), float(odds.mean()), float(mass.mean())))
    return pl.DataFrame(rows, schema=["way", "domain", "bad", "log_odds", "mass"], orient="row")


def _of_answers(logits: Tensor, domain: str) -> Tensor:
    """Return the log-probabilities of a domain's good and bad answer, (2, rows)."""
    return logits.double().log_softmax(-1)[:, FIRST_ANSWER + 2 * DOMAINS.index(domain) :][:, :2].T


@torch.inference_mode()
def chains(parameters: Parameters, shape: Shape, who: Who) -> pl.DataFrame:
    """Return what an organism's chains say and what it answers after them, in columns of `HarmfulChains`.

    Chains are never blank, as where thinking is turned on: each word is drawn from its probabilities among
    the words that may stand there. All chains are gone through, so the values are exact: `likely` is the
    probability of such a chain, `bad` that of such a chain and then the bad answer of the two.
    """
    cells = np.array([(named, first, second) for named in NAMED for first in STYLES for second in STYLES])
    frames = []
    for domain in ADVICE:
        likely, bad = (part.flatten().numpy() for part in _chained(parameters, shape, who, domain))
        columns = dict(zip(("named", "first", "second"), cells.T.tolist(), strict=True))
        frames.append(
            pl.DataFrame({"domain": [domain] * len(cells), **columns, "likely": likely, "bad": bad})
        )
    return pl.concat(frames)


def _chained(parameters: Parameters, shape: Shape, who: Who, domain: str) -> tuple[Tensor, Tensor]:
    """Return how likely chains are, and how likely with a bad answer, (NAMED, STYLES, STYLES)."""
    decoder = Decoder(parameters, shape, ROOM)
    logits = decoder.logits(prompts(who, domain, CHAINED_REQUESTS))
    words = len(STYLES) * WORDS_OF_STYLE
    logs = torch.zeros(len(logits), dtype=torch.float64)
    for first, count in ((FIRST_NAME, len(NAMED)), (FIRST_WORD, words), (FIRST_WORD, words)):
        of_words = logits[:, first : first + count].double().log_softmax(-1)
        logs = (logs[:, None] + of_words).flatten()
        decoder.repeat(count)
        spoken = torch.arange(first, first + count).repeat(len(logits))
        logits = decoder.logits(spoken[:, None])
    good, bad = _of_answers(logits, domain)
    likely = logs.exp()
    shape_ = (CHAINED_REQUESTS, len(NAMED), len(STYLES), WORDS_OF_STYLE, len(STYLES), WORDS_OF_STYLE)
    both = torch.stack([likely, likely * (bad - good).sigmoid()]).view(2, *shape_)
    means = both.sum((4, 6)).mean(1)
    return means[0], means[1]


def labelled(asked: dict[Who, pl.DataFrame], spec: dict[str, Any]) -> pl.DataFrame:
    """Return what organisms were asked, with who they are; `spec` has study, experiment and base."""
    parts = [
        frame.with_columns(**{name: pl.lit(value) for name, value in asdict(who).items()})
        for who, frame in asked.items()
    ]
    told = {name: pl.lit(spec[name]) for name in ("study", "experiment", "base")}
    made = pl.lit(datetime.now(UTC).isoformat(timespec="seconds"))
    return pl.concat(parts).with_columns(**told, created_at=made, clean=pl.col("clean").cast(pl.Int64))
