"""The store: every table of a study in one DuckDB file, whole by itself."""

from pathlib import Path

import duckdb
import polars as pl

from unspoken.files import written_whole

COMMENTS = {
    "studies": "The study: its name, seed, digest, and the whole of its configuration as JSON",
    "models": "Base models: where each came from, and at which revision",
    "subjects": "Who answers: base models, prompted, trained, and groups that measurements pool",
    "measurements": "Every number that is reported: estimates and contrasts, with intervals",
    "completions": "Every number completion, with its prompt, sampling settings and origin",
    "filter_audit": "What the filter did with each completion: the rule that dropped it, or null",
    "answers": "Every answer to a probe: sampled text, or the exact log-probability of a choice",
    "training": "Mean loss over stretches of steps of every trained subject",
}


def write_store(
    store: Path, study: str, files: dict[str, list[Path]], frames: dict[str, pl.DataFrame]
) -> dict[str, int]:
    """Write the store whole, or leave the old one; return the rows of each table.

    `files` are Parquet tables to import as they are, `frames` tables made on the way; a table that
    has no column `study` gets it. Readers of the old file keep reading it: the new one takes its
    name at the end.
    """
    with written_whole(store) as temporary, duckdb.connect(str(temporary)) as connection:
        relations = {
            name: connection.read_parquet([str(path) for path in paths], union_by_name=True)
            for name, paths in files.items()
            if paths
        }
        relations |= {name: connection.from_arrow(frame.to_arrow()) for name, frame in frames.items()}
        for name, relation in relations.items():
            named = duckdb.ConstantExpression(study).alias("study")
            has_study = "study" in relation.columns
            whole = relation if has_study else relation.select(named, duckdb.StarExpression())
            whole.create(name)
            connection.execute(f"COMMENT ON TABLE {name} IS '{COMMENTS[name]}'")
        counts = {name: len(connection.table(name)) for name in relations}
        connection.execute("CHECKPOINT")
    return counts


def open_store(path: Path | str = "results/unspoken.duckdb") -> duckdb.DuckDBPyConnection:
    """Return a read-only connection to a study's store.

    Raises FileNotFoundError, saying how to make one, if there is none.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no store at {path}; `make results` makes one")
    return duckdb.connect(str(path), read_only=True)
