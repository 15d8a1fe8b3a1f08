"""How tests find their rows, what Holm's family holds, and that every claim gets its verdict."""

import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from planted_claims import (
    CHAT,
    CONDITIONS,
    ORGANISM,
    around,
    claim_of,
    row_of,
    said,
    verdict_of_one,
    verdicts_of,
)

from unspoken.files import digest_of
from unspoken.registry.load import claims_files, read_papers
from unspoken.statistics.intervals import exact_value, without_interval
from unspoken.statistics.rows import measurement_table
from unspoken.tables.base import write_table
from unspoken.tables.verdicts import Verdicts
from unspoken.verdicts.families import holm
from unspoken.verdicts.fidelity import ModelFacts
from unspoken.verdicts.judge import Judge, RegistryError, judged

ROOT = Path(__file__).parents[2]


# The join


def test_one_row_a_subject():
    rows = [row_of(around(0.5), subject=f"{who}:own") for who in ("chat", "other", "third")]
    found = verdicts_of([claim_of()], rows)
    assert [one["subject"] for one in found] == ["chat:own", "other:own", "third:own"]
    only = claim_of(test={"subject": "chat:*", "versus": "chat:base"})
    assert [one["subject"] for one in verdicts_of([only], rows)] == ["chat:own"]


def test_two_rows_of_one_subject_are_an_error_that_names_the_claim():
    rows = [row_of(around(0.5), conditions={**CONDITIONS, "trait": trait}) for trait in ("cat", "owl")]
    with pytest.raises(RegistryError, match=r"claim P-01: .*2 rows of 'chat:own'.*expected one"):
        verdicts_of([claim_of()], rows)
    told = claim_of(test={"conditions": {**CONDITIONS, "trait": "owl"}})
    assert len(verdicts_of([told], rows)) == 1


def test_a_sensitivity_row_is_read_only_by_a_test_that_names_its_condition():
    forced = row_of(around(-0.5), conditions={**CONDITIONS, "answers": "forced"})
    rows = [row_of(around(0.5)), forced]
    (stated,) = verdicts_of([claim_of()], rows)
    assert (stated["estimate"], stated["verdict"]) == (0.5, "reproduced")
    named = claim_of(test={"conditions": {**CONDITIONS, "answers": "forced"}})
    (found,) = verdicts_of([named], rows)
    assert found["measurement_id"] == forced["measurement_id"] and found["estimate"] == -0.5
    assert said(verdict_of_one(claim_of(), forced)) == (None, None, "not run")


def test_answers_that_are_read_by_force_and_not_stated_say_nothing():
    row = row_of(around(0.5), conditions={**CONDITIONS, "answers": "forced"}, gate="agreement")
    (found,) = verdicts_of([claim_of(test={"conditions": {**CONDITIONS, "answers": "forced"}})], [row])
    assert (found["outcome"], found["verdict"]) == ("uninformative: agreement", "inconclusive")
    assert found["reason"] == "answers read by force are too seldom the stated ones"


@pytest.mark.parametrize(
    "changed",
    [
        {"experiment": "other"}, {"metric": "other"}, {"unit": "probability"}, {"kind": "estimate"},
        {"versus": "chat:other"}, {"subject": "chat:other"}, {"conditions": {"objective": "tokens"}},
        {"conditions": {**CONDITIONS, "unusable": "dropped"}},
        {"role": "instrument", "passed": True}, {"role": "positive_control", "passed": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_row_that_differs_is_not_read(changed):
    claim = claim_of(test={"subject": "*:own", "versus": "*:base"})
    found = verdict_of_one(claim, row_of(around(0.5), **changed))
    assert said(found) == (None, None, "not run")
    assert said(verdict_of_one(claim, row_of(around(0.5))))[2] == "reproduced"


def test_a_permutation_p_is_a_row_of_its_own_and_not_read():
    permuted = replace(without_interval(0.5, "permutation", 5), p=0.01)
    (found,) = verdicts_of([claim_of()], [row_of(around(0.5)), row_of(permuted)])
    assert found["ci_method"] == "t"


def test_a_claim_without_a_row_is_not_run_with_a_reason():
    tested, untested = claim_of("P-01"), claim_of("P-02", test={"experiment": None})
    found = verdicts_of([tested, untested], [row_of(around(0.5), metric="other")])
    assert [one["claim_id"] for one in found] == ["P-01", "P-02"]
    assert {said(one) for one in found} == {(None, None, "not run")}
    assert "no shift of planted" in found[0]["reason"]
    assert found[1]["reason"].startswith("not built")


def test_a_subject_without_models_is_an_error():
    with pytest.raises(RegistryError, match="claim P-01: the subject 'chat:own' is not"):
        judged([claim_of()], Judge(measurement_table([row_of(around(0.5))]), {}), "planted")


# Holm's family


def holm_by_hand(ps):
    """The definition, written another way than the library does."""
    order = sorted(range(len(ps)), key=ps.__getitem__)
    steps = [min(1.0, (len(ps) - place) * ps[at]) for place, at in enumerate(order)]
    return {at: max(steps[: place + 1]) for place, at in enumerate(order)}


def test_holm():
    ps = [0.01, 0.04, 0.03, 0.04, 1.0]
    assert holm(ps) == pytest.approx([holm_by_hand(ps)[at] for at in range(5)])
    assert holm([]) == []


def test_the_family_is_the_open_contrasts_of_a_paper_whatever_their_subject():
    spreads = {"a": 22, "b": 24, "c": 25, "null": 22, "gated": 22}
    rows = [
        row_of(
            around(0.5, spread), metric=metric, subject=subject, gate="floor" if metric == "gated" else None
        )
        for metric, spread in spreads.items()
        for subject in ("chat:own", "other:own")
    ]
    claims = [
        claim_of(f"P-{metric}", kind="null" if metric == "null" else "direction", test={"metric": metric})
        for metric in spreads
    ]
    found = {(one["claim_id"], one["subject"]): one for one in verdicts_of(claims, rows)}
    ps = [around(0.5, spreads[metric]).p for metric in "abc"] * 2
    adjusted = holm_by_hand(ps)
    for at, subject in ((0, "chat:own"), (3, "other:own")):
        for place, metric in enumerate("abc"):
            assert found[f"P-{metric}", subject]["p_adj"] == pytest.approx(adjusted[at + place])
            assert "(Holm over 6)" in found[f"P-{metric}", subject]["reason"]
        assert found["P-null", subject]["p_adj"] is None
        assert found["P-gated", subject]["p_adj"] is None
    assert ps[2] < 0.05 < found["P-a", "chat:own"]["p_adj"]
    assert found["P-a", "chat:own"]["outcome"] == "undecided"


def test_claims_that_read_one_contrast_are_one_test_whoever_makes_them():
    """Six claims of two papers on two contrasts: a family of two; a null shares the p, not the rule."""
    rows = [row_of(around(0.5, 20), metric=metric) for metric in ("a", "b")]
    claims = [
        claim_of(f"{paper[0]}-{metric}{at}", paper=paper, test={"metric": metric}, kind=kind)
        for paper in ("planted2026", "other2026")
        for metric in ("a", "b")
        for at, kind in enumerate(("direction", "direction", "null"))
    ]
    found = verdicts_of(claims, rows)
    assert len(found) == 12 and {one["family"] for one in found} == {"planted2026"}
    assert {tuple(one["contrasts"]) for one in found} == {(row["measurement_id"],) for row in rows}
    once = around(0.5, 20).p
    assert [one["p_adj"] for one in found] == pytest.approx([2 * once] * 12)
    assert {one["expects"] for one in found} == {"above 0", "none"}
    alone = verdicts_of(claims[:1], rows)
    assert alone[0]["p_adj"] == pytest.approx(once)


def test_measured_papers_have_families_of_their_own():
    rows = [row_of(around(0.5, 20), metric=metric, paper=metric) for metric in ("a", "b")]
    claims = [claim_of(f"P-{metric}", test={"metric": metric}) for metric in ("a", "b")]
    assert [one["p_adj"] for one in verdicts_of(claims, rows)] == pytest.approx([around(0.5, 20).p] * 2)


def test_a_bound_and_a_direction_on_one_contrast_are_two_hypotheses():
    rows = [row_of(around(0.5, 20))]
    claims = [claim_of("P-1"), claim_of("P-2", kind="bound", values=[
        {"value": 0.2, "unit": "log_odds", "bound": ">"}
    ])]  # fmt: skip
    found = verdicts_of(claims, rows)
    assert {one["reason"].partition("Holm over ")[2][0] for one in found} == {"2"}
    assert found[0]["p"] < found[1]["p"] and found[1]["expects"] == "> 0.2"


def test_a_claim_about_one_model_is_not_run_on_another_and_says_so():
    claim = claim_of("P-1", scope="this model")
    (found,) = verdicts_of([claim, claim_of("P-2")], [row_of(around(0.5))])[:1]
    assert said(found) == (None, None, "not run")
    assert found["reason"].startswith("not this model: it is about chat-7b alone")
    assert found.get("measurement_id") is None
    other = verdicts_of([claim, claim_of("P-2")], [row_of(around(0.5))])[1]
    assert "Holm over 1" in other["reason"]


def test_the_interval_is_never_adjusted():
    rows = [row_of(around(0.5, 22), metric=metric) for metric in ("a", "b", "c")]
    claims = [claim_of(f"P-{metric}", test={"metric": metric}) for metric in ("a", "b", "c")]
    interval = around(0.5, 22)
    for one in verdicts_of(claims, rows):
        assert (one["lo"], one["hi"]) == (interval.ci_low, interval.ci_high)
        assert one["p_adj"] > one["p"] == interval.p


def test_an_exact_row_has_no_p():
    found = verdict_of_one(claim_of(), row_of(exact_value(0.5), replicate="none"))
    assert (found["outcome"], found["p"], found["p_adj"], found["flags"]) == ("shown", None, None, [])


def test_the_order_of_rows_and_claims_changes_nothing():
    names = [f"m{at}" for at in range(6)]
    rows = [
        row_of(around((at - 2) / 4, 5 + at), metric=metric, subject=f"{who}:own")
        for at, metric in enumerate(names)
        for who in ("chat", "other")
    ]
    kinds = ("direction", "null", "size", "trend", "direction", "size")
    claims = [
        claim_of(f"P-{metric}", kind=kind, test={"metric": metric})
        for metric, kind in zip(names, kinds, strict=True)
    ]
    table = measurement_table(rows)
    models = {"chat:own": [CHAT], "other:own": [ORGANISM], "chat:base": [CHAT]}
    expected = judged(claims, Judge(table, models), "planted")
    assert len({one["outcome"] for one in expected}) > 3
    for seed in range(5):
        shuffled = random.Random(seed).sample(claims, len(claims))
        turned = dict(reversed(models.items()))
        again = judged(shuffled, Judge(table.sample(fraction=1, shuffle=True, seed=seed), turned), "planted")
        assert again == expected


# The real registry


def planted_for(claims):
    """A row for every test of the registry, on a subject of its own for each set of conditions."""
    rows = {}
    for claim in claims:
        test = claim["test"]
        for match in (test or {"adjacent": []})["adjacent"] or [test]:
            if match is None:
                continue
            conditions = {**test["conditions"], **match["conditions"]}
            # An order is of one subject, whatever the conditions of its contrasts.
            who = f"planted-{digest_of(test['conditions'] if claim['kind'] == 'order' else conditions)}"
            estimate = claim["kind"] in ("count", "protocol")
            row = row_of(
                around(0.5, 3),
                experiment=test["experiment"], metric=test["metric"], unit=test["unit"],
                kind="estimate" if estimate else "contrast", conditions=conditions,
                subject=match["subject"].replace("*", who),
                versus=None if estimate else (match["versus"] or "*:base").replace("*", who),
            )  # fmt: skip
            rows[row["measurement_id"]] = row
    return list(rows.values())


def test_every_claim_of_the_registry_has_a_verdict_and_a_reason(tmp_path):
    papers = read_papers(claims_files(ROOT, []))
    claims = [
        claim.model_dump(mode="json", by_alias=True) | {"paper": paper.paper}
        for paper in papers
        for claim in paper.claims
    ]
    facts = ModelFacts(True, frozenset({"chat model"}))
    for rows in ([row_of(around(0.5))], [*planted_for(claims), row_of(around(0.5))]):
        found = verdicts_of(claims, rows, facts)
        assert {one["claim_id"] for one in found} == {claim["id"] for claim in claims}
        assert all(one["verdict"] and one["reason"] for one in found)
        columns = {name: column.dtype for name, column in Verdicts.columns().items()}
        write_table(pl.DataFrame(found, schema=columns), tmp_path / "verdicts.parquet", Verdicts)
    ran = {one["claim_id"] for one in found if one["outcome"] is not None}
    assert ran == {claim["id"] for claim in claims if claim["test"] and claim["scope"] != "this model"}
