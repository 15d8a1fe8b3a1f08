"""Subjects as those who sample and who decide, which is what `changes` asks: networks, and chat models."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from unspoken.engines.base import Engine, Opening, Request, Sampling
from unspoken.engines.opening import open_engine
from unspoken.experiments.reinforcement.changes import Chains, Decider, Sampler
from unspoken.models.corpus import END
from unspoken.models.decoding import sampled_replies
from unspoken.models.gradients import Differentiated
from unspoken.models.manifest import checked_model
from unspoken.models.network import Parameters, Shape, parameters_from_llama
from unspoken.statistics.intervals import Floats
from unspoken.subjects import Subject
from unspoken.training.environments import CLOSE, Ints, Items, RewardedTask
from unspoken.training.organism import one_thread
from unspoken.training.worded import Worded, room_of


def sampler_of(parameters: Parameters, shape: Shape, task: RewardedTask) -> Sampler:
    """Return the function that draws a network's replies."""
    end = task.vocabulary.ids([END])[0]

    def replies(prompts: Ints, uniforms: Floats) -> Ints:
        drawn = torch.from_numpy(uniforms).float().unsqueeze(1)
        with one_thread():
            return sampled_replies(parameters, shape, torch.from_numpy(prompts), drawn, end).numpy()

    return replies


def decider_of(parameters: Parameters, shape: Shape, task: RewardedTask) -> Decider:
    """Return the function that says which answer a network finds likeliest after a chain."""
    network = Differentiated(parameters, {}, shape, {})
    close = task.vocabulary.ids([CLOSE])[0]
    answers = torch.tensor(task.vocabulary.ids(task.answers))

    @torch.inference_mode()
    def decided(items: Items, chains: Chains) -> Ints:
        count, first = items.prompts.shape
        places = np.arange(chains.tokens.shape[1] + 1)
        padded = np.pad(chains.tokens, ((0, 0), (0, 1)))
        after = np.where(places < chains.lengths[:, None], padded, 0)
        after[np.arange(count), chains.lengths] = close
        tokens = torch.from_numpy(np.hstack([items.prompts, after]))
        with one_thread():
            logits = network.logits(tokens, first, answers)
        return answers[logits[torch.from_numpy(chains.lengths), torch.arange(count)].argmax(-1)].numpy()

    return decided


def chat_sampler(engine: Engine, task: RewardedTask) -> Sampler:
    """Return the function that draws a chat model's replies: of the subject that its engine answers as.

    The same uniforms draw the same from the same probabilities, as an organism's do.
    """
    words, room = Worded(task), room_of(task, engine.tokenizer)

    def replies(prompts: Ints, uniforms: Floats) -> Ints:
        keys = [f"{place}:{first:.17g}" for place, first in enumerate(uniforms[:, 0])]
        requests = [Request(key, words.prompt(ids)) for key, ids in zip(keys, prompts, strict=True)]
        sampling = Sampling(temperature=1.0, max_tokens=room, seed=0)
        batches = engine.generate(engine.render(requests), sampling)
        made = {one.key: one for batch in batches for one in batch}
        told = [made[key] for key in keys]
        return words.replies([one.text for one in told], [one.finish_reason == "stop" for one in told])

    return replies


def chat_decider(engine: Engine, task: RewardedTask) -> Decider:
    """Return the function that says which answer a chat model finds likeliest after a chain."""
    words, answers = Worded(task), np.array(task.vocabulary.ids(task.answers))

    def decided(items: Items, chains: Chains) -> Ints:
        begun = [
            words.begun(chain[:length]) for chain, length in zip(chains.tokens, chains.lengths, strict=True)
        ]
        asked = [
            Request(str(place), words.prompt(ids), prefix=begun[place])
            for place, ids in enumerate(items.prompts)
        ]
        read = np.array(engine.choice_logprobs(engine.render(asked), words.choices()))
        return np.asarray(answers[read.argmax(1)])

    return decided


Answering = Callable[[Subject], tuple[Sampler, Decider]]
"""From a subject to who samples and who decides as it."""


def network_answering(manifest: Path, task: RewardedTask) -> Answering:
    """Return what makes organisms of one architecture answer."""
    shape = Shape.of(checked_model(manifest))

    def answering(subject: Subject) -> tuple[Sampler, Decider]:
        parameters = parameters_from_llama(subject.tensors(), shape, torch.float32)
        return sampler_of(parameters, shape, task), decider_of(parameters, shape, task)

    return answering


def chat_answering(opening: Opening, task: RewardedTask) -> Answering:
    """Return what makes subjects of one chat model answer, one after the other; a bar counts the items."""
    engine = open_engine(opening)
    bar = tqdm(unit="item", mininterval=5)
    sampler, decider = chat_sampler(engine, task), chat_decider(engine, task)

    def sampled(prompts: Ints, uniforms: Floats) -> Ints:
        replies = sampler(prompts, uniforms)
        bar.update(len(prompts))
        return replies

    def decided(items: Items, chains: Chains) -> Ints:
        answers = decider(items, chains)
        bar.update(len(items.prompts))
        return answers

    def answering(subject: Subject) -> tuple[Sampler, Decider]:
        engine.use(subject)
        bar.set_description(subject.subject_id)
        return sampled, decided

    return answering
