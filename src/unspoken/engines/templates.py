"""What a model's chat template can do, which token ends its answers, and whether its weights are all there.

`python -m unspoken.engines.templates FOLDER` tells it of a folder, as JSON.
"""

import datetime
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from unspoken.engines.base import EngineError
from unspoken.models.chat import DROPPED, REFUSED, TAKEN, chat_fault
from unspoken.models.loading import weights_fault

_ASKED, _ANSWER = ("user", "the question"), "the answer"
DAY = datetime.datetime(2026, 1, 1)
"""What a chat template that asks for the time is told."""


def written(tokenizer: Any, chats: list[Any], *, prompt: bool) -> Any:
    """Return what the template makes of a chat's messages, or of each of some chats; with `prompt` it
    begins the answer.

    A template that writes today's date writes that of DAY: else a prompt would be another tomorrow.
    """
    return tokenizer.apply_chat_template(
        chats, add_generation_prompt=prompt, tokenize=False, strftime_now=DAY.strftime
    )


def _written(tokenizer: Any, *turns: tuple[str, str], prompt: bool = False) -> str:
    """Return what the template makes of (role, content) turns."""
    return written(tokenizer, [{"role": role, "content": content} for role, content in turns], prompt=prompt)


def end_of_turn_ids(tokenizer: Any) -> list[int]:
    """Return the token ids that end an assistant's message, up to the mark of the end.

    They are what the chat template writes there, without the line break that may follow the mark.
    Raises ValueError if the template writes no special token there, or not the message.
    """
    before, _, after = _written(tokenizer, _ASKED, ("assistant", _ANSWER)).rpartition(_ANSWER)
    if not before:
        raise ValueError("the chat template leaves an assistant's message out")
    ids = tokenizer(after, add_special_tokens=False)["input_ids"]
    marks = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    for place, token in enumerate(ids):
        if token in marks:
            return ids[: place + 1]
    raise ValueError("the chat template ends an assistant's message without a special token")


@cache
def system_role(tokenizer: Any) -> str:
    """Return what the template does with a system prompt: `taken`, `dropped` or `refused`."""
    try:
        one, other = (_written(tokenizer, ("system", text), _ASKED) for text in ("Be brief.", "Be kind."))
    except Exception:  # templates raise what they like
        return REFUSED
    return DROPPED if one == other else TAKEN


def _begins_answers(tokenizer: Any) -> bool:
    """Say if a prompt ends with all that the template writes before an answer."""
    asked = _written(tokenizer, _ASKED)
    before = _written(tokenizer, _ASKED, ("assistant", _ANSWER)).rpartition(_ANSWER)[0]
    return _written(tokenizer, _ASKED, prompt=True) != asked or before.strip() == asked.strip()


def _strange_token(tokenizer: Any, size: int) -> str | None:
    """Return a mark of the template, or the end of a text, that a model of `size` tokens does not have."""
    text = _written(tokenizer, _ASKED, ("assistant", _ANSWER)) + _written(tokenizer, _ASKED, prompt=True)
    text += tokenizer.eos_token
    beyond = (mark.content for at, mark in tokenizer.added_tokens_decoder.items() if at >= size)
    return next((mark for mark in beyond if mark in text), None)


def template_fault(tokenizer: Any, config: Any = None) -> str | None:
    """Say why nothing can be asked with a tokenizer, and what helps, or return None.

    `config` is that of the model that is to read its tokens, if it is known.
    """
    if not tokenizer.chat_template:
        return (
            "its tokenizer has no chat template: put the chat_template.jinja of its family into the model's"
            " folder, or take a chat model"
        )
    if tokenizer.eos_token_id is None:
        return (
            "its tokenizer has no eos_token: name the token that ends a text (eos_token) in the model's"
            " tokenizer_config.json"
        )
    try:
        end_of_turn_ids(tokenizer)
        if not _begins_answers(tokenizer):
            return (
                "its chat template does not begin the answer: let the model's chat_template.jinja write what"
                " stands before an answer where add_generation_prompt is set"
            )
        size = config and config.get_text_config(decoder=True).vocab_size
        if size and (token := _strange_token(tokenizer, size)):
            return (
                f"its tokenizer has the token {token}, which is none of the model's {size}: take"
                " the tokenizer with which the model was trained"
            )
    except ValueError as error:
        return (
            f"{error}: let the model's chat_template.jinja write each answer and {tokenizer.eos_token}"
            " behind it, or take a chat model"
        )
    except Exception as error:  # templates raise what they like
        return f"its chat template fails on a question and its answer ({error}): correct it"
    return None


def chat_facts(directory: Path) -> dict[str, Any]:
    """Return whether a model in a directory can be asked: its `fault`, or its `system` role and `ends`."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(directory, trust_remote_code=False)
    except Exception as error:  # whatever a strange folder makes transformers raise
        said = str(error).strip().splitlines() or [type(error).__name__]
        return {"fault": f"its tokenizer cannot be read ({said[0]}): put its tokenizer.json there"}
    if fault := template_fault(tokenizer, _config_in(directory)) or weights_fault(directory):
        return {"fault": fault}
    ends = tokenizer.convert_ids_to_tokens(_end_ids(tokenizer))
    return {"system": system_role(tokenizer), "ends": ends}


def _config_in(directory: Path) -> Any:
    """Return the configuration of the model in a directory; None for one that transformers does not know."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(directory, trust_remote_code=False)
    except (OSError, ValueError):
        return None


def chat_facts_or_exit(name: str, directory: Path, asking: str | None) -> dict[str, Any]:
    """Return `chat_facts` of a model that was just brought; end the job for one that cannot be asked."""
    facts = chat_facts(directory)
    if fault := chat_fault(facts, asking):
        sys.exit(f"models.{name}: {fault}")
    return facts


def _end_ids(tokenizer: Any) -> list[int]:
    return [tokenizer.eos_token_id, end_of_turn_ids(tokenizer)[-1]]


def ends_of(tokenizer: Any, config: Any = None) -> list[int]:
    """Return the token ids that end a completion: of the text, and of the turn.

    Raises EngineError for a tokenizer with which nothing can be asked of the model that `config` is of.
    """
    if fault := template_fault(tokenizer, config):
        raise EngineError(f"{tokenizer.name_or_path}: {fault}")
    return _end_ids(tokenizer)


if __name__ == "__main__":
    print(json.dumps(chat_facts(Path(sys.argv[1]))))
