"""Snakemake that asks SLURM how its jobs do every second: the plugin's own wait grows by ten seconds."""

import asyncio
import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def _sleep(_: RemoteExecutor) -> None:
    await asyncio.sleep(1)


RemoteExecutor.sleep = _sleep
sys.exit(main())
