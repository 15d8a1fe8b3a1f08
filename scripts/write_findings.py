#!/usr/bin/env python
"""Write the study's main findings as a short text, from its store."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__, ("store", "findings"))
    from unspoken.files import written_whole
    from unspoken.findings import findings_text
    from unspoken.store import open_store

    with open_store(job.store) as store:
        text = findings_text(store, job.spec["headlines"], job.spec["tallies"])
    with written_whole(job.findings) as temporary:
        temporary.write_text(text)


if __name__ == "__main__":
    main()
