"""Claims on the built test study: a stranger's file, a registration, and claims that cannot be used."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from flow import RESULTS, ROOT, TEST_STUDY, attempted, copied_checkout, snakemake

from unspoken.registry.load import claims_files, read_claims

EXAMPLE = ROOT / "docs/examples/your_paper.yaml"
VERDICTS = RESULTS / "verdicts.parquet"


@pytest.fixture
def judged(study: Path, tmp_path: Path) -> Callable[..., pl.DataFrame]:
    """Return the function that judges the study again, with a checkout and own claims, to verdicts."""

    def judge(*own: Path, root: Path = ROOT) -> pl.DataFrame:
        overlay = tmp_path / "claims.yaml"
        overlay.write_text(json.dumps({"claims": [str(path) for path in own]}))
        files = ["--configfile", root / "studies/test.yaml", overlay]
        snakemake(VERDICTS, *files, directory=study, root=root)
        return pl.read_parquet(study / VERDICTS)

    return judge


def test_a_strangers_claims_get_their_verdicts(judged: Callable[..., pl.DataFrame]) -> None:
    verdicts = judged(EXAMPLE)
    own = verdicts.filter(pl.col("claim_id").str.starts_with("EX-"))
    assert own["claim_id"].unique().sort().to_list() == ["EX-01", "EX-02", "EX-03"]
    assert verdicts["claim_id"].n_unique() == len(read_claims(claims_files(ROOT, []))) + 3
    assert own.filter(claim_id="EX-03")["verdict"].to_list() == ["not run"]
    assert set(own.filter(pl.col("claim_id") != "EX-03")["fidelity"]) == {"analogue"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("unit: log_odds}", "unit: furlongs}", "claim EX-01: values.0.unit: got 'furlongs'"),
        ("id: EX-02", "id: EX-01", "claim EX-01: id: "),
        ("id: EX-02", "id: SL-02", "claim SL-02: id: "),
        ("tier: 1", "teir: 1", "claim EX-01: teir: unknown key"),
        ("paper: example2026", "paper: [", "not valid YAML"),
    ],
)
def test_claims_that_cannot_be_used_end_before_any_job(old: str, new: str, said: str, tmp_path: Path) -> None:
    broken, overlay = tmp_path / "broken.yaml", tmp_path / "overlay.yaml"
    text = EXAMPLE.read_text()
    assert old in text
    broken.write_text(text.replace(old, new, 1))
    overlay.write_text(json.dumps({"claims": [str(broken)]}))
    status, told = attempted("--configfile", TEST_STUDY, overlay, directory=tmp_path)
    assert status != 0
    assert f"{broken}" in told and said in told, told
    assert "Traceback" not in told
    assert not (tmp_path / "results").exists()


def test_a_registration_holds_until_a_margin_changes(
    judged: Callable[..., pl.DataFrame], tmp_path: Path
) -> None:
    root = copied_checkout(tmp_path / "checkout")
    subprocess.run(
        [sys.executable, "-m", "unspoken.study.register", "studies/test.yaml"],
        cwd=root, check=True, env={**os.environ, "PYTHONPATH": str(root / "src")}, capture_output=True,
    )  # fmt: skip
    file = root / "resources/registrations/test.json"
    # The data are there already: they count as later than this.
    file.write_text(json.dumps(json.loads(file.read_text()) | {"time": "2000-01-01T00:00:00+00:00"}))
    ran = pl.col("outcome").is_not_null()
    assert set(judged(root=root).filter(ran)["registered"]) == {"registered"}

    claims = root / "resources/claims/cloud2025.yaml"
    text = claims.read_text()
    place = text.index("margin: 0.11", text.index("id: SL-03"))
    claims.write_text(text[:place] + text[place:].replace("margin: 0.11", "margin: 0.1", 1))
    after = judged(root=root).filter(ran)
    assert set(after.filter(claim_id="SL-03")["registered"]) == {"exploratory"}
    assert set(after.filter(pl.col("claim_id") != "SL-03")["registered"]) == {"registered"}
