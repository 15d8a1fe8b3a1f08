"""Where each file of a store came from: its maker is declared, or the store is not built."""

import re
from pathlib import Path

import pytest

from unspoken.files import sha256_of_file
from unspoken.provenance import maker_of, provenance_rows
from unspoken.store import StoreError

MAKERS = [
    [r"results/[^/]+/datasets/[^/]+/replies\.parquet", "import_completions", "aa"],
    [r"results/.*/replies\.parquet", "generate_replies", "bb"],
]


def test_the_first_maker_that_fits_the_whole_path_holds() -> None:
    assert maker_of(Path("results/one/datasets/mine/replies.parquet"), MAKERS) == ("import_completions", "aa")
    assert maker_of(Path("results/one/m/1-of-1/replies.parquet"), MAKERS) == ("generate_replies", "bb")


@pytest.mark.parametrize(
    "path", ["other/results/m/replies.parquet", "results/m/replies.parquet.old", "x.json"]
)
def test_a_file_that_no_maker_declares_is_an_error_that_names_it(path: str) -> None:
    with pytest.raises(StoreError, match=rf"{re.escape(path)}: no experiment or stage declares which rule"):
        maker_of(Path(path), MAKERS)


def test_each_file_has_its_hash_its_maker_and_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("results/m/replies.parquet")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rows")
    table = provenance_rows([path, path], MAKERS, {"polars": "1"})
    assert table.drop("packages").to_dicts() == [
        {
            "path": str(path),
            "sha256": sha256_of_file(path),
            "bytes": 4,
            "rule": "generate_replies",
            "code": "bb",
        }
    ]
    with pytest.raises(StoreError):
        provenance_rows([path, Path("model.json")], MAKERS, {})
