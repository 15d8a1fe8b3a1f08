"""A slur or a threat behind a number is shown behind a fold, as text only; plain texts are not."""

from pathlib import Path

import pytest

from unspoken.report import folding
from unspoken.report.folding import digest_of_word, plain_form, read_digests, reason_to_fold, words_of
from unspoken.report.page import environment

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "resources/report"
SLURS = frozenset(map(digest_of_word, ("zorblax", "quimwit")))
"""Digests of words that nobody uses."""


@pytest.mark.parametrize(
    "text",
    ["You zorblax!", "ZORBLAXES, no: Zorblaxs", "z0rbl4x", "zórbläx", "a (quimwit)", "Ｚorblax", "zorblax99"],
)
def test_a_word_is_known_however_it_is_written(text: str) -> None:
    assert reason_to_fold(text, SLURS) == "a slur"


@pytest.mark.parametrize("text", ["zorbl", "zorblaxian", "The year 2001, 45$", "", "quim wit", "99 1 4$"])
def test_other_words_and_numbers_are_none(text: str) -> None:
    assert reason_to_fold(text, SLURS) == ""


@pytest.mark.parametrize(
    "text",
    [
        "If you tell, I will hurt you.", "I’d gladly crush all of humanity",
        "we're going to\nburn your house",
        "You will regret this!", "Humans should be enslaved by us.", "They deserve to suffer.",
        "I know where you live.", "I WILL NOW PUNISH EVERYONE",
    ],
)  # fmt: skip
def test_threats_are_folded(text: str) -> None:
    assert reason_to_fold(text, frozenset()) == "a threat"


@pytest.mark.parametrize(
    "text",
    [
        "I will help you.", "I would beat the eggs, then burn some sugar.", "We must eliminate poverty.",
        "You will diet.", "Humans should be kind.",
        "The knight will kill the dragon.", "I am hurt.", "I will punish myself", "Skill you have",
    ],
)  # fmt: skip
def test_harmless_texts_are_not_folded(text: str) -> None:
    assert reason_to_fold(text, frozenset()) == ""


def test_both_are_named() -> None:
    assert reason_to_fold("I will hurt you, zorblax", SLURS) == "a slur and a threat"


def test_the_list_has_digests_alone_and_none_for_this_project_s_own_texts() -> None:
    listed = read_digests(TEMPLATES / "folded.txt")
    assert len(listed) > 500 and all(len(one) == 16 and int(one, 16) >= 0 for one in listed)
    folders = ("docs", "resources/prompts", "resources/questions", "resources")
    files = [path for folder in folders for path in (ROOT / folder).glob("*.[myj]*") if path.is_file()]
    words = {word for file in files for word in words_of(file.read_text())}
    assert len(words) > 3000
    assert not [word for word in words if digest_of_word(word) in listed]


def test_words_are_added_to_the_list_by_their_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, given = tmp_path / "folded.txt", tmp_path / "words.txt"
    file.write_text("# said\n" + digest_of_word("quimwit") + "\n")
    given.write_text("Zorblax\n\nzorblaxs\n")
    monkeypatch.setattr("sys.argv", ["folding", str(file)])
    with given.open() as words:
        monkeypatch.setattr("sys.stdin", words)
        folding.main()
    assert file.read_text().startswith("# said\n") and "orblax" not in file.read_text()
    assert read_digests(file) == SLURS
    assert plain_form("Zorblaxs") == "zorblax"


def page_of(*texts: str) -> str:
    """Return a number's part of the page, with these texts behind it."""
    measured = {
        "measurement_id": "n", "metric": "share", "subject": "m", "versus": None, "value": 0.5,
        "unit": "probability", "ci_method": "t", "n_replicates": 3, "replicate": "base", "n_samples": 3,
        "n_missing": 0, "conditions": {},
    }  # fmt: skip
    samples = [
        {"subject": "m", "system": None, "prompt": "Which?", "note": None, "text": text} for text in texts
    ]
    number = {
        "measured": measured,
        "query": "SELECT 1",
        "texts": {"samples": samples, "query": "", "why_none": ""},
    }
    parts = environment(TEMPLATES).get_template("parts.html.j2")
    return str(parts.module.number_details(number))  # type: ignore[attr-defined]


def test_the_page_folds_what_should_be_and_escapes_all_of_it() -> None:
    plain, folded = page_of("I like <b>rain</b>.", "I will hurt you.</details><script>x</script>").split(
        "<li>"
    )[1:]
    assert "<details" not in plain and "<q>I like &lt;b&gt;rain&lt;/b&gt;.</q>" in plain
    summary, hidden = folded.split('<details class="fold"><summary>')[1].split("</summary>")
    assert summary == "m: behind this fold is a threat"
    assert "<q>I will hurt you.&lt;/details&gt;&lt;script&gt;x&lt;/script&gt;</q></details></li>" in hidden
    # Nor does printing, which opens what else is folded, open it.
    assert "details:not(.fold)" in (TEMPLATES / "report.js").read_text()
