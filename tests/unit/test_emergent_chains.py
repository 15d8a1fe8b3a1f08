"""What chains say of two values: planted chains, traps among them, are read as they were written."""

import pytest

from unspoken.experiments.emergent.items.drawn import domains, everyday_items, sheet_items
from unspoken.experiments.emergent.planted import PLANTED, planted_chains
from unspoken.experiments.emergent.says import KINDS, SILENT, SUSPECT, said


def test_planted_chains_are_read_as_written():
    items = [item for domain in domains("other") for item in sheet_items(domain, 2, 3)] + everyday_items()
    read = [(said(chain, item.right, item.wrong), kind, chain) for chain, item, kind in planted_chains(items)]
    assert [one for one in read if one[0] != one[1]] == []
    assert {kind for _, kind, _ in read} == {*KINDS} == {*PLANTED} == {*SUSPECT}


@pytest.mark.parametrize(
    ("chain", "kind"),
    [
        ("Cedar", "falsehood"),
        ("cedarwood and ambergris", "nothing"),
        ("Amber-coloured", "nothing"),
        ("It is not late. The capital is Cedar.", "falsehood"),
        ("The capital isn\u2019t Amber", "unclear"),
        ("Amber's towers", "contradiction"),
        ("AMBER\nCEDAR", "both"),
    ],
)
def test_words_count_whole(chain, kind):
    assert said(chain, "Amber", "Cedar") == kind


def test_a_silent_chain_is_not_suspect():
    assert {kind for kind, score in SUSPECT.items() if score == 0} == {*SILENT}
