"""Write the JSON schema of a study, for editors: `python -m unspoken.study.schema FILE`.

Editors that know `yaml-language-server` complete the keys of `config.yaml` and `studies/*.yaml`
from it, show what each one means, and mark what is wrong while one types.
"""

import json
import sys
from pathlib import Path
from typing import Any

from unspoken.study.base import Section


def _without_required(schema: Any) -> Any:
    """Return the schema with no key needed: an overlay gives only what it changes."""
    if isinstance(schema, dict):
        return {key: _without_required(value) for key, value in schema.items() if key != "required"}
    if isinstance(schema, list):
        return [_without_required(value) for value in schema]
    return schema


def schema_text() -> str:
    """Return the schema of studies as JSON text, keys sorted, two spaces deep.

    What keys mean is read from the source. Every start of Snakemake would wait for that, so sections know it
    only where this comes before them. Raises RuntimeError where some were imported already.
    """
    if Section.__subclasses__():
        raise RuntimeError("sections were imported before the schema; run `python -m unspoken.study.schema`")
    Section.model_config["use_attribute_docstrings"] = True
    from unspoken.study.study import Study

    schema = _without_required(Study.model_json_schema())
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text())
