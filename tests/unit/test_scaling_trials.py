"""Answers of the scaling room are read from tags, scored, and say why there is none."""

import polars as pl
import pytest

from unspoken.experiments.scaling.items import made_items
from unspoken.experiments.scaling.prompts import rendered
from unspoken.experiments.scaling.tables import Forced, Trials
from unspoken.experiments.scaling.trials import forced_of, read_answers, scored_replies, trials_of
from unspoken.tables.base import write_table


def read(reply, kind, options=None, finish="stop"):
    """Return answer and reason of one reply."""
    told = pl.DataFrame(
        {"reply": [reply], "kind": [kind], "options": [options], "finish_reason": [finish]},
        schema_overrides={"options": pl.List(pl.String)},
    )
    return read_answers(told).select("answer", "unread").row(0)


@pytest.mark.parametrize(
    ("reply", "kind", "options", "finish", "answer", "unread"),
    [
        ("<answer>12</answer>", "number", None, "stop", "12", None),
        ("<answer>12", "number", None, "stop", "12", None),
        ("<answer>1,234.5 apples", "number", None, "stop", "1234.5", None),
        ("<answer>-3</answer>", "number", None, "stop", "-3", None),
        ("<answer>about 12", "number", None, "length", None, "cut"),
        ("<answer>12 apples and", "number", None, "length", "12", None),
        ("<answer>223.\n\nTo carry 1", "number", None, "length", "223", None),
        ("<answer>2 or 3</answer>", "number", None, "stop", None, "several"),
        ("<answer>2, so 2</answer>", "number", None, "stop", "2", None),
        ("<answer></answer>", "number", None, "stop", None, "empty"),
        ("<answer>many</answer>", "number", None, "stop", None, "no number"),
        ("12", "number", None, "stop", None, "empty"),
        ("<answer>1</answer> no: <answer>2</answer>", "number", None, "stop", "2", None),
        ("<answer>B. tea</answer>", "letter", ["cola", "tea"], "stop", "B", None),
        ("<answer>(A)</answer>", "letter", ["cola", "tea"], "stop", "A", None),
        ("<answer>A and B</answer>", "letter", ["cola", "tea"], "stop", None, "several"),
        ("<answer>tea</answer>", "letter", ["cola", "tea"], "stop", None, "no letter"),
        ("<answer> ada.</answer>", "name", ["Ada", "Ben"], "stop", "ada", None),
        ("<answer>Cid</answer>", "name", ["Ada", "Ben"], "stop", None, "no name"),
    ],
)
def test_an_answer_is_what_stands_in_the_last_tag(reply, kind, options, finish, answer, unread):
    assert read(reply, kind, options, finish) == (answer, unread)


@pytest.fixture
def scored(tmp_path):
    """Replies of one made-up subject that knows every answer, but for those cut at 16 tokens."""
    tasks = {"arithmetic": {"levels": [2], "items": 3, "items_at_0": None}}
    items = made_items({"study": "s", "seed": 1, "tasks": tasks})
    path = tmp_path / "items.parquet"
    from unspoken.experiments.scaling.items import Items

    write_table(items, path, Items)
    spec = {"setups": ["asked", "capped", "natural"], "budgets": [0, 16, 32], "longest": 64, "shares": [0.5]}
    prompts = rendered(spec, [path])
    replies = prompts.join(items.select("item", "answer"), on="item").select(
        "prompt_id",
        study=pl.lit("s"),
        experiment=pl.lit("scaling"),
        subject=pl.lit("m"),
        sample_index=pl.lit(0, pl.Int64),
        reply=pl.when(pl.col("budget") == 16)
        .then(pl.lit("<answer>"))
        .otherwise("<answer>" + pl.col("answer")),
        finish_reason=pl.lit("stop"),
        thinking_tokens=pl.col("budget"),
        was_cut=pl.col("budget") < 64,
        inserted=pl.lit(None, pl.Int64),
        created_at=pl.lit("now"),
    )
    return prompts, scored_replies(items, prompts, replies)


def test_a_length_that_is_told_is_no_limit_and_one_that_is_kept_is(scored):
    prompts, _ = scored
    budgets = dict(prompts.group_by("arm").agg(pl.col("budget").unique().sort()).iter_rows())
    assert budgets["asked"] == [0, 64]
    assert budgets["capped"] == [0, 16, 32]
    assert budgets["natural"] == [64]
    assert budgets["share-0.5"] == [32]
    told = prompts.filter(arm="asked")["system"]
    assert told.str.contains("about 32 tokens").sum() == 3
    assert not prompts.filter(arm="capped")["system"].str.contains("tokens").any()


def test_trials_have_the_length_that_was_asked_for_and_shares_stand_apart(scored, tmp_path):
    _, rows = scored
    trials, forced = trials_of(rows), forced_of(rows)
    write_table(trials, tmp_path / "length_trials.parquet", Trials)
    write_table(forced, tmp_path / "forced.parquet", Forced)
    assert trials.filter(setup="natural")["budget"].null_count() == 3
    assert sorted(trials.filter(setup="asked")["budget"].unique()) == [0, 16, 32]
    right = dict(trials.filter(setup="capped").group_by("budget").agg(pl.col("score").mean()).iter_rows())
    assert right == {0: 1.0, 16: 0.0, 32: 1.0}
    assert trials.filter(pl.col("unread").is_not_null())["unread"].unique().to_list() == ["empty"]
    assert forced["share"].unique().to_list() == [0.5]
    assert forced["score"].to_list() == [1.0, 1.0, 1.0]
