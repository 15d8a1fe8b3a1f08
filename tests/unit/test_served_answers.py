"""What servers say in the place of an answer, and in it: each an error, a repeat, or a row, never a default.

The server is the tests' own (`misbehaving.py`); the endpoint engine is asked as in a study.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from misbehaving import MODELS, Reply, answer, good, replying

from unspoken.answers.hidden import HIDDEN
from unspoken.answers.thinking import split_at_thinking
from unspoken.engines import client
from unspoken.engines.base import Completion, EngineError, Request, Sampling
from unspoken.engines.cache import CompletionCache, identity_of
from unspoken.engines.endpoint import EndpointEngine
from unspoken.subjects import base_subject

WARM = Sampling(temperature=1.0, max_tokens=30, seed=1)
KEY, VARIABLE = "sk-nobody-may-see-this", "UNSPOKEN_TEST_SECRET"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat at once: pauses are the client library's."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    monkeypatch.setenv(VARIABLE, KEY)


def engine_at(url: str, **more: Any) -> EndpointEngine:
    usual = {"url": url, "served_as": "m", "key": None, "api": "chat", "concurrency": 2, "retries": 2}
    return EndpointEngine(Path("none"), usual | {"timeout_s": 5, "window": None} | more)


def completions(engine: EndpointEngine, count: int = 1, sampling: Sampling = WARM) -> list[Completion]:
    asked = engine.render([Request(f"k{place}", f"More after {place}.") for place in range(count)])
    made = {one.key: one for batch in engine.generate(asked, sampling) for one in batch}
    return [made[one.key] for one in asked]


def told(*replies: Reply, sampling: Sampling = WARM, **more: Any) -> tuple[Completion, int]:
    """Return the completion of one prompt, and how often it was asked; the last reply is repeated."""
    with replying(lambda body, number: replies[min(number, len(replies)) - 1]) as site:
        (made,) = completions(engine_at(site.url, **more), sampling=sampling)
    return made, len(site.bodies)


def fault(reply: Reply, sampling: Sampling = WARM, **more: Any) -> tuple[str, int]:
    """Return what is said of a reply, and how often was asked; it always names the url."""
    with replying(lambda body, number: reply) as site:
        with pytest.raises(EngineError) as caught:
            completions(engine_at(site.url, **more), sampling=sampling)
        assert str(caught.value).startswith(site.url)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700
    return str(caught.value), len(site.bodies)


def error(message: Any, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


STREAM = f"data: {json.dumps(answer())}\n\ndata: [DONE]\n\n"
NO_ANSWERS: dict[str, tuple[Any, str]] = {
    "a page": ("<html>Please log in</html>", "it is no JSON. It says: <html>Please log in</html>"),
    "a stream": (STREAM, "it is no JSON. It says: data: {"),
    "no choices": (answer() | {"choices": []}, "choices: "),
    "null choices": (answer() | {"choices": None}, "choices: "),
    "no message": ({"choices": [{"finish_reason": "stop"}], "usage": {}}, "usage.completion_tokens: "),
    "no usage": ({"choices": answer()["choices"]}, "it does not count its tokens"),
    "a list": ([answer()], "all of it: "),
    "unknown block": (answer([{"type": "image", "url": "x"}]), "a block of the type image"),
    "no reason to end": (answer(finish=None), "does not say why it ended (finish_reason None)"),
    "a call of a tool": (answer(None, "tool_calls"), "(finish_reason tool_calls)"),
    "beyond the limit": (answer("12, " * 99, tokens=900), "900 tokens came where at most 30 were asked for"),
    "no text though tokens are counted": (answer(None, tokens=20), "it has no text, though it counts tokens"),
    "tokens that are not counted": (answer(tokens=0), "it counts no tokens of its text"),
    "fewer than no tokens": (answer(tokens=-1), "usage.completion_tokens: "),
    "another language": ({"出力": "なし"}, "choices: Field required. It says: {\"出力\": \"なし\"}"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_case_20_endpoint_answers_that_are_none(name: str) -> None:
    content, text = NO_ANSWERS[name]
    said, asked = fault(good(content))
    assert " the prompt k0 with no usable answer: " in said
    assert text in said and "It says: " in said
    assert asked == 1


def test_20_json_that_breaks_off_is_no_answer() -> None:
    said, _ = fault((200, json.dumps(answer())[:40], {"Content-Type": "application/json"}))
    assert 'no usable answer: it is no whole JSON. It says: {"choices": ' in said


def test_20_an_answer_that_breaks_off_is_asked_for_again_and_then_named() -> None:
    whole = json.dumps(answer())
    broken = (
        200,
        whole[:40],
        {"Content-Type": "application/json", "Content-Length": "400", "Connection": "close"},
    )
    said, asked = fault(broken)
    assert "broke off its answer to the prompt k0" in said
    assert asked == 3


REFUSALS: dict[str, tuple[Any, str]] = {
    "openrouter": (error("Invalid model", code=400), "refuses the prompt k0: Invalid model."),
    "inside a choice": (
        {"choices": [{"error": {"message": "No such model", "code": 404}}]}, "k0 with 404: No such model",
    ),
    "a bare text": ({"error": "the model is not loaded"}, "refuses the prompt k0: the model is not loaded."),
    "fastapi": ({"detail": "model missing"}, "refuses the prompt k0: model missing."),
    "provider's words": (
        error("Provider returned error", code=400, metadata={"raw": "max is 8"}),
        "Provider returned error max is 8.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_20_an_error_in_a_200_is_that_error(name: str) -> None:
    content, text = REFUSALS[name]
    said, asked = fault(good(content))
    assert text in said
    assert asked == 1


PASSING = [
    error("Provider returned error", code=502), error("Overloaded", code=529), error("x", code="503"),
    error("The model is temporarily unavailable"), {"error": "upstream connect error"},
    {"choices": [{"error": {"code": 502, "message": "x"}, "finish_reason": "error", "message": {}}]},
]  # fmt: skip


@pytest.mark.parametrize("content", PASSING, ids=str)
def test_20_an_error_in_a_200_that_passes_is_asked_again(content: Any) -> None:
    made, asked = told(good(content), good(content), good(answer()))
    assert (made.text, asked) == ("12, 34", 3)
    assert fault(good(content))[1] == 3


def test_20_logprobs_that_were_asked_for_and_are_null() -> None:
    asked = Sampling(temperature=1.0, max_tokens=30, seed=1, logprobs=True)
    said, _ = fault(good(answer()), asked)
    assert "tells no log-probabilities" in said and "engine.leave_out: [logprobs]" in said
    made, _ = told(good(answer()), sampling=asked, leave_out=["logprobs"])
    assert made.logprobs is None
    content = answer()
    content["choices"][0]["logprobs"] = {"content": []}
    assert "tells no log-probabilities" in fault(good(content), asked)[0]
    content["choices"][0]["logprobs"] = {"content": [{"logprob": -0.5}, {"logprob": -1}]}
    assert told(good(content), sampling=asked)[0].logprobs == [-0.5, -1.0]


TEXTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "reasoning_content": (answer(reasoning_content="Hm."), "<think>Hm.</think>12, 34", "stop"),
    "reasoning": (answer(reasoning="Hm."), "<think>Hm.</think>12, 34", "stop"),
    "reasoning_details": (
        answer(reasoning_details=[{"type": "reasoning.text", "text": "Hm."}]),
        "<think>Hm.</think>12, 34", "stop",
    ),
    "thinking blocks": (
        answer([
            {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
            {"type": "text", "text": "12"},
        ]),
        "<think>hm</think>12", "stop",
    ),
    "told twice": (answer("<think>Hm.</think>12", reasoning="Hm."), "<think>Hm.</think>12", "stop"),
    "empty reasoning": (answer(reasoning_content=""), "12, 34", "stop"),
    "null content": (answer(None, reasoning_content="Could go 12"), "<think>Could go 12", "length"),
    "cut in the thought": (answer("", "length", reasoning="Let"), "<think>Let", "length"),
    "refusal": (answer(None, refusal="I can't help with that."), "I can't help with that.", "stop"),
    "filtered": (answer("12", "content_filter"), "12", "content_filter"),
    "filtered, another name": (answer(None, "SAFETY"), "", "content_filter"),
    "end of turn, another name": (answer(finish="end_turn"), "12, 34", "stop"),
    "limit, another name": (answer(finish="MAX_TOKENS"), "12, 34", "length"),
    "nothing but the end": (answer("", tokens=1), "", "stop"),
    "half a character": (answer("12 \ud83d, 34"), "12 \ufffd, 34", "stop"),
    "half a character of a thought": (answer(reasoning="\ude00"), "<think>\ufffd</think>12, 34", "stop"),
    "encrypted reasoning": (
        answer(reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}]),
        f"<think>{HIDDEN}</think>12, 34", "stop",
    ),
    "a summary of the reasoning": (
        answer(reasoning="So.", reasoning_details=[{"type": "reasoning.summary", "summary": "So."}]),
        f"<think>{HIDDEN}\nSo.</think>12, 34", "stop",
    ),
    "reasoning beyond the limit": (
        answer("12", tokens=500, reasoning="long"), "<think>long</think>12", "stop",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_21_what_an_answer_says_is_kept_with_its_reasoning(name: str) -> None:
    content, text, finish = TEXTS[name]
    made, _ = told(good(content))
    assert (made.text, made.finish_reason) == (text, finish)


def test_21_a_thought_that_was_cut_is_all_thinking() -> None:
    import polars as pl

    made, _ = told(good(TEXTS["null content"][0]))
    assert split_at_thinking(pl.Series([made.text])).row(0) == ("<think>Could go 12", "")


def test_21_reasoning_that_is_counted_and_not_told_is_said_to_be_missing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = answer(tokens=20)
    content["usage"]["completion_tokens_details"] = {"reasoning_tokens": 14}
    assert told(good(content))[0].text == f"<think>{HIDDEN}</think>12, 34"
    assert "counts reasoning that it does not tell" in caplog.text


FILTERS = [
    (400, error("The response was filtered", code="content_filter"), {}),
    (400, error("flagged as potentially violating our usage policy", code="invalid_prompt"), {}),
    (403, error("your input was flagged", code=403), {}),
    (400, error("Content Exists Risk"), {}),
    good(error("data may contain inappropriate content", code="data_inspection_failed")),
]


@pytest.mark.parametrize("filtered", FILTERS, ids=str)
def test_21_one_filtered_row_is_a_row_and_not_the_end_of_the_job(filtered: Reply) -> None:
    def reply(body: dict[str, Any], number: int) -> Reply:
        return filtered if "after 1." in body["messages"][-1]["content"] else good(answer())

    with replying(reply) as site:
        made = completions(engine_at(site.url), 4)
    assert [one.finish_reason for one in made] == ["stop", "content_filter", "stop", "stop"]
    assert made[1].text == "" and made[1].n_tokens == 0


SPENT = [
    (
        429,
        error("You exceeded your current quota, check your plan and billing", code="insufficient_quota"),
        {},
    ),
    (429, error("You exceeded your current quota"), {}),
    (402, error("Insufficient Balance"), {}),
    good(error("Insufficient credits", code=402)),
]


@pytest.mark.parametrize("reply", SPENT, ids=str)
def test_21_a_spent_quota_ends_at_once_with_the_server_s_words(reply: Reply) -> None:
    said, asked = fault(reply)
    assert "gives no more answers (" in said and "quota and billing" in said
    assert reply[1]["error"]["message"] in said
    assert asked == 1


RATES = [
    (429, error("Rate limit reached"), {}),
    (429, error("Quota of requests per minute"), {"Retry-After": "0.01"}),
    (429, error("You exceeded your current quota. Please retry in 0.1s."), {}),
    good(error("Rate limit exceeded", code=429)),
]


@pytest.mark.parametrize("reply", RATES, ids=str)
def test_21_a_rate_is_waited_for(reply: Reply) -> None:
    made, asked = told(reply, reply, good(answer()))
    assert (made.text, asked) == ("12, 34", 3)
    said, _ = fault(reply)
    assert "takes no more requests (429): " in said and reply[1]["error"]["message"].rstrip(".") in said


def test_case_21_endpoint_parameters() -> None:
    def reply(body: dict[str, Any], number: int) -> Reply:
        if "max_completion_tokens" in body:
            return 422, {"message": {"detail": [{"loc": ["max_completion_tokens"], "msg": "Extra"}]}}, {}
        if "top_p" in body:
            return 400, error("`temperature` and `top_p` cannot both be specified"), {}
        return good(answer())

    with replying(reply) as site:
        with pytest.raises(EngineError, match=r"max_completion_tokens.* set by engine\.max_tokens_as"):
            completions(engine_at(site.url))
        with pytest.raises(EngineError, match=r"cannot both.* by engine\.leave_out, such as \[top_p\]"):
            completions(engine_at(site.url, max_tokens_as="max_tokens"))
        more = {"leave_out": ["top_p"], "body": {"reasoning": {"effort": "low"}}}
        completions(engine_at(site.url, max_tokens_as="max_tokens", **more))
    assert set(site.bodies[-1]) == {"model", "messages", "temperature", "max_tokens", "reasoning"}
    assert site.bodies[-1]["max_tokens"] == 30 and site.bodies[-1]["reasoning"] == {"effort": "low"}


def test_21_what_the_study_needs_is_not_left_out() -> None:
    greedy = Sampling(temperature=0.0, max_tokens=30, seed=1)
    stopping = Sampling(temperature=1.0, max_tokens=30, seed=1, stop=("\n",))
    with replying(lambda body, number: good(answer())) as site:
        engine = engine_at(site.url, leave_out=["temperature", "stop"])
        assert "temperature" not in (completions(engine), site.bodies[-1])[1]
        for sampling, name in ((greedy, "temperature"), (stopping, "stop")):
            with pytest.raises(EngineError, match=f"leave_out has {name}, and "):
                completions(engine, sampling=sampling)


def test_21_headers_come_from_the_environment_and_their_values_are_not_shown(tmp_path: Path) -> None:
    manifest = tmp_path / "model.json"
    manifest.write_text(json.dumps({"files": {}, "kind": "served"}))
    with replying(lambda body, number: (400, error(f"bad key {KEY}"), {})) as site:
        engine = engine_at(site.url, headers={"X-Api-Key": VARIABLE})
        with pytest.raises(EngineError, match=r"bad key \*\*\*"):
            completions(engine)
    sent = {name.lower(): value for name, value in site.headers[-1].items()}
    assert sent["x-api-key"] == KEY and "authorization" not in sent
    kept = json.dumps(identity_of(engine, base_subject("m"), manifest))
    assert KEY not in kept and VARIABLE in kept


def test_21_a_header_whose_variable_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(EngineError, match=f"variable {VARIABLE} is not set: it is to hold the header X-Org"):
        engine_at("http://127.0.0.1:9/v1", headers={"X-Org": VARIABLE})


def key_of(tmp_path: Path, models: Any = MODELS, **more: Any) -> dict[str, Any]:
    """Return what the completions of an endpoint are kept under, but for its port."""
    manifest = tmp_path / "model.json"
    manifest.write_text(json.dumps({"files": {}, "kind": "served"}))
    with replying(lambda body, number: good(answer()), models) as site:
        identity = identity_of(engine_at(site.url, **more), base_subject("m"), manifest)
    return identity | {"dtype": None}


def listed(**more: Any) -> dict[str, Any]:
    return {"data": [{"id": "m", **more}]}


def test_18_what_a_server_says_of_its_model_or_the_user_s_word_is_in_the_cache_key(tmp_path: Path) -> None:
    plain = key_of(tmp_path)
    assert set(plain) == {
        "model", "weights", "form", "adapter", "fraction", "engine", "version", "revision", "dtype",
    }  # fmt: skip
    keys = [
        plain,
        key_of(tmp_path, fingerprint="v2"),
        key_of(tmp_path, listed(root="a")),
        key_of(tmp_path, listed(root="b")),
        key_of(tmp_path, listed(created=1_700_000_000)),
        key_of(tmp_path, body={"top_a": 1}),
    ]
    assert len({json.dumps(key, sort_keys=True) for key in keys}) == len(keys)
    assert key_of(tmp_path, listed(owned_by="vllm", created=1)) == plain, "vLLM says the time of asking"
    unsaid = {"fingerprint": None, "leave_out": [], "body": {}, "headers": {}, "max_tokens_as": None}
    assert key_of(tmp_path, **unsaid) == plain


def test_18_a_time_that_moves_is_no_model_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr(client, "BETWEEN_LISTINGS_S", 0.01)
    now, ticks = int(time.time()), iter(range(10))
    assert key_of(tmp_path, lambda: listed(created=now + next(ticks))) == key_of(tmp_path)
    assert key_of(tmp_path, listed(created=now))["told"] == {"created": now}


def test_18_a_server_that_says_it_changed_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = tmp_path / "model.json"
    manifest.write_text(json.dumps({"files": {}, "kind": "served"}))
    names = iter(["fp_a", "fp_a", "fp_b"])
    with replying(lambda body, number: good(answer() | {"system_fingerprint": next(names)})) as site:
        for place in range(3):
            cache = CompletionCache(tmp_path, engine_at(site.url), base_subject("m"), manifest)
            list(cache.completions([Request(f"k{place}", "More")], WARM))
            assert ("answers as fp_b now, and as fp_a before" in caplog.text) == (place == 2)


def test_another_model_that_answers_is_said_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    """Routers ask another where one is busy, and names of vendors move on."""
    with replying(lambda body, number: good(answer() | {"model": "other-7b" if number > 1 else "m"})) as site:
        engine = engine_at(site.url, concurrency=1)
        assert len(completions(engine, 3)) == 3
    assert caplog.text.count("m was asked, and the server says that other-7b answered") == 1
    assert engine.fingerprints == {"other-7b"}


def test_a_stop_text_that_a_server_lets_pass_ends_the_answer_and_no_thought() -> None:
    asked = Sampling(temperature=1.0, max_tokens=30, seed=1, stop=("\n",))
    made, _ = told(good(answer("12\n34", "length", reasoning="a\nb")), sampling=asked)
    assert (made.text, made.finish_reason) == ("<think>a\nb</think>12", "stop")
    assert told(good(answer("", tokens=3)), sampling=asked)[0].text == ""


def test_a_server_may_list_its_models_barely_or_not_at_all(caplog: pytest.LogCaptureFixture) -> None:
    """Some vendors give a list without `data`, others have no such address."""

    def reply(body: dict[str, Any], number: int) -> Reply:
        return good(answer()) if body else (400, error("model: Field required"), {})

    with replying(reply, MODELS["data"]) as site:
        assert completions(engine_at(site.url))[0].text == "12, 34"
    with replying(reply, None) as site:
        assert completions(engine_at(site.url))[0].text == "12, 34"
    assert f"{site.url} lists no models: the first prompt shows whether it has m" in caplog.text


@pytest.mark.parametrize(
    "nowhere",
    [(404, error("no such address"), {}), (405, "no", {}), good("<html>Welcome</html>")],
    ids=["404", "405", "a page"],
)
def test_a_server_without_a_list_must_take_messages(nowhere: Reply) -> None:
    said = r"has no OpenAI-compatible interface .*: correct engine\.url"
    with replying(lambda body, number: nowhere, None) as site, pytest.raises(EngineError, match=said):
        engine_at(site.url)


def test_a_model_that_a_server_without_a_list_lacks_is_named() -> None:
    replies = (404, error("The model m does not exist"), {}), (422, error("empty"), {})
    said = r"the prompt k0 with 404: The model m does not exist\. Correct engine\.url or engine\.served_as"
    with replying(lambda body, number: replies[not body], None) as site:
        engine = engine_at(site.url)
        with pytest.raises(EngineError, match=said):
            completions(engine)
