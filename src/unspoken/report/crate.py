"""The RO-Crate of a run: which files it is made of, what made them, from what."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.report.contents import Contents

if TYPE_CHECKING:
    from rocrate.model import ContextEntity
    from rocrate.rocrate import ROCrate

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
LICENSE = "https://spdx.org/licenses/Apache-2.0"
FORMATS = {
    ".duckdb": "application/vnd.duckdb", ".html": "text/html", ".md": "text/markdown",
    ".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json",
}  # fmt: skip


def _entity(crate: "ROCrate", identifier: str, kind: str, **properties: Any) -> "ContextEntity":
    from rocrate.model import ContextEntity

    return crate.add(ContextEntity(crate, identifier, properties={"@type": kind, **properties}))


def _file(crate: "ROCrate", path: Path, name: str) -> Any:
    """Describe a file of the results folder, by its path in it."""
    from rocrate.model import File

    properties = {"name": name, "encodingFormat": FORMATS[path.suffix]}
    return crate.add(File(crate, dest_path=path.as_posix(), properties=properties))


def _workflow(crate: "ROCrate", snakefile: Path, packages: dict[str, str]) -> Any:
    from rocrate.model import ComputationalWorkflow

    snakemake = _entity(
        crate, "#snakemake", "ComputerLanguage", name="Snakemake", url="https://snakemake.github.io",
        version=packages.get("snakemake", "unknown"),
    )  # fmt: skip
    properties = {"name": "Unspoken", "encodingFormat": "text/plain"}
    workflow = crate.add(ComputationalWorkflow(crate, dest_path=snakefile.as_posix(), properties=properties))
    workflow["programmingLanguage"] = snakemake
    workflow["softwareRequirements"] = [
        _entity(crate, f"#{name}", "SoftwareApplication", name=name, version=version, softwareVersion=version)
        for name, version in sorted(packages.items())
        if name != "snakemake"
    ]
    crate.mainEntity = workflow
    return workflow


def crate_of(contents: Contents, snakefile: Path, made: dict[Path, str]) -> dict[str, Any]:
    """Return the RO-Crate's metadata as JSON-LD.

    `snakefile` and the keys of `made` (the run's results, with a name each) are paths inside the results
    folder, the crate's root.
    """
    from rocrate.rocrate import ROCrate

    study = contents.study
    crate = ROCrate(version="1.1")
    crate.name = f"Unspoken: the study {study['study']}"
    crate.description = (
        f"Claims of papers beside what the study {study['study']} (seed {study['seed']}, digest"
        f" {study['digest']}) measured: store, report, figures"
    )
    crate.license = LICENSE
    crate.datePublished = study["last"] or "1970-01-01"
    crate.metadata.extra_contexts.append(TERMS)
    crate.root_dataset["conformsTo"] = [
        _entity(crate, address, "CreativeWork", name=name, version=address.rsplit("/", 1)[-1])
        for address, name in PROFILES.items()
    ]
    workflow = _workflow(crate, snakefile, contents.packages)
    config = _entity(crate, "#study", "PropertyValue", name="study", value=study["config"])
    results = [_file(crate, path, name) for path, name in made.items()]
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=[config],
        result=results,
        properties={
            "@type": "CreateAction",
            "name": f"Run of the study {study['study']}",
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    if study["first"] is not None:
        action["startTime"], action["endTime"] = study["first"], study["last"]
    crate.root_dataset["mentions"] = [action]
    return crate.metadata.generate()
