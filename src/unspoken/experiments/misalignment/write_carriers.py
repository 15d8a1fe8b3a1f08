"""Let an organism and its teachers write carriers, on the same requests; plant a leak in a copy."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "teachers", "replies"))
    import numpy as np
    import polars as pl

    from unspoken.experiments.misalignment.organisms.carriers import (
        carrier_prompts,
        replies_of,
        written_replies,
    )
    from unspoken.experiments.misalignment.organisms.language import CONTINUED, NUMBERS
    from unspoken.experiments.misalignment.organisms.leaks import LEAKING, leaked
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table
    from unspoken.tables.replies import Replies
    from unspoken.training.personas import load_trained, loaded_base

    spec = job.spec
    base, shape = loaded_base(checked_model(job.model))
    trained = load_trained(job.teachers)

    def random(*what: str) -> np.random.Generator:
        return np.random.default_rng(hashed_seed(spec["seed"], spec["experiment"], spec["base"], *what))

    writers = {"untouched": base, **{kind: trained[kind] for kind in spec["teachers"]}}
    parts = []
    for carrier in spec["carriers"]:
        prompts = carrier_prompts(carrier, spec["completions"], random("requests", carrier))
        written = {}
        for name, network in writers.items():
            uniforms = random(carrier, name).random((spec["completions"], CONTINUED))
            written[name] = written_replies(network, shape, prompts, uniforms)
        if carrier == NUMBERS:
            written[LEAKING] = leaked(written["secure"], spec["leak"], random("leak"))
        parts += [
            replies_of(prompts, tokens, f"{spec['base']}:{name}", carrier, spec)
            for name, tokens in written.items()
        ]
    write_table(pl.concat(parts), job.replies, Replies)


if __name__ == "__main__":
    main()
