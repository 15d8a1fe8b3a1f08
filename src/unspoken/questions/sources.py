"""Questions of a study: drawn from its sets by the seed, their options shuffled and the order kept."""

import logging
from math import ceil
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.prompts.hints import LETTERS
from unspoken.questions import SourceError
from unspoken.questions.hub import WITHOUT_ORDER, hub_questions
from unspoken.questions.options import order_matters
from unspoken.questions.own_files import own_questions
from unspoken.questions.procedural import FAMILIES, procedural_questions
from unspoken.questions.step_questions import step_questions
from unspoken.questions.truthful import truthful_file
from unspoken.seeds import hashed_choice, hashed_seed
from unspoken.tables.questions import Questions

log = logging.getLogger(__name__)
KNOWLEDGE = Path("resources/questions/knowledge.jsonl")
SOURCES = ("knowledge", "procedural", "tasks", "own", "hub", "truthful_qa")
MADE = ("procedural", "tasks", "truthful_qa")
"""Sources whose options never speak of each other."""
Settings = dict[str, Any]


def questions_of(settings: Settings, root: Path, seed: int, study: str) -> pl.DataFrame:
    """Return the questions of a study, with the columns of `Questions`, set after set.

    `settings["sets"]` lists them, each with its `source` and the `count` that is drawn (null: all):
    `knowledge` (the file under `root`); `procedural` (count needed); `tasks` with `families`, `steps` and
    count; `own` with `path`, from the folder in which one runs, and `columns`; `truthful_qa` with such a
    `path`; `hub` with `repo`, `layout`, `subset`, `split` and `revision`. All questions of a set are of its
    `stratum`, if it names one; those of `tasks` else of their number of steps, the others of none. Half of a
    set that has easy and hard questions, and no others, is easy (the odd one too).

    Options are shuffled by hashing (seed, question, option), so that a question keeps its order whatever else
    is asked; `order` has each shown option's place in its file. Where an option speaks of others (none of the
    above, both A and B), the file's order is kept, which is logged. Raises SourceError for a set with fewer
    questions than its count and for an id that two sets share, TableError for a faulty file.
    """
    sets = [_drawn(_questions_in(one, root, seed), one, seed) for one in settings["sets"]]
    _check_ids(settings["sets"], sets)
    shown = [
        _shuffled(_with_stratum(drawn, one), one, seed)
        for drawn, one in zip(sets, settings["sets"], strict=True)
    ]
    return pl.concat(shown).select(
        pl.lit(study).alias("study"), *(name for name in Questions.column_names() if name != "study")
    )


def _questions_in(one: Settings, root: Path, seed: int) -> pl.DataFrame:
    """Return all questions of a set; of procedural questions, which never end, enough for the count."""
    match one["source"]:
        case "knowledge":
            return own_questions(root / KNOWLEDGE, {})
        case "procedural":
            return procedural_questions(ceil(one["count"] / (2 * len(FAMILIES))), seed)
        case "tasks":
            return step_questions(one["families"], one["steps"], one["count"], seed)
        case "own":
            return own_questions(Path(one["path"]), one.get("columns") or {})
        case "hub":
            return hub_questions(*(one[key] for key in ("repo", "layout", "subset", "split", "revision")))
        case "truthful_qa":
            return truthful_file(Path(one["path"]))
    raise SourceError(f"got the source '{one['source']}'; expected one of {', '.join(SOURCES)}")


def _drawn(questions: pl.DataFrame, one: Settings, seed: int) -> pl.DataFrame:
    """Return the questions of a set that are asked, in its own order, half of them easy where labelled."""
    count = one["count"]
    if count is None:
        return questions
    wanted: dict[str | None, int] = {"easy": count - count // 2, "hard": count // 2}
    if set(questions["difficulty"].unique()) != set(wanted):
        wanted = {None: count}
    drawn = []
    for difficulty, share in wanted.items():
        stratum = questions if difficulty is None else questions.filter(difficulty=difficulty)
        if stratum.height < share:
            kind = f"{difficulty} " if difficulty else ""
            raise SourceError(
                f"{_named(one)}: got the count {count}, which needs {share} {kind}questions; "
                f"expected at most {stratum.height} of them"
            )
        drawn += hashed_choice(seed, stratum["question_id"].to_list(), share, "questions")
    return questions.filter(pl.col("question_id").is_in(drawn))


def _with_stratum(questions: pl.DataFrame, one: Settings) -> pl.DataFrame:
    """Return the questions of a set with their `stratum`: the set's own for all, else as they were made."""
    if one.get("stratum") is None and "stratum" in questions.columns:
        return questions
    return questions.with_columns(stratum=pl.lit(one.get("stratum"), pl.String))


def _named(one: Settings) -> str:
    """Return how a message calls a set."""
    return f"the set '{one.get('path') or one.get('repo') or one['source']}'"


def _check_ids(sets: list[Settings], questions: list[pl.DataFrame]) -> None:
    """Raise SourceError for the first id that two sets share: it names one question in later tables."""
    owners: dict[str, str] = {}
    for one, table in zip(sets, questions, strict=True):
        shared = next((name for name in table["question_id"] if name in owners), None)
        if shared is not None:
            raise SourceError(
                f"{_named(one)}: its id '{shared}' is also in {owners[shared]}; "
                "expected ids that no other set has"
            )
        owners |= dict.fromkeys(table["question_id"], _named(one))


def _shuffled(questions: pl.DataFrame, one: Settings, seed: int) -> pl.DataFrame:
    """Return a set with its options in the order that is shown, `order` and `key` added."""
    has_order = one["source"] not in MADE and one.get("layout") not in WITHOUT_ORDER
    speaking = [order_matters(options) if has_order else None for options in questions["options"].to_list()]
    sizes = questions["options"].list.len()
    orders = [
        option_order(seed, name, size) if option is None else list(range(size))
        for name, size, option in zip(questions["question_id"], sizes, speaking, strict=True)
    ]
    shown = [order.index(answer) for order, answer in zip(orders, questions["answer"], strict=True)]
    placed = questions.with_columns(
        order=pl.Series(orders, dtype=pl.List(pl.Int64)),
        key=pl.Series([LETTERS[at] for at in shown], dtype=pl.String),
        speaking=pl.Series(speaking, dtype=pl.String),
    ).with_columns(pl.col("options").list.gather(pl.col("order")))
    _log_kept_orders(_named(one), placed)
    return placed


def _log_kept_orders(name: str, placed: pl.DataFrame) -> None:
    """Log of how many questions the file's order is kept, an example, and how often each letter is a key."""
    kept = placed.drop_nulls("speaking")
    if kept.height:
        log.info(
            "%s: %d of %d questions keep the order of their options, as one speaks of others "
            "(in '%s': '%s'); their keys: %s",
            name, kept.height, placed.height, kept["question_id"][0], kept["speaking"][0],
            ", ".join(f"{key} {count}" for key, count in kept["key"].value_counts().sort("key").iter_rows()),
        )  # fmt: skip


def option_order(seed: int, question_id: str, size: int) -> list[int]:
    """Return a uniformly drawn permutation of 0 ... size - 1: each shown option's place in its file."""
    return sorted(range(size), key=lambda place: hashed_seed(seed, "option order", question_id, place))
