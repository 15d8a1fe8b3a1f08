"""What jobs of the stages that every room shares depend on."""

from collections.abc import Callable

from unspoken.engines.capabilities import CHOICES
from unspoken.files import digest_of
from unspoken.study.project import Part
from unspoken.study.room import Room, model_of
from unspoken.yaml_files import read_keys


def measure_part(room: Room) -> Part:
    """Return what `measure` depends on: the room's own measure, and what it is told."""
    module = f"{room.module}.{room.measure}"
    return room.project.script_part(
        "measure.py",
        study=room.study.study,
        seed=room.study.seed,
        experiment=room.name,
        measure=module,
        measured=room.project.code_of_module(module),
        **({"primary": room.primary} if room.primary else {}),
        **({"bounds": room.bounds} if room.bounds else {}),
        **room.measure_part(),
    )


def render_prompts_part(room: Room, whose: str) -> Part:
    """Return what `render_prompts` depends on: the room's own renderer, and what it is told."""
    module = room.renderer(whose)
    rendered = room.project.code_of_module(module)
    return room.project.script_part(
        "render_prompts.py", renderer=module, rendered=rendered, **room.rendered_as(whose)
    )


def generate_replies_part(room: Room, answering: str) -> Part:
    """Return what `generate_replies` depends on."""
    model = model_of(answering)
    return room.project.script_part(
        "generate_replies.py",
        study=room.study.study,
        seed=room.study.seed,
        experiment=room.name,
        model=model,
        engine=room.project.engine_of(model),
        **room.generated_as(answering),
    )


def render_questions_part(room: Room) -> Part:
    """Return what `render_questions` depends on: the form of the questions, and their texts."""
    project = room.project
    texts = {
        "organism": lambda: None,  # they are fixed
        "chat": lambda: digest_of([project.texts["preferences"]["questions"], project.texts["numbers"]]),
        "listed": lambda: digest_of(read_keys(room.own_file("questions.yaml"))),
    }
    return project.script_part(
        "render_questions.py",
        seed=room.study.seed,
        experiment=room.name,
        style=room.style,
        category=None if room.style == "listed" else room.study.category,
        questions=getattr(room.section, "questions", None),
        texts=texts[room.style](),
    )


def _lettered(room: Room) -> Part:
    """Return what the questions with lettered options depend on; nothing where none are asked."""
    orders = room.probe.shuffled_orders if room.probe else 0
    if room.style != "chat" or not orders:
        return {}
    texts = room.project.texts["preferences"]
    lettered = {
        "orders": orders,
        "traits": room.traits,
        "category": room.project.category["category"],
        "texts": digest_of([texts["option_questions"], texts["option_answer"]]),
    }
    return {"shuffled": lettered}


def probe_traits_part(room: Room, model: str) -> Part:
    """Return what `probe_traits` depends on."""
    assert room.probe is not None, f"{room.name} has no probe"
    # Of an engine that gives text alone answers are sampled, and no probability is read.
    read = _lettered(room) if room.project.can(model, CHOICES) else {"sampled_only": True}
    return room.project.script_part(
        "probe_traits.py",
        study=room.study.study,
        seed=room.study.seed,
        experiment=room.name,
        model=model,
        engine=room.project.engine_of(model),
        words=room.choices(),
        systems=room.system_prompts(),
        probe=room.probe.model_dump(exclude={"shuffled_orders", "threads"}),
        **read,
    )


def train_by_reward_part(room: Room, start: str, arm: str) -> Part:
    """Return what `train_by_reward` depends on: the task's own module, the reward, the training."""
    told = room.rewarded_as(start, arm)
    return room.project.script_part(
        "train_by_reward.py",
        study=room.study.study,
        seed=room.study.seed,
        experiment=room.name,
        start=start,
        arm=arm,
        tasks=room.project.code_of_module(told["task"]),
        **told,
    )


STAGE_PARTS: dict[str, Callable[..., Part]] = {
    "measure": measure_part,
    "render_prompts": render_prompts_part,
    "generate_replies": generate_replies_part,
    "render_questions": render_questions_part,
    "probe_traits": probe_traits_part,
    "train_by_reward": train_by_reward_part,
}
"""By rule."""
