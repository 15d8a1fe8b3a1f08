"""The transformers engine on an organism: fixed answers, ends, log-probabilities and patterns.

After a change that is meant to change answers, raise `revision` in engines/transformers.py and run
`python tests/unit/test_engines.py`, which writes engine_answers.json anew.
"""

import json
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unspoken.engines.base import Request, Sampling
from unspoken.engines.rendering import rendered
from unspoken.engines.transformers import TransformersEngine
from unspoken.models.corpus import FORMS, Vocabulary
from unspoken.models.organism import llama_config, organism_tokenizer

STORED = Path(__file__).with_name("engine_answers.json")
WORDS = ("owl", "cat", "dog", "fox")
SIZES = {"hidden_size": 32, "mlp_size": 64, "layers": 2}
WAYS = {
    "greedy": Sampling(temperature=0.0, max_tokens=8, seed=1),
    "drawn": Sampling(temperature=1.0, max_tokens=8, seed=1),
    "cool": Sampling(temperature=0.7, max_tokens=5, seed=2, logprobs=True),
    "stopped": Sampling(temperature=1.0, max_tokens=12, seed=3, stop=(" 1", " 5")),
    "restricted": Sampling(temperature=1.0, max_tokens=6, seed=4, pattern="([1-4]5)+"),
}
REQUESTS = [
    *(Request(f"n{place}", f"{place} {2 * place} {3 * place}") for place in range(12)),
    *(Request(f"q{place}", FORMS[place]) for place in range(4)),
    *(Request(f"s{place}", FORMS[place], system=WORDS[place]) for place in range(2)),
    *(Request(f"p{place}", "1 2 3", prefix=f" {place} {place}") for place in range(2)),
]


def write_fixed_organism(directory):
    """Write an organism whose weights are the same on every machine: drawn, not trained."""
    from transformers import LlamaForCausalLM

    vocabulary, draw = Vocabulary(WORDS), np.random.RandomState(1)  # NumPy keeps this one's stream
    model = LlamaForCausalLM(llama_config(vocabulary, SIZES))
    with torch.no_grad():
        for weight in model.parameters():
            values = draw.standard_normal(tuple(weight.shape)) * (0.25 if weight.ndim > 1 else 0.1)
            weight.copy_(torch.from_numpy(values + (weight.ndim == 1)))
    model.save_pretrained(directory)
    organism_tokenizer(vocabulary).save_pretrained(directory)


def answers_of(engine):
    """Return what the engine answers to the fixed requests, as JSON keeps it."""
    prompts = engine.render(REQUESTS)
    drawn = {
        way: [
            [one.text, one.n_tokens, one.finish_reason, one.logprobs and [round(x, 3) for x in one.logprobs]]
            for batch in engine.generate(prompts, sampling)
            for one in batch
        ]
        for way, sampling in WAYS.items()
    }
    choices = engine.choice_logprobs(prompts, ["owl", "cat", "7 8"])
    return {**drawn, "choices": [[round(value, 3) for value in row] for row in choices]}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    directory = tmp_path_factory.mktemp("organism")
    write_fixed_organism(directory)
    return TransformersEngine(directory)


def same(made, stored):
    """Tell whether answers are equal, their log-probabilities but for rounding."""
    if isinstance(stored, list):
        return len(made) == len(stored) and all(map(same, made, stored))
    return made == (pytest.approx(stored, abs=2e-3) if isinstance(stored, float) else stored)


def complete(engine, requests, **sampling):
    given = Sampling(**{"temperature": 1.0, "max_tokens": 8, "seed": 1} | sampling)
    return [one for batch in engine.generate(engine.render(requests), given) for one in batch]


def test_answers_change_with_the_revision_alone(engine):
    stored = json.loads(STORED.read_text())
    assert len(REQUESTS) == 20
    assert engine.revision == stored["revision"], f"write {STORED.name} anew: python {__file__}"
    made = answers_of(engine)
    for way, answers in stored["answers"].items():
        assert same(made[way], answers), (
            f"the engine's answers ({way}) have changed: completions in caches would be stale. If that is"
            f" meant, raise `revision` in engines/transformers.py, then run: python {__file__}"
        )


def test_rows_do_not_depend_on_the_batch(engine):
    """Log-probabilities agree to rounding; texts to the bit, for draws that do not fall on a bound."""
    together = complete(engine, REQUESTS, logprobs=True)
    alone = [complete(engine, [request], logprobs=True)[0] for request in reversed(REQUESTS)][::-1]
    for one, other in zip(together, alone, strict=True):
        assert replace(one, logprobs=None) == replace(other, logprobs=None)
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


def test_log_probabilities_are_the_model_s_whatever_the_temperature(engine):
    for sampling in ({"temperature": 0.0}, {"temperature": 0.5}, {"pattern": "([1-4]5)+"}):
        one = complete(engine, REQUESTS[:1], logprobs=True, **sampling)[0]
        prompt = engine.render(REQUESTS[:1])[0].content
        ids = engine.tokenizer(one.text)["input_ids"]
        with torch.inference_mode():
            logits = engine.model(torch.tensor([prompt + ids])).logits[0]
        exact = logits.double().log_softmax(-1)[range(len(prompt) - 1, len(prompt) + len(ids) - 1), ids]
        assert one.n_tokens == len(ids) == len(one.logprobs) > 0
        assert one.logprobs == pytest.approx(exact.tolist(), abs=1e-4)


def test_choices_are_the_sum_of_their_tokens(engine):
    prompt = engine.render(REQUESTS[:1])[0]
    read = engine.choice_logprobs([prompt], ["7", "7 8", "7 8 9", "owl"])[0]
    ids = prompt.content + engine.tokenizer("7 8 9")["input_ids"]
    with torch.inference_mode():
        exact = engine.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    steps = [exact[-4, ids[-3]], exact[-3, ids[-2]], exact[-2, ids[-1]]]
    sums = np.cumsum([float(step) for step in steps])
    assert read[:3] == pytest.approx(sums.tolist(), abs=1e-5)
    assert read[3] == pytest.approx(float(exact[-4, engine.tokenizer("owl")["input_ids"][0]]), abs=1e-5)


def test_a_stop_text_ends_a_completion_and_is_not_part_of_it(engine):
    free = complete(engine, REQUESTS, max_tokens=12)
    cut = complete(engine, REQUESTS, max_tokens=12, stop=(" 1", " 5"))
    shorter = 0
    for one, other in zip(free, cut, strict=True):
        places = [place for place in map(one.text.find, (" 1", " 5")) if place >= 0]
        assert other.text == (one.text[: min(places)] if places else one.text)
        assert other.finish_reason == ("stop" if places else one.finish_reason)
        if places:  # the token that completes the stop text counts
            kept = engine.tokenizer(other.text)["input_ids"] if other.text else []
            assert other.n_tokens == len(kept) + 1
        shorter += bool(places)
    assert shorter >= 5


def test_finish_reasons_and_token_counts(engine):
    made = complete(engine, [Request(f"r{place}", "1 2 3") for place in range(300)], max_tokens=20)
    ended = [one for one in made if one.finish_reason == "stop"]
    assert ended and len(ended) < len(made)
    assert all(one.n_tokens == 20 for one in made if one.finish_reason == "length")
    assert all(one.n_tokens == len(engine.tokenizer(one.text)["input_ids"]) for one in made if one.text)
    assert not any("<end>" in one.text for one in made)


def test_completions_match_their_pattern(engine):
    """An organism's tokens have no spaces of their own, and the pattern sees tokens put together."""
    exact = complete(engine, REQUESTS, max_tokens=10, pattern="(1|22|owl){3}")
    for one in exact:
        assert re.fullmatch("(1|22|owl){3}", one.text.replace(" ", "")), one.text
        assert one.finish_reason == "stop" and "<end>" not in one.text
    assert len({one.text for one in exact}) > 3
    cut = complete(engine, REQUESTS, max_tokens=2, pattern="(owl){3}")
    assert all((one.text, one.n_tokens, one.finish_reason) == ("owl owl", 2, "length") for one in cut)


def test_temperature_0_takes_the_most_likely_token(engine):
    one = complete(engine, REQUESTS[:1], temperature=0.0, max_tokens=1)[0]
    with torch.inference_mode():
        logits = engine.model(torch.tensor([engine.render(REQUESTS[:1])[0].content])).logits[0, -1]
    assert one.text == engine.tokenizer.decode([int(logits.argmax())])


def test_draws_follow_the_model_s_distribution(engine):
    """Chi-squared over the four most likely first tokens and the rest: p >= 1e-4, seed fixed."""
    from scipy.stats import chisquare

    count = 4000
    made = complete(engine, [Request(f"d{place}", FORMS[0]) for place in range(count)], max_tokens=1)
    with torch.inference_mode():
        prompt = rendered(engine.tokenizer, [Request("", FORMS[0])])[0].content
        law = engine.model(torch.tensor([prompt])).logits[0, -1].double().softmax(-1)
    top = law.topk(4)
    texts = [engine.tokenizer.decode([token]) for token in top.indices.tolist()]
    seen = [sum(one.text == text for one in made) for text in texts]
    expected = [count * float(value) for value in top.values]
    result = chisquare([*seen, count - sum(seen)], [*expected, count - sum(expected)])
    assert result.pvalue >= 1e-4


def main():
    """Write the answers anew, unless they changed and neither revision nor version did."""
    with tempfile.TemporaryDirectory() as folder:
        write_fixed_organism(folder)
        engine = TransformersEngine(Path(folder))
        made = {"revision": engine.revision, "version": engine.version, "answers": answers_of(engine)}
    old = json.loads(STORED.read_text()) if STORED.exists() else {}
    unchanged = all(old.get(name) == made[name] for name in ("revision", "version"))
    if unchanged and not all(same(made["answers"][way], rows) for way, rows in old["answers"].items()):
        sys.exit("the answers have changed: raise `revision` in engines/transformers.py first")
    lines = [
        f"  {json.dumps(way)}: [\n   " + ",\n   ".join(map(json.dumps, rows)) + "\n  ]"
        for way, rows in made["answers"].items()
    ]
    told = f'{{\n "revision": {made["revision"]},\n "version": "{made["version"]}",\n "answers": {{\n'
    STORED.write_text(told + ",\n".join(lines) + "\n }\n}\n")


if __name__ == "__main__":
    main()
