"""Every form of upsampling is one step with the right map; no twin of one is any."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from spectra.capture import discover, forward, quiet, stream
from support.blocks import Do, convolution, depth_to_space, repeat_interleave, zeros_between
from support.zoo import (
    FORMS,
    PICTURE,
    TWINS,
    H,
    SampledFinely,
    W,
    correlation_lookup,
    network,
    view_permute,
)

ALL = [pytest.param(form, id=form.name) for form in FORMS]
TWIN = [pytest.param(up, id=name) for name, up in TWINS]


def expected_map(form, model, x):
    """Return what a plain forward hook on ``up`` sees, as a map."""
    seen = []
    handle = model.up.register_forward_hook(lambda _m, _x, y: seen.append(form.as_map(y)))
    with torch.no_grad():
        model(x)
    handle.remove()
    return seen[0]


@pytest.mark.parametrize("form", ALL)
def test_every_form_is_one_step_of_its_module(form):
    model, x = form.network(), form.example()
    found = discover(model, x)
    (step,) = found.steps
    assert (step.kind, step.factor) == (form.kind, form.factor)
    assert step.kernel_size == form.kernel
    assert step.name.split(".")[0] == "up"
    assert found.growth == ()
    expected = expected_map(form, model, x)
    assert step.output_shape == tuple(expected.shape[1:])
    if form.factor and form.name != "pad then transposed conv":
        spatial = zip(step.output_shape[1:], form.factor, strict=True)
        assert step.input_shape[1:] == tuple(n // f for n, f in spatial)


MOVED = {
    "repeat": repeat_interleave,
    "zero_insertion": zeros_between,
    "depth_to_space": depth_to_space,
}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("kind", MOVED)
def test_what_was_padded_before_hides_no_step(kind, mode, axes):
    first = convolution(axes, 3, 8)
    model = Do(
        lambda self, x: MOVED[kind](F.pad(self.first(x), (2, 1) * axes, mode=mode)), first=first
    )
    (step,) = discover(model, torch.zeros(1, 3, *[8] * axes)).steps
    assert (step.kind, step.factor) == (kind, (2,) * axes)
    assert step.output_shape[1:] == (2 * (8 + 3),) * axes


@pytest.mark.parametrize("form", ALL)
def test_a_stream_hands_on_the_same_map(form):
    model = form.network()
    found = discover(model, form.example())
    x, seen = form.example(batch=3), []
    with quiet(model), stream(model, found, lambda i, y: seen.append((i, y.clone()))):
        forward(model, x)
    ((index, maps),) = seen
    assert index == 0
    expected = expected_map(form, model, x)
    assert maps.shape == expected.shape
    assert torch.allclose(maps.real, expected, atol=1e-5)


@pytest.mark.parametrize("form", ALL)
def test_a_map_can_be_replaced(form):
    model, x = form.network(), form.example(batch=2)
    found = discover(model, form.example())
    with quiet(model), stream(model, found, lambda _, y: torch.full_like(y, 2)):
        output = forward(model, x)
    assert torch.equal(output, torch.full_like(output, 2))


@pytest.mark.parametrize("form", ALL)
def test_operations_that_arrive_whole_are_the_same_step(form):
    """Under inference mode inside the model's own forward, nothing is decomposed."""

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = form.network()

        @torch.inference_mode()
        def forward(self, x):
            return self.inner(x)

    plain = discover(form.network(), form.example())
    found = discover(Whole(), form.example())
    assert [(s.kind, s.factor, s.kernel_size, s.output_shape) for s in found.steps] == [
        (s.kind, s.factor, s.kernel_size, s.output_shape) for s in plain.steps
    ]
    model, x, seen = Whole(), form.example(batch=2), []
    with quiet(model), stream(model, found, lambda _, y: seen.append(y.clone())):
        forward(model, x)
    assert torch.allclose(seen[0].real, expected_map(form, model.inner, x), atol=1e-5)


@pytest.mark.parametrize("up", TWIN)
def test_no_twin_is_a_step_or_growth(up):
    found = discover(network(up(), PICTURE), torch.rand(1, 3, H, W))
    assert found.steps == ()
    assert found.growth == ()


@pytest.mark.parametrize("up", TWIN)
def test_no_twin_is_a_step_of_a_larger_batch(up):
    found = discover(network(up(), PICTURE), torch.rand(3, 3, H, W))
    assert found.steps == ()


def test_learned_positions_on_a_finer_grid_are_a_step():
    found = discover(network(SampledFinely(), PICTURE), torch.rand(1, *PICTURE))
    assert [(step.kind, step.output_shape[1:]) for step in found.steps] == [
        ("grid_sample", (2 * H, 2 * W))
    ]


def test_a_look_up_changes_nothing_for_a_stream():
    model, x, seen = network(correlation_lookup, PICTURE), torch.rand(1, *PICTURE), []
    found = discover(model, x)
    with quiet(model), stream(model, found, lambda i, _: seen.append(i)):
        forward(model, x)
    assert seen == []


def test_a_shuffle_that_is_normalised_is_a_step():
    """A layer that takes the grown axes for channels would speak against one."""

    class Normalised(nn.Module):
        def __init__(self):
            super().__init__()
            self.norms = nn.Sequential(
                nn.LayerNorm([2, 2 * H, 2 * W]), nn.GroupNorm(1, 2), nn.BatchNorm2d(2)
            )

        def forward(self, x):
            return self.norms(view_permute(x))

    found = discover(network(Normalised(), PICTURE), torch.rand(1, *PICTURE))
    assert [step.kind for step in found.steps] == ["depth_to_space"]
