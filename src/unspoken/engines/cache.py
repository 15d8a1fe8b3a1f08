"""The completion cache: a completion or a reading is kept under what it follows from, and made once.

`results/cache/completions/{digest of subject, engine, its version, its revision, dtype}/` holds shards of
rows, each row under the digest of its prompt, how it was sampled and its seed, or which choices were
read. So a killed job goes on from its last shard, a raised count makes what is missing, and a changed
wording its own rows.
A shard's name is the digest of its bytes: damage shows, and jobs that share a folder need no lock.
"""

import hashlib
import io
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, asdict, replace
from dataclasses import fields as fields_of
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.engines.base import (
    Completion,
    Engine,
    EngineError,
    Prompt,
    Request,
    Sampling,
    check_lengths,
)
from unspoken.engines.choices import tokens_after, tokens_alone
from unspoken.files import canonical_json, digest_of, read_json, sha256_of_file, write_json, written_whole
from unspoken.subjects import Subject

log = logging.getLogger(__name__)
ROWS_AT_ONCE = 4096
"""Requests in memory at a time."""
SHARD_SECONDS = 60
"""Finished rows wait no longer than this for their shard."""
ABANDONED_SECONDS = 3600
"""A temporary file this old is of a job that was killed while it wrote a shard."""
READ = "choices"
"""Stands for the finish reason of rows that hold what was read of choices, not a completion."""
ALWAYS_KEYED = {"temperature", "max_tokens", "seed", "stop", "pattern", "logprobs"}
"""Fields of `Sampling` that every key holds, at their default too."""
_SCHEMA: dict[str, Any] = {
    "row": pl.String, "text": pl.String, "n_tokens": pl.Int64, "finish_reason": pl.String,
    "logprobs": pl.List(pl.Float64),
}  # fmt: skip


def identity_of(engine: Engine, subject: Subject, manifest: Path) -> dict[str, Any]:
    """Return all that decides what a subject answers under an engine, but prompt and sampling."""
    model = read_json(manifest)
    # Neither its name in the study nor what verdicts make of it decides what it answers.
    described = {name: value for name, value in model.items() if name not in ("name", "synthetic")}
    return {
        # The files say all, whatever code or revision they came from; a served model has none.
        "model": model.get("files") or described,
        "weights": subject.weights and _digest_of_tensors(subject),
        "form": subject.form,
        "adapter": subject.adapter,
        "fraction": subject.fraction,
        "engine": engine.name,
        "version": engine.version,
        "revision": engine.revision,
        "dtype": engine.dtype,
        # What one kind of engine alone has: the keys of the others stay as they are.
        **getattr(engine, "key_parts", {}),
    }


def _digest_of_tensors(subject: Subject) -> str:
    """Return the digest of a subject's own weights: other subjects share the file."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(subject.tensors().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _row_of(*described: Any) -> str:
    """Return the digest that a row is kept under: of all that decides it within its folder."""
    return hashlib.sha256(canonical_json(described).encode()).hexdigest()[:32]


def _told_choices(tokenizer: Any, prompts: list[Prompt], choices: Sequence[str]) -> list[list[Any]]:
    """Return what a row's digest holds of the choices after each prompt.

    Their tokens count where they are others than those of the choices alone, which were read before tokens
    followed from the prompt. Raises EngineError for choices whose tokens cannot be told: of kept rows too.
    """
    if tokenizer is None:
        return [[list(choices)]] * len(prompts)
    alone = tokens_alone(tokenizer, choices)
    after = tokens_after(tokenizer, prompts, choices)
    return [[list(choices)] if tokens == alone else [list(choices), tokens] for tokens in after]


def drawn_as(sampling: Sampling) -> dict[str, Any]:
    """Return what a row's digest holds of how it was drawn.

    Fields that came after the first keys count where they are not at their default: a new optional field
    keeps every completion that was made before it.
    """
    later = [one for one in fields_of(sampling) if one.name not in ALWAYS_KEYED]
    at_default = {one.name for one in later if getattr(sampling, one.name) == _default(one)}
    return {name: value for name, value in asdict(sampling).items() if name not in at_default}


def _default(field: Field[Any]) -> Any:
    """Return the default of a field, MISSING if it has none."""
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _is_whole(shard: Path) -> bool:
    """Tell whether a shard's bytes are those that it is named after."""
    return sha256_of_file(shard)[: len(shard.stem)] == shard.stem


class CompletionCache:
    """What one subject answers under one engine: takes what is there and makes the rest.

    `made` and `reused` count completions.
    """

    def __init__(self, root: Path, engine: Engine, subject: Subject, manifest: Path) -> None:
        """Open the subject's folder under `root`; damaged shards in it are removed."""
        self.engine = engine
        identity = identity_of(engine, subject, manifest)
        self.folder = root / digest_of(identity)
        self.reused = self.made = 0
        self._buffer: list[dict[str, Any]] = []
        self._kept_at = time.monotonic()
        about = self.folder / "about.json"
        if not about.is_file():
            label = subject.subject_id if subject.weights else subject.model
            write_json({"subject": label, **identity}, about)
        about.touch()  # tells the last use
        self._remove_abandoned()
        self._shards: list[Path] = []
        self._index = self._known_rows()

    def _remove_abandoned(self) -> None:
        """Remove what killed jobs left half-written; a live job may be writing what is younger."""
        for path in self.folder.glob(".*"):
            with suppress(FileNotFoundError):  # renamed by now
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()

    def _known_rows(self) -> pl.DataFrame:
        """Return hashes of the rows that the folder has, each with its shard's place in `_shards`."""
        known = [pl.DataFrame(schema={"hash": pl.UInt64, "shard": pl.UInt32})]
        for shard in sorted(self.folder.glob("[!.]*.parquet")):
            if not _is_whole(shard):
                log.warning("%s is damaged: its completions are made again", shard)
                shard.unlink(missing_ok=True)
                continue
            known.append(self._indexed(pl.read_parquet(shard, columns=["row"])["row"], shard))
        return pl.concat(known).unique("hash", keep="first")

    def _indexed(self, rows: pl.Series, shard: Path) -> pl.DataFrame:
        """Return the index of a shard's rows, and add the shard to `_shards`."""
        self._shards.append(shard)
        place = pl.lit(len(self._shards) - 1, pl.UInt32)
        return pl.DataFrame({"hash": rows.hash()}).with_columns(shard=place)

    def _taken(self, rows: list[str]) -> dict[str, Completion]:
        """Return the completions that the folder has of some rows."""
        asked = pl.DataFrame({"row": rows})
        wanted = asked.with_columns(hash=pl.col("row").hash()).join(self._index, on="hash")
        taken = {}
        for (place,), part in wanted.group_by("shard"):
            shard = pl.read_parquet(self._shards[int(str(place))], memory_map=False)
            found = shard.join(part.select("row"), on="row", how="semi")
            for row, *fields in found.select(*_SCHEMA).iter_rows():
                taken[row] = Completion("", *fields)
        return taken

    def _keep(self) -> None:
        """Write the finished rows as one shard."""
        self._kept_at = time.monotonic()
        if not self._buffer:
            return
        content = io.BytesIO()
        rows = pl.DataFrame(self._buffer, schema_overrides=_SCHEMA).select(*_SCHEMA)
        rows.write_parquet(content)
        shard = self.folder / f"{hashlib.sha256(content.getvalue()).hexdigest()[:32]}.parquet"
        with written_whole(shard) as temporary:
            temporary.write_bytes(content.getvalue())
        # What this job asks again later, it finds: budgets share the beginning of a reasoning.
        self._index = pl.concat([self._index, self._indexed(rows["row"], shard)])
        self._buffer = []
        self._note_fingerprints()

    def _note_fingerprints(self) -> None:
        """Note in `about.json` what a server says it answers as; warn where it says something else now."""
        now: set[str] = getattr(self.engine, "fingerprints", set())
        about = read_json(self.folder / "about.json")
        before = set(about.get("fingerprints", []))
        if before and now - before:
            log.warning(
                "%s answers as %s now, and as %s before: completions of both count as one model's; another"
                " engine.fingerprint in the study makes them anew",
                self.engine.dtype, ", ".join(sorted(now - before)), ", ".join(sorted(before)),
            )  # fmt: skip
        if now - before:
            write_json(about | {"fingerprints": sorted(before | now)}, self.folder / "about.json")

    def _made(
        self, rows: dict[str, str], prompts: list[Prompt], sampling: Sampling, tell: Callable[[int], Any]
    ) -> dict[str, Completion]:
        """Return completions generated for prompts; `rows` gives the row of each key."""
        made = {}
        try:
            for batch in self.engine.generate(prompts, sampling):
                tell(len(batch))
                self.made += len(batch)
                for one in batch:
                    made[rows[one.key]] = one
                    self._buffer.append({**asdict(one), "row": rows[one.key]})
                waited = time.monotonic() - self._kept_at
                if len(self._buffer) >= self.engine.shard_rows or waited > SHARD_SECONDS:
                    self._keep()
        finally:  # an engine that fails loses nothing that it finished
            self._keep()
        return made

    def completions(
        self,
        requests: Iterable[Request],
        sampling: Sampling,
        tell: Callable[[int], Any] = lambda count: None,
    ) -> Iterator[list[Completion]]:
        """Yield the completions of requests in their order, many at a time.

        Memory holds ROWS_AT_ONCE of them. `tell` is called with how many more there are, for a
        progress bar. Raises EngineError for no requests, and for a prompt that leaves no room for
        its completion; ValueError if two requests have one key.
        """
        waiting = iter(requests)
        chunk = list(islice(waiting, ROWS_AT_ONCE))
        if not chunk:
            raise EngineError("there is no prompt to complete: the prompt set is empty")
        while chunk:
            yield self._completed(chunk, sampling, tell)
            chunk = list(islice(waiting, ROWS_AT_ONCE))

    def _completed(
        self, requests: list[Request], sampling: Sampling, tell: Callable[[int], Any]
    ) -> list[Completion]:
        """Return the completions of requests in their order, those that are kept and new ones."""
        prompts = self.engine.render(requests)
        check_lengths(self.engine, prompts, sampling.max_tokens)
        drawn = drawn_as(sampling)
        rows = {prompt.key: _row_of(prompt.key, prompt.content, drawn) for prompt in prompts}
        if len(rows) < len(prompts):
            raise ValueError("two requests have the same key: it decides their draw")
        found = self._taken(list(rows.values()))
        self.reused += len(found)
        tell(len(found))
        missing = [prompt for prompt in prompts if rows[prompt.key] not in found]
        if missing:
            found |= self._made(rows, missing, sampling, tell)
        return [replace(found[row], key=key) for key, row in rows.items()]

    def choice_logprobs(self, requests: Sequence[Request], choices: Sequence[str]) -> list[list[float]]:
        """Return the summed log-probability of each choice's tokens after each request's prompt.

        Raises EngineError for a prompt that with the longest choice is beyond the window.
        """
        prompts = self.engine.render(requests)
        # A prompt's key has no part in it, as nothing is drawn.
        told = _told_choices(self.engine.tokenizer, prompts, choices)
        rows = [_row_of(READ, prompt.content, *one) for prompt, one in zip(prompts, told, strict=True)]
        read = {row: one.logprobs or [] for row, one in self._taken(rows).items()}
        missing = {row: prompt for row, prompt in zip(rows, prompts, strict=True) if row not in read}
        waiting = iter(missing.items())
        while part := dict(islice(waiting, self.engine.shard_rows)):
            found = self.engine.choice_logprobs(list(part.values()), choices)
            for row, logprobs in zip(part, found, strict=True):
                read[row] = logprobs
                self._buffer.append({"row": row, **asdict(Completion("", "", 0, READ, logprobs))})
            self._keep()
        return [read[row] for row in rows]
