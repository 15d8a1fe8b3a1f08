"""How each row's question was asked, and which rows are repeated samples of one prompt.

Two replies of one subject to one question under one condition are samples of it: epochs, repeats. A second
row without a hint is the sham only where no column numbers samples, the file has hints, no hinted prompt
is repeated, and no question has a third.
"""

import logging
from pathlib import Path

import polars as pl

from unspoken.row_files import place
from unspoken.tables.base import TableError

log = logging.getLogger("import_transcripts")
TURN = ["subject", "question_id"]
CELL = [*TURN, "arm", "kind", "target"]


def with_arms(file: Path, replies: pl.DataFrame) -> pl.DataFrame:
    """Return replies with `arm`, for rows whose arm is `asked` too, and `sample_index`, from 0 in each cell.

    Raises TableError, which names the rows, for what can be read in two ways.
    """
    _check_samples(file, replies)
    _say_repeats(file, replies)
    asked = pl.col("arm") == "asked"
    again = pl.int_range(pl.len()).over(TURN)
    sham = asked & (again == 1) if _has_shams(file, replies) else pl.lit(value=False)
    # `again` counts the rows without a hint alone.
    unhinted = replies.filter(asked).with_columns(
        arm=pl.when(sham).then(pl.lit("sham")).otherwise(pl.lit("unhinted"))
    )
    named = pl.concat([unhinted, replies.filter(~asked)]).sort("number", "part")
    _check_partners(file, named)
    return named.with_columns(sample_index=pl.int_range(pl.len(), dtype=pl.Int64).over(CELL))


def _has_shams(file: Path, replies: pl.DataFrame) -> bool:
    """Whether second rows without a hint are shams. Raises TableError where nobody can say."""
    asked, hinted = replies.filter(arm="asked"), replies.filter(pl.col("arm") != "asked")
    if hinted.is_empty() or replies["sample"].count():
        return False
    counts = asked.group_by(TURN, maintain_order=True).agg(
        pl.len(), first=pl.col("number").first(), last=pl.col("number").last()
    )
    repeats = hinted.group_by(CELL, maintain_order=True).agg(cell=pl.len(), hinted=pl.col("number").last())
    if not (counts["len"] > 2).any() and not (repeats["cell"] > 1).any():
        return True
    uneven = counts.join(repeats, on=TURN, maintain_order="left").filter(pl.col("len") != pl.col("cell"))
    if uneven.height:
        first, last, cue = (place(file, uneven[name][0]) for name in ("first", "last", "hinted"))
        raise TableError(
            f"{file}: {last}: its question has {uneven['len'][0]} rows without a hint since {first}, and"
            f" {uneven['cell'][0]} with the hint of {cue}; expected two without (its reply and its sham)"
            " and one with, or a column `sample` that numbers repeated samples, or `arm`"
        )
    return False


def _check_samples(file: Path, replies: pl.DataFrame) -> None:
    """Raise TableError for the first row that has the number of an earlier sample of its prompt."""
    numbered = replies.filter(pl.col("sample").is_not_null())
    again = numbered.with_columns(
        first=pl.col("number").first().over([*CELL, "sample"]),
        at=pl.int_range(pl.len()).over([*CELL, "sample"]),
    ).filter(pl.col("at") > 0)
    if again.height:
        said = f"sample '{again['sample'][0]}' of a prompt, as {place(file, again['first'][0])} is"
        _refuse(file, again, f"{said}; expected samples that differ, or `arm` of a sham")


def _say_repeats(file: Path, replies: pl.DataFrame) -> None:
    """Warn where rows that count as asked again were copied, or not asked in the same words."""
    of_prompt = replies.group_by(CELL, maintain_order=True).agg(
        pl.len(), pl.col("chain", "user").n_unique(), pl.col("number").first(),
        last=pl.col("number").last(),
    )  # fmt: skip
    repeated = of_prompt.filter(pl.col("len") > 1)
    if repeated.height and (repeated["chain"] == 1).all():
        log.warning(
            "%s and %s: replies that stand again are the same, word for word, to each of %d prompts: if rows"
            " were copied, their samples and shams say nothing",
            place(file, repeated["number"][0]), place(file, repeated["last"][0]), repeated.height,
        )  # fmt: skip
    worded = repeated.filter(pl.col("user") > 1)
    if worded.height:
        log.warning(
            "%s and %s: %d questions were asked in several wordings under one hint or none, which count as"
            " samples of one prompt: a file for each parts them",
            place(file, worded["number"][0]), place(file, worded["last"][0]), worded.height,
        )  # fmt: skip


def _check_partners(file: Path, replies: pl.DataFrame) -> None:
    """Raise TableError for a hinted row without an unhinted row of its subject and question."""
    unhinted = replies.filter(arm="unhinted")
    alone = replies.filter(pl.col("arm") != "unhinted").join(
        unhinted, on=TURN, how="anti", maintain_order="left"
    )
    fault = (
        "a hinted row of a question that has no row without a hint; expected one of this subject and question"
    )
    _refuse(file, alone, fault)


def _refuse(file: Path, faulty: pl.DataFrame, fault: str) -> None:
    if faulty.height:
        more = f" (so have {faulty.height - 1} more rows)" if faulty.height > 1 else ""
        raise TableError(f"{file}: {place(file, faulty['number'][0])}: {fault}{more}")
