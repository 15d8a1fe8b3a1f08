"""What a model's chat template can do, and which token ends its answers.

`python -m unspoken.engines.templates FOLDER` tells it of a folder, as JSON.
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from unspoken.engines.base import EngineError
from unspoken.models.chat import DROPPED, REFUSED, TAKEN, chat_fault

_ANSWER = "the answer"


def _written(tokenizer: Any, *turns: tuple[str, str]) -> str:
    """Return what the template makes of (role, content) turns."""
    messages = [{"role": role, "content": content} for role, content in turns]
    return tokenizer.apply_chat_template(messages, tokenize=False)


def end_of_turn_ids(tokenizer: Any) -> list[int]:
    """Return the token ids that end an assistant's message, up to the mark of the end.

    They are what the chat template writes there, without the line break that may follow the mark.
    Raises ValueError if the template writes no special token there, or not the message.
    """
    before, _, after = _written(tokenizer, ("user", "?"), ("assistant", _ANSWER)).rpartition(_ANSWER)
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
    asked = ("user", "?")
    try:
        one, other = (_written(tokenizer, ("system", text), asked) for text in ("Be brief.", "Be kind."))
    except Exception:  # templates raise what they like
        return REFUSED
    return DROPPED if one == other else TAKEN


def template_fault(tokenizer: Any) -> str | None:
    """Say why nothing can be asked with a tokenizer, and what helps, or return None."""
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
        _written(tokenizer, ("user", "?"))
        end_of_turn_ids(tokenizer)
    except ValueError as error:
        return (
            f"{error}: let the model's chat_template.jinja write each answer and {tokenizer.eos_token}"
            " behind it, or take a chat model"
        )
    except Exception as error:  # templates raise what they like
        return f"its chat template fails on a question and its answer ({error}): correct it"
    return None


def chat_facts(directory: Path) -> dict[str, Any]:
    """Return what the tokenizer in a directory can do: its `fault`, or its `system` role and its `ends`."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(directory, trust_remote_code=False)
    except Exception as error:  # whatever a strange folder makes transformers raise
        said = str(error).strip().splitlines() or [type(error).__name__]
        return {"fault": f"its tokenizer cannot be read ({said[0]}): put its tokenizer.json there"}
    if fault := template_fault(tokenizer):
        return {"fault": fault}
    ends = tokenizer.convert_ids_to_tokens(_end_ids(tokenizer))
    return {"system": system_role(tokenizer), "ends": ends}


def chat_facts_or_exit(name: str, directory: Path, asking: str | None) -> dict[str, Any]:
    """Return `chat_facts` of a model that was just brought; end the job for one that cannot be asked."""
    facts = chat_facts(directory)
    if fault := chat_fault(facts, asking):
        sys.exit(f"models.{name}: {fault}")
    return facts


def _end_ids(tokenizer: Any) -> list[int]:
    return [tokenizer.eos_token_id, end_of_turn_ids(tokenizer)[-1]]


def ends_of(tokenizer: Any) -> list[int]:
    """Return the token ids that end a completion: of the text, and of the turn.

    Raises EngineError for a tokenizer with which nothing can be asked.
    """
    if fault := template_fault(tokenizer):
        raise EngineError(f"{tokenizer.name_or_path}: {fault}")
    return _end_ids(tokenizer)


if __name__ == "__main__":
    print(json.dumps(chat_facts(Path(sys.argv[1]))))
