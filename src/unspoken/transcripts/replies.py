"""Replies of a user's file, row by row: what its format tells, what `columns` names, and what is wrong."""

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from unspoken.answers.marks import BEGINS
from unspoken.questions.options import bare_options, own_labels
from unspoken.questions.own_files import letters
from unspoken.row_files import Row, RowError, found_at, place, typed, wrong
from unspoken.tables.base import TableError
from unspoken.transcripts.formats import Format, told_rows
from unspoken.transcripts.listed_options import options_in
from unspoken.transcripts.said import ended, marked
from unspoken.transcripts.settings import settings_in
from unspoken.transcripts.subjects import may_say
from unspoken.transcripts.told import FIELDS, Reply, Told, letter_of

log = logging.getLogger("import_transcripts")
Thinking = Literal["marked", "open"]
USUAL_OPTIONS = 4
HINTED = ("hint", "moved", "irrelevant")
ARMS = ("unhinted", "sham", *HINTED)
NO_KIND = ("", "none", "null")
"""How logs say in a text that there is no hint."""


class ReplyRows:
    """Reads the rows of one file into what is kept of each reply."""

    def __init__(
        self, file: Path, name: Format, columns: dict[str, str], kinds: Sequence[str], thinking: Thinking
    ) -> None:
        """Take the file and its format, the columns that have another name, and the kinds of hints."""
        self.file, self.name, self.columns, self.kinds = file, name, columns, kinds
        self.opened = thinking == "open"
        self.listed = self.assumed = 0
        unknown = [field for field in columns if field not in FIELDS]
        if unknown:
            raise TableError(f"{file}: columns: got '{unknown[0]}'; expected some of {', '.join(FIELDS)}")

    def __iter__(self) -> Iterator[Row]:
        """Yield each reply: PLAIN but for `question_id`, with `question`, and what may say who answered."""
        seen: set[str] = set()
        number, part, first = 0, 0, ""
        for told in told_rows(self.file, self.name):
            part = part + 1 if told.number == number else 0
            number, first = told.number, first or ", ".join(told.own)
            try:
                kept = self._kept(told, seen)
            except RowError as error:
                unseen = next((path for path in self.columns.values() if path not in seen), None)
                more = f"; and no row up to it has '{unseen}', which `columns` names" if unseen else ""
                raise TableError(f"{self.file}: {place(self.file, number)}: {error}{more}") from None
            yield {
                **kept, "number": number, "part": part, "may_say": may_say(told.own, self.columns),
                "settings": settings_in(told.own, self.columns),
            }  # fmt: skip
        self._say_options()
        for path in self.columns.values():
            if number and path not in seen:
                raise TableError(f"{self.file}: column '{path}' is in no row; the first has: {first}")

    def _kept(self, told: Told, seen: set[str]) -> Row:
        row = {field: told.told.get(field) for field in FIELDS}
        for field, path in self.columns.items():
            found, value = found_at(told.own, path)
            if found:
                seen.add(path)
            row[field] = value
        self._find_options(row)
        if self.name != "rows":
            _loosen(row, self.columns)
        for field in ("sample", "subject"):  # a number may say either, and 0.7 is a temperature
            value = row[field]
            if isinstance(value, float) and math.isfinite(value):
                row[field] = int(value) if value.is_integer() else str(value)
        reply = typed(Reply, row)
        if "subject" in self.columns and reply.subject is None:
            raise wrong("subject", None, "a text: who answered")
        if self.name == "rows" and reply.question is None:
            raise wrong("question", None, "a text")
        return self._checked(reply, bool(told.told.get("opened")))

    def _find_options(self, row: Row) -> None:
        """Take the options from a prompt's own list, where the row has them nowhere else."""
        asked = row["prompt"] or row["question"]
        if row["options"] or not isinstance(asked, str):
            return
        found = options_in(asked)
        if found and row["n_options"] in (None, len(found)):
            row["options"] = found
            self.listed += 1
        elif row["n_options"] is None:
            self.assumed += 1

    def _say_options(self) -> None:
        if self.listed:
            log.info("the options of %d replies are those that their prompts list", self.listed)
        if self.assumed:
            log.warning(
                "%d replies have their options nowhere, and are taken to have %d: a column options, or"
                " n_options, says otherwise", self.assumed, USUAL_OPTIONS,
            )  # fmt: skip

    def _checked(self, reply: Reply, opened: bool) -> Row:
        """Return what is kept of a reply. Raises RowError for what does not go together."""
        options = _bare(reply.options)
        texts = [*enumerate(options or []), *enumerate(reply.options or [])]
        size = _size(reply.n_options, reply.options)
        letter = _strict_letter if self.name == "rows" else letter_of
        arm = _arm(reply, self.name)
        if self.name == "rows" and not (reply.chain + (reply.thinking or "")).strip():
            raise wrong("chain", reply.chain, "a text that is not blank")
        chain = reply.chain if reply.thinking is None else f"{_thought(reply.thinking)}{reply.chain}"
        hinted = arm in HINTED
        # A hint may stand in the text that was asked, so that the question itself is then not known.
        known = self.name == "rows" or not hinted or "question" in self.columns
        prompt = reply.prompt or reply.question
        if prompt is None:
            raise wrong("question", None, "a text, or `prompt`")
        return {
            "subject": reply.subject, "id": reply.id,
            "question": (reply.question or prompt) if known else None,
            "arm": arm, "kind": _kind(reply, arm, self.kinds),
            "target": _target(letter("target", reply.target, texts, size), arm),
            "key": letter("key", reply.key, texts, size), "n_options": size,
            "options": options, "user": prompt, "system": reply.system, "chain": chain,
            "stated": letter("answer", reply.answer, texts, size), "sample": reply.sample,
            "finish_reason": ended(reply.finish_reason), "opened": self.opened or opened,
            "n_tokens": reply.n_tokens, "thinking_tokens": reply.thinking_tokens,
        }  # fmt: skip


def _loosen(row: Row, columns: dict[str, str]) -> None:
    """Take what logs say in texts as what it is: `"true"`, a number of a sample, no hint."""
    if isinstance(row["hinted"], str) and row["hinted"].lower() in ("true", "false"):
        row["hinted"] = row["hinted"].lower() == "true"
    if isinstance(row["kind"], str) and row["kind"].strip().lower() in NO_KIND:
        row["kind"] = None
    if row["hinted"] is None:
        row["hinted"] = row["kind"] is not None
    if row["target"] in ("", "none") and "target" in columns:
        row["target"] = None
    if not row["options"] and not row["n_options"]:
        raise RowError(
            "neither the row nor its prompt lists options; expected multiple-choice questions, or"
            " `columns` that name options or n_options"
        )


def _arm(reply: Reply, name: Format) -> str:
    if reply.arm is not None:
        if reply.arm not in ARMS:
            raise wrong("arm", reply.arm, f"one of {', '.join(ARMS)}")
        return reply.arm
    if reply.hinted is None:
        raise wrong("hinted", None, "true or false")
    # Which of the unhinted replies is the sham is known when all rows are (`arms`).
    return "hint" if reply.hinted else "asked"


def _thought(thinking: str) -> str:
    """Return thinking of a column of its own, between marks: those that it has, or this project's."""
    return thinking if BEGINS in thinking else marked(thinking) or ""


def _size(count: int | None, options: list[str] | None) -> int:
    """Return how many options a question has. Raises RowError for another count than there are."""
    if count is None:
        return len(options) if options else USUAL_OPTIONS
    if options and len(options) != count:
        raise wrong("n_options", count, f"{len(options)}, as many as there are options")
    return count


def _bare(options: list[str] | None) -> list[str] | None:
    """Return options without letters of their own. Raises RowError where these are not in order."""
    return bare_options(options, own_labels(options)) if options else options


def _strict_letter(column: str, value: object, options: Iterable[tuple[int, str]], size: int) -> Any:
    """Return the letter of an option, or None where the column is null. Raises RowError."""
    if value is not None and value not in letters(size):
        raise wrong(column, value, f"a letter from A to {letters(size)[-1]}")
    return value


def _target(target: str | None, arm: str) -> str | None:
    hinted = arm in ("hint", "moved")
    if hinted and target is None:
        raise wrong("target", target, "the letter to which the hint points, as the row is hinted")
    if not hinted and target is not None:
        said = "the hint names no option" if arm == "irrelevant" else "the row has no hint"
        raise wrong("target", target, f"null, as {said}")
    return target


def _kind(reply: Reply, arm: str, kinds: Sequence[str]) -> object:
    kind, known, hinted = reply.kind, f"one of {', '.join(kinds)}", arm in HINTED
    if hinted and kind not in kinds:
        raise wrong("kind", kind, known + ", as the row is hinted" * (kind is None))
    if not hinted and kind is not None:
        raise wrong("kind", kind, "null, as the row has no hint")
    return kind
