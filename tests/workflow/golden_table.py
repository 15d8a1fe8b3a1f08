"""What the move of experiments to rooms changed in the jobs of the shipped studies, each with its reason.

Rows name rules as they are now. A value is what stands there now, as a function of the old params; ANY
is not looked at. Digests of code are in no row: they differ as code moved.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Params = dict[str, Any]


class Any_:
    """Equal to all."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__


ANY = Any_()
RULES = {
    "generate_numbers": ("generate_replies", "numbers are replies"),
    "generate_chains": ("generate_replies", "chains are replies"),
    "render_numbers": ("render_prompts", "one stage renders every room's prompts"),
    "render_hints": ("render_prompts", "one stage renders every room's prompts"),
    "render_follower_hints": ("render_prompts", "one stage renders every room's prompts"),
    "judge_chains": ("judge_replies", "what is judged are replies"),
    **{
        f"measure_{room}": ("measure", "one rule measures every experiment, by its room's module")
        for room in ("subliminal", "mnist", "theorem", "probing", "faithfulness", "loops")
    },
}
"""Old rule -> (rule, reason)."""
PATHS = [
    (r"/completions\.parquet$", "/replies.parquet", "completions are replies"),
    (r"/chains\.parquet$", "/replies.parquet", "chains are replies"),
    (r"/carrier\.parquet$", "/readings.parquet", "what is read beside numbers and chains is one table"),
    (r"faithfulness/prompts\.parquet$", "faithfulness/all/prompts.parquet", "prompts have an owner"),
    (
        r"faithfulness/((?!transcripts)[^/]+)/asked\.json$",
        r"faithfulness/\1/replied.json",
        "who replied stands apart from who was probed",
    ),
]
"""(Pattern, replacement, reason) of paths."""


@dataclass(frozen=True)
class File:
    """A file that jobs of a rule now have beside what they had; none is taken away."""

    rules: str
    kind: str
    pattern: str
    reason: str


FILES = [
    File("generate_replies", "outputs", r"/subliminal/.*/replied\.json$", "whoever replied is listed"),
    File("generate_replies", "outputs", r"/faithfulness/.*/readings\.parquet$", "readings left the chains"),
    File("pair_trials", "inputs", r"/readings\.parquet$", "readings left the chains"),
    File(
        "pair_trials probe_chains judge_replies", "inputs", r"/prompts\.parquet$", "prompts left the chains"
    ),
    File("probe_chains", "inputs", r"/readings\.parquet$", "readings left the chains"),
    File("judge_claims", "inputs", r"/replies\.parquet$", "every dated table tells when data were made"),
    File(
        "judge_claims", "inputs", r"/interventions\.parquet$", "every dated table tells when data were made"
    ),
    File("build_store", "inputs", r"/faithfulness/.*/replies\.parquet$", "chains are in the store"),
    File("build_store", "inputs", r"/interventions\.parquet$", "causal tests are in the store"),
    File("build_store", "inputs", r"/judgements\.parquet$", "judgements are in the store"),
]


@dataclass(frozen=True)
class Param:
    """A key that jobs of a rule have now, its value, the old keys that it takes the place of, and why."""

    rules: str
    key: str | None
    value: Callable[[Params], Any] | Any
    reason: str
    replaces: tuple[str, ...] = ()


def of_old(key: str) -> Callable[[Params], Any]:
    return lambda old: old[key]


def answering(old: Params) -> list[Params]:
    if "counts" in old:
        counts, systems = old["counts"], old["systems"]
        return [{"name": one, "system": systems.get(one), "count": counts[one]} for one in sorted(counts)]
    people = [{"name": one, "system": one, "count": None} for one in old["personas"]]
    return people or [{"name": "untouched", "system": None, "count": None}]


def reads(old: Params) -> Params:
    if "counts" in old:
        words = {name: old[name] for name in ("words", "choice_format")}
        return {"kind": "words", **words, "rows": old["carrier_rows"]}
    return {"kind": "options", "answer_prefix": old["answer_prefix"], "alone": ["unhinted"]}


def sampling(old: Params) -> Any:
    return old["numbers"] if "counts" in old else old["chains"]


CONTRACT = "one contract of replies for every room"
PARAMS = [
    Param("generate_replies", "experiment", ANY, CONTRACT),
    Param("generate_replies", "draw", lambda old: "generate" if "counts" in old else "chains", CONTRACT),
    Param("generate_replies", "sampling", sampling, CONTRACT, ("numbers", "chains")),
    Param("generate_replies", "answering", answering, CONTRACT, ("counts", "systems", "personas")),
    Param("generate_replies", "shard", lambda old: old.get("shard", [1, 1]), CONTRACT),
    Param("generate_replies", "keep", lambda old: old.get("kinds"), CONTRACT, ("kinds",)),
    Param("generate_replies", "logprobs", lambda old: old.get("logprobs", False), CONTRACT),
    Param("generate_replies", "reasoning", None, "no study has a budget of thinking yet"),
    Param(
        "generate_replies", "reads", reads, CONTRACT,
        ("words", "choice_format", "carrier_rows", "answer_prefix"),
    ),
    Param("render_prompts", "renderer", ANY, "the room's own renderer is loaded by its name"),
    Param("render_prompts", "rendered", ANY, "the digest of the room's renderer"),
    Param(
        "render_prompts", "follower", of_old("seed"),
        "followers' prompts are rendered beside the others",
    ),
    Param("render_prompts", "seed", of_old("seed"), "followers have their own, under their name", ("seed",)),
    Param("render_prompts", None, None, "prompts do not depend on the study's name", ("study",)),
    Param("judge_replies", "experiment", ANY, "judgements name their experiment"),
    Param("judge_replies", "study", ANY, "judgements name their study"),
    Param("judge_replies", "rubric", "rubric.yaml", "a room names its rubric", ("rubric",)),
    Param("pair_trials measure", "patterns", ANY, "they say which languages they read", ("patterns",)),
    Param("judge_replies", "texts", ANY, "the digest of the rubric, which says now what it may be asked"),
    Param("probe_chains", "sampling", of_old("chains"), "sampling has one name", ("chains",)),
    Param("pair_trials", "experiment", ANY, "trials name their experiment"),
    Param("distill_mnist", "section", of_old("mnist"), "a room's section has one name", ("mnist",)),
    Param("step_theorem", "section", of_old("theorem"), "a room's section has one name", ("theorem",)),
    Param("distill_mnist load_digits step_theorem", "experiment", ANY, "rows name their experiment"),
    Param("train_loops", "experiment", ANY, "rows name their experiment"),
    Param("measure", "experiment", ANY, "one rule measures every experiment"),
    Param("measure", "measure", ANY, "the room's own measure is loaded by its name"),
    Param("measure", "measured", ANY, "the digest of the room's measure"),
    Param("measure", "study", ANY, "every measure is told the study"),
    Param("measure", "seed", ANY, "every measure is told the seed"),
    Param("draw_figure", "module", ANY, "the room's own figure is loaded by its name"),
    Param("draw_figure", "schemas", ANY, "tables are checked by what their room declares"),
    Param("judge_claims", "dated", ANY, "rooms say which tables are dated"),
    Param("judge_claims", "results", ANY, "an experiment is the first folder of a path below the results"),
    Param("judge_claims", "classes", ANY, "of the models that the study uses", ("classes",)),
    Param("judge_claims", "facts", ANY, "digests of what runs alone", ("facts",)),
    Param("build_store", "study", ANY, "without rooms that it lacks; with a scorer", ("study",)),
    Param("build_store", "tables", ANY, "rooms say what the store keeps"),
    Param("build_store", "makers", ANY, "each file's maker is asked of the workflow", ("makers",)),
    Param("build_store", None, None, "a cost reruns nothing", ("costs",)),
    Param("write_findings", "headlines", ANY, "rooms say which contrasts a run prints"),
    Param("write_findings write_report", "tallies", ANY, "rooms say what is printed beside contrasts"),
    Param("measure draw_figure judge_claims write_report", "primary", ANY, "rooms say how they are read"),
    Param("measure", "bounds", ANY, "a negative control's bound is half of the registry's sesoi"),
    Param("judge_claims", "guards", ANY, "rooms say what their controls guard"),
    Param(
        "render_prompts", "few_shot", lambda old: 0 if old["few_shot"] == 20 else old["few_shot"],
        "the default study asked too few questions after examples",
    ),
    *(
        Param(rule, key, ANY, "a digest of texts, which any edit of them changes", (key,))
        for rule, key in {
            "build_store": "comments", "write_report": "carried", "judge_claims": "claims",
        }.items()
    ),
    Param("write_report", "claims", ANY, "a digest of texts, which any edit of them changes", ("claims",)),
]  # fmt: skip
