"""What an engine answers as a tiny model.

`python matrix_answers.py NAME FOLDER` asks vLLM, alone in its process.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from tiny_models import CHOICES, requests_of

from unspoken.engines.base import EngineError, Opening, Sampling
from unspoken.subjects import base_subject, read_subjects

GREEDY = Sampling(0.0, 16, 1, logprobs=True)


def answers_of(engine: Any, name: str, folder: Path) -> dict[str, Any]:
    """Return greedy completions and choices of the base model, with an adapter, and of the base again."""
    adapter = read_subjects(folder / "subject.json")[0]
    told = {}
    for which, subject in (("base", base_subject(name)), ("adapter", adapter), ("again", base_subject(name))):
        engine.use(subject)
        asked = engine.render(requests_of(name))
        made = {one.key: asdict(one) for batch in engine.generate(asked, GREEDY) for one in batch}
        choices = engine.choice_logprobs(asked, CHOICES)
        told[which] = {"greedy": [made[one.key] for one in asked], "choices": choices}
    return told


def main() -> None:
    from unspoken.engines.vllm import opened

    name, folder = sys.argv[1], Path(sys.argv[2])
    settings = {"kind": "vllm", "cache_gib": 1}
    try:
        told = answers_of(opened(Opening(folder / name / "model.json", settings, threads=1)), name, folder)
    except EngineError as error:
        told = {"refused": str(error).splitlines()[0]}
    (folder / "answers.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
