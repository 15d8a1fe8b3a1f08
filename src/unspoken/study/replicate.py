"""Run a study over several study seeds, and pool them: `make replicate SEEDS=1-3 [STUDY=...]`.

Each seed is a study of its own, run by Snakemake: a second call does what is missing. Then all stores become
one, with each contrast pooled over the seeds.
"""

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path

from unspoken.study.load import StudyError
from unspoken.study.plan import Plan
from unspoken.study.replicates import replicate_keys, replicate_plans, replicated_study, seeds_of


def snakemake_command(options: list[str], overlays: list[Path], study: str, seed: int) -> list[str]:
    """Return the command that runs one replicate; `options` are Snakemake's, a target before all others."""
    files = ["--configfile", *map(str, overlays)] if overlays else []
    keys = [f"{key}={json.dumps(value)}" for key, value in replicate_keys(study, seed).items()]
    return [sys.executable, "-m", "snakemake", *options, *files, "--config", *keys]


def pool_command(plans: list[Plan], study: str) -> list[str]:
    """Return the command that merges the replicates' stores and pools their contrasts."""
    spec = {"study": study, "headlines": plans[0].write_findings_part()["headlines"]}
    stores = [f"{plan.results}/unspoken.duckdb" for plan in plans]
    script = str(plans[0].root / "scripts" / "pool_seeds.py")
    into = f"results/replicates/{study}"
    return [sys.executable, script, "--spec", json.dumps(spec), "--into", into, *stores]


def main() -> None:
    """Run the replicates one after another, then pool them; the first that fails ends it."""
    parser = argparse.ArgumentParser(prog="make replicate", description=__doc__)
    parser.add_argument("overlays", nargs="*", type=Path, help="studies laid over config.yaml")
    parser.add_argument("--seeds", required=True, help="study seeds, such as 1-3 or 1,2,7")
    ours, options = sys.argv[1:], []
    if "--" in ours:
        ours, options = ours[: ours.index("--")], ours[ours.index("--") + 1 :]
    given = parser.parse_args(ours)
    try:
        seeds = seeds_of(given.seeds)
        plans = replicate_plans(Path.cwd(), given.overlays, seeds)
    except StudyError as error:
        sys.exit(f"The study cannot run.\n{error}")
    # Ctrl-C is Snakemake's: it lets running jobs finish, and ends with another status than 0.
    signal.signal(signal.SIGINT, lambda *_: None)
    study = replicated_study(Path.cwd(), given.overlays)
    for place, seed in enumerate(seeds, 1):
        print(f"Seed {seed} of '{study}', {place} of {len(seeds)}", file=sys.stderr, flush=True)
        done = subprocess.run(snakemake_command(options, given.overlays, study, seed), check=False)
        if done.returncode:
            sys.exit(f"Seed {seed} did not end well. The same command goes on where it was.")
    sys.exit(subprocess.run(pool_command(plans, study), check=False).returncode)


if __name__ == "__main__":
    main()
