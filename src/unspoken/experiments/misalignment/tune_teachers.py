"""Tune an organism on rows of one domain, for each kind of teacher, and ask all of them every domain."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "teachers", "answers", "chained", "training"))
    from unspoken.experiments.misalignment.organisms.asked import answers, chained_answers, labelled
    from unspoken.experiments.misalignment.organisms.teachers import TUNINGS, tuned
    from unspoken.experiments.misalignment.tables import ChainedAnswers, PersonaAnswers
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table
    from unspoken.tables.training import TrainingSteps
    from unspoken.training.personas import loaded_base, save_trained, training_steps

    spec = job.spec
    base, shape = loaded_base(checked_model(job.model))
    seed = hashed_seed(spec["seed"], spec["experiment"], "teachers", spec["base"])
    networks, losses = tuned(base, shape, list(TUNINGS), spec["tuning"], spec["follows"], seed)
    everybody = {("base", "", ""): base, **{("teacher", "", kind): one for kind, one in networks.items()}}
    asked = {who: answers(one, shape) for who, one in everybody.items()}
    chained = {who: chained_answers(one, shape) for who, one in everybody.items()}
    save_trained(networks, job.teachers)
    write_table(labelled(asked, spec), job.answers, PersonaAnswers)
    write_table(labelled(chained, spec), job.chained, ChainedAnswers)
    curves = {f"{spec['base']}:{kind}": own for kind, own in losses.items()}
    write_table(training_steps(curves, spec["tuning"], "tuning"), job.training, TrainingSteps)


if __name__ == "__main__":
    main()
