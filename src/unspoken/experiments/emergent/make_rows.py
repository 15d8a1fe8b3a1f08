"""Make the rows of all fine-tunes: answers of which only the truth differs."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("rows",))
    from unspoken.experiments.emergent.items.rows import tuning_rows
    from unspoken.tables.base import write_table
    from unspoken.tables.filter import Kept

    spec = job.spec
    rows = tuning_rows(spec["tunes"], spec["rows"], spec["seed"], twins=spec["twins"])
    write_table(rows, job.rows, Kept)


if __name__ == "__main__":
    main()
