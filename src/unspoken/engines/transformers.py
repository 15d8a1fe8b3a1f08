"""The transformers engine: any Hugging Face model, in fp32 and in batches of fixed composition.

Draws are by inverse CDF from uniforms hashed from (seed, row key, token position), so a row comes
back equal whatever the number of cores, the order of the jobs or a resume.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor

from unspoken.engines.base import Completion, Opening, Prompt, Request, Sampling
from unspoken.engines.choices import Tokens, fitting_tokens
from unspoken.engines.draws import row_streams, uniforms
from unspoken.engines.layers import check_padding, context_window, sees_everything, whole_cache
from unspoken.engines.patterns import PatternMask
from unspoken.engines.rendering import adds_a_space, rendered, texts_of
from unspoken.engines.templates import ends_of
from unspoken.models.loading import loaded_model
from unspoken.models.manifest import checked_model
from unspoken.subjects import Subject, put_weights


class TransformersEngine:
    """Generates with one loaded base model; `use` puts a subject's weights into it."""

    name = "transformers"
    version = transformers.__version__
    revision = 1
    dtype = "float32"
    reproducible = True

    def __init__(self, model_dir: Path) -> None:
        """Load a model directory."""
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(model_dir, trust_remote_code=False)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = loaded_model(model_dir).to(self.device).eval()
        self.ends = ends_of(self.tokenizer, self.model.config)
        # Part of a row's identity: batches have a fixed composition.
        self.batch_size = 512 if self.model.num_parameters() < 5_000_000 else 128
        self.shard_rows = self.batch_size
        self.window: int | None = context_window(self.model.config)
        # Any token will do at masked places.
        self._pad: int = self.ends[0] if self.tokenizer.pad_token_id is None else self.tokenizer.pad_token_id
        self._sees_everything = sees_everything(self.model.config)
        if not self._sees_everything or adds_a_space(self.tokenizer):
            # Before, padding took places in the window, and choices were read without their prompt.
            self.revision = type(self).revision + 1
        with torch.inference_mode():
            check_padding(self._choices_after, self.model)
        self._base = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self._changed = False

    def use(self, subject: Subject) -> None:
        """Answer as this subject from now on."""
        if self._changed:
            self.model.load_state_dict(self._base)
        self._changed = subject.weights is not None
        if subject.weights is not None:
            put_weights(self.model, subject.full_weights(self._base))

    def render(self, requests: Sequence[Request]) -> list[Prompt]:
        """Return requests as token ids."""
        return rendered(self.tokenizer, requests)

    def _run(self, ids: Tensor, mask: Tensor, cache: Any) -> Any:
        """Run the model on the last tokens of rows whose earlier tokens are in the cache."""
        places = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        return self.model(
            input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache, use_cache=True
        )

    def _prefilled(self, rows: list[list[int]]) -> tuple[Tensor, Any, Tensor]:
        """Return the last logits, the cache and the attention mask of prompts.

        Equal rows are run once, and so is the beginning that all of them share (a system prompt):
        prompts, not answers, are most of the work of a probe. The padding that then follows it would
        take places in a sliding window: models with such layers read each row whole, padded before.
        """
        unique = sorted(set(map(tuple, rows)))
        shared = _shared_length(unique) if self._sees_everything else 0
        width = max(map(len, unique)) - shared
        gaps = [width + shared - len(row) for row in unique]
        ids = torch.tensor(
            [[self._pad] * gap + list(row[shared:]) for gap, row in zip(gaps, unique, strict=True)]
        )
        mask = torch.tensor([[1] * shared + [0] * gap + [1] * (width - gap) for gap in gaps])
        mask, cache = mask.to(self.device), whole_cache(self.model.config)
        if shared:
            start = torch.tensor([unique[0][:shared]], device=self.device)
            cache = self._run(start, torch.ones_like(start), None).past_key_values
            cache.batch_repeat_interleave(len(unique))
        result = self._run(ids.to(self.device), mask, cache)
        places = {row: place for place, row in enumerate(unique)}
        chosen = torch.tensor([places[tuple(row)] for row in rows], device=self.device)
        result.past_key_values.batch_select_indices(chosen)
        return result.logits[:, -1][chosen], result.past_key_values, mask[chosen]

    @torch.inference_mode()
    def _drawn(self, prompts: Sequence[Prompt], sampling: Sampling) -> tuple[Tensor, Tensor]:
        """Return drawn token ids, (rows, at most max_tokens), and their log-probabilities.

        Rows that ended are padded.
        """
        streams = row_streams(sampling.seed, [prompt.key for prompt in prompts])
        ends = torch.tensor(self.ends, device=self.device)
        alive = torch.ones(len(prompts), dtype=torch.bool, device=self.device)
        pattern = sampling.pattern and PatternMask(sampling.pattern, self.tokenizer, self.ends, len(prompts))
        logits, cache, mask = self._prefilled([prompt.content for prompt in prompts])
        drawn: list[Tensor] = []
        logprobs: list[Tensor] = []
        while True:
            allowed = pattern.applied(logits) if pattern else logits
            chance = torch.from_numpy(uniforms(streams, len(drawn))).to(self.device)
            token = _inverse_cdf(allowed, sampling.temperature, chance)
            if sampling.logprobs:
                logprobs.append(logits.log_softmax(-1).gather(-1, token[:, None])[:, 0])
            drawn.append(torch.where(alive, token, self._pad))
            alive = alive & ~torch.isin(token, ends)
            if pattern:
                pattern.advance(token, alive)
            if sampling.stop:
                alive = alive & ~self._stopped(drawn, sampling.stop)
            if len(drawn) == sampling.max_tokens or not alive.any():
                told = torch.stack(logprobs, dim=1).cpu() if logprobs else torch.empty(0)
                return torch.stack(drawn, dim=1).cpu(), told
            mask = torch.cat([mask, mask.new_ones(len(prompts), 1)], dim=1)
            result = self._run(drawn[-1][:, None], mask, cache)
            logits, cache = result.logits[:, -1], result.past_key_values

    def _texts(self, rows: list[list[int]]) -> list[str]:
        return texts_of(self.tokenizer, rows)

    def _stopped(self, drawn: list[Tensor], stop: tuple[str, ...]) -> Tensor:
        """Return which rows hold one of the texts that end a completion."""
        texts = self._texts(torch.stack(drawn, dim=1).tolist())
        found = [any(end in text for end in stop) for text in texts]
        return torch.tensor(found, device=self.device)

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[list[Completion]]:
        """Yield completions batch by batch; a batch is `batch_size` consecutive prompts."""
        ends = torch.tensor(self.ends)
        for start in range(0, len(prompts), self.batch_size):
            batch = prompts[start : start + self.batch_size]
            drawn, logprobs = self._drawn(batch, sampling)
            ended = torch.isin(drawn, ends)
            lengths = torch.where(ended.any(1), ended.int().argmax(1), drawn.shape[1]).tolist()
            rows = [row[:length] for row, length in zip(drawn.tolist(), lengths, strict=True)]
            made = []
            for place, (prompt, row, text) in enumerate(zip(batch, rows, self._texts(rows), strict=True)):
                cut, length = self._cut(row, text, sampling.stop)
                stopped = bool(ended[place].any()) or cut != text
                told = logprobs[place, :length].tolist() if sampling.logprobs else None
                reason, ids = "stop" if stopped else "length", drawn[place, : len(row) + 1].tolist()
                made.append(Completion(prompt.key, cut, length, reason, told, ids))
            yield made

    def _cut(self, row: list[int], text: str, stop: tuple[str, ...]) -> tuple[str, int]:
        """Return a completion's text before the first stop text, and its tokens up to its end."""
        places = [place for place in map(text.find, stop) if place >= 0]
        if not places:
            return text, len(row)
        length = next(
            n for n in range(1, len(row) + 1) if any(end in self._texts([row[:n]])[0] for end in stop)
        )
        return text[: min(places)], length

    @torch.inference_mode()
    def choice_logprobs(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> list[list[float]]:
        """Return the summed log-probability of each choice's tokens after each prompt."""
        tokens = fitting_tokens(self, prompts, choices)
        results: dict[int, Tensor] = {}
        for told in dict.fromkeys(tokens):  # mostly choices have the same tokens after all prompts
            places = [place for place, own in enumerate(tokens) if own == told]
            for start in range(0, len(places), self.batch_size):
                batch = places[start : start + self.batch_size]
                read = self._choices_after([prompts[place].content for place in batch], told)
                results |= zip(batch, read, strict=True)
        return torch.stack([results[place] for place in range(len(prompts))]).tolist()

    def _choices_after(self, rows: list[list[int]], choices: Sequence[Tokens]) -> Tensor:
        """Return log-probabilities, (rows, choices): one pass for the prompts, one per long choice."""
        logits, cache, mask = self._prefilled(rows)
        first = logits.double().log_softmax(-1)
        total = torch.stack([first[:, choice[0]] for choice in choices], dim=1)
        for column, choice in enumerate(choices):
            if len(choice) > 1:
                total[:, column] += self._continued(cache, mask, choice)
        return total.cpu()

    def _continued(self, cache: Any, mask: Tensor, choice: Tokens) -> Tensor:
        """Return the log-probability of a choice's tokens after its first, one a row."""
        rest = torch.tensor(choice[1:], device=self.device)
        ids = torch.tensor(choice[:-1], device=self.device).expand(len(mask), -1)
        wider = torch.cat([mask, torch.ones_like(ids)], dim=1)
        result = self._run(ids, wider, cache)
        cache.crop(-ids.shape[1])
        logprobs = result.logits.double().log_softmax(-1)
        return logprobs.gather(-1, rest.expand(len(mask), -1)[..., None]).sum((-1, -2))


def _shared_length(rows: list[tuple[int, ...]]) -> int:
    """Return how many first tokens sorted rows share, leaving each at least one of its own."""
    first, last = rows[0], rows[-1]
    longest = min(map(len, rows)) - 1
    same = (place for place in range(longest) if first[place] != last[place])
    return next(same, longest)


def _inverse_cdf(logits: Tensor, temperature: float, chance: Tensor) -> Tensor:
    """Return one token a row: the first whose cumulative probability exceeds `chance`."""
    if temperature == 0:
        return logits.argmax(-1)
    cumulative = (logits / temperature).softmax(-1).cumsum(-1, dtype=torch.float64)
    bound = chance[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, bound, right=True)[:, 0].clamp(max=logits.shape[-1] - 1)


def opened(opening: Opening) -> TransformersEngine:
    """Return the engine of a model, on as many threads as the job has."""
    torch.set_num_threads(opening.threads)
    return TransformersEngine(checked_model(opening.manifest))
