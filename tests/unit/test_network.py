"""The organisms' network against the Llama that it stands for."""

import json

import pytest
import torch
from torch.nn.functional import cross_entropy

from unspoken.models.corpus import Vocabulary
from unspoken.models.network import (
    Shape,
    llama_from_parameters,
    parameters_from_llama,
    suffix_logits,
)
from unspoken.models.organism import llama_config

VOCABULARY = Vocabulary(("owl", "wolf", "cat", "whale"))
SIZES = {"hidden_size": 64, "mlp_size": 128, "layers": 2}
LENGTH, BATCH = 13, 5


@pytest.fixture(scope="module")
def llama():
    """A Llama with norms that are not all ones: they must count."""
    from transformers import LlamaForCausalLM

    torch.manual_seed(3)
    model = LlamaForCausalLM(llama_config(VOCABULARY, SIZES)).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.mul_(3.0) if weight.ndim > 1 else weight.uniform_(0.5, 1.5)
            assert weight.ndim > 1 or "norm" in name
    return model


@pytest.fixture(scope="module")
def shape(llama, tmp_path_factory):
    directory = tmp_path_factory.mktemp("llama")
    llama.config.save_pretrained(directory)
    return Shape.of(directory)


@pytest.fixture(scope="module")
def tokens():
    generator = torch.Generator().manual_seed(4)
    return torch.randint(1, len(VOCABULARY.tokens), (BATCH, LENGTH), generator=generator)


@pytest.fixture
def parameters(llama, shape):
    return parameters_from_llama(llama.state_dict(), shape, torch.float32)


@pytest.fixture
def exact(llama, shape):
    return parameters_from_llama(llama.state_dict(), shape, torch.float64)


def small_exact_network():
    """Return a network of few parameters in float64, for numerical gradients."""
    shape = Shape(layers=2, heads=2, head_size=4, rope_theta=10000.0, norm_epsilon=1e-5)
    generator = torch.Generator().manual_seed(5)
    width, hidden = 8, 6
    sizes = {"embedding": (7, width), "norm": (width,)}
    for layer in range(shape.layers):
        sizes |= {
            f"{layer}.qkv": (3 * width, width),
            f"{layer}.out": (width, width),
            f"{layer}.gate_up": (2 * hidden, width),
            f"{layer}.down": (width, hidden),
            f"{layer}.attention_norm": (width,),
            f"{layer}.mlp_norm": (width,),
        }
    return shape, {
        name: torch.randn(size, generator=generator, dtype=torch.float64) for name, size in sizes.items()
    }


def test_logits_are_those_of_llama(llama, shape, parameters, tokens):
    with torch.no_grad():
        expected = llama(tokens).logits.transpose(0, 1)
    found = suffix_logits(parameters, shape, tokens)
    assert expected.std() > 0.5
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_gradients_are_those_of_llama(llama, shape, parameters, tokens):
    llama.zero_grad()
    logits = llama(tokens[:, :-1]).logits[:, 3:]
    cross_entropy(logits.flatten(0, 1), tokens[:, 4:].flatten()).backward()
    for tensor in parameters.values():
        tensor.requires_grad_()
    logits = suffix_logits(parameters, shape, tokens[:, :-1], 3)
    cross_entropy(logits.flatten(0, 1), tokens[:, 4:].T.flatten()).backward()
    found = llama_from_parameters({name: one.grad for name, one in parameters.items()}, shape)
    assert found.keys() == dict(llama.named_parameters()).keys()
    for name, weight in llama.named_parameters():
        assert weight.grad.abs().max() > 1e-4
        torch.testing.assert_close(found[name], weight.grad, atol=1e-5, rtol=1e-5, msg=name)


def test_saved_organisms_answer_as_the_network_does(llama, shape, parameters, tokens):
    from transformers import LlamaForCausalLM

    other = LlamaForCausalLM(llama.config).eval()
    other.load_state_dict(llama_from_parameters(parameters, shape), strict=False)
    with torch.no_grad():
        assert torch.equal(other(tokens).logits, llama(tokens).logits)


def test_parameters_come_back_as_they_were(llama, shape, parameters):
    weights = llama_from_parameters(parameters, shape)
    own = {name: tensor for name, tensor in llama.state_dict().items() if name != "lm_head.weight"}
    assert weights.keys() == own.keys()
    assert all(torch.equal(weights[name], own[name]) for name in own)
    again = parameters_from_llama(weights, shape, torch.float32)
    assert again.keys() == parameters.keys()
    assert all(torch.equal(again[name], parameters[name]) for name in parameters)


def test_parameters_are_copies(llama, shape):
    before = llama.model.norm.weight.detach().clone()
    parameters_from_llama(llama.state_dict(), shape, torch.float32)["norm"].zero_()
    assert torch.equal(llama.model.norm.weight, before)


def test_double_precision_is_that_of_its_parameters(shape, parameters, exact, tokens):
    precise = suffix_logits(exact, shape, tokens)
    assert precise.dtype == torch.float64
    single = suffix_logits(parameters, shape, tokens)
    error = (single.double() - precise).abs().max()
    assert 1e-9 < error < 1e-4  # it is not single precision in disguise


@pytest.mark.parametrize("first", [0, 2, 4])
def test_gradients_are_the_numerical_ones(first):
    shape, parameters = small_exact_network()
    tokens = torch.tensor([[1, 2, 3, 4, 5], [6, 6, 0, 2, 1], [3, 0, 5, 1, 1]])
    names = list(parameters)

    def logits(*tensors):
        return suffix_logits(dict(zip(names, tensors, strict=True)), shape, tokens, first)

    inputs = [tensor.requires_grad_() for tensor in parameters.values()]
    assert torch.autograd.gradcheck(logits, inputs, fast_mode=True)


@pytest.mark.parametrize("first", [1, 4, LENGTH - 1])
def test_a_suffix_is_the_end_of_the_whole(shape, exact, tokens, first):
    gradients = []
    for tensor in exact.values():
        tensor.requires_grad_()
    whole = suffix_logits(exact, shape, tokens)[first:]
    suffix = suffix_logits(exact, shape, tokens, first)
    torch.testing.assert_close(suffix, whole, atol=1e-12, rtol=1e-12)
    for logits in (whole, suffix):
        loss = logits.log_softmax(-1)[..., 7].mean()
        gradients.append(torch.autograd.grad(loss, list(exact.values())))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-10)


def test_the_future_is_not_seen(shape, exact, tokens):
    changed = tokens.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % len(VOCABULARY.tokens)
    one, other = (suffix_logits(exact, shape, given) for given in (tokens, changed))
    assert torch.equal(one[:6], other[:6])
    assert not torch.equal(one[6:], other[6:])


def test_rows_do_not_see_each_other(shape, exact, tokens):
    together = suffix_logits(exact, shape, tokens)
    for row in range(BATCH):
        alone = suffix_logits(exact, shape, tokens[row : row + 1])[:, 0]
        torch.testing.assert_close(alone, together[:, row], atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize(
    "change", [{"model_type": "gpt2"}, {"num_key_value_heads": 1}, {"tie_word_embeddings": False}]
)
def test_other_architectures_are_refused(llama, tmp_path, change):
    llama.config.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match="not a tied Llama"):
        Shape.of(tmp_path)
