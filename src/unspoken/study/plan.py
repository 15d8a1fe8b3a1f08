"""The plan of a study: what every rule of the workflow asks, and which room knows it.

Paths start with the pathvar <results>, the study's own folder.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from unspoken.cost.work import Facts, read_facts
from unspoken.files import digest_of, read_json, sha256_of_file
from unspoken.models.sources import source_digests
from unspoken.registry.load import claims_digest, claims_files
from unspoken.seeds import hashed_seed
from unspoken.study.keys import CommonKeys
from unspoken.study.models import LocalModel, OrganismModel
from unspoken.study.project import Part, Project
from unspoken.study.registered import registered_facts
from unspoken.study.room import MEASUREMENTS, Room, Table
from unspoken.study.rooms import ROOMS
from unspoken.study.stages import STAGE_PARTS

MAKE_MODELS = ("build_organism", "build_follower", "unpack_model", "fetch_model", "declare_model")
"""Rules that make or bring a base model."""
CLAIMS = Table("unspoken.tables.verdicts:Claims")


class Plan(Project):
    """What every rule of a study needs to know."""

    def __init__(self, study: CommonKeys, texts: dict[str, dict[str, Any]], root: Path) -> None:
        """Take a checked study, the texts of resources/ by file name, and the project's folder."""
        super().__init__(study, texts, root)
        self._rooms = {room.name: room(self) for room in ROOMS}

    def of(self, name: str) -> Room:
        """Return the room of an experiment: an empty one where the study does not run it."""
        return self._rooms[name]

    @property
    def rooms(self) -> list[Room]:
        """Return the rooms of the experiments that the study runs, in its order."""
        return [self._rooms[name] for name in self.study.experiments]

    @property
    def all_rooms(self) -> list[Room]:
        """Return every room, also rooms that the study does not run."""
        return list(self._rooms.values())

    def room_rules(self) -> list[str]:
        """Return the rule files of rooms that have rules of their own."""
        files = (room.own_file("rules.smk") for room in self.all_rooms)
        return [str(file) for file in files if file.is_file()]

    # Wildcards

    def models_pattern(self, *kinds: str) -> str:
        """Return the wildcard's pattern of models, of some kinds or of all."""
        models = self.study.models.items()
        return pattern_of(name for name, model in models if not kinds or model.kind in kinds)

    @property
    def used_models(self) -> list[str]:
        """Return the base models that the study's experiments use."""
        used = {model for room in self.rooms for model in room.used_models}
        return [model for model in self.study.models if model in used]

    # Files

    def model_files(self) -> list[str]:
        """Return the descriptions of the base models that the study's experiments use."""
        return [self.model_file(model) for model in self.used_models]

    def files(self, table: str) -> list[str]:
        """Return every file of a table, of all rooms."""
        return [path for room in self.rooms for path in room.files(table)]

    def subjects(self) -> list[str]:
        """Return the lists of trained subjects."""
        return [path for room in self.rooms for path in room.subjects()]

    def measured(self, name: str) -> list[str]:
        """Return what the measure of each experiment writes: measurements.parquet or groups.parquet."""
        return [f"{room.folder}/{name}" for room in self.rooms]

    def _declared(self) -> list[tuple[Room, str, Table]]:
        """Return (room, name, table) of the tables that rooms declare."""
        return [(room, name, table) for room in self.rooms for name, table in room.tables.items()]

    def _told_apart_by_name(self) -> dict[str, Table]:
        """Return the tables that the store or the verdicts read, by the name of their files.

        Raises LookupError where two rooms mean different ones by a name: their rows would end in one.
        """
        found: dict[str, Table] = {}
        for room, name, table in self._declared():
            if table.stored or table.dated:
                other = found.setdefault(name, table)
                if (other.stored, other.columns, other.dated) != (table.stored, table.columns, table.dated):
                    raise LookupError(f"{room.name} and another room mean unlike tables '{name}': rename one")
        return found

    def stored_tables(self) -> list[str]:
        """Return the files that the store imports, beside what every study has."""
        return [path for room, name, table in self._declared() if table.stored for path in room.files(name)]

    def dated_tables(self) -> list[str]:
        """Return the tables whose rows tell when they were made."""
        return [path for room, name, table in self._declared() if table.dated for path in room.files(name)]

    def figure_tables(self, name: str) -> list[str]:
        """Return the tables that a figure is drawn from."""
        room, figure = self._figures[name]
        tables = [path for table in figure.tables for path in self._tables_of(room, table)]
        others = (self.of(other) for other in figure.also_of)
        shown = [path for other in others for path in other.files("measurements")]
        return [*tables[:1], *shown, *tables[1:]] if shown else tables

    def _tables_of(self, room: Room, table: str) -> list[str]:
        return ["<results>/claims.parquet"] if table == "claims" else room.files(table)

    @cached_property
    def _figures(self) -> dict[str, Any]:
        """The room and the figure by the figure's name."""
        return {name: (room, figure) for room in self.rooms for name, figure in room.named_figures()}

    # Targets

    def figures(self, rooms: Iterable[Room]) -> list[str]:
        """Return the figures of some rooms."""
        return [f"<results>/figures/{name}.html" for room in rooms for name in room.drawn_figures()]

    def targets(self, name: str) -> list[str]:
        """Return the files of a target: all, figures, or an experiment's name."""
        if name == "figures":
            return self.figures(self.rooms)
        if name == "all":
            return ["<results>/findings.txt", *self.figures(self.rooms), "<results>/report.html"]
        room = self.of(name)
        if not room.runs:
            return []
        # Figures that show other experiments or claims too belong to the whole study.
        own = [name for name, figure in room.named_figures() if not figure.also_of]
        return [f"{room.folder}/measurements.parquet", *(f"<results>/figures/{one}.html" for one in own)]

    def fetched(self) -> list[str]:
        """Return what may come over the network: the user's models, digits, sets of questions."""
        asked = [
            name for name in self.used_models if self.study.models[name].kind in ("hub", "local", "parts")
        ]
        return [*map(self.model_file, asked), *(path for room in self.rooms for path in room.fetched())]

    # What jobs depend on

    def part(self, rule: str, **wildcards: Any) -> Part:
        """Return the part of the study that a job depends on.

        A rule with the wildcard `experiment` is its room's; a rule that one room alone has is called
        by it; the others are the study's. Raises LookupError for a rule that nobody knows.
        """
        method = f"{rule}_part"
        if "experiment" in wildcards:
            room = self.of(wildcards.pop("experiment"))
            if rule in STAGE_PARTS:
                return STAGE_PARTS[rule](room, **wildcards)
            owners: list[Any] = [room]
        else:
            owners = [self, *self.all_rooms]
        if rule in MAKE_MODELS:
            return self.model_part(f"{rule}.py", **wildcards)
        for owner in owners:
            if hasattr(owner, method):
                return getattr(owner, method)(**wildcards)
        raise LookupError(f"no room and no stage says what the rule {rule} depends on")

    def model_part(self, script: str, model: str) -> Part:
        """Return what a rule that makes or brings a base model depends on: not its classes, a label."""
        chosen = self.study.models[model]
        words = {}
        if isinstance(chosen, OrganismModel):
            words["words"] = list(self.texts["traits"][chosen.category]["words"])
        return self.script_part(script, name=model, model=self.model_fields(model), **words)

    def model_fields(self, model: str) -> Part:
        """Return what decides a base model's files: of a local model the files themselves."""
        chosen = self.study.models[model]
        fields = chosen.model_dump(mode="json", exclude={"classes", "category", "engine", "rules"})
        if isinstance(chosen, LocalModel):
            fields["source"] = source_digests(Path(chosen.path))
        if isinstance(chosen, OrganismModel) and self.study.own_bases:
            fields["seed"] = hashed_seed(self.study.seed, "base", chosen.seed)
        return fields

    def asking_under_systems(self, model: str) -> str | None:
        """Return the experiment that gives a model system prompts, if any does."""
        return next(
            (room.name for room in self.rooms if model in room.used_models and room.system_prompts()), None
        )

    @cached_property
    def claims_digest(self) -> str:
        """Return a digest of what the registry and the study's own claims files say."""
        return claims_digest(claims_files(self.root, self.study.claims))

    @property
    def registration_file(self) -> Path:
        """Return where `make register` writes what was fixed before the study's data were made."""
        return self.root / "resources" / "registrations" / f"{self.study.study}.json"

    @cached_property
    def registration(self) -> Part | None:
        """Return what was registered for the study, if anything was."""
        return read_json(self.registration_file) if self.registration_file.is_file() else None

    def registered_facts(self) -> Part:
        """Return what a registration fixes beside the tests: of what runs alone."""
        return registered_facts(self, self.rooms)

    @property
    def primary(self) -> dict[str, dict[str, str]]:
        """Return the primary reading of each experiment that has several."""
        return {room.name: room.primary for room in self.rooms if room.primary}

    def judge_claims_part(self) -> Part:
        """Return what `judge_claims` depends on: the claims, and what was registered before the run."""
        return self.script_part(
            "judge_claims.py",
            study=self.study.study,
            results=self.results,
            dated={name: table.dated for name, table in self._told_apart_by_name().items() if table.dated},
            classes={name: self.study.models[name].classes for name in self.used_models},
            claims=self.claims_digest,
            files=self.study.claims,
            facts=self.registered_facts(),
            registration=self.registration,
            guards=[{"experiment": room.name, **_plain(one)} for room in self.rooms for one in room.guards],
            primary=self.primary,
        )

    def build_store_part(self, makers: list[list[str]]) -> Part:
        """Return what `build_store` depends on: the whole study, its tables, the comments."""
        tables = {
            name: {"store": table.stored, "columns": table.columns and list(table.columns)}
            for name, table in self._told_apart_by_name().items()
            if table.stored
        }
        unused = {room.name for room in self.all_rooms if self.study.section(room.name) is None}
        if not self.study.own_bases:
            unused.add("own_bases")  # a new optional key changes nothing where it asks for nothing
        return self.script_part(
            "build_store.py",
            study=self.study.model_dump(mode="json", exclude=unused),
            tables=tables,
            makers=makers,
            benchmarks=f"{self.results}/benchmarks",
            comments=sha256_of_file(self.root / "resources" / "store.yaml")[:16],
        )

    def write_findings_part(self) -> Part:
        """Return what `write_findings` depends on: which contrasts it prints."""
        headlines = [
            {"experiment": room.name, "primary": room.primary, **_plain(one)}
            for room in self.rooms
            for one in room.headlines
        ]
        return self.script_part("write_findings.py", headlines=headlines, tallies=self._tallies())

    def _tallies(self) -> list[Part]:
        """Return what rooms tell beside their contrasts."""
        return [_plain(one) for room in self.rooms for one in room.tallies]

    def bundle_vega_part(self) -> Part:
        """Return what `bundle_vega` depends on."""
        return self.script_part("bundle_vega.py")

    def draw_figure_part(self, figure: str) -> Part:
        """Return what `draw_figure` depends on: of the figures' modules its own."""
        room, drawn = self._figures[figure]
        module = f"{room.module}.{drawn.module}"
        schemas = {name: CLAIMS if name == "claims" else _schema(room, name) for name in drawn.tables}
        return self.script_part(
            "draw_figure.py",
            figure=figure,
            study=self.study.study,
            module=module,
            drawn=self.code_of_module(module),
            schemas={name: table.schema for name, table in schemas.items()},
            **({"primary": room.primary} if room.primary else {}),
        )

    def write_report_part(self) -> Part:
        """Return what `write_report` depends on: its templates, the Snakefile, what is said of the papers."""
        carried = [*sorted((self.root / "resources" / "report").iterdir()), self.root / "Snakefile"]
        return self.script_part(
            "write_report.py",
            figures={room.name: room.drawn_figures() for room in self.rooms},
            primary=self.primary,
            tallies=self._tallies(),
            claims=self.claims_digest,
            files=self.study.claims,
            carried=digest_of({path.name: sha256_of_file(path) for path in carried}),
        )

    # Costs

    @cached_property
    def costs(self) -> Facts:
        """Return what is stated of costs: resources/throughputs.yaml."""
        return read_facts(self.root)


def pattern_of(names: Iterable[str] | Mapping[str, Any]) -> str:
    """Return the wildcard's pattern of some names, or of nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


def _plain(declared: Any) -> Part:
    """Return what a room declares as plain lists, texts and numbers."""
    return {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(declared).items()}


def _schema(room: Room, table: str) -> Table:
    """Return a table of a room; measurements are every room's."""
    return MEASUREMENTS if table == "measurements" else room.tables[table]
