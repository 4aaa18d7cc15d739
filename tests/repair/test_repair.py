"""Repair: what changes, what does not, and what it reaches where the answer is known."""

import pytest
import torch
from torch import nn

from spectra.errors import ConversionError, ParameterError
from spectra.remedy import swap
from spectra.repair import repair
from spectra.repair._white import coordinates, input_moments


def pictures(count=6, channels=3, side=24):
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand(count, channels, side + 6, side + 6, generator=generator)
    return nn.functional.avg_pool2d(rough, 7, 1)


class Net(nn.Module):
    """A decoder with all that must not change: buffers, dropout, in-place operations."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.up1 = nn.ConvTranspose2d(4, 4, 3, 2, 1, 1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.up2 = nn.ConvTranspose2d(4, 3, 2, 2)
        self.last = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return self.last(self.up2(self.drop(self.relu(self.norm(self.up1(self.first(x)))))))


def test_only_the_swapped_layer_changes():
    net, x = Net(), pictures()  # in training mode, and left in it
    swapped, plan = swap(net, "lctc5+3", example=x[:1], steps="up2")
    before = {name: value.clone() for name, value in swapped.state_dict().items()}
    repaired = repair(net, swapped, plan, x, passes=4)
    assert repaired.loss[1] < repaired.loss[0]
    for name, value in repaired.model.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith("up2."), name
    for name, value in swapped.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(module.training for module in repaired.model.modules())
    assert all(p.requires_grad and p.grad is None for p in repaired.model.parameters())


def test_the_same_seed_gives_the_same_weights_and_leaves_the_generator():
    net, x = Net(), pictures()
    swapped, plan = swap(net, "lctc5", example=x[:1])
    torch.manual_seed(5)
    first = repair(net, swapped, plan, x, passes=3).model.state_dict()
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1))
    second = repair(net, swapped, plan, x, passes=3).model.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_gain_planted_in_one_phase_is_taken_out():
    """The clean layer is bilinear; its phase of even columns is made 10 % too loud."""
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25])
    clean = nn.ConvTranspose2d(1, 1, 4, 2, 1, bias=False)
    clean.weight.data[:] = torch.outer(taps, taps)
    net = nn.ConvTranspose2d(1, 1, 4, 2, 1, bias=False)
    net.weight.data[:] = clean.weight.data
    net.weight.data[..., 1::2] *= 1.1
    x = pictures(8, 1, 48)
    swapped, plan = swap(net, "lctc7", example=x[:1])
    repaired = repair(net, swapped, plan, x[:4], passes=30)
    assert repaired.periods == ((2, 2),)

    def columns(y):
        inner = y[..., 16:-16, 16:-16]
        return float((inner[..., ::2].mean() - inner[..., 1::2].mean()).abs())

    with torch.no_grad():
        old, new = net(x[4:]), repaired.model(x[4:])
        aim = clean(x[4:]) * 1.05  # the mean of both phases' gains
    assert columns(new) < columns(old) / 10
    inner = (..., slice(16, -16), slice(16, -16))
    assert (new - aim)[inner].square().mean() < (old - aim)[inner].square().mean() / 30


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_in_its_coordinates_all_directions_are_equally_loud(generator, kind, groups):
    layer = kind(4, 6, 1, groups=groups, bias=False)
    mixing = torch.randn(4, 4, generator=generator)
    x = torch.einsum("ij,bjhw->bihw", mixing, torch.randn(8, 4, 32, 32, generator=generator)) + 3
    with input_moments([layer]) as moments, torch.no_grad():
        start = layer(x)
    (free,) = coordinates([layer], moments)
    for _ in range(3):
        step = torch.randn(layer.weight.shape, generator=generator)
        free.values.data.copy_(step)
        free.put()
        with torch.no_grad():
            change = layer(x) - start
        # E[(W' - W) x]^2 = |V|^2 where x is white in V's coordinates; 1e-3 is the floor.
        power = float(change.square().mean((0, 2, 3)).sum())
        assert power == pytest.approx(float(step.square().sum()), rel=0.2)


def test_a_model_made_in_inference_mode_is_repaired():
    x = pictures()
    with torch.inference_mode():
        net = Net().eval()
    swapped, plan = swap(net, "lctc5", example=x[:1])
    repaired = repair(net, swapped, plan, x, passes=2)
    assert repaired.loss[1] < repaired.loss[0]


def test_a_forward_without_gradients_is_refused():
    class Sampler(nn.Sequential):
        @torch.no_grad()
        def forward(self, x):
            return super().forward(x)

    net, x = Sampler(nn.ConvTranspose2d(3, 3, 2, 2)), pictures()
    swapped, plan = swap(net, "lctc5", example=x[:1])
    with pytest.raises(ConversionError, match="switches gradients off"):
        repair(net, swapped, plan, x, passes=2)


def test_too_few_inputs_and_passes_are_refused():
    net, x = Net().eval(), pictures()
    swapped, plan = swap(net, "lctc5", example=x[:1])
    with pytest.raises(ParameterError, match="expected at least 2"):
        repair(net, swapped, plan, x[:1])
    with pytest.raises(ParameterError, match="passes=0"):
        repair(net, swapped, plan, x, passes=0)
