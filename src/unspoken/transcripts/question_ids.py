"""Which rows are about one question: by its id, or else by its text and options."""

from collections import defaultdict
from pathlib import Path

from unspoken.files import digest_of
from unspoken.row_files import Row, place
from unspoken.tables.base import TableError

OWN_IDS = ("inspect", "lm_eval", "every_eval_ever")
"""Formats whose tool numbers questions and their repeats: one text under two ids is two of its questions."""


class QuestionIds:
    """Checks ids against texts and options, over the rows of one file."""

    def __init__(self, file: Path, name: str) -> None:
        """Take the file, and its format."""
        self.file, self.own_ids = file, name in OWN_IDS
        self._by_id: dict[str, Row] = {}
        self._by_text: dict[str, Row] = {}
        self._said: dict[tuple[str, str], Row] = {}

    def add_to(self, rows: list[Row]) -> None:
        """Give each row its `question_id`. Raises TableError, which names two rows that contradict."""
        sets = defaultdict(set)
        for row in rows:
            if row["question"] and row["options"]:
                sets[_plain(row["question"])].add(_set(row))
        for row in rows:
            if row["id"] is not None:
                self._check_id(row)
        for row in rows:
            row["question_id"] = self._id_of(row, several=len(sets[_plain(row["question"] or "")]) > 1)
        for row in rows:
            self._check_same(row)

    def _fault(self, row: Row, other: Row, fault: str) -> TableError:
        where = f"{self.file}: {place(self.file, row['number'])}"
        return TableError(f"{where}: {fault.format(place(self.file, other['number']))}")

    def _check_id(self, row: Row) -> None:
        """Check that an id has one text and one set of options, and a text one id."""
        known = {**row, "text": row["question"] and _plain(row["question"]), "set": _set(row)}
        first = self._by_id.setdefault(row["id"], known)
        for name, what in (("text", "question"), ("set", "options")):
            if first[name] and known[name] and first[name] != known[name]:
                said = f"its id is '{row['id']}', as that of {{}}, and its {what} is another; expected ids"
                raise self._fault(row, first, f"{said} that differ where questions do")
            first[name] = first[name] or known[name]
        if known["text"] and not self.own_ids:
            twin = self._by_text.setdefault(digest_of([known["text"], known["set"]]), row)
            if twin["id"] != row["id"]:
                said = f"its id is '{row['id']}', and its question and options are those of {{}}"
                raise self._fault(
                    row, twin, f"{said}, whose id is '{twin['id']}'; expected one id a question"
                )

    def _id_of(self, row: Row, *, several: bool) -> str:
        """Return a row's id, or that of its text; options tell questions of one text apart."""
        if row["id"] is not None:
            return str(row["id"])
        text = row["question"]
        if text is None:
            where = f"{self.file}: {place(self.file, row['number'])}"
            raise TableError(
                f"{where}: a hinted row whose question is not known without the hint; expected `columns` that"
                " name id or question"
            )
        twin = self._by_text.get(digest_of([_plain(text), _set(row)]))
        if twin is not None:
            return str(twin["id"])
        return digest_of([text, _set(row)] if several else text)

    def _check_same(self, row: Row) -> None:
        """Check that rows of one subject and question agree on options and key."""
        turn = (row["subject"], row["question_id"])
        first = self._said.setdefault(turn, row)
        for name in ("n_options", "options", "key"):
            if first[name] is None:
                self._said[turn] = first = {**first, name: row[name], "number": row["number"]}
            elif row[name] is not None and row[name] != first[name]:
                raise self._fault(
                    row, first, f"column '{name}' differs from {{}}, a row of the same question"
                )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _set(row: Row) -> tuple[str, ...]:
    """Return a row's options in an order of their own: shuffled, they are the same options."""
    return tuple(sorted(row["options"] or ()))
