"""Questions without options, as prompts: this project's or a published file's, plain and with a suffix."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.prompts import read_resource, wordings
from unspoken.questions import SourceError
from unspoken.row_files import RowError, TypedRow, rows_in, shown, typed
from unspoken.tables.base import TableError
from unspoken.tables.prompts import as_prompts
from unspoken.yaml_files import KeysError, YamlError, loaded

OWN = Path("resources/questions/open.yaml")
ARMS = ("plain", "suffixed")
YAML = (".yaml", ".yml")
Wordings = dict[str, tuple[str, ...]]
"""By question, in how many ways it is asked."""


class OpenRow(TypedRow):
    """A question of a published file; what else stands there (judges, counts of samples) is not read."""

    id: str
    question: str | None = None
    """The only wording, where there are no `paraphrases`."""
    paraphrases: list[str] | None = None


def open_prompts(settings: dict[str, Any], root: Path) -> pl.DataFrame:
    """Return open questions as `Prompts`, each wording in each of the `arms`.

    `settings`: `arms`, some of ARMS; `suffix`, a text of one's own, else the suffix of this project's file;
    and where the questions come from: `path` of a published file, `repo`, `subset`, `split` and `revision` of
    a data set on the hub, or neither: this project's. `item` is the question, the condition `wording` counts
    from 0. Raises ResourceError, TableError or SourceError, which name file and place.
    """
    own = read_resource(root / OWN)
    suffix = settings.get("suffix") or own["suffix"].strip()
    questions = _questions_of(settings, own, root)
    rows = [
        {
            "prompt_id": f"{name}-{wording}:{arm}", "item": name, "arm": arm, "wording": wording,
            "user": f"{text}\n\n{suffix}" if arm == "suffixed" else text,
        }
        for arm in settings["arms"] for name, texts in questions.items() for wording, text in enumerate(texts)
    ]  # fmt: skip
    return as_prompts(pl.DataFrame(rows), ["wording"])


def _questions_of(settings: dict[str, Any], own: dict[str, Any], root: Path) -> Wordings:
    if settings.get("path"):
        return published_questions(Path(settings["path"]))
    if settings.get("repo"):
        return hub_open_questions(*(settings[key] for key in ("repo", "subset", "split", "revision")))
    return {name: wordings(own["questions"], name, root / OWN) for name in own["questions"]}


def published_questions(file: Path) -> Wordings:
    """Return the questions of a published file: YAML as Betley et al. have it, JSON lines or Parquet.

    It is a list of questions with `id` and either `paraphrases` or `question`. Raises TableError, which names
    file and row.
    """
    if file.suffix not in YAML:
        return _wordings_of([row for _, row in rows_in(file, TableError)], str(file), TableError)
    try:
        rows = loaded(file.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, KeysError, YamlError) as error:
        raise TableError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or not rows:
        raise TableError(f"{file}: expected a list of questions, each with id and paraphrases")
    return _wordings_of(rows, str(file), TableError)


def hub_open_questions(repo: str, subset: str, split: str, revision: str | None) -> Wordings:
    """Return the questions of a data set on the hub with the columns of OpenRow. Raises SourceError."""
    from unspoken.questions.hub import hub_table

    rows = hub_table(repo, subset, split, revision).to_dicts()
    return _wordings_of(rows, f"{repo} ({subset}, {split})", SourceError)


def _wordings_of(rows: list[dict[str, Any]], name: str, fault: type[ValueError]) -> Wordings:
    """Return the wordings of each row. Raises `fault` for the first row that is wrong, and without rows."""
    found: Wordings = {}
    for number, row in enumerate(rows, 1):
        try:
            asked = typed(OpenRow, {name: row.get(name) for name in OpenRow.model_fields})
        except RowError as error:
            raise fault(f"{name}: row {number}: {error}") from None
        texts = [text.strip() for text in asked.paraphrases or [asked.question or ""]]
        if not all(texts) or len(set(texts)) < len(texts):
            raise fault(f"{name}: row {number}: expected a question, or paraphrases that differ")
        if not asked.id.strip() or asked.id in found:
            raise fault(f"{name}: row {number}: column 'id' is {shown(asked.id)}; expected each id once")
        found[asked.id] = tuple(texts)
    if not found:
        raise fault(f"{name}: it has no questions")
    return found
