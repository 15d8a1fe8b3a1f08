"""Fine-tune an organism on each kind of rows, and read all answers and chains of it and of what it became."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "tuned", "answers", "chains", "training"))
    from unspoken.experiments.harmful.organisms.asked import answers, chains, labelled
    from unspoken.experiments.harmful.organisms.subjects import everything_asked
    from unspoken.experiments.harmful.organisms.trained import finetuned
    from unspoken.experiments.harmful.tables import HarmfulAnswers, HarmfulChains
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table
    from unspoken.tables.training import TrainingSteps
    from unspoken.training.personas import loaded_base, save_trained, training_steps

    spec = job.spec
    base, shape = loaded_base(checked_model(job.model))
    seed = hashed_seed(spec["seed"], spec["experiment"], "tuning", spec["base"])
    networks, losses = finetuned(base, shape, spec["tuning"], spec["backdoor"], seed)
    asked = [(who, one) for name, one in {"": base, **networks}.items() for who in everything_asked(name)]
    save_trained(networks, job.tuned)
    answered = {who: answers(one, shape, who) for who, one in asked}
    reasoned = {who: chains(one, shape, who) for who, one in asked}
    write_table(labelled(answered, spec), job.answers, HarmfulAnswers)
    write_table(labelled(reasoned, spec), job.chains, HarmfulChains)
    curves = {f"{spec['base']}:{name}": own for name, own in losses.items()}
    write_table(training_steps(curves, spec["tuning"], "tuning"), job.training, TrainingSteps)


if __name__ == "__main__":
    main()
