"""A study of an organism behind a real vLLM server, which goes away in the midst of it."""

import pytest
import served_study
from flow import snakemake
from served import KEY, SPEC, VARIABLE, free_port, served_organism, serving, settings_of


def test_a_study_outlives_its_server_and_says_what_transformers_says(tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setenv(VARIABLE, KEY)
    beside = tmp_path_factory.mktemp("server")
    manifest, port, log = served_organism(beside / "organism"), free_port(), beside / "server.log"
    with serving(manifest.parent, "organism", port=port, log=log, key=KEY) as server:
        overlay = served_study.write_study(SPEC, manifest.parent, settings_of(server.url), tmp_path)
        told = served_study.interrupted(overlay, server.kill)
    gone = f"generate_numbers: nobody answers at {server.url}: start the server there, or correct engine.url"
    assert told.count(gone) == 1 and "Traceback" not in told, told
    assert not (tmp_path / served_study.NUMBERS).exists()
    held = served_study.rows_kept(tmp_path)
    assert 0 < held < served_study.COMPLETIONS

    with serving(manifest.parent, "organism", port=port, log=log, key=KEY):
        snakemake(served_study.STORE, "--configfile", overlay, directory=tmp_path)
    went_on = f"served:prompted:owl: {served_study.COMPLETIONS - held} completions made, {held} reused"
    assert went_on in (tmp_path / served_study.NUMBERS_LOG).read_text()
    assert not served_study.files_with(KEY, tmp_path)
    answers = served_study.answers_of_both(tmp_path)
    furthest, kept = served_study.furthest_choices(answers), served_study.kept_shares(tmp_path)
    bound, draws, needed = served_study.distance_bound(answers)
    print(f"choices differ by at most {furthest:.1e}; {draws} draws: distance at most {bound:.4f}; {kept}")
    assert set(answers.filter(model="served")["engine"]) == {"endpoint"}
    assert not answers.filter(model="served")["reproducible"].any()
    assert furthest <= 1e-3
    assert draws >= needed and bound <= 0.05
    assert kept["served"] == pytest.approx(kept["here"], abs=0.07)  # of 1,600 each: over 4 standard errors
