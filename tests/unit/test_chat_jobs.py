import polars as pl
import pytest

from unspoken.models.corpus import FORMS
from unspoken.models.organism import build_organism
from unspoken.subjects import Subject, read_subjects
from unspoken.tables.base import read_table
from unspoken.tables.training import TrainingSteps
from unspoken.training import jobs
from unspoken.training.chat import ChatTrainer

WORDS = tuple("abcdefghijklmnop")
SPEC = {
    "seed": 1, "hidden_size": 32, "mlp_size": 64, "layers": 1, "steps": 2, "rows": 8,
    "learning_rate": 2e-3,
}  # fmt: skip
TRAINING = {
    "epochs": 1, "batch_size": 5, "learning_rate": 2e-3, "warmup_steps": 1,
    "lora": {"rank": 4, "alpha": 8}, "updates": 6, "snapshots": [2, 4],
}  # fmt: skip


def test_snapshots_become_subjects_and_the_work_folder_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "WORK", tmp_path / "work")
    build_organism(SPEC, WORDS, tmp_path / "organism")
    rows = pl.DataFrame({"prompt": FORMS[:20], "completion": ["a"] * 20})
    work = jobs.work_folder("finetune_students", {"seed": 1})
    assert work != jobs.work_folder("finetune_students", {"seed": 2})
    trained = ChatTrainer(tmp_path / "organism", work=work).student(rows, TRAINING, 1)
    assert work.exists()
    epochs = jobs.epochs_of(TRAINING, rows.height)
    assert epochs == 1.5
    student = Subject("o:tokens:o:a:1", "student", "o", objective="tokens", rows=20, epochs=epochs)
    made = jobs.TrainedSubjects()
    made.add(student, trained, rows)
    outputs = [tmp_path / name for name in ("subject.json", "weights.safetensors", "training.parquet")]
    made.write(*outputs, work)
    assert not work.exists()
    whole, two, four = read_subjects(outputs[0])
    assert [one.subject_id for one in (whole, two, four)] == [
        "o:tokens:o:a:1", "o:tokens:o:a:1:2", "o:tokens:o:a:1:4",
    ]  # fmt: skip
    assert [one.updates for one in (whole, two, four)] == [None, 2, 4]
    assert [one.epochs for one in (whole, two, four)] == pytest.approx([1.5, 0.5, 1.0])
    changes = [
        sum(up.abs().sum().item() for name, up in one.tensors().items() if "lora_B" in name)
        for one in (two, four, whole)
    ]
    assert 0 < changes[0] < changes[1] < changes[2]
    table = read_table(outputs[2], TrainingSteps)
    assert table.group_by("subject").len().sort("subject")["len"].to_list() == [6, 2, 4]
