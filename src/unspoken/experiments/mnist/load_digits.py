"""Bring real handwritten digits and split them: images, labels and is_test in one file."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("load_digits")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("digits",))
    from unspoken.digits import all_digits, drawn_digits, write_digits
    from unspoken.seeds import hashed_seed

    wanted = job.spec["digits"]
    seed = hashed_seed(job.spec["seed"], job.spec["experiment"], "digits")
    pool = all_digits(wanted["source"], wanted.get("revision"))
    digits = drawn_digits(pool, wanted["train_images"], wanted["test_images"], seed)
    write_digits(digits, job.digits)
    log.info("%d of %d images from %s", len(digits.labels), len(pool.labels), wanted["source"])


if __name__ == "__main__":
    main()
