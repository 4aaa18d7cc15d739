"""Which convolution makes each step, and which parameter is its weight."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from spectra.capture import Convolution, discover


class Called(nn.Module):
    """Calls what it is given, with layers and weights of its own."""

    def __init__(self, call):
        super().__init__()
        self.call = call
        self.conv = nn.Conv2d(3, 12, 3, padding=1)
        self.other = nn.Conv2d(3, 12, 3, padding=1, groups=3)
        self.up = nn.ConvTranspose2d(3, 3, 3, 2, padding=1)
        self.tied = nn.ConvTranspose2d(3, 3, 3, 2, padding=1)
        self.tied.weight = self.up.weight
        self.square = nn.Parameter(torch.ones(3, 3, 4, 4))

    def forward(self, x):
        return self.call(self, x)


def steps_of(call):
    return discover(Called(call), torch.zeros(1, 3, 8, 8)).steps


def convolution_of(call):
    (step,) = steps_of(call)
    return step.convolution


def test_a_transposed_convolution_knows_what_its_call_passed():
    assert convolution_of(lambda m, x: m.up(x, output_size=(16, 15))) == Convolution(
        weight="up.weight",
        module="up",
        stride=(2, 2),
        padding=(1, 1),
        output_padding=(1, 0),
        dilation=(1, 1),
        groups=1,
    )


def test_a_functional_call_knows_its_parameter_and_who_ran_it():
    found = convolution_of(lambda m, x: functional.conv_transpose2d(x, m.square, stride=2))
    assert (found.weight, found.module, found.stride) == ("square", "", (2, 2))


def test_a_tied_weight_has_the_name_of_its_first_user():
    found = convolution_of(lambda m, x: m.tied(x))
    assert (found.weight, found.module) == ("up.weight", "tied")


@pytest.mark.parametrize(
    "computed",
    [
        lambda m: 2 * m.square,
        lambda m: m.square.transpose(0, 1),  # the memory of the parameter, but another kernel
        lambda m: m.square[..., 1:],
    ],
)
def test_a_weight_that_forward_computes_has_no_name(computed):
    found = convolution_of(lambda m, x: functional.conv_transpose2d(x, computed(m), stride=2))
    assert found.weight is None


def test_a_normalised_weight_has_no_name_and_its_module_has():
    model = nn.Sequential(parametrizations.weight_norm(nn.ConvTranspose2d(3, 3, 4, 2)))
    (step,) = discover(model, torch.zeros(1, 3, 8, 8)).steps
    assert (step.convolution.weight, step.convolution.module) == (None, "0")


def shuffled(y):
    return functional.pixel_shuffle(y, 2)


DIRECT = {
    "shuffle": (lambda m, x: shuffled(m.conv(x)), "conv"),
    "another convolution in between": (
        lambda m, x: (shuffled(m.conv(x)), m.other(x))[0],
        "conv",
    ),
    "run before it": (lambda m, x: (y := m.conv(x), m.other(x), shuffled(y))[2], "conv"),
    "interpolation": (lambda m, x: m.conv(functional.interpolate(x, scale_factor=2)), "conv"),
    "interpolation that two take": (
        lambda m, x: (y := functional.interpolate(x, scale_factor=2), m.other(y) + m.conv(y))[1],
        "other",
    ),
    "area": (
        lambda m, x: m.conv(functional.interpolate(x, scale_factor=2, mode="area")),
        "conv",
    ),
}
NOT_DIRECT = {
    "activation": lambda m, x: shuffled(m.conv(x).relu()),
    "activation in place": lambda m, x: shuffled(m.conv(x).relu_()),
    "part": lambda m, x: shuffled(m.conv(x)[:, :4]),
    "sum in place": lambda m, x: shuffled(m.conv(x).add_(1)),
    "no convolution": lambda m, x: shuffled(torch.cat([x, x, x, x], 1)),
    "activation of an interpolation": lambda m, x: m.conv(
        functional.interpolate(x, scale_factor=2).relu()
    ),
    "interpolation written into": lambda m, x: m.conv(
        functional.interpolate(x, scale_factor=2).add_(1)
    ),
    "shuffle before": lambda m, x: m.conv(shuffled(torch.cat([x, x, x, x], 1))),
}


@pytest.mark.parametrize("name", DIRECT)
def test_the_convolution_that_stands_directly_beside_is_the_steps_own(name):
    call, module = DIRECT[name]
    found = convolution_of(call)
    assert (found.weight, found.module) == (f"{module}.weight", module)


@pytest.mark.parametrize("name", NOT_DIRECT)
def test_a_convolution_with_something_in_between_is_not_the_steps(name):
    assert convolution_of(NOT_DIRECT[name]) is None


def test_one_dimensional_area_interpolation_is_seen_through_the_axis_added_for_it():
    class Area(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(2, 2, 3)

        def forward(self, x):
            return self.conv(functional.interpolate(x, scale_factor=2, mode="area"))

    (step,) = discover(Area(), torch.zeros(1, 2, 32)).steps
    assert (step.kind, step.convolution.weight) == ("area", "conv.weight")


def test_a_layer_without_a_shape_yet_has_no_name_and_is_found():
    model = nn.Sequential(nn.LazyConvTranspose2d(3, 4, 2))
    (step,) = discover(model, torch.zeros(1, 3, 8, 8)).steps
    assert (step.convolution.weight, step.convolution.module) == (None, "0")
