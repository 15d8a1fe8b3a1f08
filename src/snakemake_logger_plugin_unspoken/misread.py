"""What to write where Snakemake took a target for a study's file.

`--configfile` takes every word after it, so `snakemake --configfile studies/test.yaml figures` looks for
a file `figures`, and ends in a traceback of Snakemake's own.
"""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

_MISSING = re.compile(r"_get_overwrite_config.*No such file or directory: '([^'\n]+)'", re.DOTALL)
_STUDIES = (".yaml", ".yml", ".json")


def told_of_missing_file(message: str, arguments: Sequence[str]) -> str | None:
    """Return one line in place of Snakemake's message of a `--configfile` that is not there, else None.

    `arguments` are what follows the program on the command line.
    """
    found = _MISSING.search(message)
    if found is None:
        return None
    name = found[1]
    if Path(name).suffix in _STUDIES or name not in arguments:
        return f"--configfile: there is no file {name!r}"
    others = list(arguments)
    others.remove(name)
    return (
        f"--configfile: there is no file {name!r}. A target stands before the options: "
        f"{shlex.join(['snakemake', name, *others])}"
    )
