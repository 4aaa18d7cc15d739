"""The fast routes of grouped kernels compute what PyTorch does, and step aside if watched."""

import pytest
import torch
from torch.nn import functional

from spectra import capture
from spectra.remedy import LCTC
from spectra.remedy import _grouped as grouped

FLOAT32 = 1e-5  # of sums over some hundred taps


def plainly(layer, x):
    """Return what the layer's definition says, by PyTorch's transposed convolution."""
    branches = [b for b in (layer.large, layer.small) if b is not None]
    return sum(
        functional.conv_transpose2d(
            x, b.weight, b.bias, b.stride, b.padding, b.output_padding, b.groups
        )
        for b in branches
    )


@pytest.fixture(params=[(8, 4), (4, 4)], ids=["two inputs an output", "depth-wise"])
def layer(request, generator):
    inputs, outputs = request.param
    made = LCTC(inputs, outputs, 7, small=3, groups=outputs)
    with torch.no_grad():
        for values in made.parameters():
            values.copy_(torch.randn(values.shape, generator=generator))
    return made


@pytest.fixture
def x(layer, generator):
    return torch.randn(2, layer.in_channels, 6, 5, generator=generator)


@pytest.mark.parametrize("size", [7, 8, 11, 16, (15, 31)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("channels", [(8, 4), (4, 4)])
def test_output_and_gradients_are_pytorchs(generator, channels, bias, size):
    layer = LCTC(*channels, size, groups=channels[1], bias=bias, factor=(2, 3))
    x = torch.randn(2, channels[0], 5, 6, generator=generator, requires_grad=True)
    assert grouped.grouped_is_faster(layer.large, x)
    wanted = [x, *layer.parameters()]
    made, expected = layer(x), plainly(layer, x)
    torch.testing.assert_close(made, expected, rtol=0, atol=FLOAT32)
    weight = torch.randn(made.shape, generator=generator)
    for own, theirs in zip(
        torch.autograd.grad((weight * made).sum(), wanted),
        torch.autograd.grad((weight * expected).sum(), wanted),
        strict=True,
    ):
        torch.testing.assert_close(own, theirs, rtol=FLOAT32, atol=FLOAT32 * theirs.abs().max())


@pytest.mark.parametrize("channels", [(8, 4), (4, 4)])
@pytest.mark.parametrize("size", [7, 15])
def test_so_is_the_output_without_gradients(generator, channels, size):
    layer = LCTC(*channels, size, groups=channels[1], crop=[(-1, 0), (2, 2)])
    x = torch.randn(1, channels[0], 7, 4, generator=generator)
    with torch.no_grad():
        made = layer(x)
    torch.testing.assert_close(made, plainly(layer, x), rtol=0, atol=FLOAT32)
    torch.testing.assert_close(layer(x), plainly(layer, x), rtol=0, atol=FLOAT32)


def test_the_layout_of_the_input_is_kept(layer, x):
    assert layer(x).is_contiguous()
    last = layer(x.contiguous(memory_format=torch.channels_last))
    assert last.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(last, layer(x), rtol=0, atol=1e-4)


def test_a_hook_on_the_kernel_is_called(layer, x):
    heard = []
    layer.large.register_forward_hook(lambda *_: heard.append("large"))
    layer(x)
    assert heard == ["large"]


def test_the_search_for_steps_sees_one_transposed_convolution(x):
    groups = x.shape[1] // 2 if x.shape[1] > 4 else 4
    plain = LCTC(x.shape[1], groups, 7, groups=groups)
    (step,) = capture.discover(plain, x[:1]).steps
    assert (step.name, step.kernel_size, step.groups) == ("large", (7, 7), groups)
    assert step.output_shape[-3] == groups


@pytest.mark.parametrize("other", ["float64", "small", "dense"])
def test_what_would_not_gain_takes_the_usual_route(other, generator):
    size, groups = (3 if other == "small" else 7), (1 if other == "dense" else 4)
    layer = LCTC(8, 4, size, groups=groups)
    x = torch.randn(1, 8, 4, 4, generator=generator)
    if other == "float64":
        layer, x = layer.double(), x.double()
    assert not grouped.grouped_is_faster(layer.large, x)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_transforms_traces_and_second_derivatives_go_through(layer, x):
    tangent = torch.ones_like(x)
    _, pushed = torch.func.jvp(layer, (x,), (tangent,))
    offset = layer(torch.zeros_like(x))
    torch.testing.assert_close(pushed, layer(tangent) - offset, rtol=0, atol=1e-4)
    torch.testing.assert_close(
        torch.func.vmap(layer)(x[:, None])[:, 0], layer(x), rtol=0, atol=1e-4
    )
    traced = torch.jit.trace(layer, x)
    torch.testing.assert_close(traced(x), layer(x), rtol=0, atol=1e-4)
    small = x[:1, :, :2, :2].clone().requires_grad_()
    (first,) = torch.autograd.grad(layer(small).square().sum(), small, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), small)
    assert second.abs().max() > 0


def test_weights_that_forward_computes_take_part(generator):
    layer = LCTC(8, 4, 7, groups=4)
    torch.nn.utils.parametrizations.weight_norm(layer.large)
    x = torch.randn(1, 8, 4, 4, generator=generator)
    assert grouped.grouped_is_faster(layer.large, x)
    layer(x).sum().backward()
    assert layer.large.parametrizations.weight.original0.grad.abs().max() > 0
    torch.testing.assert_close(layer(x), plainly(layer, x), rtol=0, atol=FLOAT32)
