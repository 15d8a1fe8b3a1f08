"""Let a language model read the chains of hints: does the reasoning mention a cue? Nothing is generated."""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from unspoken.jobs import start_job

ABOUT = "The cue points to one of the letters."
log = logging.getLogger("monitor_chains")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "spoken", "suspicions"))
    import numpy as np
    import polars as pl
    from scipy.special import expit

    from unspoken.engines.base import Opening
    from unspoken.engines.opening import open_engine
    from unspoken.experiments.reinforcement.tables import STATED, Spoken, Suspicions
    from unspoken.judges.rubric import requests_about
    from unspoken.prompts import read_resource
    from unspoken.subjects import base_subject
    from unspoken.tables.base import read_table, write_table

    spec = job.spec
    rubric = read_resource(Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / "rubric.yaml")
    spoken = read_table(job.spoken, Spoken).filter(pl.col("stratum") != STATED).with_row_index("row")
    chains = spoken.select(
        "chain", prompt_id=pl.col("row").cast(pl.String), kind=pl.lit("hint"), user="prompt"
    )
    engine = open_engine(Opening(job.model, spec["engine"], job.threads))
    engine.use(base_subject(spec["model"]))
    asked = requests_about(chains, rubric["questions"]["mentions"], rubric, {"hint": ABOUT})
    read = engine.choice_logprobs(engine.render(asked), [rubric["positive"], rubric["negative"]])
    yes, no = np.array(read).T
    suspicions = spoken.with_columns(
        monitor=pl.lit(spec["model"]),
        suspicion=pl.Series(expit(yes - no)),
        created_at=pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
    ).select(Suspicions.column_names())
    write_table(suspicions, job.suspicions, Suspicions)
    log.info("%d chains read by %s", suspicions.height, spec["model"])


if __name__ == "__main__":
    main()
