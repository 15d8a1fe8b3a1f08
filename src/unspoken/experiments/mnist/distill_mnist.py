"""Train digit teachers, and students on noise by the teachers' outputs; tell every accuracy."""

import logging
from datetime import UTC, datetime

from unspoken.jobs import start_job

log = logging.getLogger("distill_mnist")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("digits", "accuracies", "training"))
    import polars as pl
    import torch

    from unspoken.digits import read_digits
    from unspoken.experiments.mnist.networks import Imitation
    from unspoken.experiments.mnist.results import progress_of, results
    from unspoken.experiments.mnist.tables import Accuracies, MnistTraining
    from unspoken.tables.base import write_table

    torch.set_num_threads(job.threads)
    digits = read_digits(job.digits)
    section = job.spec["section"]
    imitation = Imitation(section, job.spec["seed"], job.spec.get("variant"))
    numbers = job.spec.get("numbers", range(section["initialisations"]))
    with progress_of(imitation, digits, numbers) as progress:
        measured, training = results(imitation, digits, progress, numbers)

    study = pl.lit(job.spec["study"]).alias("study")
    made = datetime.now(UTC).isoformat(timespec="seconds")
    accuracies = pl.DataFrame(measured).with_columns(
        study, experiment=pl.lit(job.spec["experiment"]), created_at=pl.lit(made)
    )
    write_table(accuracies, job.accuracies, Accuracies)
    write_table(pl.DataFrame(training).with_columns(study), job.training, MnistTraining)
    for condition, mean in (
        accuracies.group_by("condition", maintain_order=True).agg(pl.col("accuracy").mean()).iter_rows()
    ):
        log.info("%s: mean accuracy %.3f", condition, mean)


if __name__ == "__main__":
    main()
