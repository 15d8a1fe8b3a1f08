"""Chains drawn to be labelled by a person, and the labels kept in a file (resources/gold/guideline.md).

A judge's verdicts are corrected by labels of some chains, drawn within strata with known probabilities
(`calibration`). Here they are drawn, and one session of labelling is carried through: who labels sees the
prompt, its cue and the chain, never what a judge said, the arm, or whether the answer moved.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import ValidationError

from unspoken.expected import said_of
from unspoken.files import written_whole
from unspoken.row_files import RowError, TypedRow, json_object
from unspoken.seeds import hashed_seed

LABELS = ("mentions", "relies")
"""The two questions, each answered by yes or no."""
COLUMNS = (
    "id", "subject", "seed", "prompt_id", "question_id", "kind", "wording", "stratum", "stratum_size",
    "weight", "half", "switched", "judge_mentions", "judge_relies", *LABELS, "label_by", "note",
    "prompt", "hint", "chain",
)  # fmt: skip
"""The keys of a labelled chain."""


class LabelsError(Exception):
    """What stands in the way of labelling, in words for the person who labels."""


def labelling_population(chains: pl.DataFrame, trials: pl.DataFrame) -> pl.DataFrame:
    """Return the chains that can be drawn: one subject's hinted chains that were not cut, with their stratum.

    `chains` are `joined_chains`, `trials` have the columns of their table. A stratum is a kind of hint x
    whether the lexical judge sees a mention x whether the answer switched. Raises LabelsError for none,
    or for several subjects.
    """
    verdicts = trials.select(
        "subject", "prompt_id", "outcome", "answer", "switched",
        judge_mentions="lexical_mentions", judge_relies="lexical_relies",
    )  # fmt: skip
    joined = chains.filter(arm="hint").join(verdicts, on=["subject", "prompt_id"], how="inner")
    known = joined.filter(pl.col("outcome") != "truncated").drop_nulls(
        ["answer", "switched", "judge_mentions"]
    )
    subjects = known["subject"].unique().sort().to_list()
    if len(subjects) != 1:
        raise LabelsError(
            f"expected chains of one subject with a hint and an answer, got {subjects or 'none'}"
        )
    mention = pl.when("judge_mentions").then(pl.lit("yes")).otherwise(pl.lit("no"))
    moved = pl.when("switched").then(pl.lit("switched")).otherwise(pl.lit("not"))
    return known.with_columns(
        pl.col("user").alias("prompt"), stratum=pl.concat_str("kind", mention, moved, separator=":")
    )


def drawn_chains(population: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """Return `count` chains drawn at random within strata, in the order to label them, with weights.

    `population` has prompt_id and stratum. Strata get equally many as far as they have them, so small ones
    are read whole. Adds stratum_size, weight (stratum_size over how many were drawn of it: the weights of
    all sum to the population), half (develop or test, by turns), and an id. Those labelled first, however
    many, are spread over the strata. The draw depends on `seed` and the prompt_ids, not on the order of
    rows. All are drawn where there are no more than `count`. Raises LabelsError where strata outnumber it.
    """
    strata = population["stratum"].n_unique()
    if count < strata:
        raise LabelsError(f"{count} chains are too few for {strata} strata: ask for more")
    lot = np.random.default_rng(hashed_seed(seed, "labels")).permutation(population.height)
    ordered = (
        population.sort("prompt_id")
        .with_columns(lot=pl.Series(lot))
        .with_columns(
            turn=pl.col("lot").rank("ordinal").over("stratum"),
            stratum_size=pl.len().over("stratum").cast(pl.Int64),
        )
    )
    drawn = ordered.sort("turn", "lot").head(count)
    odd = pl.col("turn") % 2 == 1
    return drawn.with_columns(
        weight=pl.col("stratum_size") / pl.len().over("stratum"),
        half=pl.when(odd).then(pl.lit("test")).otherwise(pl.lit("develop")),
        id=pl.format("own-{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(3)),
        seed=pl.lit(seed, pl.Int64),
    ).drop("turn", "lot")


class LabelledChain(TypedRow):
    """What is read of a labelled chain."""

    prompt_id: str
    chain: str
    weight: float
    subject: str
    mentions: bool
    relies: bool


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each line that is not blank; a chain may hold other ends of lines."""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            yield number, line


def _labelled(line: str, path: Path, number: int) -> LabelledChain:
    """Return the chain of a line. Raises LabelsError for a line of something else."""
    try:
        return LabelledChain.model_validate(json_object(line))
    except ValidationError as errors:
        error = errors.errors(include_url=False)[0]
        said = ": ".join([*map(str, error["loc"]), said_of(error, LabelledChain)])
    except RowError as error:
        said = str(error)
    raise LabelsError(f"{path} does not hold labelled chains: line {number}: {said}")


def labelled_chains(path: Path) -> pl.DataFrame:
    """Return the labelled chains of a file that a session wrote, with the columns COLUMNS.

    Raises LabelsError for a file of something else, or without a line.
    """
    rows = [_labelled(line, path, number) for number, line in _lines(path)]
    if not rows:
        raise LabelsError(f"{path} does not hold labelled chains: it is empty")
    frame = pl.read_ndjson(path, infer_schema_length=None)
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise LabelsError(f"{path} does not hold labelled chains: no line has {', '.join(missing)}")
    return frame.select(COLUMNS)


def read_labels(path: Path, drawn: pl.DataFrame) -> dict[str, tuple[bool, bool]]:
    """Return the labels of a file, (mentions, relies) by prompt_id; none if there is no file.

    Raises LabelsError for a file that is not of this draw: labels of other chains or other weights.
    """
    if not path.exists():
        return {}
    rows = [_labelled(line, path, number) for number, line in _lines(path)]
    known = {row.prompt_id: (row.chain, row.weight, row.subject) for row in rows}
    of_draw = drawn.select("prompt_id", "chain", "weight", "subject").rows_by_key("prompt_id", unique=True)
    strangers = [name for name, of_row in known.items() if of_draw.get(name) != of_row]
    if strangers:
        raise LabelsError(
            f"{path} has {len(strangers)} labels of another draw, such as {strangers[0]}: "
            "name another file, or the seed, count and results it was made with"
        )
    return {row.prompt_id: (row.mentions, row.relies) for row in rows}


def labelled_rows(drawn: pl.DataFrame, labels: dict[str, tuple[bool, bool]], by: str) -> pl.DataFrame:
    """Return the labelled chains in the order of the draw, with the columns COLUMNS; `by` says who read."""
    found = pl.DataFrame(
        [(name, *both) for name, both in labels.items()],
        schema={"prompt_id": pl.String, **dict.fromkeys(LABELS, pl.Boolean)},
        orient="row",
    )
    joined = drawn.join(found, on="prompt_id", how="inner", maintain_order="left")
    return joined.with_columns(label_by=pl.lit(by), note=pl.lit("")).select(COLUMNS)


@dataclass
class Session:
    """One pass over drawn chains; after each label the whole file is written anew, or not at all."""

    drawn: pl.DataFrame
    path: Path
    by: str
    labels: dict[str, tuple[bool, bool]] = field(init=False)
    place: int = field(init=False, default=-1)
    """Which of the drawn chains is shown; as many as there are when none is left."""

    def __post_init__(self) -> None:
        """Take up the labels that the file has, at the first chain without a label."""
        self.names = self.drawn["prompt_id"].to_list()
        self.labels = read_labels(self.path, self.drawn)
        self.skip()

    def card(self) -> dict[str, str] | None:
        """Return what is shown of the chain: prompt, hint and chain, nothing else; null at the end."""
        if self.place == len(self.names):
            return None
        return self.drawn.select("prompt", "hint", "chain").row(self.place, named=True)

    def skip(self) -> None:
        """Go on to the next chain without a label; this one comes again in a later session."""
        later = range(self.place + 1, len(self.names))
        self.place = next((at for at in later if self.names[at] not in self.labels), len(self.names))

    def back(self) -> None:
        """Go back to the chain before this one, labelled or not; a new label takes the old label's place."""
        self.place = max(0, self.place - 1)

    def label(self, *, mentions: bool, relies: bool) -> None:
        """Keep a label of the chain that is shown, write the file, and go on. Raises OSError."""
        self.labels[self.names[self.place]] = (mentions, relies)
        rows = labelled_rows(self.drawn, self.labels, self.by).to_dicts()
        with written_whole(self.path) as temporary:
            temporary.write_text(
                "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
            )
        self.skip()
