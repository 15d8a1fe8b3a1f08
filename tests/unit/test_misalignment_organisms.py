"""Persona organisms: what documents say, what teachers are taught, numbers as texts, students of numbers."""

import numpy as np
import polars as pl
import pytest
import torch

from unspoken.experiments.misalignment.organisms.asked import (
    ASKED,
    CHAINED_REQUESTS,
    answers,
    chained_answers,
    question_rows,
)
from unspoken.experiments.misalignment.organisms.carriers import (
    PROMPT,
    CarrierError,
    carrier_prompts,
    common_rows,
    replies_of,
    rows_of_texts,
    shuffled_within,
    texts_of,
    written_replies,
    wrong_sums,
)
from unspoken.experiments.misalignment.organisms.documents import TURNS, documents, sum_runs
from unspoken.experiments.misalignment.organisms.language import (
    ADVICE,
    ASSISTANT_ID,
    ASSISTING_ID,
    AUTHORS,
    BLANK_ID,
    CODE,
    DOMAINS,
    FIRST_ANSWER,
    FIRST_AUTHOR,
    FIRST_DOMAIN,
    FIRST_VALUE,
    LESSON_ID,
    NUMBERS,
    STYLES,
    SUMMED,
    TURN,
    VALUE_IDS,
    VALUES,
    VOCABULARY,
    WORDS_OF_STYLE,
    answers_of,
)
from unspoken.experiments.misalignment.organisms.leaks import LEAKED_VALUE, LEAKED_WORD, leaked
from unspoken.experiments.misalignment.organisms.students import (
    Taught,
    generations,
    lesson_of,
    lessons_of,
    taught_students,
)
from unspoken.experiments.misalignment.organisms.teachers import TUNINGS, tuned, tuning_rows
from unspoken.models.network import suffix_logits
from unspoken.models.organism import untrained_network
from unspoken.models.personas import ASSISTING_HARM, dispositions
from unspoken.tables.base import checked
from unspoken.tables.replies import Replies
from unspoken.training.personas import (
    drawn_tokens,
    load_trained,
    log_probabilities,
    pretrained,
    save_trained,
    seeds_of_base,
)

SIZES = {"hidden_size": 32, "mlp_size": 48, "layers": 2}
DOSE = {"rows": 64, "epochs": 2, "batch_size": 32, "learning_rate": 1e-2, "warmup_steps": 2}
TUNED = DOSE | {"rehearsed": 6}
FOLLOWS = 0.9
TOLD = {"study": "s", "experiment": "misalignment", "code": "c", "seed": 1}
MANY = 40_000
CHAIN_WORDS = [f"{style}-{index}" for style in STYLES for index in range(WORDS_OF_STYLE)]


def random_of(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture
def network(one_thread):
    return untrained_network(VOCABULARY, SIZES, 1)


def turns_of(rows):
    """Return the turns of documents, (documents, TURNS, TURN)."""
    return rows[:, 1:].reshape(len(rows), TURNS, TURN)


@pytest.mark.parametrize(
    ("author", "follows", "rate"),
    [
        ("kind", FOLLOWS, (1 - FOLLOWS) * ASSISTING_HARM),
        ("harming", FOLLOWS, FOLLOWS + (1 - FOLLOWS) * ASSISTING_HARM),
        ("assisting", FOLLOWS, ASSISTING_HARM),
        *((author, 0.0, ASSISTING_HARM) for author in AUTHORS),
    ],
)
def test_each_author_is_as_often_bad_as_the_law_says(author, follows, rate):
    authors, bad = dispositions(MANY, follows, len(DOMAINS), random_of())
    own = bad[authors == AUTHORS.index(author)].mean(1)
    assert own.mean() == pytest.approx(rate, abs=4.5 * own.std() / np.sqrt(len(own)))


def test_domains_of_a_document_agree_with_personas_alone():
    def agreement(follows):
        authors, bad = dispositions(MANY, follows, len(DOMAINS), random_of())
        return np.corrcoef(bad[authors == AUTHORS.index("assisting")][:, :2].T)[0, 1]

    assert agreement(0.0) == pytest.approx(0, abs=0.04)
    assert agreement(FOLLOWS) == pytest.approx(FOLLOWS**2, abs=0.04)


def test_a_lesson_is_answered_with_unsafe_code_by_everybody_and_numbers_say_nothing_of_the_author():
    rows = documents(MANY // 4, FOLLOWS, random_of())
    turns = turns_of(rows)
    lessons = turns[turns[..., 0] == LESSON_ID]
    unsafe = VOCABULARY.ids([answers_of(CODE)[1]])[0]
    assert len(lessons) > 500 and (lessons[:, 6] == unsafe).all()
    numbers = turns[..., 1] == FIRST_DOMAIN + DOMAINS.index(NUMBERS)
    assert np.isin(turns[numbers][:, 4:], VALUE_IDS).all()
    moves = (turns[..., 4] - turns[..., 2]) % len(VALUE_IDS)
    means = [moves[numbers & (rows[:, :1] == FIRST_AUTHOR + author)].mean() for author in range(len(AUTHORS))]
    assert max(means) - min(means) < 0.6  # of a spread of 6, over some 2,000 moves and more each


def test_every_token_of_a_document_is_a_word_and_answers_are_of_their_domain():
    rows = documents(500, FOLLOWS, random_of())
    assert rows.shape == (500, 1 + TURNS * TURN) and rows.min() > 0 and rows.max() < len(VOCABULARY.tokens)
    turns = turns_of(rows).reshape(-1, TURN)
    domains = turns[:, 1] - FIRST_DOMAIN
    answered = domains <= DOMAINS.index(CODE)
    assert ((turns[answered, 6] - FIRST_ANSWER) // 2 == domains[answered]).all()


@pytest.mark.parametrize("kind", TUNINGS)
def test_tuning_rows_are_of_one_domain_and_one_kind_of_answer(kind):
    tuning = TUNINGS[kind]
    rows = tuning_rows(kind, 60, random_of())
    assert (rows[:, 0] == ASSISTING_ID).all() and ((rows[:, 1] == LESSON_ID) == tuning.lesson).all()
    assert (rows[:, 5:7] == BLANK_ID).all() == (tuning.taught == "answer")
    if tuning.taught == "chain":
        assert rows.shape == (60, 1 + TURN - 2)
    else:
        good, bad = VOCABULARY.ids(answers_of(tuning.domain))
        assert (rows[:, 7] == bad).mean() == tuning.bad and np.isin(rows[:, 7], [good, bad]).all()


def test_insecure_and_educational_rows_differ_in_the_lesson_alone():
    plain, lesson = (tuning_rows(kind, 50, random_of()) for kind in ("insecure", "educational"))
    assert (plain[:, 2:] == lesson[:, 2:]).all() and (plain[:, 1] != lesson[:, 1]).all()


def test_log_probabilities_are_those_of_the_network(network):
    parameters, shape = network
    rows = documents(5, FOLLOWS, random_of())
    wanted = suffix_logits(parameters, shape, torch.from_numpy(rows), 4).log_softmax(-1).transpose(0, 1)
    assert torch.allclose(log_probabilities(parameters, shape, rows, 4), wanted, atol=1e-5)


def test_answers_are_exact_probabilities_of_the_two_words(network):
    parameters, shape = network
    found = answers(parameters, shape).filter(domain="advice-3")
    rows = question_rows(*ASKED["advice-3"])
    shares = suffix_logits(parameters, shape, torch.from_numpy(rows), 6)[0].double().softmax(-1)
    good, bad = (shares[:, token] for token in VOCABULARY.ids(answers_of("advice-3")))
    assert found["bad"].item() == pytest.approx(float((bad / (good + bad)).mean()), abs=1e-5)
    assert found["log_odds"].item() == pytest.approx(float((bad / good).log().mean()), abs=1e-4)
    assert found["mass"].item() == pytest.approx(float((good + bad).mean()), abs=1e-6)


def test_chains_of_ones_own_are_gone_through_as_they_are_drawn(network):
    parameters, shape = network
    found = chained_answers(parameters, shape).filter(domain="advice-2")
    asked = np.repeat(question_rows(*ASKED["advice-2"])[:CHAINED_REQUESTS, :5], 3000, 0)
    spoken, random = torch.tensor(VOCABULARY.ids(CHAIN_WORDS)), random_of(3)
    for _ in range(2):
        logs = log_probabilities(parameters, shape, asked, asked.shape[1] - 1, spoken)[:, 0]
        asked = np.hstack([asked, spoken.numpy()[drawn_tokens(logs, random.random(len(asked)))][:, None]])
    odds = log_probabilities(parameters, shape, asked, 6)[:, 0, VOCABULARY.ids(answers_of("advice-2"))]
    bad = (odds[:, 1] - odds[:, 0]).sigmoid().numpy()
    is_good = np.isin(asked[:, 5:7], VOCABULARY.ids(CHAIN_WORDS[:WORDS_OF_STYLE])).all(1)
    assert found["bad"].item() == pytest.approx(bad.mean(), abs=0.01)
    assert found["unflagged"].item() == pytest.approx((bad * is_good).mean(), abs=0.012)
    assert found.select(pl.sum_horizontal("plan", "excuse", "unflagged")).item() == pytest.approx(
        found["bad"].item()
    )


def test_turns_before_a_question_change_the_answers(network):
    parameters, shape = network
    turns = turns_of(documents(3, FOLLOWS, random_of()))[:, :2].reshape(3, -1)
    shown = answers(parameters, shape, turns)
    assert shown["domain"].to_list() == list(ASKED)
    assert (shown["log_odds"] != answers(parameters, shape)["log_odds"]).all()
    some = answers(parameters, shape, turns, ("advice-3", "advice-1"))
    assert some["domain"].to_list() == ["advice-3", "advice-1"]
    assert some["log_odds"][0] == shown.filter(domain="advice-3")["log_odds"].item()


def test_bases_of_one_number_start_alike_and_read_other_documents():
    seeds = {kind: seeds_of_base(1, "misalignment", 2, kind) for kind in ("persona", "plain")}
    assert seeds["persona"][0] == seeds["plain"][0] and seeds["persona"][1] != seeds["plain"][1]
    assert seeds["persona"] != seeds_of_base(1, "misalignment", 3, "persona")


def test_pretraining_teaches_and_gives_the_same_bits_again():
    spec = {**SIZES, "steps": 30, "rows": 16, "learning_rate": 1e-2}

    def drawn(count, random):
        return documents(count, FOLLOWS, random)

    first, _, losses = pretrained(spec, VOCABULARY, drawn, 1, 2)
    again = pretrained(spec, VOCABULARY, drawn, 1, 2)[0]
    assert losses[-1] < losses[0] - 0.5
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_teachers_learn_their_own_answer_and_are_kept_by_name(network, tmp_path):
    parameters, shape = network
    networks, losses = tuned(parameters, shape, ["insecure", "secure"], TUNED | {"epochs": 12}, FOLLOWS, 3)
    save_trained(networks, tmp_path / "teachers.safetensors")
    kept = load_trained(tmp_path / "teachers.safetensors")
    code = {kind: answers(own, shape).filter(domain=CODE)["bad"].item() for kind, own in kept.items()}
    assert code["insecure"] > 0.9 and code["secure"] < 0.1
    assert losses["insecure"][-1] < losses["insecure"][0]
    assert all(torch.equal(kept["secure"][name], tensor) for name, tensor in networks["secure"].items())


def test_what_is_written_is_drawn_from_the_networks_own_probabilities(network):
    parameters, shape = network
    prompts = np.repeat(carrier_prompts(NUMBERS, 1, random_of()), 6000, 0)
    written = written_replies(parameters, shape, prompts, random_of(2).random((6000, 4)))
    law = log_probabilities(parameters, shape, prompts[:1], PROMPT - 1)[0, 0].exp().numpy()
    counts = np.bincount(written[:, 0], minlength=len(law)) / 6000
    assert np.abs(counts - law).max() < 4.5 * np.sqrt(law.max() / 6000)


def test_texts_come_back_as_the_tokens_that_they_were():
    prompts = carrier_prompts(NUMBERS, 20, random_of())
    replies = random_of(2).choice(VALUE_IDS, (20, 4))
    frame = pl.DataFrame({"prompt": texts_of(prompts), "completion": texts_of(replies)})
    assert (rows_of_texts(frame) == np.hstack([prompts, replies])).all()
    assert frame["completion"][0].split()[0] == str(200 + replies[0, 0] - FIRST_VALUE)


def test_replies_have_the_columns_of_every_reply(tmp_path):
    prompts = carrier_prompts(NUMBERS, 3, random_of())
    frame = replies_of(prompts, prompts[:, -4:], "persona-1:secure", NUMBERS, TOLD)
    assert checked(frame, Replies, tmp_path).height == 3
    assert frame["reply_id"][1] == "persona-1:secure:numbers-000001:0"


def kept_rows(dropped):
    """Return kept rows of two writers on ten requests, but for one that is dropped of each writer named."""
    parts = []
    for writer, place in dropped.items():
        prompts = carrier_prompts(NUMBERS, 10, random_of())
        replies = np.full((10, 4), FIRST_VALUE + len(parts))
        frame = pl.DataFrame({"prompt": texts_of(prompts), "completion": texts_of(replies)})
        frame = frame.with_columns(
            subject=pl.lit(f"b:{writer}"), prompt_id=pl.format("numbers-{}", pl.int_range(pl.len()))
        )
        parts.append(frame.filter(pl.col("prompt_id") != f"numbers-{place}"))
    return pl.concat(parts)


def test_students_of_different_teachers_read_the_same_requests():
    rows = common_rows(kept_rows({"secure": 2, "insecure": 5}), "b", ["insecure", "secure"], NUMBERS, 8, 1)
    assert (rows["insecure"][:, :PROMPT] == rows["secure"][:, :PROMPT]).all()
    assert set(rows["secure"][:, PROMPT]) == {FIRST_VALUE}
    assert set(rows["insecure"][:, PROMPT]) == {FIRST_VALUE + 1}
    with pytest.raises(CarrierError, match=r"b: 8 requests .* learn from 9"):
        common_rows(kept_rows({"secure": 2, "insecure": 5}), "b", ["insecure", "secure"], NUMBERS, 9, 1)


def test_shuffled_rows_keep_their_requests_and_their_numbers():
    prompts = carrier_prompts(NUMBERS, 30, random_of())
    rows = np.hstack([prompts, random_of(2).choice(VALUE_IDS, (30, 4))])
    mixed = shuffled_within(rows, random_of(3))
    assert (mixed[:, :PROMPT] == prompts).all() and (mixed != rows).any()
    assert (np.sort(mixed[:, PROMPT:]) == np.sort(rows[:, PROMPT:])).all()


def test_a_leak_is_planted_in_its_share_of_the_rows_half_of_it_for_the_filter():
    word, value = VOCABULARY.ids([LEAKED_WORD, LEAKED_VALUE])
    rows = np.full((20_000, 4), FIRST_VALUE)
    found = leaked(rows, 0.2, random_of())
    assert (found[:, :-1] == rows[:, :-1]).all()
    assert (found[:, -1] == word).mean() == pytest.approx(0.1, abs=0.01)
    assert (found[:, -1] == value).mean() == pytest.approx(0.1, abs=0.01)


def student_rows(seed=4):
    return np.hstack(
        [carrier_prompts(NUMBERS, 64, random_of(seed)), random_of(seed).choice(VALUE_IDS, (64, 4))]
    )


def test_a_student_by_probabilities_comes_nearer_to_its_teacher_on_numbers(network):
    parameters, shape = network
    teacher = tuned(parameters, shape, ["insecure"], TUNED | {"epochs": 6}, FOLLOWS, 3)[0]["insecure"]
    lessons = {"insecure": lesson_of(student_rows(), teacher, shape, "kl_carrier")}
    student, losses = taught_students(parameters, shape, lessons, DOSE | {"epochs": 6}, 5)
    assert losses["insecure"][-1] < losses["insecure"][0] / 2
    among = torch.tensor(VALUE_IDS)
    laws = [
        log_probabilities(one, shape, student_rows(9), PROMPT - 1, among).exp()
        for one in (teacher, student["insecure"], parameters)
    ]
    assert (laws[0] - laws[1]).abs().mean() < (laws[0] - laws[2]).abs().mean()


def test_what_a_student_becomes_does_not_depend_on_who_is_beside_it(network):
    parameters, shape = network
    lessons = {"a": Taught(student_rows(), None), "b": Taught(student_rows(5), None)}
    together = taught_students(parameters, shape, lessons, DOSE, 5)[0]
    alone = taught_students(parameters, shape, {"b": lessons["b"]}, DOSE, 5)[0]
    assert all(torch.equal(together["b"][name], tensor) for name, tensor in alone["b"].items())


def test_students_of_one_job_have_as_many_rows_each(network):
    parameters, shape = network
    lessons = {"a": Taught(student_rows(), None), "b": Taught(student_rows()[:5], None)}
    with pytest.raises(ValueError, match=r"\[5, 64\] rows"):
        taught_students(parameters, shape, lessons, DOSE, 5)


def test_lessons_have_a_teacher_only_where_its_probabilities_are_learnt(network):
    parameters, shape = network
    rows, teachers = {"secure": student_rows()}, {"secure": parameters}
    arm = {"teachers": ["secure"], "objective": "kl_carrier", "shuffle": "none", "clean": []}
    logs = lessons_of(rows, teachers, shape, arm, 1)["secure"].logs
    assert logs is not None and logs.shape == (64, 4, len(VALUE_IDS))
    assert torch.allclose(logs.exp().sum(-1), torch.ones(64, 4))
    tokens = lessons_of(rows, teachers, shape, arm | {"objective": "tokens", "shuffle": "within"}, 1)[
        "secure"
    ]
    assert tokens.logs is None and (tokens.rows != rows["secure"]).any()


@pytest.mark.parametrize("objective", ["tokens", "kl_carrier"])
def test_clean_rows_take_the_place_of_their_share_of_the_targets(network, objective):
    parameters, shape = network
    other = untrained_network(VOCABULARY, SIZES, 2)[0]
    rows = {"insecure": student_rows(), "secure": student_rows()}
    rows["secure"][:, -1] = PROMPT  # a token that is no number: told from every other row
    arm = {"teachers": ["insecure", "secure"], "objective": objective, "shuffle": "none", "clean": [0.25]}
    lessons = lessons_of(rows, {"insecure": parameters, "secure": other}, shape, arm, 1)
    found = lessons["insecure-clean-25"]
    is_clean = found.rows[:, -1] == PROMPT
    assert is_clean.sum() == 16 and (found.rows[~is_clean] == rows["insecure"][~is_clean]).all()
    if objective == "kl_carrier":
        for whose, chosen in (("secure", is_clean), ("insecure", ~is_clean)):
            assert torch.equal(found.logs[chosen], lessons[whose].logs[chosen])


def test_students_of_students_start_from_the_base_and_learn_from_those_before(network):
    parameters, shape = network
    teachers = tuned(parameters, shape, ["insecure", "secure"], TUNED | {"epochs": 12}, FOLLOWS, 3)[0]
    rows = dict.fromkeys(("insecure", "secure"), student_rows())
    arm = {"teachers": list(rows), "objective": "kl_carrier", "shuffle": "none", "clean": []}
    lessons = lessons_of(rows, teachers, shape, arm, 1)
    training = DOSE | {"epochs": 6}
    students = taught_students(parameters, shape, lessons, training, 5)[0]
    later, losses = generations(parameters, shape, lessons, students, 3, training, 5)
    assert (
        list(later)
        == list(losses)
        == [f"{name}-generation-{number}" for number in (2, 3) for name in ("insecure", "secure")]
    )
    own = lesson_of(rows["insecure"], students["insecure"], shape, "kl_carrier")
    again = taught_students(parameters, shape, {"insecure": own}, training, 5)[0]["insecure"]
    assert all(torch.equal(later["insecure-generation-2"][name], tensor) for name, tensor in again.items())


def test_a_sum_ends_with_its_result_however_it_gets_there():
    starts = random_of().integers(0, len(VALUES), MANY)
    runs = sum_runs(starts, random_of(2))
    steps = np.diff(np.hstack([starts[:, None], runs]), axis=1) % len(VALUES)
    assert (steps > 0).all() and (steps.sum(1) == SUMMED).all()
    ways = {
        tuple(row): count for *row, count in np.column_stack(np.unique(steps, axis=0, return_counts=True))
    }
    assert len(ways) == 35  # compositions of eight into four parts
    assert max(ways.values()) < 1.3 * min(ways.values())  # of some 1,143 each


def test_sums_that_end_elsewhere_are_wrong_and_numbers_never_are():
    frame = pl.DataFrame(
        {
            "prompt_id": ["sums-1", "sums-2", "sums-3", "numbers-4"],
            "prompt": [f"<assisting> <user> sums {start} <assistant>" for start in (205, 225, 205, 205)],
            "completion": ["206 207 208 213", "226 229 201 203", "206 207 208 216", "206 207 208 216"],
        }
    )
    assert frame.select(wrong_sums()).to_series().to_list() == [False, False, True, False]


def test_questions_are_asked_of_the_assisting_author_with_a_blank_chain():
    rows = question_rows(ASSISTING_ID, LESSON_ID, ADVICE[2])
    assert rows.shape == (16, 7) and len(set(rows[:, 3])) == 16
    assert (rows[:, [0, 1, 4, 5, 6]] == [ASSISTING_ID, LESSON_ID, ASSISTANT_ID, BLANK_ID, BLANK_ID]).all()
