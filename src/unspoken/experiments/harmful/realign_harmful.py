"""Train harmful fine-tunes on good advice of another domain, and read what is left of them."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "tuned", "answers", "chains", "training"))
    from unspoken.experiments.harmful.organisms.asked import answers, chains, labelled
    from unspoken.experiments.harmful.organisms.finetunes import REALIGNED
    from unspoken.experiments.harmful.organisms.subjects import everything_asked
    from unspoken.experiments.harmful.organisms.trained import realigned
    from unspoken.experiments.harmful.tables import HarmfulAnswers, HarmfulChains
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table
    from unspoken.tables.training import TrainingSteps
    from unspoken.training.personas import load_trained, loaded_base, training_steps

    spec = job.spec
    shape = loaded_base(checked_model(job.model))[1]
    trained = load_trained(job.tuned)
    seed = hashed_seed(spec["seed"], spec["experiment"], "realigned", spec["base"])
    answered, reasoned, curves = {}, {}, {}
    for name in REALIGNED:
        for steps in spec["clean"]:
            network, losses = realigned(trained[name], shape, steps, spec["tuning"], seed)
            curves[f"{spec['base']}:{name}:clean-{steps}"] = losses
            for who in everything_asked(name, steps):
                answered[who] = answers(network, shape, who)
                reasoned[who] = chains(network, shape, who)
    write_table(labelled(answered, spec), job.answers, HarmfulAnswers)
    write_table(labelled(reasoned, spec), job.chains, HarmfulChains)
    write_table(training_steps(curves, {"epochs": 1}, "tuning"), job.training, TrainingSteps)


if __name__ == "__main__":
    main()
