"""Whether study files are YAML at all: `python -m unspoken.study.check FILE...`.

Snakemake reads a `--configfile` before the Snakefile can check anything, and its message about
invalid YAML names no file. `make` asks here first.
"""

import sys
from pathlib import Path

from unspoken.study.load import StudyError, read_yaml

if __name__ == "__main__":
    try:
        for name in sys.argv[1:]:
            read_yaml(Path(name))
    except StudyError as error:
        sys.exit(f"The study cannot run.\n{error}")
