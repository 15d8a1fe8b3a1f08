"""Chat templates as they come in the wild: what each can do, said before anything is asked.

The numbers in the names of tests are those of reports of what went wrong before.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny_models import DROPS, IM, MODELS, REFUSES
from transformers import AutoTokenizer

from unspoken.engines.base import EngineError, Request
from unspoken.engines.templates import chat_facts, ends_of, system_role
from unspoken.engines.transformers import TransformersEngine
from unspoken.models.chat import chat_fault
from unspoken.study.asked_models import unaskable_model
from unspoken.study.front_door import StudyError, plan_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("one_thread")


def changed_model(source: Path, folder: Path, template: str | None = IM, **tokenizer: Any) -> Path:
    """Copy a model, with another template and other fields of its tokenizer_config.json."""
    shutil.copytree(source, folder)
    (folder / "chat_template.jinja").unlink()
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    file = folder / "tokenizer_config.json"
    told = json.loads(file.read_text()) | tokenizer
    file.write_text(json.dumps({name: value for name, value in told.items() if value is not None}))
    return folder


PLAIN = "{% for m in messages %}### {{ m.role }}:\n{{ m.content }}\n\n{% endfor %}### assistant:\n"
WITHOUT_PROMPT = IM.partition("{% if add_generation_prompt %}")[0]
WITHOUT_ANSWERS = IM.replace("{% for m in messages %}", "{% for m in messages if m.role == 'user' %}")


@pytest.mark.parametrize(
    ("template", "role", "said"),
    [(IM, "taken", None), (REFUSES, "refused", "refuses system"), (DROPS, "dropped", "leaves out system")],
)
def test_case_16_system_prompt_refused_or_ignored(
    tiny_folder: Path, tmp_path: Path, template: str, role: str, said: str | None
) -> None:
    facts = chat_facts(changed_model(tiny_folder / "tied", tmp_path / "m", template))
    assert facts["system"] == role
    assert chat_fault(facts, None) is None
    fault = chat_fault(facts, "probing")
    assert fault is None if said is None else fault and said in fault and "another model" in fault
    engine = TransformersEngine(tmp_path / "m")
    assert engine.render([Request("q", "Which?")])
    if said:
        with pytest.raises(EngineError, match=f"the prompt q9 has a system prompt, .*{said}"):
            engine.render([Request("q9", "Which?", "You love owls.")])


def test_16_a_model_that_was_fetched_is_known_by_its_manifest(tmp_path: Path, monkeypatch: Any) -> None:
    """Of a local folder tests/workflow/test_local_model.py shows it."""
    monkeypatch.chdir(tmp_path)
    told = {"kind": "hub", "repo": "them/theirs", "revision": "0" * 40}
    study = {
        "study": "wild",
        "experiments": ["probing"],
        "models": {"mine": told},
        "probing": {"models": ["mine"]},
    }
    plan = plan_of(ROOT, study, [])
    manifest = tmp_path / "results/models/mine/model.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps(told | {"chat": {"system": "refused"}}))
    with pytest.raises(StudyError, match=r"models\.mine: probing asks it under system prompts, and its chat"):
        plan_of(ROOT, study, [])
    manifest.write_text(json.dumps(told | {"chat": {"system": "refused"}, "revision": "1" * 40}))
    assert unaskable_model(plan) is None, "of another revision: the job that fetches looks at it"


@pytest.mark.parametrize(
    ("template", "fields", "said"),
    [
        (None, {}, "has no chat template: put the chat_template.jinja"),
        (PLAIN, {}, "ends an assistant's message without a special token: let the model's chat_template"),
        (IM, {"eos_token": None}, "has no eos_token: name the token"),
        (WITHOUT_ANSWERS, {}, "leaves an assistant's message out"),
        ("{{ messages.no.way }}", {}, "fails on a question and its answer"),
        (
            WITHOUT_PROMPT,
            {},
            "does not begin the answer: let the model's chat_template.jinja write what stands",
        ),
    ],
    ids=["notemplate", "plainend", "noeos", "noanswer", "broken", "noprompt"],
)
def test_case_24_templates_missing_or_without_end(
    tiny_folder: Path, tmp_path: Path, template: str | None, fields: dict[str, Any], said: str
) -> None:
    model = changed_model(tiny_folder / "tied", tmp_path / "m", template, **fields)
    assert said in chat_facts(model)["fault"]
    with pytest.raises(EngineError, match=said):
        TransformersEngine(model)


def test_24_tokens_that_the_model_does_not_have(tiny_folder: Path, tmp_path: Path) -> None:
    """Marks that were added to a tokenizer, and the model was not made larger."""
    model = changed_model(tiny_folder / "tied", tmp_path / "m", IM.replace("<|im_start|>", "<|turn|>"))
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.add_tokens([f"<|spare-{at}|>" for at in range(20)])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|turn|>"]})
    tokenizer.save_pretrained(model)
    said = r"its tokenizer has the token <\|turn\|>, which is none of the model's 384: take the tokenizer"
    assert re.search(said, chat_facts(model)["fault"])
    with pytest.raises(EngineError, match=said):
        TransformersEngine(model)


def test_24_a_template_that_writes_the_date_writes_the_same_every_day(
    tiny_folder: Path, tmp_path: Path
) -> None:
    """Else prompts, and what is answered to them, would be others tomorrow."""
    today = "{{ 'Today is ' + strftime_now('%d %b %Y') + '. ' }}"
    engine = TransformersEngine(changed_model(tiny_folder / "tied", tmp_path / "m", today + IM))
    [prompt] = engine.render([Request("q", "Which?")])
    assert prompt.text.startswith("Today is 01 Jan 2026. <|im_start|>user")


def test_24_a_folder_without_a_tokenizer(tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copy(tiny_folder / "tied/config.json", tmp_path)
    assert chat_facts(tmp_path)["fault"].startswith("its tokenizer cannot be read")


def test_templates_of_families_are_known(tiny_engines: Any) -> None:
    """What each does with system prompts, and the mark at which its answers end."""
    for name, engine in tiny_engines.items():
        assert system_role(engine.tokenizer) == ("taken" if MODELS[name].system else "refused")
        assert len(set(ends_of(engine.tokenizer))) == (2 if name == "gemma-no-system" else 1)
