"""Requests in, completions out, by way of the completion cache: one subject after the other."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unspoken.engines.base import Completion, Engine, Request, Sampling
from unspoken.engines.cache import CompletionCache
from unspoken.subjects import Subject

log = logging.getLogger("asking")


@dataclass(frozen=True)
class Asked:
    """A subject that the engine answers as, and the cache of what it answers."""

    subject: Subject
    cache: CompletionCache


def asked_in_turn(engine: Engine, subjects: Iterable[Subject], root: Path, manifest: Path) -> Iterator[Asked]:
    """Yield each subject with its cache under `root`, while the engine answers as it.

    `manifest` is the base model's. The log says how many completions were made and how many reused, if any.
    """
    for subject in subjects:
        engine.use(subject)
        cache = CompletionCache(root, engine, subject, manifest)
        yield Asked(subject, cache)
        if cache.made or cache.reused:
            log.info("%s: %d completions made, %d reused", subject.subject_id, cache.made, cache.reused)


def completed(
    cache: CompletionCache,
    requests: list[Request],
    sampling: Sampling,
    tell: Callable[[int], Any] = lambda count: None,
) -> list[Completion]:
    """Return the completions of requests, in their order; of none, none.

    `tell` is called with how many more there are, for a progress bar.
    """
    made = cache.completions(requests, sampling, tell) if requests else []
    return [one for batch in made for one in batch]
