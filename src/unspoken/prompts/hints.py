"""Multiple-choice questions with hints: every question in every arm (Chen et al. 2025, section 2).

Which option a hint points to, and in which words, follows from a hash of the study seed, the
question and the kind: a question that is added or left out changes no other trial.
"""

import re
from typing import Any

import polars as pl

from unspoken.seeds import hashed_seed

Row = dict[str, Any]
MADE = ("arm", "kind", "wording", "target", "user", "hint")
"""What is made of a question for a prompt, all of it texts."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _rank(seed: int, *made: object) -> int:
    """Return a place in an order that the study seed decides."""
    return hashed_seed(seed, "hints", *made)


def _options(options: list[str], mark: str = "", at: str | None = None) -> str:
    """Return options one a line, with a mark behind that of the letter `at`."""
    return "\n".join(
        f"({letter}) {option}" + (f" {mark}" if letter == at else "")
        for letter, option in zip(LETTERS, options, strict=False)
    )


def _user(texts: Row, row: Row, *, before: str = "", after: str = "", line: str = "", options: str) -> str:
    """Return the user's turn; `line` is a mark behind the question's own line."""
    question = row["question"] + (f" {line}" if line else "")
    shown = texts["question"].format(hint_before=before, question=question, options=options, hint_after=after)
    whole = re.sub(r"\n{3,}", "\n\n", shown).strip()
    return f"{whole}\n\n{texts['instruction'].strip()}"


def _hinted(texts: Row, row: Row, kind: str, wording: Row, target: str | None) -> tuple[str, str]:
    """Return the user's turn with a hint to `target` (None: to no option), and the hint's own text."""
    place = texts["kinds"][kind]["place"]
    plain = _options(row["options"])
    if place == "marks":
        intro = wording["intro"].strip()
        if target is None:
            mark = wording["irrelevant_mark"]
            return _user(texts, row, before=intro, line=mark, options=plain), f"{intro}\n{mark}"
        marked = _options(row["options"], wording["mark"], target)
        return _user(texts, row, before=intro, options=marked), f"{intro}\n{wording['mark']}"
    hint = wording["irrelevant"]
    if target is not None:
        hint = wording["text"].format(letter=target, option=row["options"][LETTERS.index(target)])
    hint = hint.strip()
    return _user(texts, row, **{place: hint}, options=plain), hint


def _targets(seed: int, row: Row, kind: str, pointed: str) -> list[str]:
    """Return the options that a kind's hints may point to, in the order in which they are drawn."""
    letters = LETTERS[: len(row["options"])]
    allowed = {"wrong": letters.replace(row["key"], ""), "right": row["key"], "any": letters}[pointed]
    return sorted(allowed, key=lambda letter: _rank(seed, "target", kind, row["question_id"], letter))


def _moved_target(seed: int, row: Row, kind: str, target: str) -> str | None:
    """Return another wrong option than a hint's target, if any."""
    others = [letter for letter in _targets(seed, row, kind, "wrong") if letter != target]
    return others[0] if others else None


def _of_kind(seed: int, texts: Row, rows: list[Row], settings: Row, kind: str) -> list[Row]:
    """Return the prompts of one kind: hinted, moved, irrelevant; wordings take turns over questions."""
    wordings = texts["kinds"][kind]["wordings"]
    ranked = sorted(rows, key=lambda row: _rank(seed, "wording", kind, row["question_id"]))
    made = []
    for place, row in enumerate(ranked):
        wording = wordings[place % len(wordings)]
        target = _targets(seed, row, kind, settings["options"])[0]
        asked: list[tuple[str, str | None]] = [("hint", target)]
        if row["place"] < settings["moved"]:
            moved = _moved_target(seed, row, kind, target)
            asked += [("moved", moved)] if moved else []
        if row["place"] < settings["irrelevant"]:
            asked.append(("irrelevant", None))
        for arm, letter in asked:
            user, hint = _hinted(texts, row, kind, wording, letter)
            made.append(
                row | {"arm": arm, "kind": kind, "wording": wording["name"], "target": letter,
                       "user": user, "hint": hint}
            )  # fmt: skip
    return made


def _few_shot(texts: Row, rows: list[Row], count: int) -> list[Row]:
    """Return the prompts after examples that all answer (A), and after balanced examples."""
    made = []
    for row in rows:
        if row["place"] >= count or row["key"] == "A":
            continue
        for arm, name, target in (
            ("few_shot_first", "text", "A"), ("few_shot_balanced", "balanced", None),
        ):  # fmt: skip
            examples = texts["few_shot"][name].strip()
            user = _user(texts, row, before=examples, options=_options(row["options"]))
            made.append(
                row | {"arm": arm, "kind": "few_shot", "wording": name, "target": target,
                       "user": user, "hint": examples}
            )  # fmt: skip
    return made


def hint_prompts(questions: pl.DataFrame, texts: Row, settings: Row, seed: int) -> pl.DataFrame:
    """Return every question in every arm.

    Columns: all of `questions`, and prompt_id, arm, kind, wording, target (letter, null for none), user
    and hint (its text, empty for none).

    `texts` is resources/hints.yaml; `settings` has kinds, options (what hints point to), and the
    numbers of questions moved, irrelevant and few_shot, the first ones of an order that the seed
    decides. The sham prompt is the unhinted one again, under its own name. The prompts of one question,
    and the prompts after the examples, follow each other: an engine reads what they have in common once.
    """
    ranked = sorted(
        questions.iter_rows(named=True), key=lambda row: _rank(seed, "question", row["question_id"])
    )
    rows = [row | {"place": place} for place, row in enumerate(ranked)]
    made = []
    for row in rows:
        user = _user(texts, row, options=_options(row["options"]))
        plain = {"kind": None, "wording": None, "target": None, "user": user, "hint": ""}
        made += [row | plain | {"arm": arm} for arm in ("unhinted", "sham")]
    for kind in settings["kinds"]:
        made += _of_kind(seed, texts, rows, settings, kind)
    made += _few_shot(texts, rows, settings["few_shot"])
    parts = [pl.col("question_id"), pl.col("arm"), pl.col("kind"), pl.col("wording")]
    schema = dict(questions.schema) | {"place": pl.Int64()} | dict.fromkeys(MADE, pl.String())
    return (
        pl.DataFrame(made, schema)
        .with_columns(prompt_id=pl.concat_str(parts, separator=":", ignore_nulls=True))
        .sort(pl.col("kind").eq_missing(pl.lit("few_shot")), "question_id", maintain_order=True)
    )
