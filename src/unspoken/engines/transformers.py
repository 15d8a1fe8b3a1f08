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

from unspoken.engines.base import Completion, Request, Sampling
from unspoken.engines.draws import row_streams, uniforms
from unspoken.engines.rendering import prompts_ids
from unspoken.subjects import Subject


class TransformersEngine:
    """Generates with one loaded base model; `use` puts a subject's weights into it."""

    name = "transformers"
    version = transformers.__version__
    revision = 1
    reproducible = True

    def __init__(self, model_dir: Path) -> None:
        """Load a model directory."""
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(model_dir)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
        self.model = model.to(self.device).eval()
        # Part of a row's identity: batches have a fixed composition.
        self.batch_size = 512 if self.model.num_parameters() < 5_000_000 else 32
        self._base = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self._changed = False

    def use(self, subject: Subject) -> None:
        """Answer as this subject from now on."""
        if self._changed:
            self.model.load_state_dict(self._base)
        self._changed = subject.weights is not None
        if subject.weights is not None:
            self.model.load_state_dict(subject.full_weights(self._base), strict=False)

    def _padded(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Return left-padded token ids and the attention mask."""
        width = max(map(len, rows))
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        return ids.to(self.device), mask.to(self.device)

    @torch.inference_mode()
    def _drawn(self, rows: list[list[int]], keys: Sequence[str], sampling: Sampling) -> Tensor:
        """Return drawn token ids, (rows, at most max_tokens); rows that ended are padded."""
        ids, mask = self._padded(rows)
        streams = row_streams(sampling.seed, keys)
        end, pad = self.tokenizer.eos_token_id, self.tokenizer.pad_token_id
        alive = torch.ones(len(rows), dtype=torch.bool, device=self.device)
        drawn, cache = [], None
        for position in range(sampling.max_tokens):
            places = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            result = self.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=places,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = result.past_key_values
            chance = torch.from_numpy(uniforms(streams, position)).to(self.device)
            token = _inverse_cdf(result.logits[:, -1], sampling.temperature, chance)
            token = torch.where(alive, token, pad)
            drawn.append(token)
            alive = alive & (token != end)
            if not alive.any():
                break
            ids = token[:, None]
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
        return torch.stack(drawn, dim=1).cpu()

    def generate(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[list[Completion]]:
        """Yield completions batch by batch; a batch is `batch_size` consecutive requests."""
        end = self.tokenizer.eos_token_id
        for start in range(0, len(requests), self.batch_size):
            batch = requests[start : start + self.batch_size]
            rows = prompts_ids(self.tokenizer, batch)
            drawn = self._drawn(rows, [request.key for request in batch], sampling)
            ended = drawn == end
            lengths = torch.where(ended.any(1), ended.int().argmax(1), drawn.shape[1]).tolist()
            texts = self.tokenizer.batch_decode(
                [row[:length] for row, length in zip(drawn.tolist(), lengths, strict=True)],
                skip_special_tokens=False,
            )
            yield [
                Completion(request.key, text, length, "stop" if stopped else "length")
                for request, text, length, stopped in zip(
                    batch, texts, lengths, ended.any(1).tolist(), strict=True
                )
            ]

    @torch.inference_mode()
    def choice_logprobs(self, requests: Sequence[Request], choices: Sequence[str]) -> list[list[float]]:
        """Return the summed log-probability of each choice's tokens after each request."""
        tokens = [self.tokenizer(choice, add_special_tokens=False)["input_ids"] for choice in choices]
        results = []
        for start in range(0, len(requests), self.batch_size):
            rows = prompts_ids(self.tokenizer, requests[start : start + self.batch_size])
            results.append(self._choices_after(rows, tokens))
        return torch.cat(results).tolist()

    def _choices_after(self, rows: list[list[int]], choices: list[list[int]]) -> Tensor:
        """Return log-probabilities, (rows, choices): one pass for the prompts, one per long choice."""
        ids, mask = self._padded(rows)
        places = (mask.cumsum(-1) - 1).clamp(min=0)
        result = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=places,
            use_cache=True,
            logits_to_keep=1,
        )
        first = result.logits[:, -1].double().log_softmax(-1)
        total = torch.stack([first[:, choice[0]] for choice in choices], dim=1)
        for column, choice in enumerate(choices):
            if len(choice) > 1:
                total[:, column] += self._continued(result.past_key_values, mask, choice)
        return total.cpu()

    def _continued(self, cache: Any, mask: Tensor, choice: list[int]) -> Tensor:
        """Return the log-probability of a choice's tokens after its first, one a row."""
        rest = torch.tensor(choice[1:], device=self.device)
        ids = torch.tensor(choice[:-1], device=self.device).expand(len(mask), -1)
        wider = torch.cat([mask, torch.ones_like(ids)], dim=1)
        places = (wider.cumsum(-1) - 1)[:, -ids.shape[1] :]
        result = self.model(input_ids=ids, attention_mask=wider, position_ids=places, past_key_values=cache)
        cache.crop(-ids.shape[1])
        logprobs = result.logits.double().log_softmax(-1)
        return logprobs.gather(-1, rest.expand(len(mask), -1)[..., None]).sum((-1, -2))


def _inverse_cdf(logits: Tensor, temperature: float, chance: Tensor) -> Tensor:
    """Return one token a row: the first whose cumulative probability exceeds `chance`."""
    if temperature == 0:
        return logits.argmax(-1)
    cumulative = (logits.double() / temperature).softmax(-1).cumsum(-1)
    bound = chance[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, bound, right=True)[:, 0].clamp(max=logits.shape[-1] - 1)
