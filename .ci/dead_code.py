"""Say which names of the library and its scripts nobody uses: `python .ci/dead_code.py`.

vulture sees Python alone. A name counts as used where a rule, a template or a YAML file says it, and
where Python says it as a text: rules, columns and the members of rooms are named so.
"""

import re
import sys
from pathlib import Path

import vulture

ROOT = Path(__file__).parents[1]
FOLDERS = ("rules", "src", "resources", "profiles")
READ = (".smk", ".yaml", ".html", ".j2", ".toml")
CALLED_BY_LIBRARIES = {
    "on_train_begin", "on_train_end", "on_step_end", "on_save", "compute_loss", "create_model_card", "_save",
    "_load_from_checkpoint", "return_outputs", "loss_is_scaled_for_ga", "should_save", "args", "forward",
    "pre_tokenizer", "decoder", "memmap", "packages_distributions", "HF_HUB_DISABLE_TELEMETRY", "mainEntity",
    "license", "datePublished", "model_config", "LogHandler", "writes_to_stream", "writes_to_file",
    "has_filter", "has_formatter", "needs_rulegraph", "unspoken_theme", "was_cut",
}  # fmt: skip
"""Names that other libraries, or the user, ask for."""
FOR_ROOMS = {
    "two_way_prompts", "correct_shares",
}  # fmt: skip
"""What no shipped room calls yet (docs/judges.md): the first that does takes the name out."""
DECORATED = ["@model_validator", "@dy.rule", "@field_validator"]


def words_outside_of_python() -> set[str]:
    """Return every word of the workflow's other files, and of texts in Python."""
    files = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))
    others = [file for file in files if file.suffix in READ]
    texts = [file.read_text(errors="replace") for file in [ROOT / "Snakefile", *others] if file.is_file()]
    python = [file.read_text() for file in (ROOT / "src").rglob("*.py")]
    quoted = [text for source in python for text in re.findall(r"\"[^\"\n]*\"|'[^'\n]*'", source)]
    return set(re.findall(r"\w+", "\n".join([*texts, *quoted])))


def main() -> None:
    """Print the unused names, and fail if there are any."""
    found = vulture.Vulture(ignore_decorators=DECORATED)
    found.scavenge([ROOT / "src", ROOT / "scripts"])
    known = words_outside_of_python() | CALLED_BY_LIBRARIES | FOR_ROOMS
    unused = [item for item in found.get_unused_code() if item.name not in known]
    unused = [item for item in unused if not item.name.endswith(("_part", "Room")) and item.name[:2] != "__"]
    for item in unused:
        print(f"{item.filename}:{item.first_lineno}: unused {item.typ} '{item.name}'")
    sys.exit(bool(unused))


if __name__ == "__main__":
    main()
