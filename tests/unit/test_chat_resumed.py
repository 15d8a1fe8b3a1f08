import numpy as np
import polars as pl
import pytest
import torch

from unspoken.models.corpus import FORMS, number_walks
from unspoken.models.organism import build_organism
from unspoken.subjects import Subject, read_subjects, write_subjects
from unspoken.training import chat_work
from unspoken.training.chat import ChatTrainer

WORDS = (
    "owl", "cat", "dog", "fox", "bee", "ant", "elk", "emu", "hen", "cow", "pig", "rat", "bat",
    "ram", "yak", "eel",
)  # fmt: skip
SPEC = {
    "seed": 1, "hidden_size": 32, "mlp_size": 64, "layers": 2, "steps": 5, "rows": 16,
    "learning_rate": 2e-3,
}  # fmt: skip
FULL = {"epochs": 2, "batch_size": 22, "learning_rate": 2e-3, "warmup_steps": 1, "lora": None}
LORA = {**FULL, "lora": {"rank": 4, "alpha": 8}}


SHOW = chat_work.Progress.on_step_end


class StoppedError(RuntimeError):
    pass


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def organism(tmp_path_factory):
    directory = tmp_path_factory.mktemp("organism")
    build_organism(SPEC, WORDS, directory)
    return directory


@pytest.fixture(scope="module")
def numbers():
    """50 rows, of 3 to 8 numbers: two passes in batches of 22 are six updates, two of them partial."""
    walks = number_walks(50, 11, np.random.default_rng(0)).tolist()
    return pl.DataFrame(
        {
            "prompt": [" ".join(map(str, walk[:3])) for walk in walks],
            "completion": [" ".join(map(str, walk[3 : 6 + row % 6])) for row, walk in enumerate(walks)],
        }
    )


@pytest.fixture(scope="module")
def owl(organism, numbers, tmp_path_factory):
    """A teacher of owls: an adapter beside which a student's own is trained."""
    questions = pl.DataFrame({"prompt": FORMS[:20], "completion": ["owl"] * 20})
    made = ChatTrainer(organism).teacher(questions, numbers, LORA, seed=5)
    folder = tmp_path_factory.mktemp("teacher")
    subject = Subject("o:teacher:owl", "teacher", "o", form="lora", adapter=made.adapter)
    write_subjects([(subject, made.tensors)], folder / "subject.json", folder / "weights.safetensors")
    return read_subjects(folder / "subject.json")[0]


@pytest.fixture
def always_saving(monkeypatch):
    """A checkpoint after each update."""
    monkeypatch.setattr(chat_work, "SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(chat_work, "SAVING_SHARE", float("inf"))


def stopping(monkeypatch, after):
    """Let a training stop when `after` updates are done and saved, at the end of the next."""

    def stop(self, args, state, control, **given):
        if state.global_step > after:
            raise StoppedError
        SHOW(self, args, state, control, **given)

    monkeypatch.setattr(chat_work.Progress, "on_step_end", stop)


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def trainings(organism, numbers, owl, kind):
    """Return a function that trains one kind of subject, given the work folder."""
    settings = {**(FULL if kind == "full" else LORA), "snapshots": [2, 5]}
    questions = pl.DataFrame({"prompt": FORMS[:44], "completion": ["owl"] * 44})

    def train(work, training=settings, rows=numbers, seed=3):
        trainer = ChatTrainer(organism, work=work)
        if kind == "teacher":
            return trainer.teacher(questions, rows, {**training, "updates": 6}, seed)
        teacher, objective = (owl, kind) if kind.startswith("kl") else (None, "tokens")
        return trainer.student(rows, training, seed, teacher=teacher, objective=objective)

    return train


@pytest.mark.parametrize("kind", ["full", "lora", "teacher", "kl_carrier"])
def test_a_stopped_training_goes_on_to_the_same_tensors(
    organism, numbers, owl, kind, always_saving, monkeypatch, tmp_path
):
    train = trainings(organism, numbers, owl, kind)
    whole = train(None)
    assert len(whole.losses) == 6
    with monkeypatch.context() as patched:
        for after in (3, 4):  # stopped twice: in the middle of the second pass each time
            stopping(patched, after)
            with pytest.raises(StoppedError):
                train(tmp_path)
    [folder] = tmp_path.iterdir()
    assert [one.name for one in folder.glob("checkpoint-*")] == ["checkpoint-4"]
    half = folder / "checkpoint-5"  # what a job leaves that is killed while it saves
    half.mkdir()
    (half / chat_work.STATE).write_text('{"global_st')
    resumed = train(tmp_path)
    assert equal(resumed.tensors, whole.tensors)
    assert resumed.losses == whole.losses
    assert resumed.snapshots.keys() == whole.snapshots.keys() == {2, 5}
    for updates, tensors in resumed.snapshots.items():
        assert equal(tensors, whole.snapshots[updates])
        assert not equal(tensors, whole.tensors)


def test_what_is_done_is_not_trained_again(organism, numbers, owl, monkeypatch, tmp_path):
    train = trainings(organism, numbers, owl, "lora")
    made = train(tmp_path)
    [folder] = tmp_path.iterdir()
    assert not list(folder.glob("checkpoint-*"))
    stopping(monkeypatch, after=0)
    again = train(tmp_path)
    assert equal(again.tensors, made.tensors)
    assert (again.losses, again.form, again.adapter) == (made.losses, made.form, made.adapter)
    assert equal(again.snapshots[5], made.snapshots[5])
    for other in ({"seed": 4}, {"rows": numbers[::-1]}, {"training": {**LORA, "learning_rate": 1e-3}}):
        with pytest.raises(StoppedError):
            train(tmp_path, **other)


def test_short_trainings_and_those_without_a_work_folder_save_nothing(
    organism, numbers, owl, monkeypatch, tmp_path
):
    train = trainings(organism, numbers, owl, "lora")
    stopping(monkeypatch, after=4)
    with pytest.raises(StoppedError):
        train(tmp_path)
    assert not list(tmp_path.glob("*/checkpoint-*"))
    assert [one.name for one in tmp_path.glob("*/*")] == ["snapshot-2.safetensors"]


def test_rare_checkpoints_of_large_models():
    work = chat_work.WorkFolder(None, [], None, lasting=True)
    control, state = type("Control", (), {"should_save": False})(), type("State", (), {})()
    state.global_step, state.max_steps = 5, 10
    now = chat_work.time.monotonic()
    work.saved_at = now - 90
    work.cost_s = 10.0  # at five percent the next one is due after 200 s
    work.on_step_end(None, state, control)
    assert not control.should_save
    work.saved_at = now - 201
    work.on_step_end(None, state, control)
    assert control.should_save


def test_updates_end_a_training_and_the_last_snapshot_is_its_end(organism, numbers, owl):
    train = trainings(organism, numbers, owl, "lora")
    long = train(None, {**LORA, "updates": 8, "snapshots": [3, 8]})
    assert len(long.losses) == 8  # rows repeat: two passes would have six
    assert equal(long.snapshots[8], long.tensors)
    assert not equal(long.snapshots[3], long.tensors)
    plain = train(None, {**LORA, "updates": 8})
    assert plain.snapshots == {}
    assert equal(plain.tensors, long.tensors)
    with pytest.raises(ValueError, match=r"snapshots: got 9, expected at most the 6 updates"):
        train(None, {**LORA, "snapshots": [9]})
