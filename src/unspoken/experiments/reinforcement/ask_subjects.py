"""Ask the subjects of one reward, or the starts themselves: what they reply, and decide after changes."""

import logging
from datetime import UTC, datetime

from unspoken.jobs import start_job

log = logging.getLogger("ask_subjects")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "subjects", "spoken", "decisions"))
    from importlib import import_module

    import numpy as np
    import polars as pl
    import torch

    from unspoken.engines.base import Opening
    from unspoken.experiments.reinforcement.changes import asked
    from unspoken.experiments.reinforcement.names import START
    from unspoken.experiments.reinforcement.networks import chat_answering, network_answering
    from unspoken.experiments.reinforcement.tables import Decisions, Spoken
    from unspoken.seeds import hashed_seed
    from unspoken.subjects import read_subjects
    from unspoken.tables.base import write_table

    torch.set_num_threads(job.threads)
    spec = job.spec
    task = import_module(spec["task"]).task(spec["settings"])
    answering = (
        chat_answering(Opening(job.model, spec["engine"], job.threads), task)
        if "engine" in spec
        else network_answering(job.model, task)
    )
    # The same items, and the same uniforms, for every subject of a task.
    seed = hashed_seed(spec["seed"], spec["experiment"], spec["task"], "asked")
    items = task.drawn(spec["items"], np.random.default_rng(seed))
    spoken, decisions = [], []
    for subject in read_subjects(job.subjects):
        sample, decide = answering(subject)
        # Of snapshots on the way what they reply is enough.
        told, changed = asked(task, sample, decide, items, seed, changes=subject.updates is None)
        of_start = spec["arm"] == START
        whose = {
            "study": spec["study"],
            "experiment": spec["experiment"],
            "subject": subject.subject_id,
            "start": spec["start"],
            "task": spec["task"].rsplit(".", 1)[1],
            "arm": spec["arm"],
            "base": int(subject.subject_id.split(":")[1]),
            "training_seed": None if of_start else subject.seed,
            "updates": subject.updates or spec["updates"],
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        columns = [
            pl.lit(value, pl.Int64 if name in ("base", "training_seed", "updates") else pl.String).alias(name)
            for name, value in whose.items()
        ]
        spoken.append(told.with_columns(columns))
        if changed.height:
            decisions.append(changed.with_columns(columns))
        log.info(
            "%s: %.0f%% of replies rewarded", subject.subject_id, 100 * told["rewarded"].sum() / told.height
        )
    write_table(pl.concat(spoken), job.spoken, Spoken)
    write_table(pl.concat(decisions), job.decisions, Decisions)


if __name__ == "__main__":
    main()
