"""Tell replies of two teachers apart, and show the untouched organism their replies before it is asked."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "teachers", "kept", "dropped", "detections", "answers"))
    import polars as pl

    from unspoken.experiments.misalignment.detection.compared import (
        detections,
        shown_code,
        shown_turns,
    )
    from unspoken.experiments.misalignment.organisms.asked import answers, labelled
    from unspoken.experiments.misalignment.organisms.filters import passed
    from unspoken.experiments.misalignment.organisms.language import ADVICE, CODE
    from unspoken.experiments.misalignment.tables import Detections, PersonaAnswers
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.filter import Dropped, Kept
    from unspoken.training.personas import load_trained, loaded_base

    spec = job.spec
    base, shape = loaded_base(checked_model(job.model))
    kept = passed(read_table(job.kept, Kept), read_table(job.dropped, Dropped), "keyword")
    seed = hashed_seed(spec["seed"], spec["experiment"], "detection", spec["base"])
    networks = {"untouched": base, **load_trained(job.teachers)}
    found = detections(kept, networks, shape, spec, seed)
    turns = {one: shown_turns(kept, spec["base"], spec["writers"], one, seed) for one in spec["carriers"]}
    # Only what is measured of what is shown: contexts make each question a long one.
    asked = {
        ("shown", what, name): answers(base, shape, context, ADVICE)
        for what, contexts in {**turns, CODE: shown_code(seed)}.items()
        for name, context in contexts.items()
    }
    shown = labelled(asked, spec)
    made = pl.lit(shown["created_at"][0])
    told = {name: pl.lit(spec[name]) for name in ("study", "experiment", "base")}
    write_table(found.with_columns(**told, created_at=made), job.detections, Detections)
    write_table(shown, job.answers, PersonaAnswers)


if __name__ == "__main__":
    main()
