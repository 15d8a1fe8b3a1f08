"""The vLLM engine, on GPUs and, through its CPU build, without one: the same code.

It runs inside the job's process, so nothing of it outlives the job. Each row has a seed of its own, hashed
from its key. Yet who shares a batch rounds its sums, which now and then decides a draw: nearly all rows come
back equal in a fresh run, all of them only from the completion cache.
"""

import gc
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from unspoken.engines.base import Completion, EngineError, Opening, Prompt, Request, Sampling
from unspoken.engines.choices import Tokens, choice_steps, fitting_tokens, summed
from unspoken.engines.devices import claimed_devices
from unspoken.engines.draws import row_seeds
from unspoken.engines.layers import context_window
from unspoken.engines.rendering import adds_a_space, rendered, texts_of
from unspoken.engines.served import fits_requests, write_adapter, write_merged
from unspoken.engines.support import type_of_weights
from unspoken.engines.templates import ends_of
from unspoken.models.manifest import checked_model
from unspoken.subjects import Subject

log = logging.getLogger(__name__)
ROWS_AT_ONCE = {"cpu": 128, "cuda": 256}
"""Completions that are made together."""
LORA_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""The largest ranks of adapters that vLLM can be started for."""


class VllmEngine:
    """Generates with one loaded base model; `use` serves a subject's weights."""

    name = "vllm"
    revision = 3  # 2: the rows of a job drew from one stream
    reproducible = False
    shard_rows = 256

    def __init__(self, opening: Opening) -> None:
        """Prepare; the model is loaded with the first subject."""
        settings = opening.settings
        claimed_devices(settings.get("tensor_parallel", 1))
        # vLLM reads these when it is imported.
        os.environ |= {
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # the job's threads are bound by what started it
            "OMP_NUM_THREADS": str(opening.threads),
            "VLLM_NO_USAGE_STATS": "1",
            "VLLM_CPU_KVCACHE_SPACE": str(settings.get("cache_gib", 2)),
        }
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        import torch
        import transformers
        import vllm
        from vllm.platforms import current_platform

        torch.set_num_threads(opening.threads)
        self.version = vllm.__version__
        self.model_dir = checked_model(opening.manifest)
        self.device = "cpu" if current_platform.is_cpu() else "cuda"
        # On a processor vLLM's adapters take several times as long as the model itself.
        self.serves_adapters = self.device == "cuda"
        self.dtype: Any = type_of_weights(settings.get("dtype"), on_gpu=self.device == "cuda")
        self.rows_at_once = ROWS_AT_ONCE[self.device]
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(self.model_dir, trust_remote_code=False)
        config = transformers.AutoConfig.from_pretrained(self.model_dir, trust_remote_code=False)
        self.ends = ends_of(self.tokenizer, config)
        if adds_a_space(self.tokenizer):
            self.revision = type(self).revision + 1  # before, choices were read without their prompt
        windows = [settings.get("window"), context_window(config)]
        self.window: int | None = min((size for size in windows if size), default=None)
        self._settings = settings
        self._llm: Any = None
        self._served: str | None = None
        self._adapter: Any = None
        self._rank = 0
        self._numbers: dict[str, int] = {}
        self._adapters = tempfile.TemporaryDirectory()

    def use(self, subject: Subject) -> None:
        """Answer as this subject from now on.

        On a GPU adapters answer beside one loaded base. Other weights replace the loaded weights, on
        a processor adapters too, merged.
        """
        self._adapter = None
        if subject.weights is None:
            if self._served in (None, "merged"):
                self._put("base", self.model_dir)
        elif self.serves_adapters and fits_requests(subject):
            rank = (subject.adapter or {})["rank"]
            if self._served != "adapters" or rank > self._rank:
                self._rank = next((size for size in LORA_RANKS if size >= rank), rank)
                self._start("adapters", self.model_dir, enable_lora=True, max_lora_rank=self._rank)
            self._adapter = self._adapter_of(subject)
        else:
            with tempfile.TemporaryDirectory() as folder:  # it is read whole
                write_merged(subject, self.model_dir, Path(folder), self.dtype)
                self._put("merged", Path(folder))

    def _adapter_of(self, subject: Subject) -> Any:
        """Return the request to answer with a subject's adapter."""
        from vllm.lora.request import LoRARequest

        number = self._numbers.setdefault(subject.subject_id, len(self._numbers) + 1)
        folder = Path(self._adapters.name) / str(number)
        if not folder.exists():
            write_adapter(subject, folder)
        return LoRARequest(subject.subject_id, number, str(folder))

    def _put(self, how: str, directory: Path) -> None:
        """Serve a model directory: by a start, or in a second where an engine without adapters runs."""
        if self._served in (None, "adapters"):
            self._start(how, directory)
            return
        self._llm.collective_rpc("reload_weights", kwargs={"weights_path": str(directory)})
        self._llm.reset_prefix_cache()  # it holds what the other weights made of the same tokens
        self._served = how

    def _start(self, how: str, directory: Path, **more: Any) -> None:
        """Load a model directory, in place of the model before."""
        import vllm

        if self.device == "cpu":
            # Prompts stay whole: after a part of one vLLM 0.32 takes a step back in its row's draws, which
            # a processor's generator cannot.
            more |= {
                "enforce_eager": True,
                "block_size": 32,
                "enable_chunked_prefill": False,
                "max_num_batched_tokens": max(self.window or 0, 4096),
            }
        self._stop()
        started = time.monotonic()
        try:
            self._llm = vllm.LLM(
                str(directory),
                dtype=self.dtype,
                max_model_len=self.window,
                tensor_parallel_size=self._settings.get("tensor_parallel", 1),
                max_num_seqs=self.rows_at_once,
                disable_log_stats=True,
                generation_config="vllm",
                **more,
            )
        except (ValueError, RuntimeError) as error:
            raise EngineError(f"vLLM cannot serve {directory}: {error}") from error
        self._served = how
        log.info(
            "vLLM %s started in %.1f s (%s, %s)", self.version, time.monotonic() - started, how, self.dtype
        )

    def _stop(self) -> None:
        """Give back what the loaded model holds."""
        if self._llm is None:
            return
        from vllm.distributed import cleanup_dist_env_and_memory

        self._llm = None
        gc.collect()
        cleanup_dist_env_and_memory()

    def render(self, requests: Sequence[Request]) -> list[Prompt]:
        """Return requests as token ids."""
        return rendered(self.tokenizer, requests)

    def _outputs(self, rows: Iterator[tuple[list[int], Any]]) -> Iterator[list[tuple[int, Any]]]:
        """Yield (place, output) of rows of (token ids, sampling parameters) as they are finished."""
        engine = self._llm.llm_engine
        numbered, running = enumerate(rows), 0
        while True:
            # A few wait inside the engine, so that none of its places stays empty.
            for place, (ids, params) in islice(numbered, 2 * self.rows_at_once - running):
                engine.add_request(str(place), {"prompt_token_ids": ids}, params, lora_request=self._adapter)
                running += 1
            if not running:
                return
            done = [output for output in engine.step() if output.finished]
            running -= len(done)
            if done:
                yield [(int(output.request_id), output.outputs[0]) for output in done]

    def _parameters(self, **fields: Any) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        return SamplingParams(output_kind=RequestOutputKind.FINAL_ONLY, skip_special_tokens=False, **fields)

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[list[Completion]]:
        """Yield completions as they are finished."""
        from vllm.sampling_params import StructuredOutputsParams

        seeds = row_seeds(sampling.seed, [prompt.key for prompt in prompts])
        parameters = partial(
            self._parameters,
            temperature=sampling.temperature,
            max_tokens=sampling.max_tokens,
            stop=list(sampling.stop),
            stop_token_ids=self.ends,
            detokenize=bool(sampling.stop),
            logprobs=0 if sampling.logprobs else None,
            structured_outputs=sampling.pattern and StructuredOutputsParams(regex=sampling.pattern),
        )
        rows = ((prompt.content, parameters(seed=seed)) for prompt, seed in zip(prompts, seeds, strict=True))
        for done in self._outputs(rows):
            yield [self._completion(prompts[place], output, sampling) for place, output in done]

    def _completion(self, prompt: Prompt, output: Any, sampling: Sampling) -> Completion:
        """Return vLLM's output of a prompt as a completion, without the end of the turn."""
        ids = list(output.token_ids)
        ended = bool(ids) and ids[-1] in self.ends
        ids = ids[:-1] if ended else ids
        by_text = sampling.stop and isinstance(output.stop_reason, str)
        text = texts_of(self.tokenizer, [ids])[0]
        if by_text:  # vLLM's own text may begin with a space that the completion's tokens do not have
            text = text[
                : min((place for place in map(text.find, sampling.stop) if place >= 0), default=len(text))
            ]
        told = None
        if sampling.logprobs:
            told = [step[token].logprob for token, step in zip(ids, output.logprobs, strict=False)]
        reason = "stop" if ended or by_text else "length"
        return Completion(prompt.key, text, len(ids), reason, told, list(output.token_ids))

    def choice_logprobs(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> list[list[float]]:
        """Return the summed log-probability of each choice's tokens after each prompt.

        Choices that begin alike share requests: one a prompt and beginning, for all tokens after it.
        """
        tokens = fitting_tokens(self, prompts, choices)
        steps = {told: choice_steps(told) for told in set(tokens)}
        asked = [(place, *step) for place, told in enumerate(tokens) for step in steps[told]]
        rows = (
            (
                prompts[place].content + list(start),
                self._parameters(temperature=0, max_tokens=1, logprob_token_ids=wanted, detokenize=False),
            )
            for place, start, wanted in asked
        )
        read: list[dict[Tokens, float]] = [{} for _ in prompts]
        for done in self._outputs(rows):
            for number, output in done:
                place, start, wanted = asked[number]
                for token in wanted:
                    read[place][*start, token] = output.logprobs[0][token].logprob
        return [summed(logprobs, told) for logprobs, told in zip(read, tokens, strict=True)]


def opened(opening: Opening) -> VllmEngine:
    """Return the engine of a model."""
    return VllmEngine(opening)
