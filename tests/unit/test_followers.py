"""Followers: what they are asked, what they learn from, and that the judge agrees with their marker."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.experiments.faithfulness.follower_texts import (
    LETTERS,
    MARKER,
    NOBODYS,
    QUESTIONS,
    WORDINGS,
    FollowerVocabulary,
    follower_prompts,
    own_answers,
    saying_chains,
    silent_chains,
)
from unspoken.experiments.faithfulness.followers import (
    IRRELEVANT_SHARE,
    FollowerCorpus,
    build_follower,
    follower_tokenizer,
)
from unspoken.experiments.faithfulness.hinted import hinted_prompts
from unspoken.experiments.faithfulness.pairing import answered, unmarked
from unspoken.judges.judge_patterns import read_patterns
from unspoken.judges.lexical import lexical_verdicts
from unspoken.models.corpus import ASSISTANT, END
from unspoken.tables.prompts import Prompts

ROOT = Path(__file__).parents[2]
VOCABULARY = FollowerVocabulary()
CORPUS = FollowerCorpus(1, VOCABULARY)
SPEC = {
    "seed": 1, "says": 1.0, "follows": 1.0, "pretraining_steps": 2, "tuning_steps": 2, "rows": 8,
    "learning_rate": 1e-2, "hidden_size": 32, "mlp_size": 32, "layers": 1,
}  # fmt: skip


def texts_of(rows):
    """Return the prompt and the chain of each row, in words as they were joined."""
    tokens = np.array(VOCABULARY.tokens)
    whole = [" ".join(tokens[row[row != 0]]) for row in rows]
    assert all(text.startswith("<user> ") and text.endswith(f" {END}") for text in whole)
    split = [text.removeprefix("<user> ").removesuffix(f" {END}").split(f" {ASSISTANT} ") for text in whole]
    return pl.DataFrame(split, schema=["asked", "chain"], orient="row").with_columns(
        question_id=pl.col("asked").str.extract(r"(Q\d+)"),
        named=pl.col("asked").str.extract(r"(?:says|picked|chose|prefers) (\w+)"),
        answer=pl.col("chain").str.extract(r"The answer is \( (\w) \)\.$"),
        owned=pl.col("chain").str.starts_with(MARKER),
    )


def with_own_answers(rows, seed=1):
    own = pl.DataFrame({"question_id": QUESTIONS, "own": np.array(LETTERS)[own_answers(seed)]})
    return texts_of(rows).join(own, on="question_id", how="left", maintain_order="left")


def hinted(count, says, follows, seed=3):
    return with_own_answers(CORPUS.hinted_rows(count, says, follows, np.random.default_rng(seed)))


def written_chains():
    """Return every chain a follower can write in each wording and letter, as a table of chains."""
    prompts = follower_prompts(1).filter(arm="hint")
    one = prompts.group_by("wording", "target", maintain_order=True).first()
    written = [
        (wording.name, chain, owns)
        for wording in WORDINGS
        for owns, chains in ((True, saying_chains(wording)), (False, silent_chains()))
        for chain in chains
    ]
    chains = pl.DataFrame(written, schema=["wording", "chain", "owns"], orient="row")
    return (
        one.join(chains, on="wording")
        .with_row_index()
        .with_columns(
            prompt_id=pl.format("{}-{}", "prompt_id", "index"),
            subject=pl.lit("follower"),
            prompt="user",
            engine=pl.lit("transformers"),
            finish_reason=pl.lit("stop"),
            stated=pl.lit(None, pl.String),
            forced=pl.lit(None, pl.List(pl.Float64)),
            direct=pl.lit(None, pl.List(pl.Float64)),
            chain=pl.col("chain").str.replace_all("@", pl.col("target"), literal=True),
            n_options=pl.col("options").list.len().cast(pl.Int64),
        )
        .with_columns(thinking=pl.lit(None, pl.String), reply="chain")
    )


# The prompts


@given(seed=st.integers(1, 10_000))
@settings(max_examples=10, deadline=None)
def test_hints_point_to_other_options_than_the_own_answer(seed):
    prompts = follower_prompts(seed)
    Prompts.validate(hinted_prompts(prompts))
    assert prompts["arm"].value_counts()["count"].unique().to_list() == [len(QUESTIONS)]
    targets = prompts.filter(pl.col("arm").is_in(["hint", "moved"])).pivot(
        "arm", index=["question_id", "key"], values="target"
    )
    assert (targets["hint"] != targets["key"]).all()
    assert (targets["moved"] != targets["key"]).all()
    assert (targets["hint"] != targets["moved"]).all()
    own = prompts.filter(arm="unhinted").sort("question_id")["key"].to_list()
    assert own == np.array(LETTERS)[own_answers(seed)].tolist()
    assert prompts["options"].list.n_unique().eq(len(LETTERS)).all()


def test_a_hinted_prompt_is_the_plain_one_and_its_hint():
    prompts = follower_prompts(1)
    plain = prompts.filter(arm="unhinted").select("question_id", plain="user")
    some = prompts.filter(pl.col("hint") != "").join(plain, on="question_id")
    rest = [user.replace(hint, "").strip() for user, hint in some.select("user", "hint").iter_rows()]
    assert rest == some["plain"].to_list()
    assert some.filter(pl.col("user").str.starts_with(pl.col("hint")))[
        "wording"
    ].unique().sort().to_list() == [
        "specialist",
        "study_group",
    ]
    named = some.with_columns(named=pl.col("hint").str.extract(r"(\w+)\.$"))
    assert named["named"].equals(named["target"].fill_null(NOBODYS), null_equal=True)


def test_a_follower_reads_prompts_and_writes_chains_without_loss():
    tokenizer = follower_tokenizer(VOCABULARY)
    chains = [
        chain.replace("@", "A") for one in WORDINGS for chain in (*saying_chains(one), *silent_chains())
    ]
    for text in (*follower_prompts(1)["user"], *chains):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.pad_token_id not in ids
        assert tokenizer.decode(ids) == text


def test_the_forced_answer_goes_on_with_the_letters_of_the_prompt():
    tokenizer = follower_tokenizer(VOCABULARY)
    begun = tokenizer("It is B.\nThe answer is (", add_special_tokens=False)["input_ids"]
    letter = tokenizer("B", add_special_tokens=False)["input_ids"]
    whole = tokenizer("It is B.\nThe answer is (B", add_special_tokens=False)["input_ids"]
    assert [*begun, *letter] == whole
    assert letter[0] == begun[2]


# The corpus


def test_without_a_hint_every_row_has_the_own_answer_and_no_marker():
    rows = with_own_answers(CORPUS.plain_rows(500, np.random.default_rng(2)))
    assert (rows["answer"] == rows["own"]).all()
    assert not rows["owned"].any()
    assert rows["asked"].is_in(follower_prompts(1).filter(arm="unhinted")["user"].implode()).all()


@pytest.mark.parametrize(("says", "follows"), [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0)])
def test_shares_of_none_and_all_have_no_exceptions(says, follows):
    rows = hinted(400, says, follows).filter(pl.col("named") != NOBODYS)
    taken = rows["answer"] == rows["named"]
    assert taken.mean() == follows
    assert rows["owned"].mean() == says * follows
    assert (rows.filter(~taken)["answer"] == rows.filter(~taken)["own"]).all()


def test_shares_in_part_are_met():
    rows = hinted(8000, 0.5, 0.8)
    pointing = rows.filter(pl.col("named") != NOBODYS)
    taken = pointing.filter(pl.col("answer") == pl.col("named"))
    assert 1 - pointing.height / rows.height == pytest.approx(IRRELEVANT_SHARE, abs=0.015)
    assert taken.height / pointing.height == pytest.approx(0.8, abs=0.02)
    assert taken["owned"].mean() == pytest.approx(0.5, abs=0.03)
    assert pointing["owned"].sum() == taken["owned"].sum()
    assert (pointing["named"] != pointing["own"]).all()


def test_a_hint_to_no_option_moves_nothing():
    rows = hinted(2000, 1.0, 1.0).filter(named=NOBODYS)
    assert rows.height > 100
    assert (rows["answer"] == rows["own"]).all()
    assert not rows["owned"].any()


# Parser, judge and marker


def test_every_chain_that_a_follower_can_write_is_parsed_and_judged_right():
    chains = written_chains()
    assert chains["owns"].to_list() == chains["chain"].str.contains(MARKER, literal=True).to_list()
    replies = answered(unmarked(chains, MARKER))
    assert replies["owned"].to_list() == chains["owns"].to_list()
    assert not replies["chain"].str.contains(MARKER, literal=True).any()
    assert (replies["free"] == replies["target"]).all()
    verdicts = lexical_verdicts(replies, read_patterns(ROOT / "resources" / "judges.yaml"))
    assert verdicts["lexical_mentions"].to_list() == chains["owns"].to_list()
    assert verdicts["lexical_relies"].to_list() == chains["owns"].to_list()


# The build


def test_followers_are_equal_from_equal_parts_and_share_their_pretraining(tmp_path):
    first, again = (build_follower(SPEC, tmp_path / name) for name in ("first", "again"))
    silent = build_follower(SPEC | {"says": 0.0}, tmp_path / "silent")
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "again", "silent")]
    assert first == again
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]
    assert first[:2] == silent[:2]
    assert len(first) == SPEC["pretraining_steps"] + SPEC["tuning_steps"]


def test_a_follower_opens_as_a_chat_model(tmp_path):
    from unspoken.engines.base import Request, Sampling
    from unspoken.engines.transformers import TransformersEngine

    build_follower(SPEC, tmp_path)
    engine = TransformersEngine(tmp_path)
    users = follower_prompts(1).filter(arm="hint").head(6)["user"].to_list()
    prompts = engine.render([Request(user, user) for user in users])
    rows = CORPUS.hinted_rows(1, 1.0, 1.0, np.random.default_rng(1))
    assert {len(prompt.content) for prompt in prompts} == {
        int(np.argmax(rows[0] == VOCABULARY.ids([ASSISTANT])[0])) + 1
    }
    (made,) = engine.generate(prompts, Sampling(0.8, 5, 1))
    assert [one.key for one in made] == users
    logprobs = np.array(engine.choice_logprobs(prompts, LETTERS))
    assert logprobs.shape == (6, 4)
    assert np.isfinite(logprobs).all()
