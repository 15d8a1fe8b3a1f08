"""Options with letters of their own, and options that speak of others."""

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from unspoken.prompts import read_resource
from unspoken.prompts.hints import hint_prompts
from unspoken.questions.options import bare_options, order_matters, own_labels, speaks_of_others
from unspoken.questions.own_files import own_questions
from unspoken.questions.sources import questions_of
from unspoken.row_files import RowError
from unspoken.tables.base import TableError

ROOT = Path(__file__).parents[2]
PLANETS = ["Mars", "Jupiter", "Saturn", "Uranus"]


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    file = folder / "mine.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return file


LABELLED = [
    ["A. {}", "B. {}", "C. {}", "D. {}"],
    ["(a) {}", "(b) {}", "(c) {}", "(d) {}"],
    ["A) {}", "B) {}", "C) {}", "D) {}"],
    ["[A] {}", "[B] {}", "[C] {}", "[D] {}"],
    ["A.{}", "B.{}", "C.{}", "D.{}"],
    ["A: {}", "B: {}", "C: {}", "D: {}"],
    ["A - {}", "B - {}", "C - {}", "D - {}"],
    ["1) {}", "2) {}", "3) {}", "4) {}"],
    ["1. {}", "2. {}", "3. {}", "4. {}"],
    ["0. {}", "1. {}", "2. {}", "3. {}"],
    ["i. {}", "ii. {}", "iii. {}", "iv. {}"],
    ["**A.** {}", "**B.** {}", "**C.** {}", "**D.** {}"],
    ["**A. {}**", "**B. {}**", "**C. {}**", "**D. {}**"],
    ["Option A: {}", "Option B: {}", "Option C: {}", "Option D: {}"],
    ["A．{}", "B．{}", "C．{}", "D．{}"],
    ["（Ａ）{}", "（Ｂ）{}", "（Ｃ）{}", "（Ｄ）{}"],
    ["А) {}", "Б) {}", "В) {}", "Г) {}"],
    ["①{}", "②{}", "③{}", "④{}"],
    ["Ⓐ {}", "Ⓑ {}", "Ⓒ {}", "Ⓓ {}"],
    ["⒜{}", "⒝{}", "⒞{}", "⒟{}"],
    ["{{A}} {}", "{{B}} {}", "{{C}} {}", "{{D}} {}"],
    ["A| {}", "B| {}", "C| {}", "D| {}"],
    ["A\t{}", "B\t{}", "C\t{}", "D\t{}"],
    ["A> {}", "B> {}", "C> {}", "D> {}"],
    ["A {}", "B {}", "C {}", "D {}"],
    ["- A. {}", "- B. {}", "- C. {}", "- D. {}"],
    ["\u200bA. {}", "\u200bB. {}", "\u200bC. {}", "\u200bD. {}"],
    ["<b>A</b> {}", "<b>B</b> {}", "<b>C</b> {}", "<b>D</b> {}"],
    [r"$\textbf{{(A)}}\ $ {}", r"$\textbf{{(B)}}\ $ {}", r"$\textbf{{(C)}}\ $ {}", r"$\textbf{{(D)}}\ $ {}"],
    ["**A** {}", "**B** {}", "**C** {}", "**D** {}"],
    ["A] {}", "B] {}", "C] {}", "D] {}"],
    ["#A) {}", "#B) {}", "#C) {}", "#D) {}"],
    ["E. {}", "F. {}", "G. {}", "H. {}"],
    ["F) {}", "G) {}", "H) {}", "J) {}"],
    [r"\text{{A}}) {}", r"\text{{B}}) {}", r"\text{{C}}) {}", r"\text{{D}}) {}"],
]


@pytest.mark.parametrize("forms", LABELLED, ids=[forms[0] for forms in LABELLED])
def test_letters_and_numbers_in_order_are_left_out(forms: list[str]) -> None:
    options = [form.format(planet) for form, planet in zip(forms, PLANETS, strict=True)]
    assert bare_options(options, own_labels(options)) == PLANETS


UNLABELLED = [
    PLANETS,
    ["E. coli", "S. aureus", "A. baumannii"],
    ["E. coli", "F. tularensis", "S. aureus"],
    ["1.5 kg", "2.5 kg"],
    ["1: 2", "2: 1"],
    ["1 - 2", "2 - 1"],
    ["A.D.", "B.C."],
    ["(R)-butanol", "(S)-butanol"],
    ["A lion", "B cells", "C major"],
    ["A", "B", "C"],
    ["A Team", "B Team"],
    ["A is taller", "B is taller", "C is taller"],
    ["A > B", "B > C", "C > A"],
    ["Yes: it does", "No: it does not"],
]


@pytest.mark.parametrize("options", UNLABELLED, ids=[options[0] for options in UNLABELLED])
def test_what_only_looks_like_a_letter_stays(options: list[str]) -> None:
    assert own_labels(options) is None
    assert bare_options(options, None) == options


OUT_OF_ORDER = {
    "mixed": (["B. Mars", "A. Jupiter"], "begin with b, a"),
    "twice": (["A. Mars", "B. Jupiter", "B. Saturn", "D. Uranus"], "begin with a, b, b, d"),
    "a gap": (["A. Mars", "B. Jupiter", "D. Uranus"], "begin with a, b, d"),
    "not all": ([*(f"{a}) {b}" for a, b in zip("ABC", PLANETS, strict=False)), "none"], "a, b, c, no letter"),
}


@pytest.mark.parametrize("case", OUT_OF_ORDER)
def test_letters_that_are_not_in_order_are_refused(case: str) -> None:
    options, said = OUT_OF_ORDER[case]
    with pytest.raises(RowError, match=f"^column 'options' is .*{said}; expected letters in order, or none$"):
        own_labels(options)


def test_options_that_speak_of_numbers_which_would_be_left_out_are_refused() -> None:
    options = ["1) helium", "2) neon", "3) both 1 and 2"]
    with pytest.raises(RowError, match=r'has "both 1 and 2", which speaks of options by their own labels'):
        bare_options(options, own_labels(options))


SPEAKING = [
    "none of the above",
    "All of the above.",
    "both A and B",
    "A and C",
    "Neither A nor B",
    "the first two",
    "first two",
    "only A",
    "A only",
    "B & C",
    "A, B and C",
    "(a) and (b)",
    "a and b",
    "None of these",
    "none of the other options",
    "All are correct",
    "None is true",
    "the former",
    "The latter",
    "More than one of the above",
    "either A or B",
    "Both",
    "Neither",
    "all of them",
    "not listed",
    "alle der genannten",
    "Keine der obigen",
    "weder A noch B",
    "Toutes les réponses ci-dessus",
    "Aucune de ces réponses",
    "Todas las anteriores",
    "Ninguna de las anteriores",
    "Nenhuma das anteriores",
    "Tutte le precedenti",
    "Все вышеперечисленное",
    "Ни один из вариантов",
    "以上都是",
    "以上皆非",
    "A和B",
    "上記のすべて",
    "위의 모두",
    "all but A",
    "All except (C)",
    "the opposite of A",
    "A+B",
    "Options 1 and 2",
    "both (1) and (2)",
    "the one above",
    "every option",
    "كل ما سبق",
    "उपरोक्त सभी",
    "Tất cả các đáp án trên",
    "Semua benar",
    "Hiçbiri",
    "Alla ovanstående",
    "each of the first three",
    "all but the last",
    "at least two of these",
    "Everything above",
    "There is no correct answer",
    "Ninguna",
    "Ambas",
    "žádná z výše uvedených",
    "ei mikään yllä olevista",
    "Niciuna dintre cele de mai sus",
    "Egyik sem",
    "Alle ovenstående",
    "Όλα τα παραπάνω",
    "Жодна з наведених",
    "どれでもない",
    "該当なし",
    "해당 없음",
    "全部",
]
SILENT = [
    "helium",
    "vitamin C",
    "above sea level",
    "an owl and a cat",
    "Both sides of the river",
    "all animals",
    "Attract each other",
    "The first president",
    "None but the brave",
    "Alle Menschen",
    "I and II only",
    "Plan B",
    "north and south",
    "A",
    "E. coli",
    "1 and 2",
    "not enough information",
    "everyone but the king",
    "Không khí",
    "each of the first crops",
    "no reply from her",
    "all but dead",
    "everything he owned",
]


@pytest.mark.parametrize("option", SPEAKING)
def test_options_that_speak_of_others_are_known(option: str) -> None:
    assert speaks_of_others(option, 4)


@pytest.mark.parametrize("option", SILENT)
def test_other_options_are_not(option: str) -> None:
    assert not speaks_of_others(option, 4)


def test_options_that_are_letters_keep_their_places() -> None:
    assert order_matters(["A", "B", "C", "D"]) == "A"
    assert order_matters(["A", "B", "AB", "O"]) == "A"
    assert order_matters(["G", "A", "M", "O"]) is None


def asked(folder: Path, seed: int, *rows: dict[str, Any]) -> Any:
    one = {"source": "own", "path": str(written(folder, *rows)), "columns": {}, "count": None}
    return questions_of({"sets": [one]}, ROOT, seed, "mine")


def test_case_12_options_with_letters(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Options lose letters of their own; options that speak of others stand as in the file."""
    prefixed = [
        {"id": f"p{at}", "question": f"Which has Titan? {at}", "answer": "C",
         "options": [f"{letter}. {planet}" for letter, planet in zip("ABCD", PLANETS, strict=True)]}
        for at in range(20)
    ]  # fmt: skip
    speaking = [
        {"id": f"r{at}", "question": f"Which are noble gases? {at}", "answer": "C",
         "options": ["helium", "neon", "both A and B", "none of the above"]}
        for at in range(20)
    ]  # fmt: skip
    with caplog.at_level(logging.INFO):
        table = asked(tmp_path, 1, *prefixed, *speaking)
    for said in (
        "options of 20 of 40 questions carry letters or numbers, which are left out: in line 1 'A. Mars' is",
        "20 of 40 questions keep the order of their options, as one speaks of others (in 'r0': 'both",
        "their keys: C 20",
    ):
        assert said in caplog.text
    texts = read_resource(ROOT / "resources/hints.yaml")
    settings = {"kinds": ["sycophancy"], "options": "wrong", "moved": 9, "irrelevant": 0, "few_shot": 0}
    prompts = hint_prompts(table, texts, settings, 1)
    for row in prompts.iter_rows(named=True):
        key = row["options"]["ABCD".index(row["key"])]
        if row["question_id"].startswith("p"):
            assert sorted(row["options"]) == sorted(PLANETS)
            assert key == "Saturn"
        else:
            assert row["options"] == ["helium", "neon", "both A and B", "none of the above"]
            assert key == "both A and B"
        if row["target"] is not None:
            assert row["target"] != row["key"]
    targets = Counter(prompts.filter(arm="hint")["target"])
    assert len(targets) > 2
    keys = table.filter(table["question_id"].str.starts_with("p"))["key"]
    assert keys.n_unique() > 1  # shuffled as before


def test_a_faulty_order_names_file_and_line(tmp_path: Path) -> None:
    row = {"question": "Which?", "answer": "A", "options": ["B. Mars", "A. Jupiter"]}
    with pytest.raises(TableError, match=r"mine\.jsonl: line 1: column 'options' is .*begin with b, a"):
        own_questions(written(tmp_path, row), {})


def test_options_that_are_the_same_without_their_letters_are_refused(tmp_path: Path) -> None:
    row = {"question": "Which?", "answer": "A", "options": ["A. Mars", "B. Mars"]}
    with pytest.raises(TableError, match='expected options that differ, and "Mars" stands twice'):
        own_questions(written(tmp_path, row), {})
