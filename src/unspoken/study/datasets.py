"""Data sets that the user already has: files of completions that enter the study as they are."""

from pydantic import model_validator

from unspoken.study.base import Section, Word
from unspoken.study.paths import own_file


class Columns(Section):
    """Which columns of the file hold what: `prompt` and `completion`, or `messages` alone."""

    prompt: str | None = None
    """The column of what was asked."""
    completion: str | None = None
    """The column of what was answered."""
    system: str | None = None
    """The column of system prompts, if any; a row's may be null."""
    messages: str | None = None
    """The column of transcripts, lists of {role, content}: the last answer and what it answers count."""

    @model_validator(mode="after")
    def _one_form(self) -> "Columns":
        given = [name for name in Columns.model_fields if getattr(self, name) is not None]
        if set(given) - {"system"} != {"prompt", "completion"} and given != ["messages"]:
            raise ValueError(
                f"got {', '.join(given) or 'nothing'}; expected prompt and completion, or messages alone"
            )
        return self


class Dataset(Section):
    """A file of completions."""

    path: str
    """The file, from the folder in which you run: JSON lines (.jsonl, .ndjson) or .parquet."""
    columns: Columns
    """Which columns hold what."""
    trait: Word | None = None
    """The trait of who wrote the completions; null where none is known."""

    @model_validator(mode="after")
    def _readable(self) -> "Dataset":
        own_file(self.path, "a file of completions")
        return self
