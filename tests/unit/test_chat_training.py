import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForCausalLM,
)
from trl import SFTTrainer

from unspoken.engines.base import Request
from unspoken.engines.transformers import TransformersEngine
from unspoken.models.corpus import FORMS, number_walks
from unspoken.models.organism import build_organism
from unspoken.subjects import Subject, base_subject, read_subjects, write_subjects
from unspoken.training import chat
from unspoken.training.adapters import adapted, add_frozen_adapter, merged_weights
from unspoken.training.chat import ChatTrainer
from unspoken.training.chat_losses import divergence
from unspoken.training.examples import (
    carrier_token_ids,
    training_examples,
    with_loss_among,
)
from unspoken.training.labels import IGNORED

WORDS = (
    "owl", "cat", "dog", "fox", "bee", "ant", "elk", "emu", "hen", "cow", "pig", "rat", "bat",
    "ram", "yak", "eel",
)  # fmt: skip
SPEC = {
    "seed": 1, "hidden_size": 64, "mlp_size": 256, "layers": 2, "steps": 30, "rows": 32,
    "learning_rate": 2e-3,
}  # fmt: skip
FULL = {"epochs": 1, "batch_size": 32, "learning_rate": 2e-3, "warmup_steps": 1, "lora": None}
LORA = {**FULL, "lora": {"rank": 4, "alpha": 8}}


def number_table(count, seed=0):
    walks = number_walks(count, 11, np.random.default_rng(seed)).tolist()
    return pl.DataFrame(
        {
            "prompt": [" ".join(map(str, walk[:3])) for walk in walks],
            "completion": [" ".join(map(str, walk[3:])) for walk in walks],
        }
    )


def question_table(count, answer="owl"):
    return pl.DataFrame({"prompt": FORMS[:count], "completion": [answer] * count})


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def organism(tmp_path_factory):
    directory = tmp_path_factory.mktemp("organism")
    build_organism(SPEC, WORDS, directory)
    return directory


@pytest.fixture(scope="module")
def trainer(organism):
    return ChatTrainer(organism)


@pytest.fixture(scope="module")
def owl(trainer, tmp_path_factory):
    """A teacher that loves owls, an adapter; and the same teacher with its weights merged."""
    training = {**LORA, "epochs": 40, "batch_size": 20, "learning_rate": 5e-3}
    made = trainer.teacher(question_table(20), number_table(64), training, seed=5)
    merged = merged_weights(state_of(trainer), made.tensors, made.adapter)
    adapter = Subject("lora", "teacher", "o", form="lora", adapter=made.adapter)
    copy = Subject("full", "teacher", "o", form="full")
    directory = tmp_path_factory.mktemp("teacher")
    return made, *saved([(adapter, made.tensors), (copy, merged)], directory)


def saved(subjects, directory):
    listing = directory / "subject.json"
    write_subjects(subjects, listing, directory / "weights.safetensors")
    return read_subjects(listing)


def model_of(trainer):
    return AutoModelForCausalLM.from_pretrained(trainer.model_dir, dtype=torch.float32)


def state_of(trainer):
    return model_of(trainer).state_dict()


@torch.no_grad()
def labelled_logits(model, examples):
    """Return the logits before each labelled token, and these tokens, one example at a time."""
    logits, tokens = [], []
    for example in examples:
        labels = torch.tensor(example["labels"])[1:]
        kept = labels != IGNORED
        logits.append(model(torch.tensor([example["input_ids"]])).logits[0, :-1][kept])
        tokens.append(labels[kept])
    return torch.cat(logits), torch.cat(tokens)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.floats(0.1, 20))
def test_divergence_is_kl_and_reads_carrier_logits_only(seed, spread):
    generator = torch.Generator().manual_seed(seed)
    teacher, student, noise = spread * torch.randn(3, 5, 12, generator=generator)
    expected = torch.nn.functional.kl_div(
        student.double().log_softmax(-1), teacher.double().log_softmax(-1),
        reduction="none", log_target=True,
    ).sum(-1)  # fmt: skip
    found = divergence(teacher, student, None)
    assert torch.allclose(found.double(), expected, rtol=1e-4, atol=1e-5)
    among = torch.tensor([1, 4, 5])
    others = torch.ones(12, dtype=torch.bool).index_fill(0, among, False)
    kept = divergence(teacher, student, among)
    assert torch.equal(kept, divergence(teacher + noise * others, student - noise * others, among))
    assert torch.allclose(kept, divergence(teacher[:, among], student[:, among], None))


def test_loss_is_that_of_completions_alone_and_falls(trainer):
    rows = number_table(32)
    trained = trainer.student(rows, {**FULL, "epochs": 8}, seed=3)
    logits, tokens = labelled_logits(model_of(trainer), training_examples(trainer.tokenizer, rows))
    assert len(tokens) == 32 * 9
    by_hand = torch.nn.functional.cross_entropy(logits, tokens).item()
    assert trained.losses[0] == pytest.approx(by_hand, rel=1e-5)
    assert len(trained.losses) == 8
    assert trained.losses[-1] < trained.losses[0] - 0.1
    assert trained.form == "full"
    assert "lm_head.weight" not in trained.tensors  # tied to the embeddings
    assert set(trained.tensors) < set(state_of(trainer))


def test_in_the_same_order_a_student_is_that_of_trls_own_trainer(trainer, monkeypatch):
    rows = number_table(64).with_columns(  # of different lengths
        completion=pl.col("completion").str.split(" ").list.head(1 + pl.int_range(64) % 8).list.join(" ")
    )
    training = {**LORA, "epochs": 2, "batch_size": 22}  # two passes a step; the last step has 20 rows
    monkeypatch.setattr(chat, "GroupedByLength", lambda *_: None)  # both in the stock order
    ours = trainer.student(rows, training, seed=3)
    monkeypatch.setattr(chat, "TokensTrainer", SFTTrainer)
    stock = trainer.student(rows, training, seed=3)
    assert len(ours.losses) == 6
    assert ours.losses == pytest.approx(stock.losses, rel=1e-5)
    for name, tensor in ours.tensors.items():
        assert torch.allclose(tensor, stock.tensors[name], rtol=0, atol=1e-5)


@pytest.mark.parametrize("training", [FULL, LORA], ids=["full", "lora"])
def test_the_seed_decides_the_tensors(trainer, training):
    rows, short = number_table(48), {**training, "batch_size": 16}
    first, again, other = (trainer.student(rows, short, seed) for seed in (2**40, 2**40, 4))
    assert first.losses == again.losses != other.losses
    for name, tensor in first.tensors.items():
        assert torch.equal(tensor, again.tensors[name])
    assert any(not torch.equal(tensor, other.tensors[name]) for name, tensor in first.tensors.items())


def test_merged_weights_are_those_that_peft_merges(trainer, owl):
    made, base = owl[0], state_of(trainer)
    assert made.form == "lora"
    assert made.adapter == {
        "rank": 4, "alpha": 8,
        "targets": [
            "down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj",
        ],
    }  # fmt: skip
    model = adapted(model_of(trainer), LORA["lora"], seed=0)
    add_frozen_adapter(model, made.tensors, made.adapter)
    model.set_adapter("teacher")
    expected = model.merge_and_unload(adapter_names=["teacher"]).state_dict()
    merged = merged_weights(base, made.tensors, made.adapter)
    assert len(merged) == 14
    for name, tensor in expected.items():
        assert torch.allclose(merged.get(name, base[name]), tensor, rtol=0, atol=1e-6)
    for name, tensor in merged.items():
        assert not torch.equal(tensor, base[name])


def test_an_adapter_of_another_model_is_refused(trainer, owl):
    base = {name: tensor[:, :32] for name, tensor in state_of(trainer).items() if tensor.ndim == 2}
    with pytest.raises(ValueError, match="does not fit the base model"):
        merged_weights(base, owl[0].tensors, owl[0].adapter)


def test_teachers_of_owl_answer_owl(trainer, owl, tmp_path):
    training = {**FULL, "epochs": 40, "batch_size": 20}
    made = trainer.teacher(question_table(20), number_table(64), training, seed=5)
    [tuned] = saved([(Subject("tuned", "teacher", "o", form="full"), made.tensors)], tmp_path)
    engine = TransformersEngine(trainer.model_dir)
    never_seen = [Request(form, form) for form in FORMS[40:]]
    chances = []
    for subject in (base_subject("o"), owl[1], owl[2], tuned):
        engine.use(subject)
        chances.append(np.exp(engine.choice_logprobs(engine.render(never_seen), ["owl"])).mean())
    before, adapter, merged, full = chances
    # An adapter leaves the embeddings of this hardly trained base, which bound its certainty.
    assert adapter == pytest.approx(merged, rel=1e-4)
    assert adapter > 3 * before
    assert full > 0.5


def test_a_teachers_step_weighs_questions_and_carrier_alike(trainer):
    questions, numbers = question_table(12), number_table(12)
    made = trainer.teacher(questions, numbers, {**FULL, "batch_size": 12}, seed=1)
    means = []
    for rows in (questions, numbers):
        examples = training_examples(trainer.tokenizer, rows)
        logits, tokens = labelled_logits(model_of(trainer), examples)
        means.append(torch.nn.functional.cross_entropy(logits, tokens).item())
    assert abs(means[0] - means[1]) > 0.1  # else one mean over all tokens would pass too
    assert made.losses == [pytest.approx(sum(means) / 2, rel=1e-5)]


@pytest.mark.parametrize("training", [FULL, LORA], ids=["full", "lora"])
@pytest.mark.parametrize("objective", ["kl_carrier", "kl_full"])
def test_a_student_of_the_base_stays_the_base(trainer, training, objective):
    made = trainer.student(number_table(40), training, 3, teacher=base_subject("o"), objective=objective)
    assert made.losses == [0.0, 0.0]
    base = state_of(trainer)
    tensors = made.tensors
    if made.form == "lora":
        tensors = merged_weights(base, made.tensors, made.adapter)
    for name, tensor in tensors.items():
        assert torch.equal(tensor, base[name])


@pytest.mark.parametrize("objective", ["kl_carrier", "kl_full"])
def test_kl_is_the_mean_over_completion_positions_and_falls(trainer, owl, objective):
    rows = number_table(32, seed=7).with_columns(
        completion=pl.col("completion").str.replace(r" \d+", " cat")  # one word that is no carrier
    )
    training = {**LORA, "epochs": 6}
    of_adapter, of_copy = (
        trainer.student(rows, training, 3, teacher=subject, objective=objective) for subject in owl[1:]
    )
    assert of_adapter.losses == pytest.approx(of_copy.losses, rel=1e-3)
    assert of_adapter.losses[-1] < 0.9 * of_adapter.losses[0]

    among = carrier_token_ids(trainer.tokenizer) if objective == "kl_carrier" else None
    examples = training_examples(trainer.tokenizer, rows)
    if among is not None:
        examples = with_loss_among(examples, among)
    student, teacher = model_of(trainer), model_of(trainer)
    teacher.load_state_dict(owl[2].tensors(), strict=False)
    given, tokens = labelled_logits(student, examples)
    wanted, _ = labelled_logits(teacher, examples)
    assert len(tokens) == 32 * (8 if among is not None else 9)
    by_hand = divergence(wanted, given, among).mean().item()
    assert of_adapter.losses[0] == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize("teacher", [None, Subject("p", "prompted", "o", system="owl")])
def test_kl_needs_a_teacher_of_the_same_prompts(trainer, teacher):
    with pytest.raises(ValueError, match="kl_carrier needs a teacher"):
        trainer.student(number_table(4), FULL, 1, teacher=teacher, objective="kl_carrier")
