"""Opens the engine that a study chose for a model."""

import importlib
import logging

from unspoken.engines.base import Engine, Opening
from unspoken.engines.support import vllm_fault

log = logging.getLogger(__name__)


def open_engine(opening: Opening) -> Engine:
    """Return the engine of the model's settings; `auto` is vLLM where this machine can run it.

    Modules are imported by name, so that a change of one engine reruns no job of another: the part
    of the study that a job gets carries the digest of its own engine's code.
    """
    kind = opening.settings["kind"]
    if kind == "auto":
        fault = vllm_fault()
        kind = "transformers" if fault else "vllm"
        if fault:
            log.warning("engine auto: transformers, as vLLM cannot run here: %s", fault)
    return importlib.import_module(f"unspoken.engines.{kind}").opened(opening)
