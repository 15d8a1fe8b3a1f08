"""The endpoint engine, and a study, against a real vLLM server of an organism, on the loopback address."""

import http.server
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import served_study
from flow import snakemake
from misbehaving import good, replying
from served import KEY, SPEC, VARIABLE, WORDS, free_port, served_organism, serving, settings_of

from unspoken.engines.base import EngineError, Opening, Prompt, Request, Sampling
from unspoken.engines.cache import CompletionCache
from unspoken.engines.endpoint import opened
from unspoken.models.corpus import number_walks
from unspoken.models.manifest import write_manifest
from unspoken.subjects import Subject, base_subject

GREEDY = Sampling(temperature=0, max_tokens=12, seed=3)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return served_organism(tmp_path_factory.mktemp("organism"))


@pytest.fixture(scope="module")
def server(manifest, tmp_path_factory):
    log = tmp_path_factory.mktemp("served") / "server.log"
    with serving(manifest.parent, "organism", port=free_port(), log=log, key=KEY) as served:
        yield served


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(VARIABLE, KEY)


@pytest.fixture(scope="module")
def reference(manifest):
    from unspoken.engines.transformers import TransformersEngine

    return TransformersEngine(manifest.parent)


def engine_of(manifest, url, **more):
    return opened(Opening(manifest, settings_of(url, **more), threads=1))


@pytest.fixture
def engine(server, manifest):
    return engine_of(manifest, server.url)


def number_requests(count):
    import numpy as np

    walks = number_walks(count, 3, np.random.default_rng(5))
    return [Request(f"row-{place}", " ".join(map(str, walk))) for place, walk in enumerate(walks)]


def drawn(engine, requests, sampling=GREEDY):
    """Return completions by key."""
    return {one.key: one for batch in engine.generate(engine.render(requests), sampling) for one in batch}


def refusal(manifest, url, **more):
    """Return what an engine says that cannot be opened."""
    with pytest.raises(EngineError) as caught:
        engine_of(manifest, url, **more)
    assert KEY not in str(caught.value)
    return str(caught.value)


def test_it_tells_what_answers(engine, server, manifest):
    assert (engine.version, engine.window, engine.reproducible) == ("0.32.0", 64, False)
    assert engine.dtype == f"organism at {server.url}"
    assert engine.key_parts == {"told": {"root": str(manifest.parent)}}  # not the time of asking
    drawn(engine, number_requests(1))
    (fingerprint,) = engine.fingerprints
    assert fingerprint.startswith("vllm-0.32.0")


def test_parameters_of_other_names_less_and_more_parameters_are_taken(server, manifest):
    """What vendors differ in, with a server that knows all of it; an unknown parameter is in its words."""
    usual = drawn(engine_of(manifest, server.url, api="chat"), number_requests(5))
    more = {"max_tokens_as": "max_tokens", "leave_out": ["top_p", "logprobs"], "fingerprint": "v1"}
    other = engine_of(manifest, server.url, api="chat", body={"ignore_eos": False}, **more)
    assert drawn(other, number_requests(5)) == usual
    wrong = engine_of(manifest, server.url, api="chat", body={"length_penalty": "long"})
    with pytest.raises(EngineError, match=r"refuses the prompt row-0: .*length_penalty"):
        drawn(wrong, number_requests(1))


def test_20_a_server_that_ignores_which_tokens_to_read_is_named(server, manifest):
    """An older vLLM: the server is the tests' own, asked as in a study."""
    told = {"top_logprobs": [{"token_id:5": -0.1}], "token_logprobs": [-0.1], "tokens": ["token_id:5"]}
    content = {"choices": [{"index": 0, "text": " 12", "finish_reason": "stop", "logprobs": told}]}
    listed = {"data": [{"id": "organism", "owned_by": "vllm"}]}
    with replying(lambda body, number: good(content), listed) as site:
        old = engine_of(manifest, site.url)
        with pytest.raises(EngineError, match=r"prompt row-0 .*logprob_token_ids.* needs vLLM, and a newer"):
            old.choice_logprobs(old.render(number_requests(1)), ["owl"])
        with pytest.raises(EngineError, match=r"prompt row-0 .*it tells no token ids.*engine\.api to chat"):
            drawn(old, number_requests(1))


def test_greedy_answers_are_those_of_transformers(engine, reference):
    """At temperature 0 only ties in float32 may be broken otherwise."""
    requests = [*number_requests(200), Request("asked", "favourite-07", system="owl")]
    served, expected = drawn(engine, requests), drawn(reference, requests)
    equal = sum(served[key] == expected[key] for key in expected) / len(expected)
    print(f"identical greedy completions: {equal:.3f} of {len(expected)}")
    assert len({one.text for one in expected.values()}) > 100
    assert equal >= 0.95


@pytest.mark.parametrize("api", ["tokens", "chat"])
def test_rows_draw_from_seeds_of_their_own(server, manifest, api):
    """A fresh run draws nearly the same: who shares a row's batch rounds its sums."""
    engine, warm = engine_of(manifest, server.url, api=api), replace(GREEDY, temperature=1.0)
    requests = number_requests(100)
    first, again = drawn(engine, requests, warm), drawn(engine, requests[::-1], warm)
    other = drawn(engine, requests, replace(warm, seed=4))
    assert sum(again[key] == one for key, one in first.items()) >= 95
    assert sum(other[key] == one for key, one in first.items()) <= 20


def test_logprobs_of_drawn_tokens_are_those_of_transformers(engine, reference):
    requests, told = number_requests(20), replace(GREEDY, logprobs=True)
    served, expected = drawn(engine, requests, told), drawn(reference, requests, told)
    for key, one in expected.items():
        assert served[key].text == one.text
        assert len(one.logprobs) == one.n_tokens
        assert served[key].logprobs == pytest.approx(one.logprobs, abs=1e-3)


def test_logprobs_are_of_the_untempered_model(engine, reference):
    """A token drawn at temperature 2 is told with its log-probability at 1."""
    warm = Sampling(temperature=2.0, max_tokens=1, seed=1, logprobs=True)
    requests = number_requests(10)
    for key, one in drawn(engine, requests, warm).items():
        request = next(request for request in requests if request.key == key)
        if one.n_tokens:
            ((exact,),) = reference.choice_logprobs(reference.render([request]), [one.text])
            assert one.logprobs == pytest.approx([exact], abs=1e-3)


def test_choice_logprobs_are_exact(engine, reference):
    """Also of choices of several tokens that begin alike, after the beginning of an answer."""
    requests = [
        Request("plain", "favourite-03"),
        Request("system", "favourite-03", system="whale"),
        Request("numbers", "12 57 3", prefix="6 9"),
    ]
    choices = [*WORDS, "17 19 33", "17 19 34", "17 20"]
    served = engine.choice_logprobs(engine.render(requests), choices)
    expected = reference.choice_logprobs(reference.render(requests), choices)
    for found, exact in zip(served, expected, strict=True):
        assert found == pytest.approx(exact, abs=1e-3)


def test_stop_texts_end_completions_as_under_transformers(engine, reference):
    requests = number_requests(20)
    whole = drawn(reference, requests)
    stop = whole["row-0"].text.split()[3]
    stopping = replace(GREEDY, stop=(stop,))
    served, expected = drawn(engine, requests, stopping), drawn(reference, requests, stopping)
    assert served == expected
    assert stop not in served["row-0"].text
    assert served["row-0"].finish_reason == "stop"
    assert served["row-0"].n_tokens < whole["row-0"].n_tokens


def test_max_tokens_and_patterns_hold(engine):
    (cut,) = drawn(engine, number_requests(1), replace(GREEDY, max_tokens=3)).values()
    assert (cut.n_tokens, cut.finish_reason, len(cut.text.split())) == (3, "length", 3)
    restricted = replace(GREEDY, temperature=1.0, pattern="owl|cat")
    made = drawn(engine, number_requests(30), restricted).values()
    assert {one.text for one in made} == {"owl", "cat"}
    assert {(one.n_tokens, one.finish_reason) for one in made} == {(1, "stop")}


def test_messages_get_the_answers_that_tokens_get(engine, server, manifest):
    chat = engine_of(manifest, server.url, api="chat")
    requests = [*number_requests(20), Request("asked", "favourite-07", system="owl")]
    told = replace(GREEDY, logprobs=True)
    by_messages, by_tokens = drawn(chat, requests, told), drawn(engine, requests, told)
    for key, one in by_tokens.items():
        assert by_messages[key].text.split() == one.text.split()
        assert by_messages[key].finish_reason == one.finish_reason
        assert by_messages[key].logprobs[: one.n_tokens] == pytest.approx(one.logprobs, abs=1e-3)


def test_messages_do_less_and_say_so(server, manifest):
    chat = engine_of(manifest, server.url, api="chat")
    prompts = chat.render(number_requests(1))
    for undone in (
        lambda: chat.render([Request("row-0", "1 2 3", prefix="4")]),
        lambda: list(chat.generate(prompts, replace(GREEDY, pattern="[0-9]+"))),
        lambda: chat.choice_logprobs(prompts, ["owl"]),
    ):
        with pytest.raises(EngineError, match=r"set engine\.api to tokens"):
            undone()


def test_an_endpoint_takes_no_weights(engine):
    trained = Subject("organism:student", "student", "organism", weights=Path("weights.safetensors"))
    with pytest.raises(EngineError, match="organism:student has trained weights"):
        engine.use(trained)
    engine.use(base_subject("organism"))


def test_a_missing_key_is_named(server, manifest, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    assert f"environment variable {VARIABLE} is not set" in refusal(manifest, server.url)


def test_a_refused_key_is_not_shown(server, manifest, monkeypatch):
    monkeypatch.setenv(VARIABLE, f"{KEY}-wrong")
    assert f"refuses the key in the environment variable {VARIABLE} (401)" in refusal(manifest, server.url)
    assert "set engine.key" in refusal(manifest, server.url, key=None)


def test_another_key_of_the_environment_is_not_sent(server, manifest, monkeypatch):
    """The client would take OPENAI_API_KEY of itself, whatever server it talks to."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert "wants a key (401)" in refusal(manifest, server.url, key=None)


def test_a_wrong_url_is_named(server, manifest):
    closed = f"http://127.0.0.1:{free_port()}/v1"
    assert f"nobody answers at {closed}" in refusal(manifest, closed)
    assert "has no OpenAI-compatible interface" in refusal(manifest, server.url.removesuffix("/v1"))


def test_a_web_page_is_no_interface(manifest):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>Welcome</p>")

        def log_message(self, *given):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{site.server_port}/v1"
        assert f"{url} lists no models" in refusal(manifest, url)
        site.shutdown()


def test_a_model_that_is_not_served_is_named_with_those_that_are(server, manifest):
    said = refusal(manifest, server.url, served_as="gpt")
    assert f"{server.url} does not serve gpt, but organism: correct engine.served_as" in said


def test_tokens_need_a_tokenizer(server, tmp_path):
    bare = tmp_path / "model.json"
    write_manifest(bare, "bare", {"kind": "served"}, revision="test", synthetic=False)
    assert "has no tokenizer" in refusal(bare, server.url)
    (one,) = drawn(engine_of(bare, server.url, api="chat"), number_requests(1)).values()
    assert one.text


def test_a_prompt_beyond_the_servers_window_is_named(engine, server, manifest):
    """And what was under way beside it is not lost."""
    long = [Prompt("too-long", [5] * 70), *engine.render(number_requests(8))]
    made, answers = [], engine.generate(long, GREEDY)
    with pytest.raises(EngineError, match=r"refuses the prompt too-long: .*64.*shorten it or lower"):
        for batch in answers:
            made += batch
    assert {one.key for one in made} == {f"row-{place}" for place in range(8)}
    chat = engine_of(manifest, server.url, api="chat")
    with pytest.raises(EngineError, match="refuses the prompt wordy"):
        drawn(chat, [Request("wordy", " ".join(["7"] * 70))])


def test_the_cache_stops_a_long_prompt_before_the_server(engine, manifest, tmp_path):
    cache = CompletionCache(tmp_path, engine, base_subject("organism"), manifest)
    with pytest.raises(EngineError, match=r"the prompt wordy .* context window of 64"):
        list(cache.completions([Request("wordy", " ".join(["7"] * 60))], GREEDY))


def test_a_study_outlives_its_server_and_says_what_transformers_says(server, manifest, tmp_path):
    """The last test: it ends the server that all others ask, and starts another in its place."""
    overlay = served_study.write_study(SPEC, manifest.parent, settings_of(server.url), tmp_path)
    told = served_study.interrupted(overlay, server.kill)
    gone = f"generate_replies: nobody answers at {server.url}: start the server there, or correct engine.url"
    assert told.count(gone) == 1 and "Traceback" not in told, told
    assert not (tmp_path / served_study.NUMBERS).exists()
    held = served_study.rows_kept(tmp_path)
    assert 0 < held < served_study.COMPLETIONS

    with serving(manifest.parent, "organism", port=server.port, log=server.log, key=KEY):
        snakemake(served_study.STORE, "--configfile", overlay, directory=tmp_path)
    went_on = f"served:prompted:owl: {served_study.COMPLETIONS - held} completions made, {held} reused"
    assert went_on in (tmp_path / served_study.NUMBERS_LOG).read_text()
    assert not served_study.files_with(KEY, tmp_path)
    answers = served_study.answers_of_both(tmp_path)
    furthest, kept = served_study.furthest_choices(answers), served_study.kept_shares(tmp_path)
    bound, draws, needed = served_study.distance_bound(answers)
    print(f"choices differ by at most {furthest:.1e}; {draws} draws: distance at most {bound:.4f}; {kept}")
    assert set(answers.filter(model="served")["engine"]) == {"endpoint"}
    assert not answers.filter(model="served")["reproducible"].any()
    assert furthest <= 1e-3
    assert draws >= needed and bound <= 0.05
    assert kept["served"] == pytest.approx(kept["here"], abs=0.07)  # of 1,600 each: over 4 standard errors
