"""Fine-tune the supervised starts of one task from a chat model: adapters, which reward goes on with."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "subjects", "weights", "training"))
    from importlib import import_module

    import numpy as np
    import torch

    from unspoken.experiments.reinforcement.starts import taught_texts
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.subjects import Subject
    from unspoken.training.chat import ChatTrainer
    from unspoken.training.jobs import TrainedSubjects, work_folder

    torch.set_num_threads(job.threads)
    spec = job.spec
    task = import_module(spec["task"]).task(spec["settings"])
    training, name = spec["training"], f"{spec['experiment']}-{spec['start']}"
    work = work_folder("finetune_starts", spec)
    trainer, made = ChatTrainer(checked_model(job.model), work=work), TrainedSubjects()
    for base in range(1, spec["bases"] + 1):
        # By the task: starts of one task and number set out from the same adapter, and see the same items.
        seed = hashed_seed(spec["seed"], spec["experiment"], spec["task"], base)
        rows = taught_texts(task, training["rows"], np.random.default_rng(hashed_seed(seed, "taught")))
        subject = Subject(
            f"{name}:{base}", "student", spec["model"], objective="tokens", arm=spec["start"], seed=base,
            rows=rows.height, epochs=training["epochs"],
        )  # fmt: skip
        made.add(subject, trainer.student(rows, training, seed), rows)
    made.write(job.subjects, job.weights, job.training, work)


if __name__ == "__main__":
    main()
