"""The main map is picked out of whatever a model returns; failures take one line."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from spectra.capture import Arguments, called_with, forward, quiet
from spectra.errors import ModelError, ParameterError

PICTURE = torch.ones(2, 3, 4, 4)


class Returns(nn.Module):
    def __init__(self, wrap):
        super().__init__()
        self.wrap = wrap

    def forward(self, x):
        return self.wrap(x)

    def decode(self, x):
        return 2 * x


@dataclass
class Result:
    loss: float
    sample: Tensor


Pair = namedtuple("Pair", "ids map")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: x,
        lambda x: (x.sum(), x, x + 1),
        lambda x: [x.int(), [x]],
        lambda x: OrderedDict(out=x, aux=x + 1),
        lambda x: {"ids": x.long(), "features": {"map": x}},
        lambda x: Result(0.0, x),
        lambda x: Pair(x.argmax(1), x),
    ],
    ids=["tensor", "tuple", "list", "mapping", "nested", "dataclass", "namedtuple"],
)
def test_the_first_floating_map_is_taken(wrap):
    assert torch.equal(forward(Returns(wrap), PICTURE), PICTURE)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: x.mean((2, 3)),
        lambda x: x.long(),
        lambda x: {"mean": x.mean((2, 3)), "loss": x.sum()},
    ],
    ids=["features", "labels", "mapping"],
)
def test_where_there_is_no_map_the_first_tensor_is_taken(wrap):
    first = wrap(PICTURE)
    expected = first["mean"] if isinstance(first, dict) else first
    assert torch.equal(forward(Returns(wrap), PICTURE), expected)


@pytest.mark.parametrize(
    ("wrap", "message"), [(lambda _: None, "NoneType"), (lambda _: {"loss": 1.0}, "dict")]
)
def test_a_model_that_returns_no_tensor_is_refused(wrap, message):
    with pytest.raises(ModelError, match=f"{message} without a tensor"):
        forward(Returns(wrap), PICTURE)


def test_another_method_can_be_called_and_a_missing_one_names_the_nearest():
    model = Returns(lambda x: x)
    assert torch.equal(forward(model, PICTURE, method="decode"), 2 * PICTURE)
    with pytest.raises(ParameterError, match=r"method='decoder'.*decode"):
        forward(model, PICTURE, method="decoder")


def test_the_input_follows_the_dtype_of_the_weights():
    assert forward(nn.Conv2d(3, 1, 1).double(), PICTURE).dtype == torch.float64


def test_running_out_of_memory_says_which_batch_to_try():
    def exhaust(_x):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(ModelError, match=r"try --batch 1$"):
        forward(Returns(exhaust), PICTURE)
    with pytest.raises(ModelError, match=r"try --crop 2$"):
        forward(Returns(exhaust), PICTURE[:1])


def test_the_innermost_failing_module_is_named_even_below_plain_functions():
    def helper(x):
        return x.view(7)

    model = nn.Sequential(OrderedDict(head=nn.Identity(), tail=Returns(helper)))
    with pytest.raises(ModelError, match=r"in 'tail' \(Returns\) on \(2, 3, 4, 4\): shape"):
        forward(model, PICTURE)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_a_failing_script_tells_its_last_words():
    class Reshapes(nn.Module):
        def forward(self, x):
            return x.view(7, 7)

    with pytest.raises(ModelError, match=r"on \(2, 3, 4, 4\): shape '\[7, 7\]' is invalid"):
        forward(torch.jit.script(Reshapes()), PICTURE)


def test_a_seeded_quiet_model_draws_the_same_noise_twice():
    model, state = Returns(torch.rand_like), torch.get_rng_state()
    draws = []
    for _ in range(2):
        with quiet(model, seed=3):
            draws.append(forward(model, PICTURE))
    assert torch.equal(*draws)
    assert torch.equal(torch.get_rng_state(), state)


def test_quiet_neither_calls_train_nor_touches_gradients():
    class Merging(nn.Conv2d):
        def train(self, mode=True):
            raise AssertionError

    model = Merging(3, 3, 1)
    model.weight.requires_grad_(False)
    with quiet(model):
        assert not model.training
        assert not torch.is_grad_enabled()
    assert model.training
    assert [p.requires_grad for p in model.parameters()] == [False, True]


@pytest.mark.parametrize(
    "normalise",
    [
        lambda x: x.sub_(0.45).div_(0.22),
        lambda x: x[:, 0].mul_(2),
        lambda x: x.copy_(x * 2 - 1),
    ],
)
def test_a_model_that_writes_into_its_input_leaves_the_callers_alone(normalise):
    class Normalising(nn.Module):
        def forward(self, x):
            normalise(x)
            return x

    x = torch.rand(2, 3, 8, 8)
    given = x.clone()
    forward(Normalising(), x)
    assert torch.equal(x, given)


def test_a_model_that_writes_into_a_constant_finds_it_as_it_was():
    class Adding(nn.Module):
        def forward(self, x, shift):
            return x + shift.add_(1)

    shift = torch.zeros(1, 3, 8, 8)
    with called_with(Arguments(constants={"shift": shift})):
        first, again = (forward(Adding(), torch.zeros(1, 3, 8, 8)) for _ in range(2))
    assert torch.equal(first, again)
    assert not shift.any()
