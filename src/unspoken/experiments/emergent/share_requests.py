"""Keep the completions of requests that the filter kept of every writer: students see the same requests."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("share_requests")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("rows",), lists=("kept",))
    from unspoken.experiments.emergent.items.rows import of_shared_requests
    from unspoken.tables.base import whole_table, write_table
    from unspoken.tables.filter import Kept

    kept = whole_table(job.kept, Kept)
    shared = of_shared_requests(kept)
    log.info(
        "%d requests are kept of all %d writers", shared["prompt_id"].n_unique(), kept["subject"].n_unique()
    )
    write_table(shared, job.rows, Kept)


if __name__ == "__main__":
    main()
