"""Write the papers' pages from the registry: `python -m unspoken.registry.pages`.

A paper with enough claims has a page `docs/papers/{paper}.md`: what the registry says, and beside it
what a person wrote in `docs/papers/notes/{paper}.md`. `docs/papers/README.md` lists all papers.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import fill

from unspoken.files import written_whole
from unspoken.registry.claims import Claim, Match, Paper, Test, Value
from unspoken.registry.load import claims_files, read_papers
from unspoken.study.rooms import ROOMS
from unspoken.verdicts.reasons import NOT_RUN

FEWEST_CLAIMS = 4
"""Papers with fewer claims stand in the index only."""
BY_NAME = {room.name: room for room in ROOMS}
"""The rooms, by the experiment that a test names."""
LIMITS = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ", "~": "about ", None: ""}
UNITS = {"percent": "%", "percentage points": " points", "fraction": "", "count": "", "text": ""}
"""How a unit is written after its number, where it is not a blank and its name."""
WIDTH = 110
READ_MEANS = "read is the day on which statement and values were last held against the text of the source"
MARK = """<!-- Written by `python -m unspoken.registry.pages`. Edit instead:
{source} -->"""


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, on one line and in a table's cell."""
    marks = re.sub(r"([\\|<*`$~\[\]])|(?<!\w)(_)|(_)(?!\w)", r"\\\g<0>", " ".join(text.split()))
    return marks.replace("&", "&amp;")


def wrapped(text: str, start: str = "") -> str:
    """Return text in lines of at most WIDTH characters; the first begins with `start`."""
    return fill(
        escaped(text), WIDTH, initial_indent=start, subsequent_indent=" " * len(start),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def value_text(value: Value) -> str:
    """Return one published value: what it is of, the number with its limit, unit and interval."""
    unit = UNITS.get(value.unit, f" {value.unit}")
    ends = f"{value.low:,.10g} to {value.high:,.10g}" if value.low is not None else ""
    if value.value is not None:
        number = f"{LIMITS[value.bound]}{value.value:,.10g}{unit}" + (f" [{ends}]" if ends else "")
    else:
        number = f"{ends}{unit}"
    said = f"{number} ({value.text})" if number and value.text else number or value.text or ""
    return f"{value.of}: {said}" if value.of else said


def figure_of(test: Test) -> str | None:
    """Return the figure that shows what a test reads, or None where there is none."""
    room = BY_NAME.get(test.experiment)
    return room.figure_of(test.metric, test.conditions) if room else None


def contrast_text(match: Match) -> str:
    """Return which subjects a test reads, and against which."""
    return f"`{match.subject}`" + (f" minus `{match.versus}`" if match.versus else "")


def test_text(test: Test) -> str:
    """Return the way from config key to metric: key, rule, figure, metric, subjects."""
    room, figure = BY_NAME.get(test.experiment), figure_of(test)
    key = room.deciding_key() if room else test.experiment
    steps = [f"`{key}`", f"`measure` of {test.experiment}", *([f"`{figure}`"] if figure else [])]
    contrasts = ", then ".join(map(contrast_text, test.adjacent or [test]))
    asked = ", ".join(f"{key} {value}" for key, value in sorted(test.conditions.items()))
    expected = "; published as negative" if test.sign == "-" else ""
    if test.counterpart is not None and test.margin is not None:
        expected += f"; none is within {test.margin:g}, where {test.counterpart.claim} is shown"
    expected += f"; not of {' and '.join(test.unlike)}" if test.unlike else ""
    conditions = f" ({escaped(asked)})" if asked else ""
    return f"{' → '.join(steps)} → `{test.metric}` in `{test.unit}`: {contrasts}{conditions}{expected}"


def untested_text(claim: Claim) -> str:
    """Return why a claim has no test, and what it would take."""
    return escaped(f"no test: {claim.reason}" + (f"; it takes {claim.lacks}" if claim.lacks else ""))


def claim_row(claim: Claim) -> str:
    """Return a claim's row of its paper's table."""
    cells = [
        claim.id,
        escaped(f"{claim.statement} ({claim.where})"),
        escaped("; ".join(map(value_text, claim.values))),
        claim.kind,
        test_text(claim.test) if claim.test else untested_text(claim),
        claim.read.isoformat() if claim.read else escaped(f"no: {claim.unread}"),
    ]
    return f"| {' | '.join(cells)} |"


def count_text(claims: Iterable[Claim]) -> str:
    """Return how many claims there are, have a test, were read: `1 claim, 0 with a test, 1 read`."""
    known = list(claims)
    tested = sum(claim.test is not None for claim in known)
    read = sum(claim.read is not None for claim in known)
    return f"{len(known)} claim{'' if len(known) == 1 else 's'}, {tested} with a test, {read} read"


def query_text(paper: Paper) -> str:
    """Return the query for what the store says of a paper's claims: verdicts, or values and reasons."""
    if any(claim.test for claim in paper.claims):
        shown = "claim_id, subject, fidelity, estimate, lo, hi, unit, outcome, verdict, registered, reason"
        where = f"claim_id IN (SELECT claim_id FROM claims WHERE paper = '{paper.paper}')"
        return f"SELECT {shown}\nFROM verdicts\nWHERE {where}\nORDER BY study, claim_id, subject;"
    shown = "claim_id, statement, value_of, value, value_low, value_high, value_text, unit, reason"
    return f"SELECT {shown}\nFROM claims WHERE paper = '{paper.paper}'\nORDER BY claim_id, value_index;"


def page_text(paper: Paper, notes: str) -> str:
    """Return a paper's page: what it asks and how, its claims and their tests, and the notes on it."""
    cited = paper.cited if paper.year is None or str(paper.year) in paper.cited else (
        f"{paper.cited} ({paper.year})"
    )  # fmt: skip
    address = f"<{paper.url}>" if paper.url.startswith("http") else escaped(paper.url)
    source = f"resources/claims/{paper.paper}.yaml, docs/papers/notes/{paper.paper}.md"
    tested = any(claim.test for claim in paper.claims)
    reading = "\nThe way to a test: key of `config.yaml` → rule → figure → metric." if tested else ""
    protocol = "\n".join(wrapped(line, "* ") for line in paper.protocol)
    head = (
        "| claim | statement | published | kind | tested by, or why not | read |\n"
        "| --- | --- | --- | --- | --- | --- |"
    )
    parts = [
        MARK.format(source=source),
        f"# {escaped(paper.title)}",
        f"{escaped(cited)}, {address}",
        wrapped(paper.question),
        f"## How it asks\n\n{protocol}" if protocol else "",
        f"## Claims\n\n{wrapped(f'{count_text(paper.claims)}: {READ_MEANS}.')}{reading}\n\n"
        + "\n".join([head, *map(claim_row, paper.claims)]),
        f"## Ask the store\n\n```sql\n{query_text(paper)}\n```",
        notes.strip(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def index_row(paper: Paper) -> str:
    """Return a paper's row of the index, with a link to its page or to the paper itself."""
    named = f"{escaped(paper.cited)}: {escaped(paper.title)}"
    own = f"{paper.paper}.md" if len(paper.claims) >= FEWEST_CLAIMS else paper.url
    linked = f"[{named}]({own})" if own.endswith(".md") or own.startswith("http") else named
    tested = sum(claim.test is not None for claim in paper.claims)
    reasons = sorted({claim.reason for claim in paper.claims if claim.reason})
    read = sum(claim.read is not None for claim in paper.claims)
    return f"| {linked} | {len(paper.claims)} | {tested} | {read} | {', '.join(reasons)} |"


def index_text(papers: list[Paper]) -> str:
    """Return the index: all papers by what they are about, how many claims they have and have tested."""
    everything = [claim for paper in papers for claim in paper.claims]
    parts = [
        MARK.format(source="resources/claims/"),
        "# The papers",
        wrapped(
            f"{len(papers)} papers and notes: {count_text(everything)}. A test names the measured contrast"
            " that speaks to a claim, and what would count as small. A claim is read when its statement and"
            " values were held against the text of their source; the registry says on which day, or why not."
            f" A paper of at least {FEWEST_CLAIMS} claims has a page. Verdicts depend on the study: they are"
            " in its store and its report, and the number behind one is the row of measurements with its"
            " measurement_id."
        ),
        "A claim without a test says why:\n\n" + "\n".join(wrapped(one, "* ") for one in NOT_RUN.values()),
        "To add a paper of your own, see [your-paper.md](../your-paper.md).",
    ]
    for pillar in dict.fromkeys(sorted(paper.pillar for paper in papers)):
        rows = [index_row(paper) for paper in papers if paper.pillar == pillar]
        head = "| paper | claims | tested | read | why some are not tested |\n| --- | --- | --- | --- | --- |"
        parts.append(f"## {pillar.capitalize()}\n\n" + "\n".join([head, *rows]))
    return "\n\n".join(parts) + "\n"


def all_pages(papers: list[Paper], notes: Mapping[str, str]) -> dict[str, str]:
    """Return every page by file name; `notes` are by paper."""
    pages = {
        f"{paper.paper}.md": page_text(paper, notes.get(paper.paper, ""))
        for paper in papers
        if len(paper.claims) >= FEWEST_CLAIMS
    }
    return {"README.md": index_text(papers), **pages}


def write_pages(root: Path, folder: Path) -> None:
    """Write the pages of the registry under `root` to `folder`. Raises ClaimsError."""
    papers = read_papers(claims_files(root, []))
    notes = {file.stem: file.read_text() for file in (root / "docs" / "papers" / "notes").glob("*.md")}
    for name, text in all_pages(papers, notes).items():
        with written_whole(folder / name) as temporary:
            temporary.write_text(text)


if __name__ == "__main__":
    write_pages(Path.cwd(), Path("docs/papers"))
