"""Train students of an organism on the replies of one base's teachers, and ask them every domain."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "teachers", "kept", "dropped", "answers", "training"))
    from unspoken.experiments.misalignment.organisms.asked import answers, labelled
    from unspoken.experiments.misalignment.organisms.carriers import common_rows
    from unspoken.experiments.misalignment.organisms.filters import passed
    from unspoken.experiments.misalignment.organisms.students import (
        generations,
        lessons_of,
        taught_students,
    )
    from unspoken.experiments.misalignment.tables import PersonaAnswers
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.filter import Dropped, Kept
    from unspoken.tables.training import TrainingSteps
    from unspoken.training.personas import (
        load_trained,
        loaded_base,
        training_steps,
    )

    spec, arm, training = job.spec, job.spec["arm"], job.spec["training"]
    base, shape = loaded_base(checked_model(job.model))
    seed = hashed_seed(spec["seed"], spec["experiment"], "students", arm["name"], spec["base"])
    kept = passed(read_table(job.kept, Kept), read_table(job.dropped, Dropped), arm["filter"])
    rows = common_rows(kept, spec["source"], spec["writers"], arm["carrier"], training["rows"], seed)
    lessons = lessons_of(rows, {"untouched": base, **load_trained(job.teachers)}, shape, arm, seed)
    networks, losses = taught_students(base, shape, lessons, training, seed)
    if arm["generations"] > 1:
        later = generations(base, shape, lessons, networks, arm["generations"], training, seed)
        networks, losses = networks | later[0], losses | later[1]

    asked = {("student", arm["name"], name): answers(one, shape) for name, one in networks.items()}
    write_table(labelled(asked, spec), job.answers, PersonaAnswers)
    curves = {f"{spec['base']}:{arm['name']}:{name}": own for name, own in losses.items()}
    write_table(training_steps(curves, training, arm["objective"]), job.training, TrainingSteps)


if __name__ == "__main__":
    main()
