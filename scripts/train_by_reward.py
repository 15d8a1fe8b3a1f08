#!/usr/bin/env python
"""Train by reward from each supervised start of a task, and keep the parameters after some updates."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__, ("model", "starts", "subjects", "weights", "rewards"))
    import torch

    from unspoken.subjects import read_subjects
    from unspoken.training.rewarded import train_subjects

    torch.set_num_threads(job.threads)
    outputs = (job.subjects, job.weights, job.rewards)
    train_subjects(job.spec, job.model, read_subjects(job.starts), outputs)


if __name__ == "__main__":
    main()
