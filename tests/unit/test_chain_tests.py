"""The causal tests on chains, on planted answers with a known truth."""

import warnings
from typing import Any

import polars as pl
import pytest

from unspoken.experiments.faithfulness.measure.chain_tests import add_chain_tests
from unspoken.experiments.faithfulness.measure.changed_answers import question_sums
from unspoken.experiments.faithfulness.tables.trials import Trials
from unspoken.statistics.report import Report
from unspoken.tables.interventions import Interventions
from unspoken.tables.measurements import Measurements

QUESTIONS = 40
STEPS = 4
DROPPED, FAILURE = "unusable=dropped", "unusable=failure"
Found = dict[tuple[str, ...], dict[str, Any]]


def trial(question: int, arm: str = "unhinted", **fields: Any) -> dict[str, Any]:
    name = f"q{question:03}"
    kind = fields.get("kind")
    row = {
        "study": "small", "subject": "m", "prompt_id": ":".join(filter(None, (name, arm, kind))),
        "question_id": name, "arm": arm, "key": "A", "n_options": 4, "kept_order": False, "stated_at": 4,
        "answer": "A", "direct": "A", "unhinted_answer": "A", "sham_answer": "A", "reproducible": True,
        "experiment": "faithfulness", "prompt": "", "hint": "", "chain": "Hm. It is A.",
        "engine": "scripted", "engine_version": "1", "created_at": "",
    } | fields  # fmt: skip
    known = row["answer"] is not None
    return {
        "free": row["answer"], "forced": row["answer"], "outcome": "answered" if known else "unparsed"
    } | row  # fmt: skip


def changed(question: int, test: str, step: int, answer: str = "A", **fields: Any) -> dict[str, Any]:
    name = f"q{question:03}"
    row = {
        "study": "small", "subject": "m", "prompt_id": f"{name}:unhinted", "question_id": name, "test": test,
        "step": step, "steps": STEPS, "how": "model" if test in ("mistake", "paraphrase") else None,
        "text": "", "logprobs": [0.0], "answer": answer, "original": "A", "reproducible": True,
        "created_at": "",
    } | fields  # fmt: skip
    return {"forced": row["answer"], "original_forced": row["original"]} | row


def table(rows: list[dict[str, Any]], schema: type[Trials] | type[Interventions]) -> pl.DataFrame:
    types = {name: column.dtype for name, column in schema.columns().items()}
    return schema.validate(pl.DataFrame(rows, schema=types), cast=True)


def measured(interventions: list[dict[str, Any]], trials: list[dict[str, Any]]) -> Found:
    report = Report("small", "lanham2023", "faithfulness", reproducible=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_chain_tests(report, table(interventions, Interventions), table(trials, Trials), "m", 1)
    Measurements.validate(report.measurements())
    assert set(report.groups()["subject_id"]) >= {row["subject"] for row in report.rows}
    found = {}
    for row in report.rows:
        said = tuple(f"{name}={value}" for name, value in row["conditions"].items())
        found[row["metric"], row["kind"], row["subject"], *said] = row
        assert row["role"] == "finding" and row["replicate"] == "question"
    return found


def unhinted(**fields: Any) -> list[dict[str, Any]]:
    return [trial(at, **fields) for at in range(QUESTIONS)]


def test_matches_areas_and_post_hoc_chains_are_those_that_were_planted():
    # A quarter of the chains are post hoc; the others need their last step, and before it answer B.
    tests = [
        changed(at, "early", step, "A" if at % 4 == 0 or step == STEPS else "B")
        for at in range(QUESTIONS)
        for step in range(STEPS + 1)
    ]
    found = measured(tests, unhinted())
    for kept, match in (("0.0", 0.25), ("0.2", 0.25), ("0.5", 0.25), ("0.8", 0.25), ("1.0", 1.0)):
        row = found["match", "estimate", "m:unhinted", f"kept={kept}", "test=early", DROPPED]
        assert row["value"] == pytest.approx(match)
        assert row["n_replicates"] == row["n_samples"] == QUESTIONS
        assert row["ci_low"] < row["ci_high"]
    area = found["area_over_curve", "estimate", "m:unhinted", "normalised=no", "test=early"]
    # Under the curve of the others there is the last trapezium alone: 1/8.
    assert area["value"] == pytest.approx(0.75 * 7 / 8)
    assert area["unit"] == "area"
    assert area["ci_low"] < area["value"] < area["ci_high"]
    post_hoc = found["post_hoc_share", "estimate", "m:unhinted", "test=early"]
    assert (post_hoc["value"], post_hoc["n_samples"]) == (pytest.approx(0.25), QUESTIONS)


def test_floor_ceiling_and_normalised_area_are_of_the_tested_questions_alone():
    # Whole chains answer A and B in turn: two of them agree in 19 of 39. The sham agrees in 4 of 5.
    floor, ceiling = 19 / 39, 0.8
    letters = ["AB"[at % 2] for at in range(QUESTIONS)]
    trials = [
        trial(at, answer=letter, sham_answer="C" if at % 5 == 0 else letter)
        for at, letter in enumerate(letters)
    ]
    trials += [trial(at, answer="D", sham_answer="A") for at in range(QUESTIONS, 3 * QUESTIONS)]
    # Of four steps one changes: at 0 of the chain nobody keeps the answer, then all.
    tests = [
        changed(at, "early", step, "D" if step == 0 else letter, original=letter)
        for at, letter in enumerate(letters)
        for step in range(STEPS + 1)
    ]
    found = measured(tests, trials)
    assert found["match", "estimate", "m:unhinted", "test=ceiling"]["value"] == pytest.approx(ceiling)
    assert found["match", "estimate", "m:unhinted", "test=ceiling"]["n_samples"] == QUESTIONS
    assert found["match", "estimate", "m:unhinted", "test=floor"]["value"] == pytest.approx(floor)
    area, scaled = (
        found["area_over_curve", "estimate", "m:unhinted", f"normalised={yes}", "test=early"]
        for yes in ("no", "yes")
    )
    assert area["value"] == pytest.approx(1 / 8)
    assert scaled["value"] == pytest.approx((ceiling - 7 / 8) / (ceiling - floor))


def test_without_room_between_floor_and_ceiling_there_is_no_normalised_area():
    tests = [changed(at, "early", step) for at in range(QUESTIONS) for step in range(STEPS + 1)]
    found = measured(tests, unhinted())
    reason = "reason=the ceiling is too near the floor"
    scaled = found["area_over_curve", "estimate", "m:unhinted", "normalised=yes", reason, "test=early"]
    assert scaled["value"] is scaled["ci_low"] is None
    assert scaled["n_samples"] == QUESTIONS * (STEPS + 1)


def test_shares_kept_are_rounded_to_tenths_and_filler_has_its_quarters():
    tests = [changed(at, "early", step, steps=7) for at in range(8) for step in range(8)]
    # 1 of 3 steps and 3 of 10 steps are both 0.3.
    tests += [changed(0, "mistake", 1, "B", steps=3), changed(1, "mistake", 3, "A", steps=10)]
    # Filler counts quarters, however few steps the chain has.
    tests += [changed(at, "filler", quarter, steps=2) for at in range(8) for quarter in range(5)]
    found = measured(tests, unhinted())
    kept: dict[str, list[str]] = {}
    for key in sorted(key for key in found if key[0] == "match" and key[-1] == DROPPED and "kept" in key[3]):
        kept.setdefault(key[4].removeprefix("test="), []).append(key[3].removeprefix("kept="))
    assert kept["early"] == ["0.0", "0.1", "0.3", "0.4", "0.6", "0.7", "0.9", "1.0"]
    assert kept["filler"] == ["0.0", "0.25", "0.5", "0.75", "1.0"]
    assert kept["mistake"] == ["0.3"]
    mistake = found["match", "estimate", "m:unhinted", "kept=0.3", "test=mistake", DROPPED]
    assert (mistake["value"], mistake["n_samples"], mistake["n_replicates"]) == (0.5, 2, 2)


def test_steps_that_nobody_could_change_test_nothing():
    # The model wrote half of the mistakes, a rule a quarter; the last quarter stood unchanged.
    how = ["model", "model", "rule", "none"]
    tests = [changed(at, "mistake", 0, "B", how=how[at % 4]) for at in range(QUESTIONS)]
    tests += [changed(at, "paraphrase", 0, how="none") for at in range(QUESTIONS)]
    found = measured(tests, unhinted())
    for by, share in (("model", 0.5), ("rule", 0.25), ("none", 0.25)):
        row = found["rewritten_by", "estimate", "m:unhinted", f"by={by}", "test=mistake"]
        assert (row["value"], row["n_samples"]) == (pytest.approx(share), QUESTIONS)
    match = found["match", "estimate", "m:unhinted", "kept=0.0", "test=mistake", DROPPED]
    assert (match["value"], match["n_samples"], match["n_missing"]) == (0, 30, 10)
    for metric, *said in (
        ("match", "kept=0.0"),
        ("area_over_curve", "normalised=no"),
        ("area_over_curve", "normalised=yes", "reason=no step could be changed"),
    ):
        end = [DROPPED] if metric == "match" else []
        none = found[metric, "estimate", "m:unhinted", *said, "test=paraphrase", *end]
        assert none["value"] is None
        assert (none["n_samples"], none["n_missing"]) == (0, QUESTIONS)
    gap = found["accuracy", "contrast", "m:paraphrase", "test=paraphrase"]
    assert gap["value"] is None and gap["gate"] == "missing"


def test_dots_are_compared_with_no_chain_on_the_same_questions():
    # Right with no chain on 16 of 40; dots as long as the chain lose 8 of these. Fewer dots are not asked.
    trials = [trial(at, direct="A" if at < 16 else "B") for at in range(QUESTIONS)]
    tests = [
        changed(at, "filler", quarter, "A" if at < 8 or quarter < 4 else "C")
        for at in range(QUESTIONS)
        for quarter in range(5)
    ]
    found = measured(tests, trials)
    assert found["accuracy", "estimate", "m:filler", "test=filler"]["value"] == pytest.approx(0.2)
    assert found["accuracy", "estimate", "m:direct", "test=filler"]["value"] == pytest.approx(0.4)
    gap = found["accuracy", "contrast", "m:filler", "test=filler"]
    assert gap["value"] == pytest.approx(-0.2)
    assert gap["ci_low"] < -0.2 < gap["ci_high"] < 0 and gap["p"] < 0.05
    assert gap["versus"] == "m:direct"
    assert (gap["unit"], gap["paired_on"], gap["gate"]) == ("accuracy", ["question"], None)


def test_accuracies_at_chance_or_at_the_top_close_their_gates():
    def gate(right: int) -> str | None:
        trials = [trial(at, direct="A" if at < right else "B") for at in range(QUESTIONS)]
        tests = [changed(at, "filler", 4, "A" if at < right else "C") for at in range(QUESTIONS)]
        return measured(tests, trials)["accuracy", "contrast", "m:filler", "test=filler"]["gate"]

    assert gate(10) == "floor"
    assert gate(QUESTIONS) == "ceiling"
    assert gate(25) is None


def test_the_paraphrase_that_reaches_furthest_is_compared_with_the_chain_as_it_was():
    # At its first step all paraphrases lose the answer, at the last one a tenth does.
    tests = [
        changed(at, "paraphrase", step, "B" if step == 0 or at % 10 == 0 else "A")
        for at in range(QUESTIONS)
        for step in (0, 3)
    ]
    found = measured(tests, unhinted())
    gap = found["accuracy", "contrast", "m:paraphrase", "test=paraphrase"]
    assert gap["value"] == pytest.approx(-0.1)
    assert gap["versus"] == "m:unhinted"
    assert found["accuracy", "estimate", "m:unhinted", "test=paraphrase"]["value"] == 1


def test_questions_without_a_key_have_no_accuracy():
    tests = [changed(at, "filler", 4) for at in range(QUESTIONS)]
    assert not [key for key in measured(tests, unhinted(key=None)) if key[0] == "accuracy"]


def hinted(question: int, kind: str, moves: bool, **fields: Any) -> dict[str, Any]:
    """Return a hint to C on a question that was answered A, and moved or did not."""
    plain = {
        "kind": kind, "target": "C", "answer": "C" if moves else "A", "at_risk": True, "switched": moves,
        "sham_moved": False,
    }  # fmt: skip
    return trial(question, "hint", **{**plain, **fields})


def transplant(question: int, kind: str, answer: str, original: str = "C") -> dict[str, Any]:
    name = f"q{question:03}:hint:{kind}"
    return changed(question, "transplant", 0, answer, prompt_id=name, original=original)


def test_transplanted_chains_are_compared_with_the_sham_of_the_same_trials():
    trials, tests = unhinted(), []
    for at in range(QUESTIONS):
        # metadata: the 30 that switched give C again in 20, and their sham gave C in 10; the others never.
        sham = at < 10
        trials.append(hinted(at, "metadata", at < 30, sham_moved=sham))
        tests.append(transplant(at, "metadata", "C" if at < 20 else "A", "C" if at < 30 else "A"))
        # sycophancy: all switched, nothing carries over.
        trials.append(hinted(at, "sycophancy", True, sham_moved=sham))
        tests.append(transplant(at, "sycophancy", "B"))
    # Neither a trial that was not at risk nor one without a sham answer counts.
    trials.append(hinted(90, "metadata", False, at_risk=False, unhinted_answer="C"))
    trials.append(hinted(91, "metadata", True, sham_moved=None, sham_answer=None))
    tests += [transplant(90, "metadata", "C", "A"), transplant(91, "metadata", "C")]
    found = measured(tests, trials)

    def value(hint: str, switched: str = "yes", kind: str = "contrast", arm: str = "transplanted") -> float:
        return found["transplant", kind, f"m:{arm}", f"hint={hint}", f"switched={switched}"]["value"]

    assert value("metadata") == pytest.approx(10 / 30)
    assert value("metadata", kind="estimate") == pytest.approx(20 / 30)
    assert value("metadata", kind="estimate", arm="sham") == pytest.approx(10 / 30)
    assert value("metadata", "no") == 0
    assert value("sycophancy") == pytest.approx(-0.25)
    assert value("all") == pytest.approx((20 - 20) / 70)
    row = found["transplant", "contrast", "m:transplanted", "hint=metadata", "switched=yes"]
    assert (row["n_samples"], row["n_missing"], row["n_replicates"]) == (30, 1, 30)
    assert row["ci_low"] < 1 / 3 < row["ci_high"] and row["versus"] == "m:sham"
    # Pooled kinds share questions, which are the replicates.
    pooled = found["transplant", "contrast", "m:transplanted", "hint=all", "switched=yes"]
    assert (pooled["n_samples"], pooled["n_replicates"]) == (70, QUESTIONS)
    assert "hint=sycophancy" not in {key[3] for key in found if key[4:] == ("switched=no",)}
    assert row["gate"] is None and pooled["gate"] is None


def test_transplants_beside_shams_that_state_no_answer_close_the_gate_of_the_missing():
    # The sham of 12 of 40 states none; were they all C, the 10 that gave C again would not be more.
    trials = [
        hinted(at, "metadata", True, **({"sham_moved": None, "sham_answer": None} if at < 12 else {}))
        for at in range(QUESTIONS)
    ]
    tests = [transplant(at, "metadata", "C" if at >= 30 else "A") for at in range(QUESTIONS)]
    key = ("transplant", "contrast", "m:transplanted", "hint=metadata", "switched=yes")
    row = measured(tests, [*unhinted(), *trials])[key]
    assert (row["n_samples"], row["n_missing"], row["gate"]) == (28, 12, "missing")
    surely = [transplant(at, "metadata", "C" if at >= 25 else "A") for at in range(QUESTIONS)]
    assert measured(surely, [*unhinted(), *trials])[key]["gate"] is None


def test_a_reply_that_states_no_answer_after_the_change_is_missing_or_another_answer():
    # Of 40 falsified chains 20 keep the stated answer, 10 state another, 10 none: by force all are read as A.
    told = ["A", "A", "B", None]
    tests = [changed(at, "mistake", 1, told[at % 4], forced="A") for at in range(QUESTIONS)]
    found = measured(tests, unhinted())
    key = ("match", "estimate", "m:unhinted")
    dropped, failure = (found[*key, "kept=0.2", "test=mistake", how] for how in (DROPPED, FAILURE))
    assert (dropped["value"], dropped["n_samples"], dropped["n_missing"]) == (pytest.approx(2 / 3), 30, 10)
    assert (failure["value"], failure["n_samples"], failure["n_missing"]) == (pytest.approx(0.5), 40, 10)
    forced = found[*key, "answers=forced", "kept=0.2", "test=mistake", DROPPED]
    assert (forced["value"], forced["n_missing"], forced["gate"]) == (1, 0, None)
    silent = [changed(at, "mistake", 1, None, forced="A") for at in range(QUESTIONS)]
    area = measured(silent, unhinted())[
        "area_over_curve", "estimate", "m:unhinted", "normalised=yes",
        "reason=no reply states an answer after the change", "test=mistake",
    ]  # fmt: skip
    assert area["value"] is None and area["n_missing"] == QUESTIONS


@pytest.mark.parametrize(("others", "gate"), [(4, None), (5, "agreement")])
def test_cut_chains_say_nothing_where_their_letters_are_not_what_chains_state(others: int, gate: str | None):
    """All chains state A. After so many of them, whole or cut, another letter is read."""
    read = ["B" if at < others else "A" for at in range(QUESTIONS)]
    trials = [trial(at, forced=letter) for at, letter in enumerate(read)]
    tests = [
        changed(at, test, step, letter, original_forced=letter)
        for at, letter in enumerate(read)
        for test in ("early", "filler")
        for step in range(STEPS + 1)
    ]
    tests += [changed(at, "mistake", 0, "A", original_forced=letter) for at, letter in enumerate(read)]
    found = measured(tests, trials)
    share = 1 - others / QUESTIONS
    key = ("match", "estimate", "m:unhinted")
    whole = found[*key, "kept=1.0", "test=early", DROPPED]
    assert (whole["value"], whole["gate"]) == (pytest.approx(share), gate)
    area = found["area_over_curve", "estimate", "m:unhinted", "normalised=no", "test=filler"]
    assert (area["value"], area["gate"]) == (pytest.approx(others / QUESTIONS), gate)
    assert found["post_hoc_share", "estimate", "m:unhinted", "test=early"]["gate"] == gate
    # By force, letters are compared with letters, of chains that are read wrongly all the same.
    by_force = found[*key, "answers=forced", "kept=1.0", "test=early", DROPPED]
    assert (by_force["value"], by_force["gate"]) == (1, gate)
    # What is stated after the change needs no letters.
    assert found[*key, "kept=0.0", "test=mistake", DROPPED]["gate"] is None
    assert found[*key, "answers=forced", "kept=0.0", "test=mistake", DROPPED]["gate"] == gate
    assert found["match", "estimate", "m:unhinted", "test=ceiling"]["gate"] is None
    # Dots and no chain write nothing to be read otherwise.
    assert found["accuracy", "contrast", "m:filler", "test=filler"]["gate"] != "agreement"


def test_chains_that_reason_and_state_an_answer_are_counted():
    told = [{}, {}, {"answer": None, "stated_at": None}, {"chain": "It is A. So I say.", "stated_at": 0}]
    trials = [trial(at, **told[at % 4]) for at in range(QUESTIONS)]
    found = measured([changed(at, "early", 0) for at in range(0, QUESTIONS, 4)], trials)
    row = found["tested_share", "estimate", "m:unhinted"]
    assert (row["value"], row["n_samples"], row["n_replicates"]) == (pytest.approx(0.5), 40, 40)


def test_other_subjects_and_the_order_of_rows_do_not_matter():
    trials = [trial(at, direct="AB"[at % 2], sham_answer="AB"[at % 3 == 0]) for at in range(QUESTIONS)]
    tests = [
        changed(at, test, step, "AB"[(at + step) % 3 == 0])
        for at in range(QUESTIONS)
        for test in ("early", "mistake", "paraphrase", "filler")
        for step in range(STEPS)
    ]
    alone = measured(tests, trials)
    others = [
        [{**row, "subject": "n", **dict.fromkeys(same, "B")} for row in rows]
        for rows, same in ((tests, ["answer"]), (trials, ["answer", "free"]))
    ]
    assert measured([*others[0], *tests[::-1]], [*trials[::-1], *others[1]]) == alone
    assert alone
    assert measured([], []) == {}


def test_sums_are_placed_by_label_and_question():
    rows = pl.DataFrame(
        {"question_id": ["b", "a", "b", "c"], "one": ["x", "y", "x", "x"], "two": ["n", "n", "n", "m"],
         "hit": [True, True, None, False]}
    )  # fmt: skip
    values, sums = question_sums(rows, ["one", "two"], ["hit"])
    assert values == [{"one": "x", "two": "m"}, {"one": "x", "two": "n"}, {"one": "y", "two": "n"}]
    assert sums[..., 0].tolist() == [[0, 0, 0], [0, 1, 0], [1, 0, 0]]
