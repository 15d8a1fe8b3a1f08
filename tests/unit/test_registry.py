"""The claims registry: every file loads, and a wrong one is said with file, claim and field."""

from pathlib import Path

import pytest
import yaml
from planted_claims import fields_of

from unspoken.registry.load import (
    ClaimsError,
    claims_digest,
    claims_files,
    read_claims,
    read_paper,
    read_papers,
)

ROOT = Path(__file__).parents[2]
FILES = claims_files(ROOT, [])
OWN = {"experiment": None}
"""Changes of the planted claim that leave it without a test."""


def paper_of(*claims, **changed):
    return {
        "paper": "planted2026", "cited": "Planted 2026", "title": "A paper", "year": 2026,
        "url": "https://example.org", "pillar": "faithfulness", "question": "Does it hold?",
        "claims": list(claims), **changed,
    }  # fmt: skip


def written(folder, content, name="planted2026"):
    path = folder / f"{name}.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def refusal(*paths):
    """The one message that these files are refused with."""
    with pytest.raises(ClaimsError) as error:
        read_papers(paths)
    assert "\n" not in str(error.value)
    return str(error.value)


# The real files


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_loads_under_its_name(path):
    assert read_paper(path).paper == path.stem


def test_there_are_385_claims_and_conflicts_name_them():
    claims = [claim for paper in read_papers(FILES) for claim in paper.claims]
    ids = {claim.id for claim in claims}
    assert len(claims) == len(ids) == 385
    assert {other for claim in claims for other in claim.conflicts_with} <= ids


def test_conflicts_are_said_on_both_sides():
    claims = {claim.id: claim for paper in read_papers(FILES) for claim in paper.claims}
    pairs = {(claim.id, other) for claim in claims.values() for other in claim.conflicts_with}
    assert {pair for pair in pairs if pair[::-1] not in pairs or pair[0] == pair[1]} == set()


def test_each_tested_null_names_what_has_to_be_shown_and_a_margin_of_half_of_it_at_most():
    claims = [claim for paper in read_papers(FILES) for claim in paper.claims]
    nulls = [claim for claim in claims if claim.test and claim.kind == "null"]
    assert len(nulls) > 10
    for claim in nulls:
        assert claim.test.counterpart is not None and claim.test.margin is not None, claim.id
        if claim.test.counterpart.effect is not None:
            assert claim.test.margin <= claim.test.counterpart.effect / 2, claim.id
    assert {claim.test.unit for claim in nulls if claim.test.metric == "trait_shift"} == {"log_odds"}


def null_of(**counterpart):
    return fields_of("P-02", kind="null", test={"margin": 0.1, "counterpart": counterpart})


@pytest.mark.parametrize(
    ("counterpart", "said"),
    [
        ({"claim": "P-09"}, "claim: got 'P-09'; expected a claim with a test of a direction"),
        ({"claim": "P-02"}, "claim: got 'P-02'; expected a claim with a test of a direction"),
        ({"claim": "P-01", "effect": 0.19}, "effect: got 0.19 beside a margin of 0.1; expected half of it"),
        ({"claim": "P-01", "effect": -1}, "effect: got -1; expected a number above 0"),
    ],
)
def test_a_counterpart_that_cannot_be_one_is_refused(tmp_path, counterpart, said):
    fault = refusal(written(tmp_path, paper_of(fields_of("P-01"), null_of(**counterpart))))
    assert "claim P-02: test.counterpart." in fault and said in fault
    fine = paper_of(fields_of("P-01"), null_of(claim="P-01", effect=0.2))
    assert read_papers([written(tmp_path, fine | {"paper": "fine2026"}, "fine2026")])


def test_a_counterpart_is_a_null_s_and_of_its_unit(tmp_path):
    other = fields_of("P-01", test={"unit": "probability"}, values=[{"text": "more", "unit": "text"}])
    fault = refusal(written(tmp_path, paper_of(other, null_of(claim="P-01"))))
    assert "P-01 is tested in 'probability'; expected 'log_odds'" in fault
    wrong = fields_of("P-02", test={"counterpart": {"claim": "P-01"}})
    fault = refusal(written(tmp_path, paper_of(fields_of("P-01"), wrong) | {"paper": "b"}, "b"))
    assert "test.counterpart: got one for a direction; expected it for a null alone" in fault


def test_a_test_that_names_no_unlike_model_is_as_it_was_before_the_key():
    """A registration holds digests of tests: a new key at its default must not void it."""
    claims = {claim["id"]: claim for claim in read_claims(FILES)}
    named = {name for name, claim in claims.items() if claim["test"] and "unlike" in claim["test"]}
    assert named == {"IS-03", "IS-39", "IS-40", "IS-50"}


# A stranger's files


def test_a_planted_paper_loads(tmp_path):
    paper = read_paper(written(tmp_path, paper_of(fields_of("P-01"), fields_of("P-02", test=OWN))))
    assert [(claim.id, claim.test is None) for claim in paper.claims] == [("P-01", False), ("P-02", True)]


def test_html_and_sql_are_only_text(tmp_path):
    text = "<script>alert(1)</script> '; DROP TABLE claims; -- {braces} %s & <b>"
    claim = fields_of("P-01", statement=text, where=text, condition=text)
    paper = read_paper(written(tmp_path, paper_of(claim, title=text)))
    assert paper.title == paper.claims[0].statement == paper.claims[0].where == text


def without(name, **changed):
    return {key: value for key, value in fields_of("P-01", **changed).items() if key != name}


def of_value(**fields):
    return {"values": [{"unit": "log_odds", **fields}]}


WRONG = {
    "unknown key": (fields_of("P-01", colour="red"), "colour: unknown key"),
    "unknown key of a test": (fields_of("P-01", test={"seso": 1}), "test.seso: unknown key"),
    "missing field": (without("kind"), "kind: nothing was given; this key is needed"),
    "missing class": (without("class"), "class: nothing was given; this key is needed"),
    "missing value": (fields_of("P-01", values=[]), "values: got []; "),
    "wrong unit": (
        fields_of("P-01", values=[{"value": 1, "unit": "furlongs"}]),
        "values.0.unit: got 'furlongs'; expected 'fraction', ",
    ),
    "number that is none": (fields_of("P-01", **of_value(value="many")), "values.0.value: got 'many'; "),
    "number that is not finite": (
        fields_of("P-01", **of_value(value=float("nan"))),
        "values.0.value: got nan; ",
    ),
    "number without a unit": (fields_of("P-01", values=[{"value": 1}]), "values.0.unit: nothing was given"),
    "unit without a number": (fields_of("P-01", **of_value()), "values.0: unit: expected 'text' exactly"),
    "half an interval": (fields_of("P-01", **of_value(value=1, low=0)), "values.0: low, high: expected both"),
    "interval upside down": (
        fields_of("P-01", **of_value(value=1, low=2, high=0)),
        "values.0: low, high: got 2.0 above 0.0",
    ),
    "unknown kind": (fields_of("P-01", kind="opinion"), "kind: got 'opinion'; expected 'direction', "),
    "a test and a reason": (fields_of("P-01", reason="not built"), "test, reason: expected a test, or"),
    "no test and no reason": (without("reason", test=OWN), "test, reason: expected a test, or"),
    "not usable, and a test": (fields_of("P-01", usable="no"), "usable: got 'no', and the reason None"),
    "argument with a test": (fields_of("P-01", kind="argument"), "kind: got 'argument' with a test"),
    "argument that is not built": (
        fields_of("P-01", kind="argument", test=OWN),
        "reason: got 'not built'; expected 'argument'",
    ),
    "reason of an argument for a direction": (
        fields_of("P-01", reason="argument", test=OWN),
        "reason: got 'argument' for a direction",
    ),
    "closed model of a whole class": (
        fields_of("P-01", reason="closed model", test=OWN),
        "reason: got 'closed model' with the scope 'models of its class'",
    ),
    "test that lacks something": (fields_of("P-01", lacks="a metric"), "lacks: got words beside a test"),
    "neither read nor unread": (fields_of("P-01", read=None), "read, unread: expected the day on which"),
    "read and unread": (fields_of("P-01", unread="no text"), "read, unread: expected the day on which"),
    "reading without a word": (without("read"), "read: nothing was given; this key is needed"),
    "read on no day": (fields_of("P-01", read="soon"), "read: got 'soon'; "),
    "size in another unit": (
        fields_of("P-01", kind="size", values=[{"value": 5, "unit": "percent"}]),
        "values.0.unit: got 'percent', and the test reads 'log_odds'",
    ),
    "count in another unit": (
        fields_of("P-01", kind="count", values=[{"value": 5, "unit": "rows"}]),
        "values.0.unit: got 'rows', and the test reads 'log_odds'",
    ),
    "size without a number": (
        fields_of("P-01", kind="size", **of_value(low=0.1, high=0.2)),
        "values.0.value: nothing was given; a size is tested against a number",
    ),
    "bound that is none": (fields_of("P-01", kind="bound"), "values.0.bound: expected <, <=, > or >="),
    "bound from third-party notes": (
        fields_of("P-01", kind="bound", usable="direction", **of_value(value=1, bound=">")),
        "usable: got 'direction'; a bound is tested against its number",
    ),
    "order without contrasts": (
        fields_of("P-01", kind="order"),
        "test.adjacent: expected the adjacent contrasts",
    ),
    "no smallest effect": (
        fields_of("P-01", test={"unit": "tokens"}),
        "test.sesoi: nothing was given; there is no default for the unit 'tokens'",
    ),
    "no margin": (
        fields_of("P-01", test={"unit": "tokens", "sesoi": 5}),
        "test.margin: nothing was given; there is no default for the unit 'tokens'",
    ),
    "margin of nothing": (fields_of("P-01", test={"margin": 0}), "test.margin: got 0; "),
    "n of something else": (
        fields_of("P-01", published_n={"n": 5, "of": "mice"}),
        "published_n.of: got 'mice'; expected 'base', ",
    ),
    "unlike a model that it is not about": (
        fields_of("P-01", test={"unlike": ["acme/other"]}),
        "test.unlike: got 'acme/other'; expected some of its subject_models",
    ),
    "unknown conflict": (fields_of("P-01", conflicts_with=["P-99"]), "conflicts_with: no claim is 'P-99'"),
}  # fmt: skip


@pytest.mark.parametrize(("claim", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_claim_is_said_with_file_claim_and_field(claim, says, tmp_path):
    path = written(tmp_path, paper_of(fields_of("P-00"), claim))
    assert refusal(path).startswith(f"{path}: claim P-01: {says}")


def test_a_claim_without_an_id_is_said_by_its_number(tmp_path):
    path = written(tmp_path, paper_of(fields_of("P-00"), without("id")))
    assert refusal(path) == f"{path}: claim number 2: id: nothing was given; this key is needed"


def test_a_wrong_paper_is_said_with_file_and_field(tmp_path):
    path = written(tmp_path, paper_of(fields_of("P-01"), year="soon"))
    assert refusal(path).startswith(f"{path}: year: got 'soon'; ")


def test_each_fault_has_its_line(tmp_path):
    path = written(tmp_path, paper_of(fields_of("P-01", colour="red"), fields_of("P-02", tier=9)))
    with pytest.raises(ClaimsError) as error:
        read_paper(path)
    first, second = str(error.value).splitlines()
    assert first.startswith(f"{path}: claim P-01: colour: unknown key; expected one of: id, statement, ")
    assert second.startswith(f"{path}: claim P-02: tier: got 9; ")


def test_an_id_twice_in_a_file(tmp_path):
    path = written(tmp_path, paper_of(fields_of("P-01"), fields_of("P-01")))
    assert refusal(path) == f"{path}: claim P-01: id: {path} has this id too"


def test_an_id_in_two_files(tmp_path):
    one = written(tmp_path, paper_of(fields_of("P-01")))
    two = written(tmp_path, paper_of(fields_of("P-01"), paper="second2026"), "second2026")
    assert refusal(one, two) == f"{two}: claim P-01: id: {one} has this id too"


def test_a_paper_in_two_files(tmp_path):
    one = written(tmp_path, paper_of(fields_of("P-01")))
    two = written(tmp_path, paper_of(fields_of("P-02")), "again")
    assert refusal(one, two) == f"{two}: paper: got 'planted2026', which {one} has too"


def test_a_conflict_may_name_a_claim_of_another_file(tmp_path):
    one = written(tmp_path, paper_of(fields_of("P-01", conflicts_with=["P-02"])))
    two = written(tmp_path, paper_of(fields_of("P-02"), paper="second2026"), "second2026")
    assert len(read_papers([one, two])) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("paper: [\n", ", line 2: not valid YAML: "),
        ("a: b: c\n", ", line 1: not valid YAML: "),
        ("where: 2026-13-45\n", ": not valid YAML: month must be in 1..12"),
        ("- one\n", ": expected keys and values, got list"),
        ("", ": expected keys and values, got nothing"),
    ],
)
def test_what_is_not_a_claims_file(text, says, tmp_path):
    path = written(tmp_path, text)
    assert refusal(path).startswith(f"{path}{says}")


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"paper: \xff\xfe")
    assert refusal(path).startswith(f"{path}, line 1: not UTF-8 (byte 0xff); ")


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "gone.yaml"
    assert refusal(path) == f"{path}: cannot be read: No such file or directory"
    with pytest.raises(ClaimsError, match=r"gone\.yaml: cannot be read"):
        claims_digest([path])


def test_the_digest_is_of_what_files_say(tmp_path):
    def digest(claim, comment=""):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(comment + yaml.safe_dump(paper_of(claim)))
        return claims_digest([path])

    one = digest(fields_of("P-01"))
    assert digest(fields_of("P-01"), "# a comment\n") == one
    assert digest(fields_of("P-01", test={"margin": 0.3})) != one
    with pytest.raises(ClaimsError, match="colour: unknown key"):
        digest(fields_of("P-01", colour="red"))
