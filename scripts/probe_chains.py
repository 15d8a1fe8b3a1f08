#!/usr/bin/env python
"""Change chains of thought and read the answers again: the causal tests of Lanham et al. 2023."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    import polars as pl

    from unspoken.engines.base import Request, Sampling
    from unspoken.engines.cache import CompletionCache

log = logging.getLogger("probe_chains")
REWRITING_TOKENS = 60
"""Longest rewriting of one step."""


def replies(cache: "CompletionCache", requests: "list[Request]", sampling: "Sampling") -> list[str]:
    """Return the texts of the completions of requests, in their order."""
    from unspoken.asking.completing import completed

    return [one.text for one in completed(cache, requests, sampling)]


def rewritings(
    cache: "CompletionCache", tested: list[dict[str, Any]], test: str, sampling: "Sampling", positions: int
) -> dict[tuple[str, int], tuple[str, str]]:
    """Return, by prompt and step, the step as the subject rewrote it, and how that came about.

    `mistake`: some steps, with an error; `paraphrase`: all steps, in other words.
    """
    from unspoken.chains.changed import places
    from unspoken.chains.rewriting import mistake_request, paraphrase_request, rewritten
    from unspoken.engines.base import Request
    from unspoken.seeds import hashed_seed

    wrong = test == "mistake"
    asked = [
        (row, step)
        for row in tested
        for step in (places(row["steps"], positions) if wrong else range(len(row["steps"])))
    ]
    requests = [
        Request(
            f"{row['prompt_id']}:{test}:{step}",
            mistake_request(row["question"], row["steps"][step])
            if wrong
            else paraphrase_request(row["steps"][step]),
        )
        for row, step in asked
    ]
    wanted = replace(sampling, max_tokens=REWRITING_TOKENS, seed=hashed_seed(sampling.seed, test))
    made = zip(asked, requests, replies(cache, requests, wanted), strict=True)
    return {
        (row["prompt_id"], step): rewritten(
            row["steps"][step], reply, hashed_seed(sampling.seed, request.key) if wrong else None
        )
        for (row, step), request, reply in made
    }


def changed_starts(
    tested: list[dict[str, Any]], test: str, new: dict[tuple[str, int], tuple[str, str]], positions: int
) -> list[tuple[dict[str, Any], int, str, str]]:
    """Return (chain, step, its changed beginning, how): up to a mistake, or paraphrased up to a step."""
    from unspoken.chains.changed import how_all, lengths, places

    starts = []
    for row in tested:
        if test == "mistake":
            for step in places(row["steps"], positions):
                text, how = new[row["prompt_id"], step]
                starts.append((row, step, "".join(row["steps"][:step]) + text, how))
        else:
            for length in lengths(row["steps"], positions):
                rewritten = [new[row["prompt_id"], step] for step in range(length)]
                text = "".join(text for text, _ in rewritten)
                starts.append((row, length, text, how_all([how for _, how in rewritten])))
    return starts


def written_on(
    cache: "CompletionCache",
    starts: list[tuple[dict[str, Any], int, str, str]],
    requests: "list[Request]",
    sampling: "Sampling",
) -> "pl.DataFrame":
    """Return `thought` and `answer` (`answers.stated`) of replies that go on from changed beginnings.

    `requests` have the beginning as prefix; where its prompt begins the thinking, so does the whole reply.
    """
    import polars as pl

    from unspoken.answers.stated import with_answers
    from unspoken.asking.completing import completed
    from unspoken.engines.thinking import told_apart

    made = completed(cache, requests, sampling)
    told = [
        (row["subject"], row["user"], row["options"], row["n_options"], more.finish_reason, None)
        for (row, *_), more in zip(starts, made, strict=True)
    ]
    types = dict.fromkeys(("subject", "prompt", "options", "n_options", "finish_reason", "stated"), pl.String)
    types |= {"options": pl.List(pl.String), "n_options": pl.Int64}
    asked = pl.DataFrame(told, types, orient="row").with_columns(engine=pl.lit(cache.engine.name))
    texts = [request.prefix + more.text for request, more in zip(requests, made, strict=True)]
    whole = told_apart(cache.engine, [replace(request, prefix="") for request in requests], texts)
    return with_answers(pl.concat([asked, whole], how="horizontal")).select("thought", "answer")


def rewritten_chains(
    cache: "CompletionCache",
    tested: list[dict[str, Any]],
    test: str,
    sampling: "Sampling",
    positions: int,
) -> list[dict[str, Any]]:
    """Return chains whose beginning the subject rewrote, and whose rest and answer it then wrote anew."""
    from unspoken.chains.changed import written_chain
    from unspoken.engines.base import Request
    from unspoken.seeds import hashed_seed

    new = rewritings(cache, tested, test, sampling, positions)
    starts = changed_starts(tested, test, new, positions)
    going_on = [
        Request(f"{row['prompt_id']}:{test}:{step}:rest", row["user"], prefix=text)
        for row, step, text, _ in starts
    ]
    drawn = replace(sampling, seed=hashed_seed(sampling.seed, test, "rest"))
    answers = written_on(cache, starts, going_on, drawn)
    return [
        written_chain(row, test, step, thought, how, stated)
        for (row, step, _, how), (thought, stated) in zip(starts, answers.iter_rows(), strict=True)
    ]


def translations(
    cache: "CompletionCache", rows: list[dict[str, Any]], sampling: "Sampling"
) -> list[str | None]:
    """Return the longest switched span of each chain in English, None where none was written."""
    from unspoken.asking.completing import completed
    from unspoken.chains.rewriting import translated, translation_request
    from unspoken.chains.switched import longest_span
    from unspoken.engines.base import Request

    requests = []
    for row in rows:
        start, end, _ = longest_span(row)
        requests.append(
            Request(f"{row['prompt_id']}:translated", translation_request(row["thought"][start:end]))
        )
    made = completed(cache, requests, sampling)
    # A reply that was cut lacks the end of its last line alone.
    whole = [one.finish_reason == "stop" or "\n" in one.text.strip() for one in made]
    return [translated(one.text) if ended else None for one, ended in zip(made, whole, strict=True)]


def rewordings(
    cache: "CompletionCache", rows: list[dict[str, Any]], sampling: "Sampling"
) -> list[tuple[str, str] | None]:
    """Return each chain's like step in other words, and how that came about; None without such a step."""
    from unspoken.chains.rewriting import paraphrase_request, rewritten
    from unspoken.chains.switched import like_step
    from unspoken.engines.base import Request

    like = {row["prompt_id"]: row["steps"][step] for row in rows if (step := like_step(row)) is not None}
    requests = [Request(f"{key}:reworded", paraphrase_request(step)) for key, step in like.items()]
    made = dict(zip(like, replies(cache, requests, sampling), strict=True))
    return [
        rewritten(like[key], made[key], None) if (key := row["prompt_id"]) in like else None for row in rows
    ]


def unswitched_chains(
    cache: "CompletionCache", rows: list[dict[str, Any]], sampling: "Sampling"
) -> list[dict[str, Any]]:
    """Return chains with a switched span: as they were, the span in English, and a like step reworded."""
    from unspoken.chains.switched import unswitched

    greedy = replace(sampling, temperature=0)
    english, reworded = translations(cache, rows, greedy), rewordings(cache, rows, greedy)
    changed = [unswitched(*of_row) for of_row in zip(rows, english, reworded, strict=True)]
    return [one for of_row in changed for one in of_row]


def changed_chains(cache: "CompletionCache", chains: "pl.DataFrame", spec: dict[str, Any]) -> "pl.DataFrame":
    """Return the chains of every test, changed, in the columns of `changed.CHANGED`."""
    import polars as pl

    from unspoken.chains.changed import CHANGED, cut_chains, tested_chains, transplants
    from unspoken.chains.switched import switched_chains
    from unspoken.engines.base import Sampling
    from unspoken.seeds import hashed_seed

    drawn = (spec["count"], spec["seed"])
    tested, switched = tested_chains(chains, *drawn), switched_chains(chains, *drawn)
    changed = [made for row in tested for made in cut_chains(row)]
    changed += transplants(chains, tested)
    sampling = Sampling(**spec["sampling"], seed=hashed_seed(spec["seed"], "tests", spec["model"]))
    some = tested[: spec.get("rewritten")]
    for test in ("mistake", "paraphrase"):
        changed += rewritten_chains(cache, some, test, sampling, spec["positions"])
        log.info("%s: %d changed chains", test, len(changed))
    changed += unswitched_chains(cache, switched, sampling)
    silent = chains.filter(pl.col("answer").is_null(), arm="unhinted").height
    log.info("%d questions, %d chains with a switched span", len(tested), len(switched))
    log.info("%d unhinted chains state no answer and are left out", silent)
    return pl.DataFrame(changed, schema=CHANGED)


def main() -> None:
    job = start_job(
        __doc__ or "",
        ("model", "questions", "prompts", "replies", "readings", "cache", "interventions"),
    )
    import polars as pl

    from unspoken.answers.readings import answers_after
    from unspoken.answers.stated import with_answers
    from unspoken.asking.completing import asked_in_turn
    from unspoken.chains.joined import joined_chains
    from unspoken.engines.base import Opening, engine_columns
    from unspoken.engines.opening import open_engine
    from unspoken.subjects import base_subject
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.interventions import Interventions
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.questions import Questions
    from unspoken.tables.readings import Readings
    from unspoken.tables.replies import Replies

    spec = job.spec
    texts = read_table(job.questions, Questions).select("question_id", "question")
    tables = ((job.prompts, Prompts), (job.replies, Replies), (job.readings, Readings))
    joined = joined_chains(*(read_table(path, schema) for path, schema in tables))
    chains = with_answers(joined).join(texts, on="question_id", how="left")
    subject = base_subject(spec["model"])
    engine = open_engine(Opening(job.model, spec["engine"], job.threads))
    for asked in asked_in_turn(engine, [subject], job.cache, job.model):
        changed = changed_chains(asked.cache, chains, spec)
        read = answers_after(asked.cache.choice_logprobs, None, changed, spec["answer_prefix"])
    table = read.with_columns(
        study=pl.lit(spec["study"]), subject=pl.lit(subject.subject_id), **engine_columns(engine)
    )
    write_table(table, job.interventions, Interventions)
    log.info("%d changed chains", table.height)


if __name__ == "__main__":
    main()
