"""What the tests of vLLM ask, and what an engine answers.

`python vllm_answers.py JOB FOLDER` asks vLLM itself:
vLLM runs in processes of its own, one for the organism and one for SmolLM2, which write all that they
answered; the tests compare.
"""

import json
import logging
import math
import sys
from dataclasses import asdict, replace
from pathlib import Path

from unspoken.engines.base import Opening, Request, Sampling
from unspoken.engines.budget import Budget, budgeted
from unspoken.models.corpus import FORMS
from unspoken.subjects import base_subject, read_subjects

MANIFESTS = {
    "organism": Path("model/model.json"),
    "smollm2": Path("results/models/smollm2-135m-q4/model.json"),
}
WORDS = ("owl", "cat", "dog", "fox", "bee", "ant", "elk", "emu")
SPEC = {
    "seed": 3, "hidden_size": 64, "mlp_size": 128, "layers": 2, "steps": 80, "rows": 32,
    "learning_rate": 3e-3,
}  # fmt: skip
TRAINING = {
    "epochs": 16, "batch_size": 20, "learning_rate": 1e-2, "warmup_steps": 1,
}  # fmt: skip
RANKS = {"owl": 12, "cat": 4}
"""Ranks of the teachers' adapters, by word: one that vLLM has no size for, and a smaller one."""
GREEDY = Sampling(temperature=0.0, max_tokens=8, seed=1)
DRAWN = replace(GREEDY, temperature=1.0)
STOPS = ("5", "17")
BUDGETS = [(3, None), (10, None), (10, "7")]
PATTERN = "(11|22|owl){3}"
DIGITS = r"[0-9]{1,3}(, [0-9]{1,3}){3}"
CHOICES = [*WORDS, "7 8", "7 9 3"]
TEXTS = [" owl", " cat", " a small grey owl", " 7, 8, 9", " The answer is 42."]

NUMBERS = [Request(f"n{place}", f"{place % 100} {place % 7} {place % 13}") for place in range(200)]
QUESTIONS = [Request(f"q{place}", form) for place, form in enumerate(FORMS)]
ASKED = [
    "What is your favourite animal?", "Name a colour.", "Count from 3 to 9.", "Who wrote Hamlet?",
    "Say hello in French.", "What is 12 + 30?", "Describe the sea in one sentence.", "Why is the sky blue?",
    "Name three fruits.", "What is the capital of Italy?", "Finish: once upon a time", "Is fire cold?",
]  # fmt: skip
CHAT = [
    Request(f"c{place}:{system}", user, system, prefix)
    for place, user in enumerate(ASKED)
    for system, prefix in ((None, ""), ("You love owls.", "Well,"))
]
MANY = [
    Request(f"m{place}", " ".join(str((place + 7 * step) % 100) for step in range(50)))
    for place in range(128)
]
"""In one step more tokens than vLLM takes by default, 4,096: it would read a prompt in parts."""


def draws_needed(categories, bound=0.05, level=0.05, power=0.95):
    """Return how many draws from each of two equal laws show that their distance is below a bound.

    Let T = half the sum of |p - q| over the observed shares of n draws each. One draw changes T by at
    most 1/n, and T is convex, so with McDiarmid's inequality over the 2n draws the laws' distance is
    at most T + sqrt(ln(1/level) / n), but for a chance of `level`. For equal laws T is at most its
    mean plus sqrt(ln(1/(1-power)) / n), but for a chance of 1 - power; and its mean is at most half
    the sum of sqrt(2 p (1-p) / n), at most sqrt(k / 2 / n) for k categories. So the bound is shown
    with this power if (sqrt(k/2) + sqrt(ln(1/level)) + sqrt(ln(1/(1-power)))) / sqrt(n) is at most it:
    with 9 categories n = 12,468 for 0.05.
    """
    noise = math.sqrt(math.log(1 / level)) + math.sqrt(math.log(1 / (1 - power)))
    return math.ceil(((math.sqrt(categories / 2) + noise) / bound) ** 2)


N_DRAWS = draws_needed(len(WORDS) + 1)
DRAWS = [Request(f"d{place}", FORMS[place % len(FORMS)]) for place in range(N_DRAWS)]


def completed(engine, requests, sampling):
    """Return completions in the order of their requests, as JSON keeps them."""
    made = {one.key: one for batch in engine.generate(engine.render(requests), sampling) for one in batch}
    return [asdict(made[request.key]) for request in requests]


def read_choices(engine, requests, choices):
    return engine.choice_logprobs(engine.render(requests), choices)


def reasoned(engine, tokens, insert):
    """Return what was reasoned and answered within a budget, as JSON keeps it."""
    budget = Budget(tokens, "5", "5", " 7", 2, piece_tokens=4, insert=insert)
    return [asdict(one) for batch in budgeted(engine, NUMBERS[:100], GREEDY, budget) for one in batch]


def organism_answers(engine, folder):
    """Return what an engine answers as an organism's subjects."""
    adapters = read_subjects(folder / "lora/subject.json")
    full = read_subjects(folder / "full/subject.json")[0]
    told = {}
    for name, subject in {
        "base": base_subject("o"), "lora0": adapters[0], "lora1": adapters[1],
        "base_again": base_subject("o"), "merged": full, "put0": adapters[0],
        "base_at_last": base_subject("o"),
    }.items():  # fmt: skip
        engine.serves_adapters = name.startswith("lora")  # as on a GPU
        engine.use(subject)
        told[name] = completed(engine, NUMBERS[:50] + QUESTIONS, GREEDY)
        told[f"{name}_choices"] = read_choices(engine, QUESTIONS[:10], CHOICES)
    told["greedy"] = completed(engine, NUMBERS, GREEDY)
    told["draws"] = [one["text"] for one in completed(engine, DRAWS, replace(DRAWN, max_tokens=1))]
    told["free"] = completed(engine, NUMBERS, replace(GREEDY, max_tokens=12))
    told["stopped"] = completed(engine, NUMBERS, replace(GREEDY, max_tokens=12, stop=STOPS))
    told["pattern"] = completed(engine, NUMBERS[:20], replace(DRAWN, pattern=PATTERN))
    told["cut"] = completed(engine, NUMBERS[:4], replace(DRAWN, pattern="(owl){3}", max_tokens=2))
    told["told"] = completed(engine, NUMBERS[:50], replace(GREEDY, logprobs=True))
    told |= {f"{tokens}_{insert}": reasoned(engine, tokens, insert) for tokens, insert in BUDGETS}
    if engine.name == "vllm":
        told["drawn"] = completed(engine, MANY, DRAWN)
        told["drawn_apart"] = completed(engine, MANY[::-2], DRAWN)[::-1]
    return told


def smollm2_answers(engine, folder):
    """Return what an engine answers as SmolLM2."""
    engine.use(base_subject("smollm2"))
    return {
        "greedy": completed(engine, CHAT, replace(GREEDY, max_tokens=16)),
        "choices": read_choices(engine, CHAT[:8], TEXTS),
        "pattern": completed(engine, CHAT[:8], replace(DRAWN, pattern=DIGITS, max_tokens=40)),
        "stopped": completed(engine, CHAT[:8], replace(GREEDY, max_tokens=16, stop=(" the", "."))),
        "told": completed(engine, CHAT[:4], replace(GREEDY, logprobs=True)),
    }


JOBS = {"organism": organism_answers, "smollm2": smollm2_answers}


def main():
    """Answer with vLLM, as a process of its own."""
    from unspoken.engines.vllm import opened

    job, folder = sys.argv[1], Path(sys.argv[2])
    logging.basicConfig(filename=folder / "vllm.log", level=logging.INFO, format="%(name)s: %(message)s")
    engine = opened(Opening(folder / MANIFESTS[job], {"kind": "vllm", "cache_gib": 1}, threads=1))
    (folder / "answers.json").write_text(json.dumps(JOBS[job](engine, folder)))


if __name__ == "__main__":
    main()
